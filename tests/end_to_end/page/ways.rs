//! The ways out of the page: what is copied or saved there does the same elsewhere.

use std::path::Path;
use std::process::Output;

use duro_sim::{DuroSim, Resource};
use serde_json::{Value, json};
use tokio::process::Command;

use super::bench::{Bench, KEY, on_the_page};
use crate::support::built;

/// Runs a line as a person pastes it into a shell, in this folder.
async fn pasted(line: &str, folder: &Path) -> Output {
    let harness = built(&format!("harness{}", std::env::consts::EXE_SUFFIX));
    let path = std::env::var("PATH").unwrap();
    Command::new("sh")
        .args(["-c", line])
        .env("PATH", format!("{}:{path}", harness.parent().unwrap().display()))
        .env("DURO_API_KEY", KEY)
        .current_dir(folder)
        .output()
        .await
        .unwrap()
}

/// The text of an address of the page.
async fn text(bench: &Bench, path: &str) -> String {
    let script = format!("return fetch({}).then(r => r.text())", json!(path));
    bench.browser.js(&script).await.as_str().unwrap().to_owned()
}

#[cfg(unix)]
#[tokio::test]
async fn a_run_does_the_same_as_a_command_and_as_curl_in_a_shell() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let folder = tempfile::tempdir().unwrap();
        let saved = text(&bench, "/connection/file").await;
        assert!(saved.contains("${DURO_API_KEY}") && !saved.contains(KEY), "{saved}");
        std::fs::write(folder.path().join("connection.json"), saved).unwrap();

        let browser = bench.open("/actions/rawRequest").await;
        let id = bench.sim.records(Resource::Components)[0].id.clone();
        // An apostrophe is what a shell stumbles over.
        let document = "query Parts($ids: [ID]) { it: componentsByIds(ids: $ids) { name } } # it's all";
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("query", document)
            .append_pair("variablesObject", &json!({ "ids": [id] }).to_string())
            .finish();
        bench.open(&format!("/actions/rawRequest?{query}")).await;
        browser.click("form button[type=submit]").await;
        if browser.count("dialog[open]").await > 0 {
            browser.click("[data-answer=yes]").await;
        }
        browser.wait_for("#result .used").await;
        let shown = text(&bench, "/actions/rawRequest/runs/1/result").await;
        browser.click("#run-tab-ways").await;
        let line = browser.text("#paste-command").await;
        let output = pasted(&line, folder.path()).await;
        let printed: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {line} gave {output:?}"));
        assert_eq!(printed["data"], serde_json::from_str::<Value>(&shown).unwrap(), "{line}");

        let line = text(&bench, "/actions/rawRequest/runs/1/exchanges/0/curl").await;
        assert!(line.contains("\"$DURO_API_KEY\"") && !line.contains(KEY), "{line}");
        let output = pasted(&line, folder.path()).await;
        let answer: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {line} gave {output:?}"));
        assert_eq!(answer["data"], printed["data"]);
        // A program that does the same; `ways` holds it against Rust's grammar.
        browser.wait_for_text("#paste-rust", "std::env::var(\"DURO_API_KEY\")").await;
    })
    .await;
}

#[tokio::test]
async fn a_link_opens_the_form_filled_in_and_runs_nothing() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/actions/listComponents").await;
        browser.type_into("#input-first", "7").await;
        browser.click("form button[type=submit]").await;
        browser.wait_for("#result .used").await;
        browser.click("#run-tab-ways").await;
        let link = browser.js("return document.querySelector('[data-copy-link]').dataset.copyLink").await;
        let link = link.as_str().unwrap().to_owned();
        assert!(link.starts_with("/actions/listComponents?") && link.contains("first=7"), "{link}");
        browser.type_into("#input-first", "9").await;
        let requests = bench.sim.request_count();
        bench.open(&link).await;
        assert_eq!(browser.js("return document.querySelector('#input-first').value").await, "7");
        assert_eq!(bench.sim.request_count(), requests);
    })
    .await;
}

