//! Whoever leaves a page ends nothing: a poll, the delivery of what waits, and a test of the connection go on, and are
//! found again.

use std::time::Duration;

use duro_sim::{DuroSim, Fault, Resource};

use super::bench::{KEY, on_the_page};

#[tokio::test]
async fn a_poll_goes_on_when_its_page_is_left_and_what_it_finds_is_there_afterwards() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/triggers/pollChangesTrigger").await;
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#trigger-state", "after poll 1").await;
        bench.sim.add(Resource::Components, "Found while nobody looked");
        bench.sim.fault_next(Fault::SlowHeaders(Duration::from_secs(14)));
        let again = "return !document.querySelector('[aria-disabled]')";
        browser.wait_until("it can poll again", again).await;
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#trigger-status", "Polling now").await;
        // Another page says that it is under way, and then that it has ended.
        bench.open("/about").await;
        browser.wait_for("[data-mark='triggers/pollChangesTrigger'] [aria-label='under way']").await;
        bench.open("/triggers/pollChangesTrigger").await;
        browser.wait_for_text("#trigger-status", "Polling now").await;
        browser.wait_for("#trigger-form [data-stop]:not([hidden])").await;
        browser.wait_for("[data-trigger=poll][aria-disabled]").await;
        bench.open("/about").await;
        browser.wait_for("[data-mark='triggers/pollChangesTrigger'] [aria-label^='ended']").await;
        bench.open("/triggers/pollChangesTrigger").await;
        browser.wait_for_text("#timeline li:first-child", "1 created").await;
        browser.wait_until("it can poll again", again).await;
        bench.open("/about").await;
        assert_eq!(browser.count("[data-mark] [role=img]").await, 0, "it was looked at");
    })
    .await;
}

#[tokio::test]
async fn a_poll_that_another_page_began_is_stopped_here_and_leaves_the_state_as_it_was() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/triggers/pollChangesTrigger").await;
        bench.sim.fault_next(Fault::SlowHeaders(Duration::from_secs(60)));
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#trigger-status", "Polling now").await;
        browser.client.refresh().await.unwrap();
        browser.wait_for("html[data-ready]").await;
        browser.click("#trigger-form [data-stop]").await;
        browser.wait_for_text("#trigger-status", "Paused").await;
        browser.wait_for("#trigger-form [data-stop][hidden]").await;
        browser.wait_for_text("#trigger-state", "No state").await;
        assert_eq!(browser.count("#timeline > li").await, 0);
        // And one that began here says so.
        bench.sim.fault_next(Fault::SlowHeaders(Duration::from_secs(60)));
        browser.click("[data-trigger=poll]").await;
        browser.wait_for("#trigger-form [data-stop]:not([hidden])").await;
        browser.click("#trigger-form [data-stop]").await;
        browser.wait_for_text("#trigger-error", "Nothing of the poll that was under way is taken over").await;
    })
    .await;
}

#[tokio::test]
async fn a_poll_by_hand_ends_with_the_connection_that_it_began_with() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/triggers/pollChangesTrigger").await;
        bench.sim.fault_next(Fault::SlowHeaders(Duration::from_secs(60)));
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#trigger-status", "Polling now").await;
        bench.open("/connection").await;
        browser.click("[data-post='/connection/forget']").await;
        browser.wait_for_text("#connection-state", "Not connected yet").await;
        bench.open("/triggers/pollChangesTrigger").await;
        browser.wait_for_text("#timeline", "Paused: the connection was forgotten").await;
        browser.wait_for_text("#trigger-status", "Paused").await;
        browser.wait_for_text("#trigger-state", "No state").await;
    })
    .await;
}

#[tokio::test]
async fn the_delivery_of_what_waits_goes_on_when_its_page_is_left() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/triggers/pollChangesTrigger").await;
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#trigger-state", "after poll 1").await;
        bench.sim.add_many(Resource::Components, 12_000, Duration::from_millis(1));
        browser.wait_until("it can poll again", "return !document.querySelector('[aria-disabled]')").await;
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#trigger-status", "more waits").await;
        browser.wait_until("it can poll again", "return !document.querySelector('[aria-disabled]')").await;
        bench.sim.fault_next(Fault::SlowHeaders(Duration::from_secs(4)));
        browser.click("[data-trigger=drain]").await;
        browser.wait_for_text("#trigger-status", "Polling now").await;
        bench.open("/about").await;
        browser.wait_for("[data-mark='triggers/pollChangesTrigger'] [aria-label^='ended']").await;
        bench.open("/triggers/pollChangesTrigger").await;
        browser.wait_for("[data-trigger=drain][hidden]").await;
        let delivered =
            "return Number(document.querySelector('#chart figcaption').innerText.match(/delivered (\\d+)/)[1])";
        assert!(browser.js(delivered).await.as_u64().unwrap() >= 12_000);
    })
    .await;
}

#[tokio::test]
async fn a_test_of_the_connection_goes_on_when_its_page_is_left_and_can_be_stopped() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = bench.open("/connection").await;
        browser.type_into("#connection-apiKey", KEY).await;
        browser.type_into("#connection-customDuroEnvironment", &bench.sim.url()).await;
        bench.sim.fault_next(Fault::SlowHeaders(Duration::from_secs(14)));
        browser.click("form button[type=submit]").await;
        browser.wait_for_text("#connection-result", "It goes on if you leave this page").await;
        bench.open("/about").await;
        browser.wait_for_text("#connection-state", "Testing").await;
        bench.open("/connection").await;
        browser.wait_for_text("#connection-result", "It goes on if you leave this page").await;
        // Its end is shown without a reload.
        browser.wait_for_text("#connection-result .success", "http://127.0.0.1").await;
        let who = browser.text("#connection-result .success-title").await;
        browser.wait_for_text("#connection-state", &who).await;

        bench.sim.fault_next(Fault::SlowHeaders(Duration::from_secs(60)));
        browser.click("form button[type=submit]").await;
        browser.wait_for("#connection-result [data-stop]").await;
        browser.click("#connection-result [data-stop]").await;
        browser.wait_for_text("#connection-result", "not tested yet").await;
        browser.wait_for_text("#connection-state", "not tested").await;
        browser.wait_until("it can be tested again", "return !document.querySelector('[aria-disabled]')").await;
        // What is next after a good test leads there.
        browser.click("form button[type=submit]").await;
        browser.wait_for_text(".next-steps", "Save connection.json").await;
        let links =
            browser.js("return [...document.querySelectorAll('.next-steps a')].map(a => a.getAttribute('href'))").await;
        assert_eq!(links[1], "/triggers/pollChangesTrigger");
        let link = links[0].as_str().unwrap().to_owned();
        browser.click(&format!(".next-steps a[href='{link}']")).await;
        browser.wait_until("it leads there", &format!("return location.pathname === '{link}'")).await;
        browser.wait_for("html[data-ready]").await;
        browser.click("form button[type=submit]").await;
        // It asks for nothing, and only reads.
        browser.wait_for_text("#result .used", "Done").await;
        assert_eq!(browser.count("dialog[open]").await, 0);
    })
    .await;
}
