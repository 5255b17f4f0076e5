//! What the trigger asks of the service, and what it makes of answers that are not as they should be.

use connector_sdk::testing::{FakeHost, http_date};
use connector_sdk::time::{Millis, parse};
use connector_sdk::{Connector, Error, PollResult};
use serde_json::{Value, json};

use crate::DuroDesign;
use crate::tests::connection;

const NOW: &str = "2026-11-10T12:00:00.000Z";

fn now() -> Millis {
    parse(NOW).unwrap()
}

fn poll(host: &FakeHost, inputs: Value, state: Option<&[u8]>) -> Result<PollResult, Error> {
    DuroDesign::poll(host, "pollChangesTrigger", &connection(), &inputs.to_string(), state)
}

fn then(host: &FakeHost, body: &Value) {
    host.then(200, &[("date", &http_date(now()))], &body.to_string());
}

/// The answer that tells the time, and whose library it is.
fn library() -> Value {
    json!({ "data": { "library": { "current": { "id": "lib-1", "name": "Parts" } } } })
}

fn component(id: u32, updated: &str) -> Value {
    json!({ "id": format!("c{id}"), "name": "Bolt", "createdAt": "2020-01-01T00:00:00.000Z", "updatedAt": updated })
}

/// A page with the library beside it.
fn page(nodes: &[Value], total: usize, next: Option<&str>) -> Value {
    let edges: Vec<Value> = nodes.iter().map(|node| json!({ "node": node })).collect();
    let info = json!({ "hasNextPage": next.is_some(), "endCursor": next });
    let mut answer = library();
    answer["data"]["component"] = json!({ "filter": { "totalCount": total, "edges": edges, "pageInfo": info } });
    answer
}

/// A first poll of a library in which nothing was changed lately, and its state.
fn baseline() -> Vec<u8> {
    let host = FakeHost::default();
    then(&host, &library());
    then(&host, &page(&[], 0, None));
    poll(&host, json!({}), None).unwrap().state
}

