//! What was done: searched, deleted, marked where nobody looked, and not forgotten without a question.

use std::time::Duration;

use duro_sim::{DuroSim, Fault};
use serde_json::{Value, json};

use super::bench::{Bench, on_the_page};
use super::bounds::admitted;
use super::command::{get, run, send, started_with};

/// Runs an action three times, each with another number of records.
async fn run_three(bench: &Bench) {
    let browser = bench.open("/actions/listComponents").await;
    for (run, first) in ["1007", "4711", "1009"].iter().enumerate() {
        browser.type_into("#input-first", first).await;
        browser.click("form button[type=submit]").await;
        let ended = format!(
            "return document.querySelectorAll('.runs li').length === {} && !!document.querySelector('#result .used')",
            run + 1
        );
        browser.wait_until("it ran", &ended).await;
        browser.wait_until("it can run again", "return !document.querySelector('[aria-disabled]')").await;
    }
}

#[tokio::test]
async fn runs_are_searched_and_say_when_they_were_and_how_long_they_took() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        run_three(&bench).await;
        let browser = &bench.browser;
        browser.type_into("[data-filter]", "4711 done").await;
        browser.wait_for_text("[data-filtered]", "1 of 3").await;
        assert_eq!(browser.count(".runs li:not([hidden])").await, 1);
        browser.wait_for_text(".runs li:not([hidden])", "Run 2").await;
        // What would delete those that are not seen too is not there meanwhile.
        assert_eq!(browser.count("[data-delete$='/runs/clear']:not([hidden])").await, 0);
        // It stays where the list is drawn anew.
        browser.type_into("#input-first", "4711").await;
        browser.click("form button[type=submit]").await;
        browser.wait_for_text("[data-filtered]", "2 of 4").await;
        assert_eq!(browser.count("[data-delete$='/runs/clear']:not([hidden])").await, 0);
        browser.type_into("[data-filter]", " ").await;
        browser.wait_for("[data-delete$='/runs/clear']:not([hidden])").await;
        browser.type_into("[data-filter]", "4711").await;
        browser.wait_for_text("[data-filtered]", "2 of 4").await;
        // The time of the day, of now, and a duration of more than nothing.
        let began = "return Math.abs(Date.parse(document.querySelector('.runs li:not([hidden]) time').title) - \
                     Date.now()) < 120000";
        assert_eq!(browser.js(began).await, true);
        let took = browser.text(".runs li:not([hidden]) .quiet").await;
        let number: f64 = took.split(' ').next().unwrap().parse().unwrap();
        assert!(number > 0.0 && (took.ends_with(" ms") || took.ends_with(" s")), "{took}");
        assert!(browser.text("#result .used").await.contains(&took), "{took}");
    })
    .await;
}

#[tokio::test]
async fn a_run_and_all_runs_are_deleted_after_a_question() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        run_three(&bench).await;
        let browser = bench.open("/actions/listComponents?run=2").await;
        browser.click("[data-delete$='/runs/2/delete']").await;
        browser.wait_for_text("#sure[open]", "Delete run 2").await;
        browser.click("#sure [data-answer=no]").await;
        browser.wait_until("the dialog is closed", "return !document.querySelector('dialog[open]')").await;
        assert_eq!(browser.count(".runs li").await, 3);
        browser.click("[data-delete$='/runs/2/delete']").await;
        browser.click("#sure [data-answer=yes]").await;
        browser.wait_until("it is gone", "return document.querySelectorAll('.runs li').length === 2").await;
        let gone = "return fetch('/actions/listComponents/runs/2/result').then(r => r.status)";
        assert_eq!(browser.js(gone).await, 404);
        bench.open("/actions/getCurrentUser").await;
        browser.click("form button[type=submit]").await;
        browser.wait_for("#result .used").await;
        bench.open("/actions/listComponents").await;
        browser.click("[data-delete$='/runs/clear']").await;
        browser.click("#sure [data-answer=yes]").await;
        browser.wait_for_text("#result", "Nothing has run yet").await;
        // Those of another action are there still, until everything goes.
        bench.open("/actions/getCurrentUser").await;
        assert_eq!(browser.count(".runs li").await, 1);
        bench.open("/triggers/pollChangesTrigger").await;
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#trigger-state", "after poll 1").await;
        bench.open("/actions/getCurrentUser").await;
        browser.click("[data-delete='/history/clear']").await;
        browser.click("#sure [data-answer=yes]").await;
        browser.wait_for_text("#result", "Nothing has run yet").await;
        bench.open("/triggers/pollChangesTrigger").await;
        assert_eq!(browser.count("#timeline > li").await, 0);
        browser.wait_for_text("#trigger-state", "after poll 1").await;
        // The next run has a number that none had.
        bench.open("/actions/getCurrentUser").await;
        browser.click("form button[type=submit]").await;
        browser.wait_for_text(".runs li", "Run 5").await;
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_under_way_or_has_ended_on_another_page_is_marked_until_it_is_looked_at() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/getCurrentUser").await;
        bench.sim.fault_next(Fault::SlowHeaders(Duration::from_secs(12)));
        browser.click("form button[type=submit]").await;
        browser.wait_for("#result [data-run]").await;
        assert_eq!(browser.count("[data-mark] [role=img]").await, 0, "what is looked at needs no mark");
        bench.open("/connection").await;
        browser.wait_for("[data-mark='actions/getCurrentUser'] [aria-label='under way']").await;
        browser.wait_for("[data-mark='actions/getCurrentUser'] [aria-label^='ended']").await;
        bench.open("/actions/getCurrentUser").await;
        browser.wait_for("#result .used").await;
        bench.open("/connection").await;
        assert_eq!(browser.count("[data-mark] [role=img]").await, 0);
    })
    .await;
}

