//! The dropdown of parts.

use crate::support::{Bench, assert_valid, connectors};
use duro_sim::{DuroSim, Resource};
use host::contract::{Error, Page};
use serde_json::json;
use std::collections::BTreeSet;

async fn ask(bench: &Bench, search: Option<&str>, cursor: Option<&str>) -> Page {
    let key = "selectComponent";
    let asked = bench.connector.query(key, &bench.connection, &json!({}), search, cursor, &bench.options).await;
    let page = asked.unwrap_or_else(|failure| panic!("{failure}")).value;
    assert_valid(&json!(page.items), &bench.connector.definition().data_sources[0].result_schema, key);
    page
}

#[tokio::test]
async fn paging_shows_every_part_once() {
    let bench = Bench::with(DuroSim::builder().components(230).page_size(30)).await;
    let mut seen = BTreeSet::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = ask(&bench, None, cursor.as_deref()).await;
        for item in page.items {
            assert!(seen.insert(item.key.clone()), "{} twice", item.key);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let all: BTreeSet<String> = bench.sim.records(Resource::Components).into_iter().map(|part| part.id).collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn a_part_number_is_searched_by_the_service_in_one_request() {
    let bench = Bench::new().await;
    let whole = bench.sim.records(Resource::Components).remove(0);
    let part = bench.perform("getComponentById", json!({ "componentId": whole.id })).await;
    let number = part["componentsByIds"][0]["cpn"]["displayValue"].as_str().unwrap().to_owned();
    bench.sim.clear_requests();
    let page = ask(&bench, Some(&number), None).await;
    assert!(page.items.iter().any(|item| item.key == whole.id), "{number}: {page:?}");
    let requests = bench.sim.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].body_json().unwrap()["variables"]["search"], json!({ "cpn": number }));
}

#[tokio::test]
async fn words_find_names_and_a_search_that_stops_short_says_so_and_goes_on() {
    let bench = Bench::with(DuroSim::builder().components(400).page_size(20)).await;
    bench.sim.add(Resource::Components, "Unmistakable Grommet 3/8\"");
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    let mut notices = 0;
    loop {
        let page = ask(&bench, Some("grommet UNMISTAKABLE"), cursor.as_deref()).await;
        found.extend(page.items);
        notices += usize::from(page.notice.is_some());
        assert_eq!(page.notice.is_some(), page.next.is_some());
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found.len(), 1);
    assert!(notices > 0, "the library is too small for the search to stop short");
}

#[tokio::test]
async fn a_cursor_that_no_page_gave_is_a_bad_input() {
    let bench = Bench::new().await;
    let (connection, inputs) = (&bench.connection, json!({}));
    let asked = bench.connector.query("selectComponent", connection, &inputs, None, Some("x"), &bench.options);
    let error = connectors(*asked.await.unwrap_err());
    assert!(matches!(error, Error::InvalidInput(problems) if problems[0].input == "cursor"));
}
