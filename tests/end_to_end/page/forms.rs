//! What surrounds a form: drafts that outlive a restart, refusals with the one line that ends them, modes, waiting, and
//! what the connection is said to be.

use duro_sim::{DuroSim, Fault};
use fantoccini::key::Key;

use super::bench::{Bench, KEY, on_the_page, page_with};

pub(super) async fn go(bench: &Bench, link: &str, path: &str) {
    bench.browser.goto(link).await;
    bench.browser.wait_for("html[data-ready]").await;
    bench.browser.goto(&format!("{}{path}", link.split("/?token=").next().unwrap())).await;
    bench.browser.wait_for("html[data-ready]").await;
}

async fn fill_in(bench: &Bench) {
    bench.browser.type_into("#connection-apiKey", KEY).await;
    bench.browser.type_into("#connection-customDuroEnvironment", &bench.sim.url()).await;
}

#[tokio::test]
async fn a_refusal_names_all_that_is_missing_and_the_line_that_ends_it_and_forms_outlive_the_restart() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = &bench.browser;
        let (mut child, link) = page_with(&["serve", "--port", "0"]).await;
        go(&bench, &link, "/actions/listComponents").await;
        browser.type_into("#input-first", "7").await;
        browser.wait_until("it is kept", "return Object.keys(localStorage).length > 0").await;
        go(&bench, &link, "/connection").await;
        fill_in(&bench).await;
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-result .failure", "plain http").await;
        browser.wait_for_text("#connection-result .failure", "private network").await;
        let line = browser.text("#connection-result .command").await;
        let port = link.split("/?").next().unwrap().rsplit(':').next().unwrap().to_owned();
        let expected = format!("harness --allow-http --allow-private-network --format json serve --port {port}");
        assert_eq!(line, expected);
        browser.wait_until("the address is kept", "return JSON.stringify(localStorage).includes('/graphql')").await;
        assert_eq!(browser.js(&format!("return JSON.stringify(localStorage).includes('{KEY}')")).await, false);

        // As the line says, in the same browser.
        child.kill().await.unwrap();
        let words: Vec<&str> = line.split(' ').skip(1).filter(|word| !["--format", "json"].contains(word)).collect();
        let (_child, link) = page_with(&words).await;
        go(&bench, &link, "/actions/listComponents").await;
        assert_eq!(browser.js("return document.querySelector('#input-first').value").await, "7");
        go(&bench, &link, "/connection").await;
        let kept = "return document.querySelector('#connection-customDuroEnvironment').value";
        assert_eq!(browser.js(kept).await, bench.sim.url());
        browser.type_into("#connection-apiKey", KEY).await;
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-result .success", "http://127.0.0.1").await;
    })
    .await;
}

#[tokio::test]
async fn a_page_that_only_reads_says_so_and_what_would_change_data_does_not_leave() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = &bench.browser;
        let (_child, link) =
            page_with(&["--allow-http", "--allow-private-network", "--read-only", "serve", "--port", "0"]).await;
        go(&bench, &link, "/connection").await;
        browser.wait_for_text(".mode", "Read-only").await;
        fill_in(&bench).await;
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-result .success", "http://127.0.0.1").await;
        let requests = bench.sim.request_count();
        go(&bench, &link, "/actions/createChangeOrder").await;
        // In words, where the action is chosen and where it is filled in.
        browser.wait_for_text("nav a[href='/actions/createChangeOrder']", "changes are off").await;
        browser.wait_for_text("form .may-change", "--read-only").await;
        assert_eq!(browser.count("nav a[href='/actions/getCurrentUser'] .mark-of-change").await, 0);
        browser.type_into("#input-name", "Not made").await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for_text("#result .failure", "without that flag").await;
        assert_eq!((browser.count("dialog[open]").await, bench.sim.request_count()), (0, requests));
    })
    .await;
}

#[tokio::test]
async fn waiting_is_seen_with_its_attempts_and_its_countdown_and_can_be_ended() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/getCurrentUser").await;
        bench.sim.fault_next(Fault::rate_limited(20));
        browser.click("button[type=submit]").await;
        browser.wait_for_text("[data-progress]", "attempt 1 of 4").await;
        browser.wait_for_text("[data-progress]", "HTTP 429").await;
        browser.wait_for_text("[data-progress]", "sent again in").await;
        browser.click("[data-cancel]").await;
        browser.wait_for_text("#result .failure", "Stopped").await;
        // A request was under way.
        assert!(browser.text("#run-tab-requests").await.trim() == "Requests");
        browser.click("#run-tab-requests").await;
        browser.wait_for_text("#run-panel-requests", "is not known").await;
        assert_eq!(browser.count("[data-progress]:not([hidden])").await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_the_connection_is_said_to_be_is_true_after_every_call() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = bench.open("/connection").await;
        browser
            .js("const choice = document.querySelector('#connection-duroEnvironment'); choice.value = 'EU'; \
                 choice.dispatchEvent(new Event('change', {bubbles: true}));")
            .await;
        browser.wait_for("[data-overridden][hidden]").await;
        browser.type_into("#connection-customDuroEnvironment", &bench.sim.url()).await;
        browser.wait_for_text("[data-overridden]:not([hidden])", "is filled in, and wins").await;
        bench.connect().await;
        let who = browser.text("#connection-state").await;

        bench.open("/actions/getCurrentUser").await;
        bench.sim.fault_next(Fault::unauthorized());
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-state", "The key was refused").await;
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-state", "Works").await;
        bench.connect().await;
        browser.wait_for_text("#connection-state", &who).await;
    })
    .await;
}

#[tokio::test]
async fn a_page_that_is_started_again_at_its_port_has_what_was_typed_and_without_one_it_is_elsewhere() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = &bench.browser;
        let (mut child, link) = page_with(&["serve"]).await;
        go(&bench, &link, "/actions/listComponents").await;
        browser.type_into("#input-first", "7").await;
        browser.wait_until("it is kept", "return JSON.stringify(localStorage).includes('7')").await;
        let at = |link: &str| link.split("/?").next().unwrap().to_owned();
        child.kill().await.unwrap();
        // Whoever listens where it was is not this page any more.
        let (_elsewhere, other) = page_with(&["serve"]).await;
        assert_ne!(at(&other), at(&link));
        let first = at(&link);
        let again = page_with(&["serve", "--port", first.rsplit(':').next().unwrap()]).await;
        assert_eq!(at(&again.1), first);
        go(&bench, &again.1, "/actions/listComponents").await;
        assert_eq!(browser.js("return document.querySelector('#input-first').value").await, "7");
    })
    .await;
}
