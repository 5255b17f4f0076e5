use connector_sdk::contract::ServiceFailure;
use connector_sdk::testing::FakeHost;
use connector_sdk::{Connector, Error};
use serde_json::{Value, json};

use crate::Duro;
use crate::tests::connection;

fn run(host: &FakeHost, key: &str, inputs: Value) -> Result<Value, Error> {
    Duro::perform(host, key, &connection(), &inputs.to_string()).map(|result| serde_json::from_str(&result).unwrap())
}

fn bad_inputs(key: &str, inputs: Value) -> Vec<String> {
    let host = FakeHost::default();
    let error = run(&host, key, inputs).unwrap_err();
    assert_eq!(host.requests(), 0, "something was sent");
    let Error::InvalidInput(problems) = error else { panic!("{error:?}") };
    problems.into_iter().map(|problem| problem.input).collect()
}

/// A page of components numbered from `from` up to before `to`.
fn page(from: usize, to: usize, has_next: bool) -> String {
    let edges: Vec<Value> =
        (from..to).map(|n| json!({ "cursor": format!("c{n}"), "node": { "id": n.to_string() } })).collect();
    let page_info = json!({ "hasNextPage": has_next, "endCursor": format!("c{}", to.saturating_sub(1)) });
    json!({ "data": { "components": { "connection": { "edges": edges, "pageInfo": page_info } } } }).to_string()
}

#[test]
fn an_unknown_action_is_named_beside_those_there_are() {
    let Error::UnknownKey(message) = run(&FakeHost::default(), "deleteEverything", json!({})).unwrap_err() else {
        panic!()
    };
    assert!(message.contains("deleteEverything") && message.contains("listComponents"));
}

#[test]
fn every_declared_action_is_performed() {
    for action in Duro::ACTIONS {
        let error = run(&FakeHost::default(), action.operation.key, json!({ "no such input": 1 })).unwrap_err();
        assert!(matches!(error, Error::InvalidInput(_)), "{}", action.operation.key);
    }
}

#[test]
fn a_list_is_paged_in_hundreds_until_enough_are_there() {
    let host = FakeHost::answering(&[&page(0, 100, true), &page(100, 200, true), &page(200, 250, true)]);
    let result = run(&host, "listComponents", json!({ "first": "250" })).unwrap();
    assert_eq!(result.as_array().unwrap().len(), 250);
    let asked: Vec<Value> = (0..3).map(|index| host.body(index)["variables"].clone()).collect();
    assert_eq!(asked[0], json!({ "libraryType": "GENERAL", "first": 100 }));
    assert_eq!(asked[1], json!({ "libraryType": "GENERAL", "first": 100, "after": "c99" }));
    assert_eq!(asked[2], json!({ "libraryType": "GENERAL", "first": 50, "after": "c199" }));
}

