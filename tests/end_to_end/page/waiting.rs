//! Waiting that is seen on the page: how far a run is, also for who comes back to it, and how far a dropdown is.

use std::time::Duration;

use duro_sim::{DuroSim, Fault};
use serde_json::json;

use super::bench::{Bench, on_the_page};
use super::browser::Browser;

const PROGRESS: &str = "#result [data-progress]";

/// The seconds that are left of a pause.
async fn left(browser: &Browser) -> u64 {
    browser.wait_for_text(PROGRESS, "is sent again in").await;
    let left = format!("return Number(document.querySelector('{PROGRESS}').textContent.match(/again in (\\d+) s/)[1])");
    browser.js(&left).await.as_u64().unwrap()
}

/// Begins a run as another window does it.
async fn run_elsewhere(bench: &Bench, action: &str) {
    let status = bench
        .browser
        .js(&format!(
            "return fetch('/actions/{action}/run', {{method: 'POST', body: {}, headers: {{'content-type': \
             'application/json', 'x-csrf-token': document.querySelector('meta[name=csrf-token]').content}}}}).then(r \
             => r.status)",
            json!(json!({"values": {}}).to_string())
        ))
        .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn who_comes_back_to_a_run_sees_its_attempts_and_a_countdown_that_counts() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/getCurrentUser").await;
        bench.sim.fault_next(Fault::rate_limited(25));
        browser.click("form [type=submit]").await;
        browser.wait_for_text(PROGRESS, "attempt 1 of 4").await;
        bench.open("/about").await;
        bench.open("/actions/getCurrentUser").await;
        browser.wait_for_text(PROGRESS, "attempt 1 of 4: the service asks for a pause (HTTP 429)").await;
        let first = left(browser).await;
        for below in [first, first - 1] {
            let counts = format!(
                "return Number(document.querySelector('{PROGRESS}').textContent.match(/again in (\\d+) s/)[1]) < \
                 {below}"
            );
            browser.wait_until("it counts down", &counts).await;
        }
    })
    .await;
}

#[tokio::test]
async fn two_runs_of_an_action_at_a_time_each_say_how_far_they_are() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/getCurrentUser").await;
        bench.sim.fault_next(Fault::rate_limited(25));
        run_elsewhere(&bench, "getCurrentUser").await;
        bench.sim.fault_next(Fault::SlowHeaders(Duration::from_secs(20)));
        run_elsewhere(&bench, "getCurrentUser").await;
        for (run, said) in [(2, "Waiting for the answer to request 1"), (1, "attempt 1 of 4"), (2, "Waiting for the")] {
            bench.open(&format!("/actions/getCurrentUser?run={run}")).await;
            browser.wait_for_text(PROGRESS, said).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_long_list_is_waited_for_in_pages_and_records() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/listComponents").await;
        browser.type_into("#input-first", "300").await;
        bench.sim.set_latency(Duration::from_secs(3));
        browser.click("form [type=submit]").await;
        browser.wait_for_text(PROGRESS, "Page 1 is read: 100 records so far, ").await;
        browser.wait_for_text(PROGRESS, "Page 2 is read: 200 records so far, ").await;
        browser.wait_for_text("#run-panel-result .tree-bar", "300 rows").await;
        // Who listens to the page hears it too, and then what it came to.
        browser.wait_for_text("#announcer", "Done").await;
    })
    .await;
}

#[tokio::test]
async fn a_dropdown_says_how_far_it_is() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/getComponentById").await;
        bench.sim.fault_next(Fault::rate_limited(8));
        browser.click("#input-componentId").await;
        browser.wait_for_text(".picker [data-progress]", "is sent again in").await;
        browser.wait_for("#input-componentId-list [role=option]").await;
        browser.wait_for(".picker [data-progress][hidden]").await;
    })
    .await;
}
