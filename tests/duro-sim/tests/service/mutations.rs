//! Mutations last, and wrong ones change nothing.

use std::time::Duration;

use duro_sim::{DuroSim, Resource};
use serde_json::json;

use crate::support::{CHANGE_ORDERS, data, error};

const CREATE: &str = "mutation($input: CreateChangeOrderInput) { createChangeOrder(input: $input) { \
    id con { displayValue } description name status type created lastModified creator { id email } } }";

const UPDATE: &str = "mutation($input: UpdateComponentInput) { updateComponent(input: $input) { \
    id modified lastModified children { quantity itemNumber component { id name } } } }";

#[tokio::test]
async fn a_created_change_order_is_a_draft_with_the_next_number_and_lasts() {
    let sim = DuroSim::builder().frozen_clock(1_750_000_000_000).spawn().await.unwrap();
    let input = json!({ "name": "Ø 1/4\" bore", "description": "line\nline", "type": "DCO" });
    let created = data(&sim, CREATE, json!({ "input": input })).await["createChangeOrder"].clone();
    assert_eq!(created["status"], "DRAFT");
    assert_eq!(created["type"], "DCO");
    assert_eq!(created["con"]["displayValue"], "CO-000151");
    assert_eq!(created["name"], "Ø 1/4\" bore");
    assert_eq!(created["description"], "line\nline");
    assert_eq!(created["created"], "2025-06-15T15:06:40.000Z");
    let me = data(&sim, "{ userById { id email } }", json!({})).await["userById"].clone();
    assert_eq!(created["creator"], me);

    let second = data(&sim, CREATE, json!({ "input": { "name": "plain" } })).await["createChangeOrder"].clone();
    assert_eq!(second["type"], "ECO");
    assert_eq!(second["con"]["displayValue"], "CO-000152");
    let list = data(&sim, CHANGE_ORDERS, json!({ "order": [{ "con": "desc" }], "first": 2 })).await;
    let edges = &list["changeOrders"]["connection"]["edges"];
    assert_eq!(edges[0]["node"]["id"], second["id"]);
    assert_eq!(edges[1]["node"]["id"], created["id"]);
    assert_eq!(list["changeOrders"]["connection"]["totalCount"], 152);
}

#[tokio::test]
async fn a_change_order_without_a_name_or_of_an_unknown_type_is_not_created() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    for input in [json!(null), json!({}), json!({ "name": "" }), json!({ "name": " \t" })] {
        let message = error(&sim, CREATE, json!({ "input": input })).await;
        assert!(message.contains("needs a"), "{input}: {message}");
    }
    let message = error(&sim, CREATE, json!({ "input": { "name": "x", "type": "eco" } })).await;
    assert!(message.contains("eco"), "{message}");
    assert_eq!(sim.records(Resource::ChangeOrders).len(), 150);
}

#[tokio::test]
async fn an_updated_component_has_its_new_children_and_time() {
    let sim = DuroSim::builder().frozen_clock(1_750_000_000_000).spawn().await.unwrap();
    let ids: Vec<_> = sim.records(Resource::Components).into_iter().map(|record| record.id).collect();
    let input = json!({ "id": ids[0], "children": [
        { "componentId": ids[1], "quantity": 2.5, "itemNumber": 10 },
        { "componentId": ids[2] },
    ] });
    let updated = data(&sim, UPDATE, json!({ "input": input })).await["updateComponent"].clone();
    assert_eq!(updated["lastModified"], "2025-06-15T15:06:40.000Z");
    assert_eq!(updated["modified"], true);
    assert_eq!(updated["children"][0]["quantity"], 2.5);
    assert_eq!(updated["children"][0]["itemNumber"], 10);
    assert_eq!(updated["children"][1]["component"]["id"], json!(ids[2]));

    sim.advance_clock(Duration::from_secs(1));
    let touched = data(&sim, UPDATE, json!({ "input": { "id": ids[0] } })).await["updateComponent"].clone();
    assert_eq!(touched["lastModified"], "2025-06-15T15:06:41.000Z");
    assert_eq!(touched["children"], updated["children"], "children that are not given stay");

    sim.rename(Resource::Components, &ids[1], "Renamed child");
    let query = "query($ids: [ID]) { componentsByIds(ids: $ids) { children { component { name } } } }";
    let found = data(&sim, query, json!({ "ids": [ids[0]] })).await;
    assert_eq!(found["componentsByIds"][0]["children"][0]["component"]["name"], "Renamed child");
}

#[tokio::test]
async fn an_update_that_names_an_unknown_component_changes_nothing() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    let before = sim.records(Resource::Components);
    let unknown = "0123456789abcdef01234567";
    for input in [
        json!({ "id": unknown }),
        json!({ "id": before[0].id, "children": [{ "componentId": before[1].id }, { "componentId": unknown }] }),
    ] {
        assert!(error(&sim, UPDATE, json!({ "input": input })).await.contains(unknown));
    }
    assert!(error(&sim, UPDATE, json!({ "input": {} })).await.contains("needs an id"));
    assert_eq!(sim.records(Resource::Components), before);
}
