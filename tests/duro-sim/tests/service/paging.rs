//! Cursors, pages, orders and searches.

use std::collections::BTreeSet;

use duro_sim::{CursorKind, DuroSim, Resource};
use serde_json::{Value, json};

use crate::support::{CHANGE_ORDERS, COMPONENTS, all, components, data, error, ids};

const KINDS: [CursorKind; 3] = [CursorKind::Offset, CursorKind::SortKey, CursorKind::Id];

#[tokio::test]
async fn every_cursor_kind_yields_each_record_once_in_every_order() {
    let sim = DuroSim::builder().components(53).page_size(7).spawn().await.unwrap();
    sim.touch_many(Resource::Components, 20);
    sim.touch_many(Resource::ChangeOrders, 20);
    for kind in KINDS {
        sim.set_cursor_kind(kind);
        for order in [
            json!(null),
            json!([{ "lastModified": "desc" }]),
            json!([{ "name": "asc" }, { "created": "desc" }]),
            json!([{ "cpn": "desc" }]),
        ] {
            let found = ids(&all(&sim, COMPONENTS, json!({ "order": order, "first": 7 })).await);
            let expected: BTreeSet<_> = sim.records(Resource::Components).into_iter().map(|record| record.id).collect();
            assert_eq!(found.len(), 53, "{kind:?} {order}");
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected, "{kind:?} {order}");
        }
        let found = ids(&all(&sim, CHANGE_ORDERS, json!({ "order": [{ "lastModified": "desc" }] })).await);
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 150, "{kind:?}");
        assert_eq!(found.len(), 150, "{kind:?}");
        let products = "query($after: String) { products(libraryType: GENERAL) { connection(first: 5, after: $after) { \
            totalCount edges { node { id } } pageInfo { hasNextPage endCursor } } } }";
        let found = ids(&all(&sim, products, json!({})).await);
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 18, "{kind:?}");
    }
}

#[tokio::test]
async fn a_page_is_never_longer_than_the_service_allows() {
    let sim = DuroSim::builder().components(20).page_size(6).spawn().await.unwrap();
    for (first, length) in [(json!(null), 6), (json!(100), 6), (json!(6), 6), (json!(2), 2), (json!(0), 0)] {
        let page = components(&sim, json!({ "first": first })).await;
        assert_eq!(page["edges"].as_array().unwrap().len(), length, "{first}");
        assert_eq!(page["totalCount"], 20);
        assert_eq!(page["pageInfo"]["hasNextPage"], true);
    }
    sim.set_page_size(20);
    let page = components(&sim, json!({ "first": 20 })).await;
    assert_eq!(page["pageInfo"]["hasNextPage"], false);
    assert_eq!(page["pageInfo"]["endCursor"], page["edges"][19]["cursor"]);
    assert!(error(&sim, COMPONENTS, json!({ "first": -1 })).await.contains("must not be negative"));
}

#[tokio::test]
async fn a_cursor_that_cannot_be_read_is_a_graphql_error() {
    let sim = DuroSim::builder().components(20).spawn().await.unwrap();
    let order = json!([{ "lastModified": "desc" }]);
    for cursor in ["", "x", "!!!!", "eyJvZmZzZXQiOi0xfQ", "bnVsbA"] {
        let message = error(&sim, COMPONENTS, json!({ "order": order, "after": cursor })).await;
        assert!(message.contains("cannot be read"), "{cursor}: {message}");
    }
    let page = components(&sim, json!({ "order": order, "first": 3 })).await;
    let after = &page["pageInfo"]["endCursor"];
    let message = error(&sim, COMPONENTS, json!({ "order": null, "after": after })).await;
    assert!(message.contains("cannot be read"), "a sort key of another order: {message}");
    sim.set_cursor_kind(CursorKind::Offset);
    let message = error(&sim, COMPONENTS, json!({ "order": order, "after": after })).await;
    assert!(message.contains("cannot be read"), "a cursor of another kind: {message}");
}

/// Reads a page of five, deletes the record at `deleted` of it, and gives the position in the old list of the first
/// record of the next page, or the error.
async fn next_after_deletion(kind: CursorKind, deleted: usize) -> Result<usize, String> {
    let sim = DuroSim::builder().components(20).cursor_kind(kind).spawn().await.unwrap();
    let order = json!([{ "lastModified": "desc" }]);
    let before = ids(&all(&sim, COMPONENTS, json!({ "order": order })).await);
    let page = components(&sim, json!({ "order": order, "first": 5 })).await;
    assert!(sim.delete(Resource::Components, &before[deleted]));
    let variables = json!({ "order": order, "first": 5, "after": page["pageInfo"]["endCursor"] });
    let answer = crate::support::answer(&sim, COMPONENTS, variables).await;
    match answer["errors"][0]["message"].as_str() {
        Some(message) => Err(message.to_owned()),
        None => {
            let next = answer["data"]["components"]["connection"]["edges"][0]["node"]["id"].as_str().unwrap();
            Ok(before.iter().position(|id| id == next).unwrap())
        }
    }
}

