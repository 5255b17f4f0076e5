//! The key: typed into the page once, and after that nowhere in it, in its storage, or in anything it receives.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use duro_sim::{DuroSim, Fault};
use fantoccini::key::Key;
use serde_json::json;

use super::bench::{KEY, on_the_page};
use super::browser::Browser;

/// Everything that the page's scripts could read.
const READABLE: &str = "return [document.documentElement.outerHTML, document.cookie, location.href,
    JSON.stringify(localStorage), JSON.stringify(sessionStorage), JSON.stringify(history.state),
    ...[...document.querySelectorAll('input, textarea, select')].map(e => e.value)].join('\\n')";

#[tokio::test]
async fn the_key_is_nowhere_in_the_page_its_storage_or_any_response() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = &bench.browser;
        let mut seen = look(browser).await;
        browser.client.refresh().await.unwrap();
        browser.wait_for("html[data-ready]").await;
        seen += look(browser).await;

        // Also where the service echoes it, and where a person pastes it into the wrong field.
        bench.open("/actions/getCurrentUser").await;
        bench.sim.fault_next(Fault::EchoToken);
        browser.click("button[type=submit]").await;
        browser.wait_for("#result .used").await;
        browser.click("#run-tab-requests").await;
        browser.click("#run-panel-requests .exchanges summary").await;
        for body in 1..=2 {
            browser
                .js(&format!("document.querySelectorAll('#run-panel-requests .body')[{body} - 1].open = true"))
                .await;
        }
        browser.wait_for_text("#run-panel-requests", "[redacted]").await;
        browser.wait_for("#run-panel-requests .row").await;
        seen += look(browser).await;
        bench.open("/triggers/pollChangesTrigger").await;
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#trigger-state", "after poll 1").await;
        seen += look(browser).await;
        bench.open("/actions/listComponents").await;
        browser.type_into("#input-first", KEY).await;
        browser.press(&[Key::Enter]).await;
        browser.wait_for_text("#input-first-problem", "Expected a whole number").await;
        browser.client.refresh().await.unwrap();
        browser.wait_for("html[data-ready]").await;
        seen += look(browser).await;
        assert!(seen > 40, "only {seen} responses were read");
    })
    .await;
}

const STORED: &str = "return JSON.stringify(localStorage)";

#[tokio::test]
async fn what_the_browser_keeps_of_the_connections_form_holds_no_secret_field_and_nothing_that_an_address_hides() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = bench.open("/connection").await;
        browser.type_into("#connection-apiKey", KEY).await;
        let address = bench.sim.url().replace("http://", "http://me:canary-password@");
        browser.type_into("#connection-customDuroEnvironment", &format!("{address}?token=canary-token")).await;
        let kept = format!("{STORED}.includes('/graphql')");
        browser.wait_until("the address is kept", &kept).await;
        // What is typed last is kept last.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let now = browser.js(STORED).await.as_str().unwrap().to_owned();
        assert!(now.contains(&bench.sim.url()), "{now}");
        for hidden in ["canary-password", "canary-token", KEY, "apiKey"] {
            assert!(!now.contains(hidden), "{hidden} is in {now}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_browser_keeps_of_other_forms_is_let_go_of_once_it_is_the_connections_secret() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let browser = bench.open("/actions/listComponents").await;
        browser.type_into("#input-first", KEY).await;
        browser.wait_until("it is kept", &format!("{STORED}.includes('{KEY}')")).await;
        bench.connect().await;
        let now = browser.js(STORED).await.as_str().unwrap().to_owned();
        assert!(!now.contains(KEY), "{now}");
    })
    .await;
}

#[tokio::test]
async fn another_browser_gets_nothing_without_the_link() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/connection").await;
        browser.client.delete_all_cookies().await.unwrap();
        browser.goto(&format!("{}/connection", bench.origin)).await;
        browser.wait_for_text("body", "Open the link that the terminal shows").await;
        // The cookie's name holds no secret, and scripts cannot read its value.
        assert_eq!(browser.js("return document.cookie").await, "");
    })
    .await;
}

/// Looks for the key in all that there is now; gives how many responses were read.
async fn look(browser: &Browser) -> usize {
    let readable = browser.js(READABLE).await;
    assert!(readable.as_str().unwrap().len() > 1000);
    assert_hidden(readable.as_str().unwrap(), "the page or its storage");
    let mut read = 0;
    for event in browser.take_network_log().await {
        if event["method"] != "Network.responseReceived" {
            continue;
        }
        let url = event["params"]["response"]["url"].as_str().unwrap();
        // The browser's own first tab.
        if url.starts_with("chrome://") || url.starts_with("data:") {
            continue;
        }
        assert!(url.starts_with("http://127.0.0.1:"), "the page asked {url}");
        assert_hidden(&event["params"]["response"].to_string(), url);
        // The browser keeps no body of a page that was left, of an empty answer, or of one that is still coming.
        let request = json!({"requestId": event["params"]["requestId"]});
        if let Ok(body) = browser.cdp("Network.getResponseBody", request).await {
            let text = body["body"].as_str().unwrap_or_default();
            match body["base64Encoded"] == true {
                true => assert_hidden(&String::from_utf8_lossy(&STANDARD.decode(text).unwrap()), url),
                false => assert_hidden(text, url),
            }
            read += 1;
        }
    }
    read
}

fn assert_hidden(text: &str, place: &str) {
    // In base64 too, in each of its three alignments.
    for form in [KEY, "Y2FuYXJ5LWtle", "NhbmFyeS1rZX", "jYW5hcnkta2V5"] {
        if let Some(at) = text.find(form) {
            let around: String = text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("the key is in {place}, after {around}");
        }
    }
}
