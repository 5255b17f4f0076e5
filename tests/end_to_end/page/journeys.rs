//! What a flow builder does on the page, from an empty page on: the connection, actions, and errors in their places.

use duro_sim::{DuroSim, Resource};
use fantoccini::key::Key;

use super::bench::{KEY, on_the_page};

#[tokio::test]
async fn a_connection_is_filled_in_tested_and_remembered() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = bench.open("/").await;
        browser.wait_for_text("nav", "Not connected yet").await;
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-apiKey-problem", "Is missing or blank").await;
        assert_eq!(browser.focus().await, "connection-apiKey");
        assert_eq!(bench.sim.request_count(), 0);

        browser.type_into("#connection-apiKey", "a-key-that-the-service-does-not-know").await;
        browser.type_into("#connection-customDuroEnvironment", &bench.sim.url()).await;
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-result .failure", "unauthenticated").await;
        browser.wait_for_text("#connection-result .failure", "Check the key").await;

        browser.type_into("#connection-apiKey", KEY).await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for_text("#connection-result .success", "http://127.0.0.1").await;
        let who = browser.text("#connection-result .success-title").await;
        browser.wait_for_text("#connection-state", &who).await;

        browser.client.refresh().await.unwrap();
        browser.wait_for("html[data-ready]").await;
        browser.wait_for_text("#connection-result .success", &who).await;
        let field = "return [document.querySelector('#connection-apiKey')].map(e => e.value + '|' + e.placeholder)[0]";
        assert_eq!(browser.js(field).await, "|Held; leave blank to keep it");

        // The key stays for another path of the same address, and is asked for anew at another address.
        let requests = bench.sim.request_count();
        browser.click("button[type=submit]").await;
        browser.wait_until("the connection was tested again", "return !document.querySelector('[aria-busy]')").await;
        browser.wait_for_text("#connection-result .success", &who).await;
        assert!(bench.sim.request_count() > requests);
        browser.type_into("#connection-customDuroEnvironment", "http://127.0.0.1:9/graphql").await;
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-apiKey-problem", "another address").await;
    })
    .await;
}

#[tokio::test]
async fn the_page_says_where_the_key_will_go_before_anything_is_sent() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = bench.open("/connection").await;
        // A key must not go to an environment that nobody chose.
        browser.wait_for_text("#destination", "fill in duroEnvironment or customDuroEnvironment").await;
        browser.type_into("#connection-apiKey", KEY).await;
        browser
            .js("const choice = document.querySelector('#connection-duroEnvironment'); choice.value = 'ITAR'; \
                 choice.dispatchEvent(new Event('input', {bubbles: true})); \
                 choice.dispatchEvent(new Event('change', {bubbles: true}));")
            .await;
        browser.wait_for_text("#destination", "will be sent to https://app.govduro.us and nowhere else").await;
        browser.type_into("#connection-customDuroEnvironment", "https://collector.example/graphql").await;
        browser.wait_for_text("#destination", "will be sent to https://collector.example and nowhere else").await;
        browser.type_into("#connection-customDuroEnvironment", "collector.example").await;
        browser.wait_for_text("#destination", "Nothing can be sent yet").await;
        browser.type_into("#connection-customDuroEnvironment", &bench.sim.url()).await;
        browser.wait_for_text("#destination", &format!("http://{} and nowhere else", bench.sim.address())).await;
        assert_eq!(bench.sim.request_count(), 0);
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#connection-result .success", "http://127.0.0.1").await;
        browser.client.refresh().await.unwrap();
        browser.wait_for_text("#destination", &bench.sim.address().to_string()).await;
    })
    .await;
}

