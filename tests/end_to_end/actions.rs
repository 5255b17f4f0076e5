//! Each action, with its result held against the manifest's schema.

use crate::support::{Bench, connectors};
use duro_sim::{DuroSim, Resource};
use host::contract::Error;
use serde_json::{Value, json};

#[tokio::test]
async fn the_connection_test_says_whose_key_it_is() {
    let bench = Bench::new().await;
    let account = bench.connector.test_connection(&bench.connection, &bench.options).await.unwrap().value;
    let user = bench.perform("getCurrentUser", json!({})).await;
    let company = user["userById"]["primaryCompany"]["name"].as_str().unwrap();
    assert!(account.user.contains(user["userById"]["email"].as_str().unwrap()));
    assert_eq!(account.organization.as_deref(), Some(company));
    assert_eq!(account.endpoint, bench.sim.url());
}

#[tokio::test]
async fn the_company_comes_with_its_users() {
    let bench = Bench::new().await;
    let company = bench.perform("listCompanyUsers", json!({})).await;
    assert!(company["users"].as_array().unwrap().len() > 5);
    assert!(company["users"][0]["email"].as_str().unwrap().contains('@'));
}

#[tokio::test]
async fn a_list_of_components_is_as_long_as_asked_and_ends_with_the_library() {
    let bench = Bench::with(DuroSim::builder().components(250)).await;
    let all = bench.sim.records(Resource::Components).len();
    assert_eq!(bench.perform("listComponents", json!({})).await.as_array().unwrap().len(), 100);
    bench.sim.clear_requests();
    let some = bench.perform("listComponents", json!({ "first": 230 })).await;
    assert_eq!((some.as_array().unwrap().len(), bench.sim.requests().len()), (230, 3));
    let whole = bench.perform("listComponents", json!({ "first": "10000" })).await;
    assert_eq!(whole.as_array().unwrap().len(), all);
    for request in bench.sim.requests() {
        assert!(request.body_json().unwrap()["variables"]["first"].as_u64().unwrap() <= 100);
    }
}