#[test]
fn a_blank_order_sends_none_and_a_blank_query_is_refused() {
    for order in [json!({}), json!({ "orderBy": "" }), json!({ "orderBy": null }), json!({ "orderBy": [] })] {
        let host = FakeHost::answering(&[r#"{"data":{"changeOrders":{"connection":{"edges":[]}}}}"#]);
        run(&host, "listChangeOrders", order.clone()).unwrap();
        assert_eq!(host.body(0)["variables"], json!({ "first": 100 }), "{order}");
    }
    assert_eq!(bad_inputs("rawRequest", json!({ "query": " " })), ["query"]);
    let host = FakeHost::answering(&[r#"{"data":{}}"#]);
    run(&host, "rawRequest", json!({})).unwrap();
    assert!(host.body(0)["query"].as_str().unwrap().contains("userById"));
}

#[test]
fn a_list_ends_with_the_library_and_goes_on_over_short_pages() {
    let host = FakeHost::answering(&[&page(0, 3, true), &page(4, 4, true), &page(3, 5, false)]);
    assert_eq!(run(&host, "listComponents", json!({})).unwrap().as_array().unwrap().len(), 5);
}

#[test]
fn a_page_with_more_than_asked_for_is_cut() {
    let host = FakeHost::answering(&[&page(0, 10, false)]);
    assert_eq!(run(&host, "listComponents", json!({ "first": 4 })).unwrap().as_array().unwrap().len(), 4);
}

#[test]
fn a_service_that_repeats_itself_is_not_followed_for_ever() {
    let stuck = page(0, 1, true);
    let host = FakeHost::answering(&[&stuck, &stuck, &stuck]);
    assert!(matches!(run(&host, "listComponents", json!({})), Err(Error::UnexpectedResponse(_))));
    let empty =
        r#"{"data":{"components":{"connection":{"edges":[],"pageInfo":{"hasNextPage":true,"endCursor":null}}}}}"#;
    assert!(matches!(
        run(&FakeHost::answering(&[empty]), "listComponents", json!({})),
        Err(Error::UnexpectedResponse(_))
    ));
}

#[test]
fn nulls_in_a_list_are_no_panic_and_numbers_keep_their_digits() {
    let body = r#"{"data":{"components":{"connection":{"edges":[null,{"cursor":null,"node":null},{"node":{"id":"a","mass":1.50}}],"pageInfo":null}}}}"#;
    let host = FakeHost::answering(&[body]);
    let result = Duro::perform(&host, "listComponents", &connection(), "{}").unwrap();
    assert_eq!(result, r#"[{"id":"a","mass":1.50}]"#);
    for body in [r#"{"data":{"components":null}}"#, r#"{"data":{"components":{"connection":null}}}"#, r#"{"data":{}}"#]
    {
        assert!(matches!(
            run(&FakeHost::answering(&[body]), "listComponents", json!({})),
            Err(Error::UnexpectedResponse(_))
        ));
    }
}

#[test]
fn an_answer_of_another_shape_is_unexpected() {
    let body = r#"{"data":{"components":{"connection":{"edges":{"0":1}}}}}"#;
    let error = run(&FakeHost::answering(&[body]), "listComponents", json!({})).unwrap_err();
    assert!(matches!(error, Error::UnexpectedResponse(_)), "{error:?}");
}

#[test]
fn change_orders_come_as_one_connection_in_the_order_asked_for() {
    let body = r#"{"data":{"changeOrders":{"connection":{"totalCount":9,"edges":[{"cursor":"x","node":{"id":"1","status":"BRAND_NEW"}}],"pageInfo":{"hasNextPage":true,"endCursor":"x"}}}}}"#;
    let host = FakeHost::answering(&[body]);
    let inputs = json!({ "first": 1, "orderBy": "[{\"con\": \"ASC\"}, {\"name\": \"desc\"}]" });
    let result = run(&host, "listChangeOrders", inputs).unwrap();
    assert_eq!(host.body(0)["variables"]["orderBy"], json!([{ "con": "asc" }, { "name": "desc" }]));
    let connection = &result["changeOrders"]["connection"];
    assert_eq!(connection["totalCount"], 9);
    assert_eq!(connection["edges"][0]["node"]["status"], "BRAND_NEW");
    assert_eq!(connection["pageInfo"], json!({ "hasNextPage": true, "endCursor": "x" }));
}

#[test]
fn an_order_that_cannot_be_read_is_named_and_nothing_is_sent() {
    for order in [
        json!("con"),
        json!({ "created": "asc" }),
        json!({ "con": "up" }),
        json!({ "con": "asc", "name": "asc" }),
        json!([{}]),
        json!([[]]),
        json!(7),
    ] {
        assert_eq!(bad_inputs("listChangeOrders", json!({ "orderBy": order, "first": 0 })), ["orderBy", "first"]);
    }
}

#[test]
fn a_component_that_is_not_there_is_not_found() {
    for body in [
        r#"{"data":{"componentsByIds":[]}}"#,
        r#"{"data":{"componentsByIds":[null]}}"#,
        r#"{"data":{"componentsByIds":null}}"#,
    ] {
        let error = run(&FakeHost::answering(&[body]), "getComponentById", json!({ "componentId": "x" })).unwrap_err();
        assert!(matches!(error, Error::NotFound(_)), "{error:?}");
    }
}

#[test]
fn a_change_order_is_sent_once_as_a_draft_of_its_type() {
    let host = FakeHost::answering(&[r#"{"data":{"createChangeOrder":{"id":"1"}}}"#]);
    run(&host, "createChangeOrder", json!({ "name": "Ä \"1/4\"", "description": "", "type": "mco" })).unwrap();
    assert!(!host.sent.borrow()[0].idempotent);
    assert_eq!(host.body(0)["variables"], json!({ "input": { "name": "Ä \"1/4\"", "type": "MCO" } }));
}

#[test]
fn every_bad_input_of_an_action_and_of_the_connection_is_named_at_once() {
    assert_eq!(
        bad_inputs("createChangeOrder", json!({ "type": "XCO", "description": [] })),
        ["name", "description", "type"]
    );
    assert_eq!(bad_inputs("getComponentById", json!({ "componentId": " " })), ["componentId"]);
    assert_eq!(bad_inputs("listComponents", json!({ "libraryType": 3, "first": "ten" })), ["libraryType", "first"]);
    assert_eq!(
        bad_inputs("rawRequest", json!({ "variables": 1, "variablesObject": "[1]" })),
        ["variables", "variablesObject"]
    );
    assert_eq!(bad_inputs("getCurrentUser", json!({ "first": 1 })), ["first"]);
}

#[test]
fn a_raw_request_sends_the_document_as_it_is_once_with_the_object_over_the_pairs() {
    let host = FakeHost::answering(&[r#"{"data":{"x":1}}"#]);
    let inputs = json!({
        "query": "mutation M($a: Int) { x }",
        "variables": [{ "key": "a", "value": "1" }, { "key": "b", "value": "2" }],
        "variablesObject": "{\"a\": 7}",
    });
    assert_eq!(run(&host, "rawRequest", inputs).unwrap(), json!({ "x": 1 }));
    assert_eq!(host.body(0), json!({ "query": "mutation M($a: Int) { x }", "variables": { "a": 7, "b": "2" } }));
    assert!(!host.sent.borrow()[0].idempotent);
}

#[test]
fn the_users_of_the_company_are_the_company() {
    let host = FakeHost::answering(&[r#"{"data":{"userById":{"primaryCompany":{"id":"c","users":[]}}}}"#]);
    assert_eq!(run(&host, "listCompanyUsers", json!({})).unwrap(), json!({ "id": "c", "users": [] }));
    let host = FakeHost::answering(&[r#"{"data":{"userById":{"primaryCompany":null}}}"#]);
    assert!(matches!(run(&host, "listCompanyUsers", json!({})), Err(Error::UnexpectedResponse(_))));
}

#[test]
fn an_error_in_the_middle_of_a_list_is_the_error_of_the_list() {
    let host = FakeHost::answering(&[&page(0, 100, true)]);
    host.then(503, &[], "");
    let error = run(&host, "listComponents", json!({ "first": 200 })).unwrap_err();
    assert!(matches!(error, Error::Service(ServiceFailure { status: 503, .. })), "{error:?}");
}
