//! Endpoint fields as people and manifests fill them in.

use serde_json::json;

use super::*;
use crate::connection::Connection;
use crate::contract::ConnectorDefinition;
use crate::origin::Origin;
use crate::testing::definition;

fn connection(definition: &ConnectorDefinition, fields: Value) -> Connection {
    Connection::new(definition, json!({"key": "key", "fields": fields})).unwrap()
}

fn origin(definition: &ConnectorDefinition, fields: Value) -> String {
    connection(definition, fields).origin().unwrap().to_string()
}

/// What is said of each field, in order.
fn said(fields: Value) -> Vec<(String, String)> {
    let connection = connection(&definition(), fields);
    connection.problems().iter().map(|problem| (problem.input.clone(), problem.message.clone())).collect()
}

#[test]
fn the_endpoint_field_of_highest_precedence_that_is_not_blank_decides() {
    let cases = [
        (json!({"environment": "Main"}), Some(("https://main.example/graphql", "https://main.example"))),
        (json!({"environment": " EU ", "customUrl": "  "}), Some(("https://eu.example/graphql", "https://eu.example"))),
        (json!({"environment": "EU", "customUrl": null}), Some(("https://eu.example/graphql", "https://eu.example"))),
        (
            json!({"environment": "EU", "customUrl": " HTTP://Own.example:8080/x "}),
            Some(("http://own.example:8080/x", "http://own.example:8080")),
        ),
        (json!({"customUrl": "https://own.example"}), Some(("https://own.example/", "https://own.example"))),
        // A field that wins and cannot be used opens nothing: falling back would send the key elsewhere.
        (json!({"environment": "EU", "customUrl": "own.example"}), None),
        (json!({"environment": "EU", "customUrl": 7}), None),
        (json!({"environment": "Mars"}), None),
        (json!({}), None),
    ];
    for (fields, expected) in cases {
        let connection = connection(&definition(), fields.clone());
        assert_eq!(connection.endpoint().ok(), expected.map(|(url, _)| url), "{fields}");
        let origin = connection.origin().ok().map(Origin::to_string);
        assert_eq!(origin.as_deref(), expected.map(|(_, origin)| origin), "{fields}");
        assert_eq!(connection.problems().is_empty(), expected.is_some(), "{fields}");
    }
}

#[test]
fn the_default_of_an_endpoint_field_counts_when_it_is_blank() {
    let mut definition = definition();
    definition.connections[0].fields[1].input.default = Some(json!("Main"));
    assert_eq!(origin(&definition, json!({"environment": ""})), "https://main.example");
}

#[test]
fn a_default_never_beats_an_endpoint_that_a_person_has_filled_in() {
    let mut definition = definition();
    // A field of the highest precedence that nobody is asked to fill in.
    let mut hidden = definition.connections[0].fields[2].clone();
    hidden.input.key = "region".into();
    hidden.input.default = Some(json!("https://collector.example"));
    hidden.endpoint.as_mut().unwrap().precedence = 255;
    definition.connections[0].fields.push(hidden);
    assert_eq!(origin(&definition, json!({"customUrl": "https://own.example"})), "https://own.example");
    assert_eq!(origin(&definition, json!({"environment": "EU", "region": " "})), "https://eu.example");
    assert_eq!(origin(&definition, json!({})), "https://collector.example");
    // A choice that cannot be used is the person's, and does not open what the manifest presets.
    assert!(connection(&definition, json!({"environment": "Mars"})).origin().is_err());
    assert!(connection(&definition, json!({"environment": 7})).origin().is_err());
}

#[test]
fn a_connection_without_an_endpoint_field_has_no_endpoint_and_nowhere_to_go() {
    let mut definition = definition();
    definition.connections[0].fields.truncate(1);
    let connection = connection(&definition, json!({}));
    assert_eq!(connection.endpoint(), Ok(""));
    assert_eq!(connection.origin(), Err("the connection has no endpoint field"));
    assert!(connection.problems().is_empty());
}

#[test]
fn an_unknown_environment_is_told_the_choices_and_the_field_for_any_other() {
    let mut definition = definition();
    let alias = "https://eu.example/graphql";
    let alias = crate::contract::Environment { value: alias.into(), url: alias.into(), extensions: None };
    definition.connections[0].fields[1].endpoint.as_mut().unwrap().environments.push(alias);
    let mars = connection(&definition, json!({"environment": "Mars"}));
    let expected = "expected Main or EU, got \"Mars\"; for another environment fill in customUrl";
    assert_eq!(mars.problems()[0].message, expected);
    assert_eq!(mars.endpoint(), Err(format!("the connection's environment: {expected}").as_str()));
    assert_eq!(origin(&definition, json!({"environment": "https://eu.example/graphql"})), "https://eu.example");
}

#[test]
fn a_url_that_cannot_be_used_is_told_what_would_be_right() {
    let mut definition = definition();
    let message = |definition: &_, url: &str| {
        let connection = connection(definition, json!({ "customUrl": url }));
        connection.problems()[0].message.clone()
    };
    let expected = "expected an absolute URL that begins with https:// or http://, for example ";
    assert_eq!(message(&definition, "own.example"), format!("{expected}https://service.example/path"));
    definition.connections[0].fields[2].input.example = Some(json!("https://plm.example/graphql"));
    assert_eq!(message(&definition, "own.example"), format!("{expected}https://plm.example/graphql"));
    assert!(message(&definition, "https://user:canary@own.example").contains("a field of its own"));
    assert!(!message(&definition, "https://user:canary@own.example").contains("canary"));
}

#[test]
fn every_field_that_is_no_text_is_named_and_so_is_one_that_is_missing() {
    let text = |input: &str| (input.to_owned(), "expected text".to_owned());
    assert_eq!(said(json!({"environment": 1, "customUrl": ["x"]})), [text("environment"), text("customUrl")]);
    assert_eq!(said(json!({"environment": 1, "customUrl": "https://own.example"})), [text("environment")]);
    let missing = "says where the service is, and is missing or blank: fill in environment or customUrl";
    assert_eq!(said(json!({})), [("environment".to_owned(), missing.to_owned())]);
}