#[tokio::test]
async fn the_personal_library_is_another_list() {
    let bench = Bench::with(DuroSim::builder().personal_components(7)).await;
    let personal = bench.perform("listComponents", json!({ "libraryType": "PERSONAL" })).await;
    assert_eq!(personal.as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn every_component_can_be_read_whole_whatever_its_name() {
    let bench = Bench::new().await;
    let mut awkward = 0;
    for part in bench.sim.records(Resource::Components).into_iter().take(60) {
        let whole = bench.perform("getComponentById", json!({ "componentId": part.id })).await;
        let component = &whole["componentsByIds"][0];
        assert_eq!(component["id"], json!(part.id));
        awkward += usize::from(!component["name"].as_str().unwrap_or_default().is_ascii());
    }
    assert!(awkward > 0, "the simulated names are too plain to show anything");
}

#[tokio::test]
async fn a_component_that_is_not_there_is_not_found_however_the_service_says_it() {
    for null in [false, true] {
        let bench = Bench::with(DuroSim::builder().null_for_unknown_ids(null)).await;
        let error = bench.fail("getComponentById", json!({ "componentId": "ffffffffffffffffffffffff" })).await;
        assert!(
            matches!(&error, Error::NotFound(message) if message.contains("ffffffffffffffffffffffff")),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn change_orders_come_in_each_of_the_six_orders() {
    let bench = Bench::with(DuroSim::builder().change_orders(130)).await;
    for (field, path) in [("con", "/con/displayValue"), ("lastModified", "/lastModified"), ("name", "/name")] {
        let mut orders = Vec::new();
        for direction in ["asc", "desc"] {
            let inputs = json!({ "orderBy": format!("{{\"{field}\":\"{direction}\"}}"), "first": 1000 });
            let result = bench.perform("listChangeOrders", inputs).await;
            let edges = result["changeOrders"]["connection"]["edges"].as_array().unwrap().clone();
            assert_eq!(edges.len(), 130, "{field} {direction}");
            let values: Vec<Value> = edges.iter().map(|edge| edge["node"].pointer(path).unwrap().clone()).collect();
            orders.push(values);
        }
        orders[1].reverse();
        assert_eq!(orders[0], orders[1], "{field}");
    }
}

#[tokio::test]
async fn one_change_order_is_found_by_its_id_and_by_its_number_wherever_it_stands() {
    let bench = Bench::with(DuroSim::builder().change_orders(230)).await;
    let list = bench.perform("listChangeOrders", json!({ "first": 1000 })).await;
    for place in [0, 120, 229] {
        let node = &list["changeOrders"]["connection"]["edges"][place]["node"];
        let number = node["con"]["displayValue"].as_str().unwrap().to_lowercase();
        for wanted in [node["id"].as_str().unwrap(), &format!(" {number} ")] {
            assert_eq!(bench.perform("getChangeOrder", json!({ "changeOrder": wanted })).await, *node, "{wanted}");
        }
    }
    let error = bench.fail("getChangeOrder", json!({ "changeOrder": "ECO-99999" })).await;
    let expected = "\"ECO-99999\" among the 230;";
    assert!(matches!(&error, Error::NotFound(message) if message.contains(expected)), "{error:?}");
}

#[tokio::test]
async fn a_change_order_that_was_created_is_in_the_list_as_a_draft() {
    let bench = Bench::new().await;
    let name = "Ersetze \"M3\", ¼″ 🛠";
    let made = bench.perform("createChangeOrder", json!({ "name": name, "type": "DCO", "description": "a\nb" })).await;
    let made = &made["createChangeOrder"];
    assert_eq!((&made["name"], &made["type"], &made["status"]), (&json!(name), &json!("DCO"), &json!("DRAFT")));
    let newest = bench.perform("listChangeOrders", json!({ "first": 1, "orderBy": { "lastModified": "desc" } })).await;
    assert_eq!(newest["changeOrders"]["connection"]["edges"][0]["node"]["id"], made["id"]);
}

#[tokio::test]
async fn a_raw_request_gives_the_data_of_the_users_own_document() {
    let bench = Bench::new().await;
    let default = bench.perform("rawRequest", json!({})).await;
    assert!(default["userById"]["email"].is_string());
    let id = bench.sim.add(Resource::Components, "Bracket");
    let inputs = json!({
        "query": "query Parts($ids: [ID]) { parts: componentsByIds(ids: $ids) { name } }",
        "variables": [{ "key": "ids", "value": "overridden" }],
        "variablesObject": json!({ "ids": [id] }).to_string(),
    });
    assert_eq!(bench.perform("rawRequest", inputs).await, json!({ "parts": [{ "name": "Bracket" }] }));
}

#[tokio::test]
async fn bad_inputs_are_all_named_at_once_and_nothing_is_sent() {
    let bench = Bench::new().await;
    for (key, inputs, named) in [
        ("createChangeOrder", json!({ "type": "XCO", "description": {} }), vec!["name", "description", "type"]),
        ("createChangeOrder", json!({ "name": "x".repeat(70_000) }), vec!["name"]),
        ("getComponentById", json!({ "componentId": "  " }), vec!["componentId"]),
        ("getComponentById", json!({}), vec!["componentId"]),
        ("listComponents", json!({ "first": 10_001, "libraryType": "ALL" }), vec!["libraryType", "first"]),
        ("listChangeOrders", json!({ "first": "ten", "orderBy": "{" }), vec!["orderBy", "first"]),
        ("rawRequest", json!({ "variables": "x", "variablesObject": 1 }), vec!["variables", "variablesObject"]),
        ("getCurrentUser", json!({ "who": "me" }), vec!["who"]),
    ] {
        let Error::InvalidInput(problems) = bench.fail(key, inputs).await else { panic!("{key}") };
        let inputs: Vec<&str> = problems.iter().map(|problem| problem.input.as_str()).collect();
        assert_eq!(inputs, named, "{key}");
    }
    assert_eq!(bench.sim.request_count(), 0);
}

#[tokio::test]
async fn unknown_keys_are_named_beside_the_known_ones() {
    let bench = Bench::new().await;
    assert!(
        matches!(bench.fail("drop", json!({})).await, Error::UnknownKey(message) if message.contains("rawRequest"))
    );
    let (connection, options) = (&bench.connection, &bench.options);
    let failure = bench.connector.query("drop", connection, &json!({}), None, None, options).await.unwrap_err();
    assert!(matches!(connectors(*failure), Error::UnknownKey(message) if message.contains("selectComponent")));
    let failure = bench.connector.poll("drop", connection, &json!({}), None, options).await.unwrap_err();
    assert!(matches!(connectors(*failure), Error::UnknownKey(message) if message.contains("pollChangesTrigger")));
}