#[tokio::test]
async fn a_link_fills_neither_the_connections_form_nor_a_triggers_and_runs_nothing_wherever_it_leads() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let evil = "http%3A%2F%2F127.0.0.1%3A9%2F";
        let browser = &bench.browser;
        bench.open(&format!("/connection?kind=duroApiKey&customDuroEnvironment={evil}&apiKey=x&values={evil}")).await;
        let filled = "return [...document.querySelectorAll('form input:not([type=hidden])')].map(e => e.value).join('')";
        assert_eq!(browser.js(filled).await, "");
        bench.connect().await;
        let requests = bench.sim.request_count();
        bench.open("/triggers/pollChangesTrigger").await;
        let form = "return JSON.stringify([...document.querySelectorAll('#trigger-form [data-value]')].map(e => [e.id, e.value, e.checked]))";
        let before = browser.js(form).await;
        bench.open("/triggers/pollChangesTrigger?pollResourceType=changeOrders&onlyApprovedOrClosed=true&run=1").await;
        assert_eq!(browser.js(form).await, before);
        for link in ["/actions/getCurrentUser", "/actions/listComponents?first=7&run=", "/actions/createChangeOrder?name=x&agreed=1"] {
            browser.goto(&format!("{}{link}", bench.origin)).await;
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            assert_eq!(browser.count("#result .used, dialog[open]").await, 0, "{link}");
        }
        assert_eq!(bench.sim.request_count(), requests);
    })
    .await;
}

#[tokio::test]
async fn a_triggers_state_is_saved_and_loaded_again() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let browser = bench.open("/triggers/pollChangesTrigger").await;
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#trigger-state", "after poll 1").await;
        // What a poll asked is copied as what an action asked is.
        let line = text(&bench, "/triggers/pollChangesTrigger/polls/1/exchanges/0/curl").await;
        assert!(line.starts_with("curl ") && line.contains("\"$DURO_API_KEY\"") && !line.contains(KEY), "{line}");
        let state = text(&bench, "/triggers/pollChangesTrigger/state/file").await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("poll.state");
        std::fs::write(&file, &state).unwrap();
        let again = "return !document.querySelector('[aria-disabled]')";
        browser.wait_until("it can poll again", again).await;
        bench.sim.touch(Resource::Components, &bench.sim.records(Resource::Components)[0].id);
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#timeline", "1 updated").await;
        // Loaded, it finds the same once more.
        browser.type_file("[data-upload]", &file).await;
        browser.wait_for_text("#trigger-state", "from a file").await;
        browser.wait_until("it can poll again", again).await;
        browser.click("[data-trigger=poll]").await;
        browser.wait_for_text("#timeline .event-title", "1 repeat").await;
    })
    .await;
}

#[tokio::test]
async fn a_page_opens_tested_with_a_change_waiting_where_it_is_started_so() {
    let sim = DuroSim::builder().key(KEY).spawn().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let fields = json!({"apiKey": KEY, "customDuroEnvironment": sim.url()});
    let connection = json!({"key": "duroApiKey", "fields": fields}).to_string();
    std::fs::write(folder.path().join("connection.json"), connection).unwrap();
    let grants = "harness --allow-http --allow-private-network";
    let output = pasted(
        &format!("{grants} poll pollChangesTrigger --connection connection.json --state poll.state"),
        folder.path(),
    )
    .await;
    assert!(output.status.success(), "{output:?}");
    assert!(sim.touch(Resource::Components, &sim.records(Resource::Components)[0].id));
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (state, connection) = (format!("pollChangesTrigger={}", file("poll.state")), file("connection.json"));
    let grants = ["--allow-http", "--allow-private-network"];
    let words = [&grants[..], &["--test", "--connection", &connection, "--state", &state]].concat();
    let (_child, host, path) = super::command::started_with(&words).await;
    let own = super::bounds::admitted(&host, &path).await;
    let page = super::command::get(&host, "/connection", &own).await;
    assert!(page.contains("Requests go to") && page.contains("Save connection.json"), "{page}");
    let values = json!({"values": {"pollResourceType": "components"}}).to_string();
    super::command::send(&host, "POST", "/triggers/pollChangesTrigger/poll", &own, &values).await;
    let news = super::command::get(&host, "/triggers/pollChangesTrigger/news?version=0&last=0", &own).await;
    assert!(news.contains("1 updated"), "{news}");

    let wrong = pasted("harness serve --state nope=poll.state", folder.path()).await;
    let messages = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(2), "{messages}");
    assert!(messages.contains("it has pollChangesTrigger"), "{messages}");
}