#[tokio::test]
async fn a_deletion_shifts_offsets_but_neither_sort_keys_nor_ids() {
    assert_eq!(next_after_deletion(CursorKind::Offset, 2).await, Ok(6));
    assert_eq!(next_after_deletion(CursorKind::SortKey, 2).await, Ok(5));
    assert_eq!(next_after_deletion(CursorKind::Id, 2).await, Ok(5));
}

#[tokio::test]
async fn an_id_cursor_expires_with_its_record_and_a_sort_key_does_not() {
    assert_eq!(next_after_deletion(CursorKind::SortKey, 4).await, Ok(5));
    let expired = next_after_deletion(CursorKind::Id, 4).await;
    assert!(expired.as_ref().is_err_and(|message| message.contains("expired")), "{expired:?}");
}

fn column<'a>(nodes: &'a [Value], pointer: &str) -> Vec<&'a str> {
    nodes.iter().map(|node| node.pointer(pointer).and_then(Value::as_str).unwrap_or("")).collect()
}

#[tokio::test]
async fn lists_are_ordered_by_each_field_in_both_directions() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    let fields =
        [("lastModified", "/lastModified"), ("created", "/created"), ("name", "/name"), ("cpn", "/cpn/displayValue")];
    for (field, pointer) in fields {
        let up = all(&sim, COMPONENTS, json!({ "order": [{ field: "asc" }] })).await;
        let down = all(&sim, COMPONENTS, json!({ "order": [{ field: "desc" }] })).await;
        assert!(column(&up, pointer).is_sorted(), "{field}");
        assert!(column(&down, pointer).is_sorted_by(|a, b| a >= b), "{field}");
    }
    for (field, pointer) in [("con", "/con/displayValue"), ("lastModified", "/lastModified"), ("name", "/name")] {
        let up = all(&sim, CHANGE_ORDERS, json!({ "order": [{ field: "asc" }] })).await;
        let down = all(&sim, CHANGE_ORDERS, json!({ "order": [{ field: "desc" }] })).await;
        assert!(column(&up, pointer).is_sorted(), "{field}");
        assert!(column(&down, pointer).is_sorted_by(|a, b| a >= b), "{field}");
    }
}

#[tokio::test]
async fn a_second_field_orders_what_the_first_leaves_equal() {
    let sim = DuroSim::builder().components(60).spawn().await.unwrap();
    sim.touch_many(Resource::Components, 30);
    let order = json!([{ "lastModified": "desc" }, { "cpn": "desc" }]);
    let nodes = all(&sim, COMPONENTS, json!({ "order": order })).await;
    let numbers = column(&nodes[..30], "/cpn/displayValue");
    assert_eq!(column(&nodes[..30], "/lastModified").iter().collect::<BTreeSet<_>>().len(), 1);
    assert!(numbers.is_sorted_by(|a, b| a > b), "{numbers:?}");
}

#[tokio::test]
async fn without_an_order_records_come_as_they_were_added() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    sim.add(Resource::Components, "newest");
    let expected: Vec<_> = sim.records(Resource::Components).into_iter().map(|record| record.id).collect();
    assert_eq!(ids(&all(&sim, COMPONENTS, json!({})).await), expected);
}

#[tokio::test]
async fn a_search_finds_parts_of_each_field_in_any_case() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    let everything = all(&sim, COMPONENTS, json!({})).await;
    for (field, pointer, text) in [
        ("cpn", "/cpn/displayValue", "410-000"),
        ("name", "/name", "GRÖSSE 0603"),
        ("name", "/name", "größe 0603"),
        ("status", "/status", "prod"),
        ("eid", "/eid", "eid-0001"),
        ("category", "/category", "CAPAC"),
    ] {
        let found = ids(&all(&sim, COMPONENTS, json!({ "search": { field: text } })).await);
        let matches = |node: &&Value| {
            let value = node.pointer(pointer).and_then(Value::as_str);
            value.is_some_and(|value| value.to_lowercase().contains(&text.to_lowercase()))
        };
        let expected: Vec<_> = everything.iter().filter(matches).cloned().collect();
        assert_eq!(found, ids(&expected), "{field}: {text}");
        assert_eq!(found.is_empty(), text == "GRÖSSE 0603", "{field}: {text}");
    }
    let both = all(&sim, COMPONENTS, json!({ "search": { "cpn": "410-", "name": "no such part" } })).await;
    assert!(both.is_empty());
}

#[tokio::test]
async fn the_two_libraries_hold_different_components() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    let general = ids(&all(&sim, COMPONENTS, json!({ "library": "GENERAL" })).await);
    let personal = ids(&all(&sim, COMPONENTS, json!({ "library": "PERSONAL" })).await);
    assert_eq!((general.len(), personal.len()), (340, 60));
    assert!(personal.iter().all(|id| !general.contains(id)));
    let unnamed = data(&sim, "{ components { connection { totalCount } } }", json!({})).await;
    assert_eq!(unnamed["components"]["connection"]["totalCount"], 340);
}
