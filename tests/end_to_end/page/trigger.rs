//! The trigger's page: polls, what they deliver, the schedule, and the ways back.

use std::time::Duration;

use duro_sim::{DuroSim, Resource};

use super::bench::on_the_page;
use super::browser::Browser;

async fn poll(browser: &Browser, number: u32) {
    browser.wait_until("it can poll", "return !document.querySelector('[data-trigger=poll][aria-disabled]')").await;
    browser.click("[data-trigger=poll]").await;
    browser.wait_for_text("#timeline .event-title", &format!("Poll {number}")).await;
    // A change of the state is shown together with the poll.
    browser.wait_for_text("#trigger-state", &format!("after poll {number}")).await;
}

#[tokio::test]
async fn a_change_arrives_on_the_timeline_by_hand_and_by_schedule() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/triggers/pollChangesTrigger").await;
        browser.wait_for_text("#trigger-state", "No state").await;
        poll(browser, 1).await;
        browser.wait_for_text("#timeline li:first-child", "counting begins here").await;

        browser.click("[data-change='0']").await;
        browser.wait_for_text("#timeline li:first-child", "Add a component").await;
        poll(browser, 2).await;
        browser.wait_for_text("#timeline li:first-child", "1 created").await;
        browser.wait_for_text("#timeline li:first-child .titles", "Added by hand 1").await;
        browser.click("#timeline li:first-child .more > summary").await;
        browser.wait_for_text("#timeline li:first-child .row", "Added by hand 1").await;

        browser.js("document.querySelector('#every').value = '2'").await;
        browser.click("[data-trigger=schedule]").await;
        browser.wait_for_text("#trigger-status", "Polls every").await;
        browser.click("[data-change='1']").await;
        browser.wait_for_text("#timeline", "1 updated").await;
        browser.click("[data-trigger=pause]").await;
        browser.wait_for_text("#trigger-status", "Paused").await;

        let events = browser.count("#timeline > li").await;
        browser.client.refresh().await.unwrap();
        browser.wait_for("html[data-ready]").await;
        assert_eq!(browser.count("#timeline > li").await, events, "the timeline outlives a reload");
    })
    .await;
}

#[tokio::test]
async fn the_state_can_be_read_taken_back_and_reset() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/triggers/pollChangesTrigger").await;
        poll(browser, 1).await;
        bench.sim.add(Resource::Components, "Seen twice");
        poll(browser, 2).await;
        browser.wait_for_text("#timeline li:first-child", "1 created").await;
        browser.click("#state-content summary").await;
        browser.wait_for_text("#state-content .row", "pollChangesTrigger").await;

        browser.click("#timeline li:first-child .more > summary").await;
        browser.click("#timeline li:first-child [data-trigger=back]").await;
        browser.wait_for_text("#trigger-state", "from before poll 2").await;
        poll(browser, 3).await;
        browser.wait_for_text("#timeline li:first-child", "1 repeat").await;

        browser.click("[data-trigger=reset]").await;
        browser.wait_for_text("#trigger-state", "No state").await;
        poll(browser, 4).await;
        browser.wait_for_text("#timeline li:first-child", "counting begins here").await;

        // A state of other inputs is the connector's to refuse; the page shows the way out and keeps the state.
        browser.js("const s = document.querySelector('#input-pollResourceType'); s.value = 'changeOrders'").await;
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#timeline li:first-child", "failed").await;
        browser.wait_for_text("#trigger-error", "reset the state").await;
        browser.wait_for_text("#trigger-state", "after poll 4").await;
        // The way out stands beside the error.
        browser.click("#trigger-error [data-trigger=reset]").await;
        browser.wait_for_text("#trigger-state", "No state").await;
    })
    .await;
}

#[tokio::test]
async fn quiet_polls_fold_into_one_line_and_a_chart_shows_what_each_delivered() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/triggers/pollChangesTrigger").await;
        for number in 1..=4 {
            poll(browser, number).await;
        }
        // Three quiet ones behind the first, which is none of them.
        browser.wait_for_text("#timeline li:first-child", "and 2 quiet before it").await;
        assert_eq!(browser.count("#timeline > li:not([hidden])").await, 2);
        bench.sim.add(Resource::Components, "Seen");
        poll(browser, 5).await;
        browser.wait_for_text("#chart figcaption", "The last 5 polls delivered 1 record").await;
        assert_eq!((browser.count("#chart [data-bar]").await, browser.count("#chart .found").await), (5, 1));
        // Each says when it was and what came, as the timeline does, and leads to it.
        let time = browser.text("#timeline li:first-child time").await;
        let said = "return [...document.querySelectorAll('[data-bar]')].map(e => [e.getAttribute('aria-label'), \
                    e.querySelector('title').textContent])";
        let said: Vec<[String; 2]> = serde_json::from_value(browser.js(said).await).unwrap();
        assert_eq!(said[4], [format!("Poll 5, {time}: 1 created"), format!("Poll 5, {time}: 1 created")]);
        assert!(said[2][0].starts_with("Poll 3, ") && said[2][0].ends_with(": found nothing"), "{said:?}");
        let folded = "return document.querySelector('#timeline > li:nth-child(3)').hidden";
        assert_eq!(browser.js(folded).await, true);
        browser.click("[data-bar]:nth-of-type(3)").await;
        browser.wait_for("#timeline > li:nth-child(3):focus").await;
        assert_eq!(browser.js(folded).await, false);
        browser.client.refresh().await.unwrap();
        browser.wait_for("html[data-ready]").await;
        browser.wait_for_text("#timeline", "and 2 quiet before it").await;
        browser.click("[data-fold]").await;
        browser
            .wait_until(
                "all are shown",
                "return document.querySelectorAll('#timeline > li:not([hidden])').length === 5",
            )
            .await;
        browser.client.refresh().await.unwrap();
        browser.wait_for("html[data-ready]").await;
        browser.wait_for_text("#timeline", "and 2 quiet before it").await;
        assert_eq!(browser.count("#timeline > li:not([hidden])").await, 3);
    })
    .await;
}

#[tokio::test]
async fn what_waits_is_delivered_at_a_press_and_the_button_is_there_only_then() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/triggers/pollChangesTrigger").await;
        poll(browser, 1).await;
        browser.wait_for("[data-trigger=drain][hidden]").await;
        bench.sim.add_many(Resource::Components, 12_000, Duration::from_millis(1));
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#trigger-status", "more waits").await;
        browser.click("[data-trigger=drain]").await;
        browser.wait_for("[data-trigger=drain][hidden]").await;
        browser
            .wait_until(
                "nothing waits",
                "return !document.querySelector('#trigger-status').innerText.includes('more waits')",
            )
            .await;
        // No fewer; one that is met by two polls comes twice.
        let delivered =
            "return Number(document.querySelector('#chart figcaption').innerText.match(/delivered (\\d+)/)[1])";
        assert!(browser.js(delivered).await.as_u64().unwrap() >= 12_000);
    })
    .await;
}