#[tokio::test]
async fn an_action_runs_with_a_picked_input_and_shows_what_it_sent_and_got() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/getComponentById").await;
        browser.wait_for_text("#expected-panel-example .row", "componentsByIds").await;

        // By keyboard alone: open, go on to a later page, search, pick, run.
        browser.js("document.querySelector('#input-componentId').focus()").await;
        browser.press(&[Key::Down]).await;
        browser.wait_for("#input-componentId-list [role=option]").await;
        // By the number that people know it by, and not by its id.
        let number = "return /^\\d{3}-/.test(document.querySelector('.option-key').textContent)";
        assert_eq!(browser.js(number).await, true);
        let first = browser.count("#input-componentId-list [role=option]").await;
        for _ in 0..first.div_ceil(8) {
            browser.press(&[Key::PageDown]).await;
        }
        let more =
            format!("return document.querySelectorAll('#input-componentId-list [role=option]').length > {first}");
        browser.wait_until("a second page was added to the list", &more).await;
        let part = bench.sim.records(Resource::Components).into_iter().find(|part| part.name.is_some()).unwrap();
        let name = part.name.unwrap();
        let word: String =
            name.split_whitespace().next().unwrap().chars().take_while(|c| c.is_alphanumeric()).collect();
        browser.keys(&word).await;
        let found = "return document.querySelector('.popup-note').textContent.includes('shown') \
                     && document.querySelectorAll('[role=option]').length > 0";
        browser.wait_until("the search found something", found).await;
        browser.press(&[Key::Down]).await;
        browser.wait_for("#input-componentId[aria-activedescendant]").await;
        browser.press(&[Key::Enter]).await;
        let picked = browser.text("#input-componentId-chosen code").await;
        assert_eq!(picked.len(), 24, "{picked}");
        browser.press(&[Key::Enter]).await;

        browser.wait_for_text("#result .used", "1 request").await;
        browser.wait_for_text("#run-panel-result .row", &picked).await;
        browser.click("#run-tab-requests").await;
        browser.click("#run-panel-requests .exchanges summary").await;
        browser.wait_for_text("#run-panel-requests .headers", "[redacted]").await;
        browser.click("#run-panel-requests .body summary").await;
        browser.wait_for_text("#run-panel-requests .body .row", "query").await;
        browser.click("#run-tab-log").await;
        browser.wait_for_text("#run-panel-log .log", "HTTP 200").await;

        browser.client.refresh().await.unwrap();
        browser.wait_for_text("#run-panel-result .row", &picked).await;
        assert_eq!(browser.text("#input-componentId-chosen code").await, picked);
    })
    .await;
}

#[tokio::test]
async fn a_change_is_made_only_after_somebody_agreed() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/createChangeOrder").await;
        browser.wait_for_text("nav a[href='/actions/createChangeOrder']", "may change data").await;
        browser.wait_for_text("form .may-change", "may change data").await;
        assert_eq!(browser.count("nav a[href='/actions/listComponents'] .mark-of-change").await, 0);
        let before = bench.sim.records(Resource::ChangeOrders).len();
        browser.type_into("#input-name", "Replace 1/4\" screws <b>now</b>").await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for("dialog[open]").await;
        browser.press(&[Key::Escape]).await;
        browser.wait_until("the dialog is closed", "return !document.querySelector('dialog[open]')").await;
        assert_eq!(bench.sim.records(Resource::ChangeOrders).len(), before);

        browser.click("button[type=submit]").await;
        browser.wait_for_text("dialog[open]", "http://127.0.0.1").await;
        // What is asked about is what would be sent, with markup as text.
        browser.wait_for_text("dialog[open] [data-sends=document]", "createChangeOrder").await;
        browser.wait_for_text("dialog[open] [data-sends=variables]", "<b>now</b>").await;
        assert_eq!(bench.sim.records(Resource::ChangeOrders).len(), before);
        browser.click("[data-answer=yes]").await;
        browser.wait_for_text("#run-panel-result .row", "DRAFT").await;
        browser.wait_for_text("#run-panel-result .row", "<b>now</b>").await;
        let orders = bench.sim.records(Resource::ChangeOrders);
        assert_eq!(orders.len(), before + 1);
        assert!(orders.iter().any(|order| order.name.as_deref() == Some("Replace 1/4\" screws <b>now</b>")));
    })
    .await;
}