fn ids(polled: &PollResult, list: &str) -> Vec<String> {
    let payload: Value = serde_json::from_str(&polled.payload).unwrap();
    let records = payload["body"]["data"][list].as_array().unwrap().clone();
    records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_first_poll_asks_for_what_was_changed_since_days_before_the_services_own_time_and_delivers_nothing() {
    let host = FakeHost::default();
    then(&host, &library());
    then(&host, &page(&[component(1, "2026-11-10T11:00:00.000Z")], 1, None));
    let polled = poll(&host, json!({}), None).unwrap();
    assert!(polled.no_changes && !polled.more);
    // A day of overlap, and a day and a half, because it is not known whether the day counts and where.
    let query = host.body(1)["query"].as_str().unwrap().to_owned();
    assert!(query.contains(r#"after: "2026-11-08""#), "{query}");
    assert!(!query.contains("1970-01-01"), "{query}");
}

#[test]
fn a_poll_delivers_what_is_new_to_it_once_whatever_the_order_and_the_pages() {
    let state = baseline();
    let host = FakeHost::default();
    let (new, old) = (component(1, "2026-11-10T11:59:00.000Z"), component(2, "2026-11-10T11:00:00.000Z"));
    let mut created = component(3, "2026-11-10T11:58:00.000Z");
    created["createdAt"] = json!("2026-11-10T11:58:00.000Z");
    then(&host, &page(&[old.clone(), created.clone()], 3, Some("p2")));
    then(&host, &page(std::slice::from_ref(&new), 3, None));
    let polled = poll(&host, json!({}), Some(&state)).unwrap();
    assert_eq!(ids(&polled, "updated"), ["c1", "c2"]);
    assert_eq!(ids(&polled, "created"), ["c3"]);
    assert_eq!(host.body(1)["variables"], json!({ "first": 100, "after": "p2", "withLibrary": false }));

    let host = FakeHost::default();
    then(&host, &page(&[new, created, old], 3, None));
    assert!(poll(&host, json!({}), Some(&polled.state)).unwrap().no_changes);
}

#[test]
fn a_list_that_is_shorter_than_the_service_says_is_read_again() {
    let state = baseline();
    let host = FakeHost::default();
    let nodes: Vec<Value> = (0..3).map(|id| component(id, "2026-11-10T11:00:00.000Z")).collect();
    then(&host, &page(&nodes[..1], 3, Some("p2")));
    then(&host, &page(&nodes[2..], 3, None));
    then(&host, &page(&nodes[..1], 3, Some("p2")));
    then(&host, &page(&nodes[1..], 3, None));
    assert_eq!(ids(&poll(&host, json!({}), Some(&state)).unwrap(), "updated").len(), 3);
    assert_eq!(host.requests(), 4);
}

#[test]
fn what_is_switched_off_is_not_shown() {
    let state = baseline();
    let host = FakeHost::default();
    then(&host, &page(&[component(1, "2026-11-10T11:00:00.000Z")], 1, None));
    assert!(poll(&host, json!({ "showUpdatedRecords": false }), Some(&state)).unwrap().no_changes);
}

#[test]
fn records_without_an_id_or_a_time_and_nulls_are_no_error() {
    let state = baseline();
    let host = FakeHost::default();
    let nodes = [
        json!(null),
        json!({ "name": "no id" }),
        json!({ "id": "c7", "updatedAt": null }),
        component(1, "2026-11-10T11:00:00.000Z"),
    ];
    then(&host, &page(&nodes, 4, None));
    let polled = poll(&host, json!({}), Some(&state)).unwrap();
    assert_eq!(ids(&polled, "updated"), ["c1", "c7"]);
    assert!(host.logged.borrow().iter().any(|line| line.contains("without an id")));
}

#[test]
fn a_library_that_is_not_told_does_not_keep_the_components_from_being_read() {
    let state = baseline();
    for refusal in [
        json!({ "errors": [{ "message": "Cannot query field \"current\" on type \"LibraryQueryNamespace\"." }] }),
        json!({ "errors": [{ "message": "no", "extensions": { "code": "FORBIDDEN" } }] }),
    ] {
        let host = FakeHost::default();
        then(&host, &refusal);
        then(&host, &page(&[component(1, "2026-11-10T11:00:00.000Z")], 1, None));
        assert_eq!(ids(&poll(&host, json!({}), Some(&state)).unwrap(), "updated"), ["c1"]);
        assert_eq!(host.body(1)["variables"]["withLibrary"], false);
    }
}

#[test]
fn a_state_of_another_library_is_refused() {
    let state = baseline();
    let host = FakeHost::default();
    let mut other = page(&[], 0, None);
    other["data"]["library"]["current"]["id"] = json!("lib-2");
    then(&host, &other);
    let error = poll(&host, json!({}), Some(&state)).unwrap_err();
    assert!(matches!(&error, Error::InvalidState(message) if message.contains("another library")), "{error:?}");
}

#[test]
fn what_is_no_list_or_does_not_go_on_fails_the_poll() {
    let state = baseline();
    for answer in [
        json!({ "data": { "component": null } }),
        json!({ "data": { "component": { "filter": null } } }),
        json!({ "data": { "component": { "filter": { "edges": 7 } } } }),
        json!({ "data": { "component": { "filter": { "edges": [], "pageInfo": { "hasNextPage": true } } } } }),
    ] {
        let host = FakeHost::default();
        then(&host, &answer);
        let error = poll(&host, json!({}), Some(&state)).unwrap_err();
        assert!(matches!(error, Error::UnexpectedResponse(_)), "{answer}: {error:?}");
    }
    let host = FakeHost::default();
    then(&host, &page(&[component(1, NOW)], 9, Some("p2")));
    then(&host, &page(&[component(1, NOW)], 9, Some("p2")));
    assert!(matches!(poll(&host, json!({}), Some(&state)), Err(Error::UnexpectedResponse(_))));
}

#[test]
fn more_than_one_poll_can_read_is_an_error_that_says_since_when() {
    let state = baseline();
    let host = FakeHost::default();
    for number in 0..150 {
        let nodes: Vec<Value> = (0..100).map(|id| component(number * 100 + id, NOW)).collect();
        then(&host, &page(&nodes, 20_000, Some(&format!("p{number}"))));
    }
    let error = poll(&host, json!({}), Some(&state)).unwrap_err();
    assert!(
        matches!(&error, Error::Other(message) if message.contains("more than 15000") && message.contains("2026-11-08")),
        "{error:?}"
    );
    assert_eq!(host.requests(), 150);
}
