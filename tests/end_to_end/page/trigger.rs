//! The trigger's page: polls, what they deliver, the schedule, and the ways back.

use std::time::Duration;

use duro_sim::{DuroSim, Resource};

use super::bench::{Bench, on_the_page};
use super::browser::Browser;

/// Polls by hand, for the so-many-th time.
pub(super) async fn poll(browser: &Browser, number: u32) {
    browser.wait_until("it can poll", "return !document.querySelector('[data-trigger=poll][aria-disabled]')").await;
    browser.click("[data-trigger=poll]").await;
    browser.wait_for_text("#timeline .event-title", &format!("Poll {number}")).await;
    // A change of the state is shown together with the poll.
    browser.wait_for_text("#trigger-state", &format!("after poll {number}")).await;
}

/// Answers the question before a state is given up.
pub(super) async fn answer(browser: &Browser, answer: &str) {
    browser.wait_for("#ask[open]").await;
    browser.click(&format!("#ask [data-answer={answer}]")).await;
    browser.wait_until("the question is gone", "return !document.querySelector('dialog[open]')").await;
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
        browser.wait_for_text("#timeline li:first-child .table-box tr[data-place]", "Added by hand 1").await;

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
        answer(browser, "yes").await;
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
        answer(browser, "yes").await;
        browser.wait_for_text("#trigger-state", "No state").await;
    })
    .await;
}

async fn state_of(bench: &Bench) -> String {
    let state = "return fetch('/triggers/pollChangesTrigger/state/file').then(r => r.text())";
    bench.browser.js(state).await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_takes_the_place_of_the_state_only_where_the_connector_takes_it_and_somebody_agrees() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let folder = tempfile::tempdir().unwrap();
        let (table, saved) = (folder.path().join("parts.csv"), folder.path().join("poll.state"));
        std::fs::write(&table, "id,name\n1,Screw\n").unwrap();
        let browser = bench.open("/triggers/pollChangesTrigger").await;
        browser.type_file("[data-load]", &table).await;
        browser.wait_for_text("#trigger-error", "Fill in the connection first").await;
        bench.connect().await;
        bench.open("/triggers/pollChangesTrigger").await;
        poll(browser, 1).await;
        let (state, requests) = (state_of(&bench).await, bench.sim.request_count());
        std::fs::write(&saved, &state).unwrap();
        for refused in ["id,name\n1,Screw\n", "{}", "[]", "{\"a\":"] {
            std::fs::write(&table, refused).unwrap();
            browser.type_file("[data-load]", &table).await;
            browser.wait_for_text("#trigger-error", "The file was not loaded, and the state is as it was").await;
            assert_eq!((state_of(&bench).await, browser.count("dialog[open]").await), (state.clone(), 0), "{refused}");
            browser.js("document.querySelector('#trigger-error').replaceChildren()").await;
        }
        // One that it takes is asked about, because there is another.
        for said in ["no", "yes"] {
            browser.type_file("[data-load]", &saved).await;
            browser.wait_for_text("#ask[open]", "after poll 1").await;
            browser.wait_for_text("#trigger-state", "after poll 1").await;
            answer(browser, said).await;
        }
        browser.wait_for_text("#trigger-state", "from a file").await;
        assert_eq!(bench.sim.request_count(), requests, "to look at a state asks the service for nothing");
    })
    .await;
}

#[tokio::test]
async fn what_a_slip_did_to_the_state_is_asked_about_and_can_be_taken_back() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/triggers/pollChangesTrigger").await;
        // Where there is none, nothing is asked.
        browser.click("[data-trigger=reset]").await;
        browser.wait_for_text("#timeline li:first-child", "State reset").await;
        assert_eq!(browser.count("dialog[open], #timeline [data-trigger=back]").await, 0);
        poll(browser, 1).await;
        let state = state_of(&bench).await;
        browser.click("[data-trigger=reset]").await;
        browser.wait_for_text("#ask[open]", "never delivered").await;
        answer(browser, "no").await;
        assert_eq!(state_of(&bench).await, state);
        browser.click("[data-trigger=reset]").await;
        answer(browser, "yes").await;
        browser.wait_for_text("#trigger-state", "No state").await;
        browser.click("#timeline li:first-child > .event-what > [data-trigger=back]").await;
        browser.wait_for_text("#trigger-state", "after poll 1").await;
        assert_eq!(state_of(&bench).await, state);
        // With another key it is forgotten, as what polls hold.
        bench.open("/connection").await;
        browser.click("[data-post='/connection/forget']").await;
        answer(browser, "yes").await;
        bench.open("/triggers/pollChangesTrigger").await;
        assert_eq!(browser.count("#timeline [data-trigger=back]").await, 0);
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
