use connector_sdk::testing::FakeHost;
use connector_sdk::{Connector, Error, Page, Query};
use serde_json::{Value, json};

use crate::Duro;
use crate::tests::connection;

fn ask(host: &FakeHost, search: Option<&str>, cursor: Option<&str>) -> Result<Page, Error> {
    ask_for("{}", host, search, cursor)
}

fn ask_for(inputs: &str, host: &FakeHost, search: Option<&str>, cursor: Option<&str>) -> Result<Page, Error> {
    Duro::query(host, "selectComponent", &connection(), &Query { inputs, search, cursor })
}

fn page(names: &[&str], next: Option<&str>) -> String {
    let edge = |(n, name)| json!({ "cursor": format!("e{n}"), "node": { "id": format!("id{n}"), "name": name } });
    let edges: Vec<Value> = names.iter().enumerate().map(edge).collect();
    let page_info = json!({ "hasNextPage": next.is_some(), "endCursor": next });
    json!({ "data": { "components": { "connection": { "edges": edges, "pageInfo": page_info } } } }).to_string()
}

fn labels(page: &Page) -> Vec<&str> {
    page.items.iter().map(|item| item.label.as_str()).collect()
}

#[test]
fn without_a_search_one_page_comes_with_the_way_to_the_next() {
    let host = FakeHost::answering(&[&page(&["Bolt", "", "Nut 1/4\""], Some("abc")), &page(&["Pin"], None)]);
    let first = ask(&host, None, None).unwrap();
    assert_eq!(labels(&first), ["Bolt", "id1", "Nut 1/4\""]);
    let second = ask(&host, None, first.next.as_deref()).unwrap();
    assert_eq!((labels(&second), second.next.as_deref()), (vec!["Pin"], None));
    assert_eq!(host.body(1)["variables"]["after"], "abc");
}

#[test]
fn items_come_with_their_numbers_in_their_order_where_there_are_any() {
    let node =
        |id: &str, number: Value| json!({ "node": { "id": id, "name": "Bolt", "cpn": { "displayValue": number } } });
    let edges = [node("a", json!("410-\"1")), node("b", Value::Null)];
    let page = json!({ "data": { "components": { "connection": { "edges": edges, "pageInfo": null } } } }).to_string();
    let found = ask(&FakeHost::answering(&[&page]), None, None).unwrap();
    let extensions: Value = serde_json::from_str(&found.extensions.unwrap()).unwrap();
    assert_eq!(extensions, json!({ "details": ["410-\"1", null] }));
}

#[test]
fn a_part_number_goes_to_the_service_as_the_one_field_that_is_known() {
    for number in ["410-00012", "410-", "410", "410-00012-01", "410-A12"] {
        let host = FakeHost::answering(&[&page(&["Bolt"], None)]);
        assert_eq!(labels(&ask(&host, Some(number), None).unwrap()), ["Bolt"]);
        assert_eq!(host.body(0)["variables"]["search"], json!({ "cpn": number }));
    }
}

#[test]
fn what_looks_like_a_part_number_but_is_none_is_searched_in_names() {
    let host = FakeHost::answering(&[&page(&[], None), &page(&["Clamp 100-220", "Bolt"], None)]);
    assert_eq!(labels(&ask(&host, Some("100-220"), None).unwrap()), ["Clamp 100-220"]);
}

#[test]
fn words_filter_names_whatever_their_capitals_and_order() {
    let host = FakeHost::answering(&[&page(&["Große SCHRAUBE M3", "Schraube M4", "Nut"], None)]);
    let found = ask(&host, Some(" schraube große "), None).unwrap();
    assert_eq!(labels(&found), ["Große SCHRAUBE M3"]);
    assert_eq!((found.next, found.notice), (None, None));
    assert!(host.body(0)["variables"].get("search").is_none());
}

#[test]
fn a_page_has_at_most_the_items_asked_for_and_goes_on_behind_the_last() {
    let host = FakeHost::answering(&[&page(&["Bolt"], Some("abc"))]);
    ask_for(r#"{"first": "10"}"#, &host, None, None).unwrap();
    assert_eq!(host.body(0)["variables"]["first"], 10);

    let names = ["Nut M3", "Pin", "Nut M4", "Nut M5"];
    let host = FakeHost::answering(&[&page(&names, None), &page(&names[3..], None)]);
    let found = ask_for(r#"{"first": 2}"#, &host, Some("nut"), None).unwrap();
    assert_eq!((labels(&found), found.next.as_deref()), (vec!["Nut M3", "Nut M4"], Some("n:e2")));
    assert_eq!(host.body(0)["variables"]["first"], 100);
    let rest = ask_for(r#"{"first": 2}"#, &host, Some("nut"), found.next.as_deref()).unwrap();
    assert_eq!((labels(&rest), rest.next.as_deref()), (vec!["Nut M5"], None));
    assert_eq!(host.body(1)["variables"]["after"], "e2");

    let error = ask_for(r#"{"first": 101}"#, &FakeHost::default(), None, None).unwrap_err();
    assert!(matches!(error, Error::InvalidInput(_)));
}

#[test]
fn a_search_that_stops_short_says_so_and_can_go_on() {
    let cursors: Vec<String> = (0..11).map(|n| format!("c{n}")).collect();
    let pages: Vec<String> = cursors.iter().map(|cursor| page(&["Nut", "Pin"], Some(cursor))).collect();
    let host = FakeHost::answering(&pages.iter().map(String::as_str).collect::<Vec<_>>());
    let found = ask(&host, Some("bolt"), None).unwrap();
    assert_eq!((found.items.len(), host.requests()), (0, 10));
    assert!(found.notice.unwrap().contains("20 records"));
    assert_eq!(found.next.as_deref(), Some("n:c9"));

    let host = FakeHost::answering(&[&page(&["Bolt"], None)]);
    assert_eq!(labels(&ask(&host, Some("bolt"), found.next.as_deref()).unwrap()), ["Bolt"]);
    assert_eq!(host.body(0)["variables"]["after"], "c9");
}

#[test]
fn a_cursor_of_another_search_or_of_nobody_is_refused_before_anything_is_sent() {
    let huge = format!("e:{}", "x".repeat(10_000));
    for (search, cursor) in
        [(None, "n:c9"), (Some("bolt"), "e:c9"), (None, "c9"), (None, "e:"), (None, ""), (None, &huge)]
    {
        let host = FakeHost::default();
        let Err(Error::InvalidInput(problems)) = ask(&host, search, Some(cursor)) else { panic!("{cursor}") };
        assert_eq!((problems[0].input.as_str(), host.requests()), ("cursor", 0));
    }
}

#[test]
fn parts_without_an_id_are_left_out() {
    let body = r#"{"data":{"components":{"connection":{"edges":[{"node":{"name":"Bolt"}},{"node":null},null],"pageInfo":{}}}}}"#;
    assert!(ask(&FakeHost::answering(&[body]), None, None).unwrap().items.is_empty());
}

#[test]
fn an_unknown_data_source_is_named() {
    let asked = Query { inputs: "{}", search: None, cursor: None };
    let error = Duro::query(&FakeHost::default(), "selectBolt", &connection(), &asked).unwrap_err();
    assert!(matches!(error, Error::UnknownKey(_)));
}