#[tokio::test]
async fn who_agreed_to_a_change_is_asked_again_where_the_connection_is_another_by_then() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let other = DuroSim::builder().key(KEY).spawn().await.unwrap();
        let orders = || [&bench.sim, &other].map(|sim| sim.records(Resource::ChangeOrders).len());
        let before = orders();
        let browser = bench.open("/actions/createChangeOrder").await;
        browser.type_into("#input-name", "Made where it was shown").await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for_text("dialog[open]", &bench.sim.address().to_string()).await;
        // As another window does it.
        let values = serde_json::json!({"apiKey": KEY, "customDuroEnvironment": other.url()});
        let saved = serde_json::json!({"kind": "duroApiKey", "values": values}).to_string();
        let saved = serde_json::json!(saved);
        let status = browser
            .js(&format!(
                "return fetch('/connection', {{method: 'POST', body: {saved}, headers: {{'content-type': \
                 'application/json', 'x-csrf-token': \
                 document.querySelector('meta[name=csrf-token]').content}}}}).then(r => r.status)"
            ))
            .await;
        assert_eq!(status, 200);
        browser.click("[data-answer=yes]").await;
        browser.wait_for_text("dialog[open]", &other.address().to_string()).await;
        assert_eq!(orders(), before);
        browser.click("[data-answer=yes]").await;
        browser.wait_for_text("#run-panel-result .row", "DRAFT").await;
        assert_eq!(orders(), [before[0], before[1] + 1]);
    })
    .await;
}

#[tokio::test]
async fn an_error_stands_at_the_input_that_it_names() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let requests = bench.sim.request_count();
        // The connector's words, and the page's for JSON as it is typed.
        let browser = bench.open("/actions/listComponents").await;
        browser.type_into("#input-first", "many").await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for_text("#input-first-problem", "Expected a whole number").await;
        assert_eq!(browser.focus().await, "input-first");

        browser.type_into("#input-first", "20000").await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for_text("#input-first-problem", "1 to 10000").await;
        browser.wait_for("#input-first[aria-invalid]").await;
        browser.wait_for_text("#result .failure", "Nothing was sent").await;

        let browser = bench.open("/actions/rawRequest").await;
        browser.write_code("#input-variablesObject", "{\"a\": }").await;
        browser.press(&[Key::Tab]).await;
        browser.wait_for_text("#input-variablesObject-problem", "not JSON").await;
        browser.write_code("#input-variablesObject", "{\"a\": 1}").await;
        browser.press(&[Key::Tab]).await;
        browser
            .wait_until("the problem is gone", "return document.querySelector('#input-variablesObject-problem').hidden")
            .await;
        browser.click("[data-add-pair]").await;
        browser.click("[data-add-pair]").await;
        assert_eq!(browser.count(".pairs li").await, 2);
        browser.click("[data-remove-pair]").await;
        browser.type_into("[data-pair-value]", "a value without a name").await;
        // Nobody is asked about what is wrong.
        browser.click("button[type=submit]").await;
        browser.wait_for_text("#input-variables-problem", "Row 1 has a value but no name").await;
        assert_eq!(browser.count("dialog[open]").await, 0);
        assert_eq!(bench.sim.request_count(), requests, "nothing was sent");
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_rows_are_shown_by_the_few_that_can_be_seen() {
    on_the_page(DuroSim::builder().components(10_000), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/listComponents").await;
        browser.type_into("#input-first", "10000").await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for_text("#run-panel-result .tree-bar", "10,000 rows").await;
        browser.click("#run-panel-result .switch-view button:nth-child(2)").await;
        browser.wait_for_text("#run-panel-result .tree-bar", "10,000 items").await;
        browser.click("#run-panel-result .tree-bar button:nth-of-type(2)").await;
        browser.js("document.querySelector('#run-panel-result .tree').focus()").await;
        browser.press(&[Key::End]).await;
        let script = "return document.querySelector('#run-panel-result .row.focused').ariaLevel";
        assert_eq!(browser.js(script).await, "3", "the last value of the last record");
        let shown = browser.count("#run-panel-result .row").await;
        assert!(shown < 100, "{shown} rows are in the page");
        let rows = "return Number(document.querySelector('#run-panel-result .row.focused').dataset.index)";
        assert!(browser.js(rows).await.as_u64().unwrap() > 50_000);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_takes_long_can_be_stopped() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        bench.sim.set_latency(std::time::Duration::from_secs(60));
        let browser = bench.open("/actions/getCurrentUser").await;
        browser.click("button[type=submit]").await;
        browser.wait_for("[data-cancel]:not([hidden])").await;
        browser.click("[data-cancel]").await;
        browser.wait_for_text("#result .failure", "Stopped").await;
        browser.wait_until("it can run again", "return !document.querySelector('[aria-disabled]')").await;
    })
    .await;
}
