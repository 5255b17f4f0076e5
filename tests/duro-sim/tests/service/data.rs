//! What the service holds, and who may ask for it.

use std::collections::BTreeSet;
use std::time::Duration;

use duro_sim::{DuroSim, LibraryType, Resource};
use serde_json::{Value, json};

use crate::support::{CHANGE_ORDERS, COMPONENTS, all, client, components, data, error};

const ME: &str = "{ userById { id email firstName lastName created role title lastLogin \
    primaryCompany { id name users { id email primaryCompany { name } } } } }";

async fn status_with_keys(sim: &DuroSim, keys: &[&str]) -> (u16, String) {
    let mut request = client().post(sim.url()).header("content-type", "application/json");
    for key in keys {
        request = request.header("apiToken", *key);
    }
    let response = request.body(json!({ "query": ME }).to_string()).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn only_a_known_key_is_answered() {
    let sim = DuroSim::builder().key("first").key("second").spawn().await.unwrap();
    let refused = (500, r#"{"errors":[{"message":"Unauthorized"}]}"#.to_owned());
    for keys in [&[][..], &[""], &["third"], &["firs"], &["first", "first"]] {
        assert_eq!(status_with_keys(&sim, keys).await, refused, "{keys:?}");
    }
    for key in ["first", "second"] {
        assert_eq!(status_with_keys(&sim, &[key]).await.0, 200, "{key}");
    }
    sim.accept_key("third");
    sim.revoke_key("first");
    assert_eq!(status_with_keys(&sim, &["third"]).await.0, 200);
    assert_eq!(status_with_keys(&sim, &["first"]).await, refused);
}

#[tokio::test]
async fn the_current_user_belongs_to_a_company_of_twelve() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    assert_eq!(sim.key(), duro_sim::DEFAULT_KEY);
    let me = data(&sim, ME, json!({})).await["userById"].clone();
    assert!(me["email"].as_str().is_some_and(|email| email.contains('@')), "{me}");
    let users = me["primaryCompany"]["users"].as_array().unwrap();
    assert_eq!(users.len(), 12);
    assert!(users.iter().any(|user| user["id"] == me["id"]));
    assert!(users.iter().all(|user| user["primaryCompany"]["name"] == me["primaryCompany"]["name"]));
}

/// Every field of a type as a selection, children one level deep, read from the service's own introspection.
async fn full_selection(sim: &DuroSim, type_name: &str) -> String {
    let query = "{ __schema { types { name fields { name args { name } type { kind name ofType { kind name } } } } } }";
    let schema = data(sim, query, json!({})).await;
    selection(schema["__schema"]["types"].as_array().unwrap(), type_name, &mut vec![])
}

fn selection(types: &[Value], type_name: &str, within: &mut Vec<String>) -> String {
    let definition = types.iter().find(|definition| definition["name"] == type_name).unwrap();
    within.push(type_name.to_owned());
    let mut selected = Vec::new();
    for field in definition["fields"].as_array().unwrap() {
        let name = field["name"].as_str().unwrap();
        let inner = if field["type"]["kind"] == "LIST" { &field["type"]["ofType"] } else { &field["type"] };
        let inner_name = inner["name"].as_str().unwrap();
        if inner["kind"] != "OBJECT" {
            selected.push(name.to_owned());
        } else if !within.iter().any(|outer| outer == inner_name) {
            selected.push(format!("{name} {}", selection(types, inner_name, within)));
        } else {
            selected.push(format!("{name} {{ __typename }}"));
        }
    }
    within.pop();
    format!("{{ {} }}", selected.join(" "))
}

/// Collects for each field, by its path, whether it was null anywhere and whether it was not.
fn fill(value: &Value, path: &str, nulls: &mut BTreeSet<String>, values: &mut BTreeSet<String>) {
    match value {
        Value::Null => {
            nulls.insert(path.to_owned());
        }
        Value::Array(elements) => elements.iter().for_each(|element| fill(element, path, nulls, values)),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| fill(field, &format!("{path}/{name}"), nulls, values));
        }
        _ => {
            values.insert(path.to_owned());
        }
    }
}

