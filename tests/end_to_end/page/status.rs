//! What the page says of the connection: true after every call, whoever made it, and until the key's last day.

use std::time::{Duration, SystemTime};

use duro_sim::{DuroSim, Fault};
use serde_json::json;

use super::bench::{KEY, on_the_page};
use super::bounds::admitted;
use super::command::{get, send, started_with};
use crate::canary::token;

const DAY: u64 = 24 * 3600;

#[tokio::test]
async fn a_call_that_succeeds_ends_what_a_test_said_for_another_reason_than_the_key() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = bench.open("/connection").await;
        browser.type_into("#connection-apiKey", KEY).await;
        browser.type_into("#connection-customDuroEnvironment", &bench.sim.url()).await;
        // One for each attempt.
        for _ in 0..4 {
            bench.sim.fault_next(Fault::status(500));
        }
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-state", "The test failed").await;
        bench.sim.clear_faults();
        bench.open("/actions/getCurrentUser").await;
        browser.wait_for_text("#connection-state", "The test failed").await;
        browser.click("form button[type=submit]").await;
        browser.wait_for_text("#connection-state", "Works").await;
        bench.open("/connection").await;
        browser.wait_for_text("#connection-result", "it works").await;
    })
    .await;
}

#[tokio::test]
async fn what_a_dropdown_hears_of_the_key_is_seen_at_once() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/getComponentById").await;
        bench.sim.fault_next(Fault::unauthorized());
        browser.click("#input-componentId").await;
        browser.wait_for_text(".popup-note", "key").await;
        browser.wait_for_text("#connection-state", "The key was refused").await;
        browser.click("#input-componentId + .open").await;
        browser.click("#input-componentId + .open").await;
        browser.wait_for("[role=option]").await;
        browser.wait_for_text("#connection-state", "Works").await;
    })
    .await;
}

#[tokio::test]
async fn a_key_that_ends_is_said_to_in_the_same_words_everywhere() {
    let sim = DuroSim::builder().spawn().await.unwrap();
    let (_child, host, path) = started_with(&["--allow-http", "--allow-private-network"]).await;
    let own = admitted(&host, &path).await;
    let shown = async |ends_in: i64| {
        let now = SystemTime::now();
        let part = Duration::from_secs(ends_in.unsigned_abs());
        let key = token(if ends_in < 0 { now - part } else { now + part });
        sim.accept_key(&key);
        let values = json!({ "apiKey": key, "customDuroEnvironment": sim.url() });
        let saved = json!({ "kind": "duroApiKey", "values": values }).to_string();
        assert!(send(&host, "POST", "/connection", &own, &saved).await.starts_with("HTTP/1.1 200 "));
        while get(&host, "/connection", &own).await.contains("data-run") {}
        let page = get(&host, "/connection", &own).await;
        let state = page.split_once("id=\"connection-state\">").unwrap().1.split_once("</a>").unwrap().0.to_owned();
        let result = page.split_once("id=\"connection-result\">").unwrap().1.split_once("</section>").unwrap().0;
        (state, result.to_owned())
    };
    let day = DAY as i64;
    let (state, result) = shown(400 * day + 60).await;
    assert!(!state.contains("expire") && result.contains("expires in 400 days, on "), "{state} {result}");
    let (state, result) = shown(3 * day + 60).await;
    assert!(state.contains(" · expires in 3 days") && result.contains("expires in 3 days, on "), "{state} {result}");
    let (state, result) = shown(-day).await;
    assert!(state.contains(" · expired") && result.contains("expired on "), "{state} {result}");
    assert!(!result.contains("in 0 days"), "{result}");
    // One that ends while the page is there.
    let (state, result) = shown(12).await;
    assert!(
        state.contains(" · expires within a day") && result.contains("expires within a day, on "),
        "{state} {result}"
    );
    let mut page = String::new();
    for _ in 0..40 {
        page = get(&host, "/connection", &own).await;
        if page.contains(" · expired") {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(page.contains(" · expired") && page.contains(" expired on ") && !page.contains("within a day"), "{page}");
}
