use connector_sdk::testing::FakeHost;
use connector_sdk::{Connector, Error};
use serde_json::{Value, json};

use crate::Duro;
use crate::tests::connection;

fn run(host: &FakeHost, inputs: Value) -> Result<Value, Error> {
    let result = Duro::perform(host, "findComponents", &connection(), &inputs.to_string())?;
    Ok(serde_json::from_str(&result).unwrap())
}

fn part(number: &str, name: &str, status: &str, minute: u32) -> Value {
    json!({
        "id": format!("id {number}"), "name": name, "status": status, "cpn": { "displayValue": number },
        "lastModified": format!("2026-11-01T10:{minute:02}:00.000Z"),
        "manufacturers": [{ "mpn": { "key": "M-1" } }, null, { "mpn": null }, { "mpn": { "key": "M-2" } }],
    })
}

fn page(parts: &[Value], next: Option<&str>) -> String {
    let edges: Vec<Value> = parts.iter().map(|part| json!({ "cursor": "c", "node": part })).collect();
    let page_info = json!({ "hasNextPage": next.is_some(), "endCursor": next });
    json!({ "data": { "components": { "connection": { "edges": edges, "pageInfo": page_info } } } }).to_string()
}

fn numbers(result: &Value) -> Vec<&str> {
    result["rows"].as_array().unwrap().iter().map(|row| row["partNumber"].as_str().unwrap()).collect()
}

#[test]
fn a_part_number_is_searched_by_the_service_and_compared_again() {
    let parts = [part("410-00012", "a", "X", 9), part("410-000121", "b", "X", 8), part("1410-00012", "c", "X", 7)];
    let host = FakeHost::answering(&[&page(&parts, None)]);
    let result = run(&host, json!({ "partNumber": " 410-00012 " })).unwrap();
    assert_eq!((numbers(&result), &result["lookedAt"]), (vec!["410-00012"], &json!(3)));
    assert_eq!(host.body(0)["variables"]["search"], json!({ "cpn": "410-00012" }));
    assert!(host.body(0)["variables"].get("orderBy").is_none());
}

#[test]
fn where_the_service_searches_no_numbers_the_list_is_looked_through() {
    let refused = r#"{"errors":[{"message":"Unknown argument search"}]}"#;
    let host = FakeHost::answering(&[refused, &page(&[part("1", "a", "X", 1), part("2", "b", "X", 1)], None)]);
    let result = run(&host, json!({ "partNumber": "2" })).unwrap();
    assert_eq!(numbers(&result), ["2"]);
    assert!(host.body(1)["variables"].get("search").is_none());
    assert!(result["reasons"][0].as_str().unwrap().contains("looked through"), "{result}");
    assert_eq!(result["more"], json!(false), "the whole list was looked at");
}

#[test]
fn words_statuses_and_times_are_compared_and_the_search_ends_where_changes_are_older() {
    let parts = [
        part("1", "Screw M3, steel", "PRODUCTION", 30),
        part("2", "screw m4", "Production", 29),
        part("3", "M3 SCREW", "DESIGN", 28),
        part("4", "Screw M3", "PRODUCTION", 20),
        part("5", "Screw M3", "PRODUCTION", 19),
    ];
    let host = FakeHost::answering(&[&page(&parts, Some("next"))]);
    let inputs = json!({
        "name": "m3 screw", "statuses": "production, obsolete", "changedSince": "2026-11-01T10:20:00Z",
        "fields": "id,PARTNUMBER,id,manufacturerPartNumbers",
    });
    let result = run(&host, inputs).unwrap();
    assert_eq!(numbers(&result), ["1", "4"]);
    let row = json!({ "id": "id 1", "partNumber": "1", "manufacturerPartNumbers": "M-1; M-2" });
    assert_eq!((&result["rows"][0], &result["more"]), (&row, &json!(false)));
    assert_eq!(host.body(0)["variables"]["orderBy"], json!([{ "lastModified": "desc" }]));
    assert_eq!(host.body(0)["variables"]["withManufacturers"], true);
}

#[test]
fn a_search_that_stops_says_why() {
    let pages = [page(&[part("1", "a", "X", 3)], Some("p")), page(&[part("2", "a", "X", 2)], Some("q"))];
    let result = run(&FakeHost::answering(&[&pages[0], &pages[1]]), json!({ "maxPages": 2 })).unwrap();
    assert_eq!((numbers(&result), &result["more"]), (vec!["1", "2"], &json!(true)));
    assert!(result["reasons"][0].as_str().unwrap().contains("maxPages"), "{result}");
    let result = run(&FakeHost::answering(&[&pages[0]]), json!({ "first": 1 })).unwrap();
    assert!(result["reasons"][0].as_str().unwrap().contains("first"), "{result}");
    let last = page(&[part("1", "a", "X", 3)], None);
    assert_eq!(run(&FakeHost::answering(&[&last]), json!({ "first": 1 })).unwrap()["more"], json!(false));
}

#[test]
fn a_field_that_is_none_is_named_with_those_there_are() {
    let error = run(&FakeHost::default(), json!({ "fields": ["id", "colour"] })).unwrap_err();
    let Error::InvalidInput(problems) = error else { panic!("{error:?}") };
    assert!(problems[0].input == "fields" && problems[0].message.contains("\"colour\"; there are partNumber"));
}