#[tokio::test]
async fn every_field_of_a_component_has_a_value_somewhere_and_some_are_null() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    let selection = full_selection(&sim, "Component").await;
    let ids: Vec<_> = sim.records(Resource::Components).into_iter().map(|record| record.id).collect();
    let query = format!("query($ids: [ID]) {{ componentsByIds(ids: $ids) {selection} }}");
    let found = data(&sim, &query, json!({ "ids": ids })).await;
    let (mut nulls, mut values) = (BTreeSet::new(), BTreeSet::new());
    fill(&found["componentsByIds"], "", &mut nulls, &mut values);
    for field in ["/name", "/description", "/mass", "/creator", "/primarySource", "/manufacturers", "/eid", "/children"]
    {
        assert!(nulls.contains(field), "{field} is never null");
    }
    let never: Vec<_> = nulls.iter().filter(|null| !values.iter().any(|value| value.starts_with(*null))).collect();
    assert!(never.is_empty(), "null in every component: {never:?}");
    for field in [
        "/images/url",
        "/documentLinks/specs/revision",
        "/children/component/__typename",
        "/customSpecs/value",
        "/specs/value",
    ] {
        assert!(values.contains(field), "{field} never has a value");
    }
}

#[tokio::test]
async fn every_field_of_change_orders_and_products_can_be_asked_for() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    for (list, type_name) in [("changeOrders", "ChangeOrder"), ("products", "Product")] {
        let selection = full_selection(&sim, type_name).await;
        let query = format!("{{ {list} {{ connection(first: 100) {{ edges {{ node {selection} }} }} }} }}");
        let found = data(&sim, &query, json!({})).await;
        let (mut nulls, mut values) = (BTreeSet::new(), BTreeSet::new());
        fill(&found[list]["connection"]["edges"], "", &mut nulls, &mut values);
        let never: Vec<_> = nulls.iter().filter(|null| !values.iter().any(|value| value.starts_with(*null))).collect();
        assert!(never.iter().all(|path| path.ends_with("/endDate")), "null in every {type_name}: {never:?}");
        assert!(values.len() > 10, "{values:?}");
    }
}

#[tokio::test]
async fn ids_times_and_part_numbers_look_as_the_service_writes_them() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    let mut ids = BTreeSet::new();
    for query in [COMPONENTS, CHANGE_ORDERS] {
        for node in all(&sim, query, json!({})).await {
            let id = node["id"].as_str().unwrap().to_owned();
            assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
            assert!(ids.insert(id), "an id twice");
            for time in [&node["created"], &node["lastModified"]] {
                let time = time.as_str().unwrap();
                assert!(time.len() == 24 && time.as_bytes()[19] == b'.' && time.ends_with('Z'), "{time}");
            }
            assert!(node["created"].as_str() <= node["lastModified"].as_str(), "{node}");
            if let Some(number) = node.pointer("/cpn/displayValue").and_then(Value::as_str) {
                assert!(number.len() >= 9 && number.as_bytes()[3] == b'-', "{number}");
                assert_eq!(number.len() > 9, node["cpn"]["variant"].is_string(), "{node}");
            }
        }
    }
    assert_eq!(ids.len(), 490);
}