#[tokio::test]
async fn another_key_forgets_what_was_done_only_after_a_question_that_says_how_much() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let other = "another-key-of-the-page-4712";
        bench.sim.accept_key(other);
        run_three(&bench).await;
        let browser = bench.open("/connection").await;
        // The same key once more is no other.
        browser.click("form button[type=submit]").await;
        browser.wait_until("it was tested", "return !document.querySelector('[aria-busy]')").await;
        assert_eq!(browser.count("dialog[open]").await, 0);
        browser.type_into("#connection-apiKey", other).await;
        let requests = bench.sim.request_count();
        browser.click("form button[type=submit]").await;
        browser.wait_for_text("#ask[open]", "3 runs").await;
        browser.click("#ask [data-answer=no]").await;
        browser.wait_until("the dialog is closed", "return !document.querySelector('dialog[open]')").await;
        assert_eq!(bench.sim.request_count(), requests);
        let kept = "return fetch('/actions/listComponents/runs/1/result').then(r => r.status)";
        assert_eq!(browser.js(kept).await, 200);
        browser.click("[data-post='/connection/forget']").await;
        browser.wait_for_text("#ask[open]", "3 runs").await;
        browser.click("#ask [data-answer=no]").await;
        browser.wait_until("the dialog is closed", "return !document.querySelector('dialog[open]')").await;
        assert_eq!(browser.js(kept).await, 200);
        // What was typed stands there still.
        browser.click("form button[type=submit]").await;
        browser.wait_for("#ask[open]").await;
        browser.click("#ask [data-answer=yes]").await;
        browser.wait_until("it was tested", "return !document.querySelector('[aria-busy]')").await;
        browser.wait_for("#connection-result .success").await;
        assert_eq!(browser.js(kept).await, 404);
        // There is nothing left to ask about.
        browser.click("[data-post='/connection/forget']").await;
        browser.wait_for_text("#connection-state", "Not connected yet").await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_counts_for_the_connection_that_was_asked_about() {
    let sim = DuroSim::builder().key("key-of-the-page-4711").spawn().await.unwrap();
    let (_child, host, path) = started_with(&["--allow-http", "--allow-private-network"]).await;
    let own = admitted(&host, &path).await;
    let save = async |key: &str, agreed: Value| {
        let values = json!({ "apiKey": key, "customDuroEnvironment": sim.url() });
        let body = json!({ "kind": "duroApiKey", "values": values, "agreed": agreed }).to_string();
        let answer = send(&host, "POST", "/connection", &own, &body).await;
        let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        answer["question"].clone()
    };
    let performed = async || run(&host, &own, "getCurrentUser", &json!({ "values": {} })).await;
    assert_eq!(save("key-of-the-page-4711", Value::Null).await, Value::Null);
    performed().await;
    let question = save("another-key-of-the-page", Value::Null).await;
    assert!(question.is_u64(), "{question}");
    assert_eq!(save("another-key-of-the-page", json!(4711)).await, question);
    assert_eq!(save("another-key-of-the-page", question.clone()).await, Value::Null);
    assert!(get(&host, "/actions/getCurrentUser/runs/1/result", &own).await.starts_with("HTTP/1.1 404 "));
    assert_eq!(save("key-of-the-page-4711", Value::Null).await, Value::Null);
    performed().await;
    // The answer of before is to another question.
    assert!(save("another-key-of-the-page", question).await.is_u64());
    assert!(get(&host, "/actions/getCurrentUser/runs/2/result", &own).await.starts_with("HTTP/1.1 200 "));
}
