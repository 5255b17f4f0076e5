//! What the service may answer to the actions, whatever it is.

use connector_sdk::contract::Failure;
use connector_sdk::testing::FakeHost;
use connector_sdk::{Connector, Error};
use serde_json::{Value, json};

use crate::DuroDesign;
use crate::tests::connection;

fn perform(host: &FakeHost, key: &str, inputs: Value) -> Result<Value, Error> {
    let result = DuroDesign::perform(host, key, &connection(), &inputs.to_string())?;
    Ok(serde_json::from_str(&result).unwrap())
}

/// An answer with these records.
fn page(nodes: Value, next: Option<&str>) -> String {
    let edges: Vec<Value> = nodes.as_array().unwrap().iter().map(|node| json!({ "node": node })).collect();
    let info = json!({ "hasNextPage": next.is_some(), "endCursor": next });
    json!({ "data": { "component": { "findAll": { "edges": edges, "pageInfo": info } } } }).to_string()
}

#[test]
fn a_list_is_joined_from_its_pages_and_what_is_null_in_it_is_left_out() {
    let host = FakeHost::answering(&[
        &page(json!([{ "id": "1" }, null, { "id": "2", "cpn": null, "status": null }]), Some("c1")),
        &page(json!([{ "id": "3", "state": "ARCHIVED_BY_A_LATER_RELEASE" }]), None),
    ]);
    let found = perform(&host, "listComponents", json!({ "first": 150 })).unwrap();
    let expected = json!([{ "id": "1" }, { "id": "2", "cpn": null, "status": null }, { "id": "3", "state": "ARCHIVED_BY_A_LATER_RELEASE" }]);
    assert_eq!(found, expected);
    assert_eq!((&host.body(0)["variables"]["first"], &host.body(1)["variables"]["after"]), (&json!(100), &json!("c1")));
}

#[test]
fn filters_that_are_left_blank_are_not_sent() {
    let host = FakeHost::answering(&[&page(json!([]), None), &page(json!([]), None)]);
    perform(&host, "listComponents", json!({})).unwrap();
    assert_eq!(host.body(0)["variables"], json!({ "first": 100 }));
    perform(&host, "listComponents", json!({ "name": "nut", "categoryType": "PART", "onlyArchived": true })).unwrap();
    let variables = json!({ "first": 100, "name": "nut", "categoryType": "PART", "isArchived": true });
    assert_eq!(host.body(1)["variables"], variables);
}

#[test]
fn no_query_names_a_type_of_an_input_object_because_what_the_service_calls_them_is_not_known() {
    let host = FakeHost::answering(&[&page(json!([]), None)]);
    perform(&host, "listComponents", json!({})).unwrap();
    let query = host.body(0)["query"].as_str().unwrap().to_owned();
    assert!(!query.contains("PaginationInput") && !query.contains("ComponentFilterInput"), "{query}");
}

#[test]
fn one_by_id_is_the_one_that_was_asked_for_or_none() {
    let host = FakeHost::answering(&[
        &page(json!([{ "id": "7", "name": "Bolt" }]), None),
        &page(json!([{ "id": "8" }]), None),
        &page(json!([null]), None),
        &page(json!([]), None),
    ]);
    assert_eq!(perform(&host, "getComponentById", json!({ "componentId": " 7 " })).unwrap()["name"], "Bolt");
    assert_eq!(host.body(0)["variables"]["ids"], json!(["7"]));
    for _ in 0..3 {
        let error = perform(&host, "getComponentById", json!({ "componentId": "7" })).unwrap_err();
        assert!(matches!(&error, Error::NotFound(message) if message.contains("\"7\"")), "{error:?}");
    }
}