#[tokio::test]
async fn names_are_as_awkward_as_in_real_libraries() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    for query in [COMPONENTS, CHANGE_ORDERS] {
        let names: Vec<_> = all(&sim, query, json!({})).await.into_iter().map(|node| node["name"].clone()).collect();
        let text = |wanted: fn(&str) -> bool| names.iter().filter_map(Value::as_str).any(wanted);
        assert!(text(|name| name.contains('"') && name.contains(',')), "inches and commas");
        assert!(text(str::is_empty), "an empty name");
        assert!(text(|name| name.starts_with("  ")), "leading spaces");
        assert!(text(|name| name.contains("<script>")), "HTML");
        assert!(text(|name| name.contains('🔩')), "emoji");
        assert!(text(|name| name.contains('מ')), "right to left");
        assert!(text(|name| name.contains('電')), "wide characters");
        assert!(text(|name| name.contains('\n')), "a line break");
        assert!(text(|name| name.len() > 3000), "a very long name");
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_data_and_another_gives_other_data() {
    let records = |seed| async move {
        let sim = DuroSim::builder().seed(seed).spawn().await.unwrap();
        (sim.records(Resource::Components), sim.personal_components(), sim.records(Resource::ChangeOrders))
    };
    assert_eq!(records(5).await, records(5).await);
    assert_ne!(records(5).await, records(6).await);
}

#[tokio::test]
async fn unknown_ids_are_left_out_or_null_as_the_knob_says() {
    let query = "query($ids: [ID]) { componentsByIds(ids: $ids) { id } productsByIds(ids: $ids) { id } }";
    for null in [false, true] {
        let sim = DuroSim::builder().null_for_unknown_ids(null).spawn().await.unwrap();
        let known = sim.records(Resource::Components)[3].id.clone();
        let found = data(&sim, query, json!({ "ids": ["0123456789abcdef01234567", known, "not hex"] })).await;
        let expected = if null { json!([null, { "id": known }, null]) } else { json!([{ "id": known }]) };
        assert_eq!(found["componentsByIds"], expected);
        assert_eq!(found["productsByIds"], if null { json!([null, null, null]) } else { json!([]) });
    }
}

#[tokio::test]
async fn a_change_from_the_test_shows_in_the_next_answer_with_the_services_time() {
    let sim = DuroSim::builder().frozen_clock(1_750_000_000_123).spawn().await.unwrap();
    let newest = || async {
        let order = json!([{ "lastModified": "desc" }]);
        components(&sim, json!({ "order": order, "first": 1 })).await["edges"][0]["node"].clone()
    };
    let id = sim.add(Resource::Components, "Brand new");
    assert_eq!(newest().await["id"], json!(id));
    assert_eq!(newest().await["created"], "2025-06-15T15:06:40.123Z");

    sim.advance_clock(Duration::from_millis(1877));
    assert!(sim.rename(Resource::Components, &id, "Renamed"));
    assert_eq!(newest().await["name"], "Renamed");
    assert_eq!(newest().await["lastModified"], "2025-06-15T15:06:42.000Z");
    assert_eq!(newest().await["created"], "2025-06-15T15:06:40.123Z");

    let other = sim.records(Resource::Components)[0].id.clone();
    sim.advance_clock(Duration::from_secs(1));
    assert!(sim.touch(Resource::Components, &other));
    assert_eq!(newest().await["id"], json!(other));
    assert!(sim.delete(Resource::Components, &other));
    assert_eq!(newest().await["id"], json!(id));
    assert!(!sim.delete(Resource::Components, &other) && !sim.touch(Resource::Components, &other));

    let personal = sim.add_component_to(LibraryType::Personal, "Mine");
    assert_eq!(newest().await["id"], json!(id));
    assert!(sim.personal_components().iter().any(|record| record.id == personal));
}

#[tokio::test]
async fn twenty_thousand_records_can_change_at_once_or_one_after_the_other() {
    let sim = DuroSim::builder().frozen_clock(1_750_000_000_000).spawn().await.unwrap();
    let tied = sim.add_many(Resource::Components, 20_000, Duration::ZERO);
    assert_eq!(tied.iter().collect::<BTreeSet<_>>().len(), 20_000);
    assert!(tied.iter().all(|id| {
        sim.record(Resource::Components, id).is_some_and(|record| record.last_modified == 1_750_000_000_000)
    }));
    let spaced = sim.add_many(Resource::ChangeOrders, 1000, Duration::from_millis(1));
    assert_eq!(sim.now(), 1_750_000_000_999);
    let last = sim.record(Resource::ChangeOrders, &spaced[999]).unwrap();
    assert_eq!((last.created, last.last_modified), (1_750_000_000_999, 1_750_000_000_999));

    sim.advance_clock(Duration::from_secs(1));
    let touched = sim.touch_many(Resource::Components, 500);
    assert_eq!(touched.len(), 500);
    let order = json!([{ "lastModified": "desc" }]);
    let page = components(&sim, json!({ "order": order, "first": 100 })).await;
    assert_eq!(page["totalCount"], 20_340);
    let edges = page["edges"].as_array().unwrap();
    assert!(edges.iter().all(|edge| touched.contains(&edge["node"]["id"].as_str().unwrap().to_owned())));
}

#[tokio::test]
async fn a_query_that_nests_without_end_is_refused() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    let deep = format!("{{ userById {}{{ id }}{} }}", "{ primaryCompany { users ".repeat(13), "} }".repeat(13));
    assert!(error(&sim, &deep, json!({})).await.contains("deep"), "the depth is limited");
}