#[test]
fn numbers_that_the_service_finds_in_part_are_compared_again() {
    let nodes = json!([{ "id": "1", "cpn": "212-1" }, { "id": "2", "cpn": "212-10" }, { "id": "3", "cpn": null }, { "id": "4", "cpn": 7 }]);
    let host = FakeHost::answering(&[&page(nodes, None)]);
    let found = perform(&host, "findComponentsByPartNumber", json!({ "partNumbers": "212-1, 300-2" })).unwrap();
    assert_eq!(found, json!([{ "id": "1", "cpn": "212-1" }]));
    assert_eq!(host.body(0)["variables"]["cpns"], json!(["212-1", "300-2"]));
    let blank = perform(&host, "findComponentsByPartNumber", json!({ "partNumbers": " , " })).unwrap_err();
    assert!(matches!(blank, Error::InvalidInput(problems) if problems[0].input == "partNumbers"));
}

#[test]
fn more_than_can_be_looked_through_for_a_number_is_an_error_and_not_a_part_of_the_answer() {
    let host = FakeHost::default();
    for number in 0..10 {
        let nodes: Vec<Value> = (0..100).map(|each| json!({ "id": format!("{number}-{each}") })).collect();
        host.then(200, &[], &page(json!(nodes), Some(&format!("c{number}"))));
    }
    let error = perform(&host, "findComponentsByPartNumber", json!({ "partNumbers": "212" })).unwrap_err();
    assert!(matches!(&error, Error::UnexpectedResponse(message) if message.contains("1000")), "{error:?}");
}

#[test]
fn what_is_no_list_is_an_unexpected_response() {
    for data in [
        json!({}),
        json!({ "component": null }),
        json!({ "component": { "findAll": null } }),
        json!({ "component": { "findAll": [] } }),
        json!({ "component": { "findAll": { "edges": 7 } } }),
        json!({ "component": { "findAll": { "edges": [], "pageInfo": { "hasNextPage": true } } } }),
    ] {
        let host = FakeHost::answering(&[&json!({ "data": data }).to_string()]);
        let error = perform(&host, "listComponents", json!({})).unwrap_err();
        assert!(matches!(error, Error::UnexpectedResponse(_)), "{data}: {error:?}");
    }
}

#[test]
fn refusals_mean_what_their_codes_say_whatever_the_status() {
    let coded = |code: &str, more: Value| {
        let mut extensions = json!({ "code": code });
        extensions.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "data": null, "errors": [{ "message": "no", "extensions": extensions }] }).to_string()
    };
    let ask = |status: u16, headers: &[(&str, &str)], body: &str| {
        let host = FakeHost::default();
        host.then(status, headers, body);
        perform(&host, "listComponents", json!({})).unwrap_err()
    };
    let none = json!({});
    for status in [200, 400, 500] {
        assert!(matches!(ask(status, &[], &coded("UNAUTHENTICATED", none.clone())), Error::Unauthenticated(_)));
        assert!(matches!(ask(status, &[], &coded("FORBIDDEN", none.clone())), Error::Forbidden(_)));
        let limited = coded("RATE_LIMITED", json!({ "retryAfter": 60 }));
        assert!(matches!(ask(status, &[], &limited), Error::RateLimited(Some(60))));
    }
    assert!(matches!(ask(429, &[("retry-after", "7")], ""), Error::RateLimited(Some(7))));
    assert!(matches!(ask(200, &[], &coded("BAD_USER_INPUT", none)), Error::Service(_)));
    let host = FakeHost::default();
    host.then_fail(Failure::Timeout);
    assert!(matches!(perform(&host, "listComponents", json!({})), Err(Error::Transport(Failure::Timeout))));
}

#[test]
fn a_document_of_ones_own_is_sent_with_whose_records_are_meant_and_never_again_by_itself() {
    let host = FakeHost::answering(&[r#"{"data":{"library":null}}"#]);
    let found = perform(&host, "rawRequest", json!({ "query": "{ library { current { id } } }" })).unwrap();
    assert_eq!(found, json!({ "library": null }));
    let sent = host.sent.borrow();
    assert!(!sent[0].idempotent && sent[0].headers.iter().any(|(name, _)| name == "x-library"));
}
