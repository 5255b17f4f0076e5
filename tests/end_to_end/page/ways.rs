//! The ways out of the page: what is copied or saved there does the same elsewhere.

use std::path::Path;
use std::process::Output;

use duro_sim::{DuroSim, Resource};
use serde_json::{Value, json};
use tokio::process::Command;

use super::bench::{Bench, KEY, on_the_page};
use super::browser::Browser;
use super::trigger::answer;
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

/// Lets the page write to the clipboard and the test read it.
async fn allow_copying(browser: &Browser) {
    let permissions = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
    browser.cdp("Browser.grantPermissions", permissions).await.unwrap();
}

/// What is on the clipboard, once it is this.
async fn copied(browser: &Browser, expected: &str) -> String {
    let is_there = format!("return navigator.clipboard.readText().then(t => t === {})", json!(expected));
    browser.wait_until("it is copied", &is_there).await;
    browser.js("return navigator.clipboard.readText()").await.as_str().unwrap().to_owned()
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
        // What the button copies is what stands there.
        allow_copying(browser).await;
        browser.click("[data-copy-of=paste-command]").await;
        assert_eq!(copied(browser, &line).await, line);
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
        browser.click("#run-tab-requests").await;
        browser.click("#run-panel-requests .exchanges summary").await;
        browser.click("[data-copy-from$='/curl']").await;
        assert_eq!(copied(browser, &line).await, line);
        browser.click("#run-tab-ways").await;
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
        allow_copying(browser).await;
        browser.click("#run-panel-ways [data-copy-link]").await;
        let whole = format!("{}{link}", bench.origin);
        assert_eq!(copied(browser, &whole).await, whole);
        browser.type_into("#input-first", "9").await;
        let requests = bench.sim.request_count();
        bench.open(&link).await;
        assert_eq!(browser.js("return document.querySelector('#input-first').value").await, "7");
        assert_eq!(bench.sim.request_count(), requests);
    })
    .await;
}

#[tokio::test]
async fn a_link_fills_no_connections_form_and_runs_nothing_wherever_it_leads() {
    on_the_page(DuroSim::builder(), |bench| async move {
        let evil = "http%3A%2F%2F127.0.0.1%3A9%2F";
        let browser = &bench.browser;
        bench.open(&format!("/connection?kind=duroApiKey&customDuroEnvironment={evil}&apiKey=x&values={evil}")).await;
        let filled = "return [...document.querySelectorAll('form input:not([type=hidden])')].map(e => \
                      e.value).join('')";
        assert_eq!(browser.js(filled).await, "");
        bench.connect().await;
        let requests = bench.sim.request_count();
        bench.open("/triggers/pollChangesTrigger").await;
        let form = "return JSON.stringify([...document.querySelectorAll('#trigger-form [data-value]')].map(e => [e.id, \
                    e.value, e.checked]))";
        let before = browser.js(form).await;
        let link = "/triggers/pollChangesTrigger?pollResourceType=changeOrders&onlyApprovedOrClosed=true&run=1";
        bench.open(link).await;
        assert_ne!(browser.js(form).await, before);
        bench.open("/triggers/pollChangesTrigger").await;
        assert_eq!(browser.js(form).await, before, "it was kept");
        // What is polled on a schedule is what it was started with.
        let start = "document.querySelector('#every').value = '300'";
        browser.js(start).await;
        browser.click("[data-trigger=schedule]").await;
        browser.wait_for_text("#trigger-state", "after poll 1").await;
        bench.open(link).await;
        assert_eq!(browser.js(form).await, before);
        browser.click("[data-trigger=pause]").await;
        browser.wait_for_text("#trigger-status", "Paused").await;
        let requests = bench.sim.request_count().max(requests);
        for link in [
            "/actions/getCurrentUser",
            "/actions/listComponents?first=7&run=",
            "/actions/createChangeOrder?name=x&agreed=1",
        ] {
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
        browser.type_file("[data-load]", &file).await;
        answer(browser, "yes").await;
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

    let wrong = pasted("harness serve --port 0 --state nope=poll.state", folder.path()).await;
    let messages = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(2), "{messages}");
    assert!(messages.contains("it has pollChangesTrigger"), "{messages}");
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_typed_is_a_command_a_program_and_a_link_before_anything_is_sent() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("connection.json"), text(&bench, "/connection/file").await).unwrap();
        let requests = bench.sim.request_count();
        let browser = bench.open("/actions/listComponents").await;
        browser.type_into("#input-first", "7").await;
        browser.click(".ways-out summary").await;
        browser.wait_for_text("#draft-command", "first=7").await;
        // It follows what is typed. The key, in a field that is no secret's, is in none of it.
        browser.type_into("#input-first", KEY).await;
        browser.wait_for_text("#draft-command", "[redacted]").await;
        assert!(!browser.text(".ways-out").await.contains(KEY));
        browser.type_into("#input-first", "it's; touch pwned $(touch pwned) `touch pwned`").await;
        browser.wait_for_text("#draft-command", "touch").await;
        let line = browser.text("#draft-command").await;
        let refused = pasted(&line, folder.path()).await;
        assert_eq!(refused.status.code(), Some(1), "{line} gave {refused:?}");
        assert!(!folder.path().join("pwned").exists());
        browser.type_into("#input-first", "5").await;
        browser.wait_for_text("#draft-command", "first=5").await;
        browser.wait_for_text("#draft-rust", "std::env::var(\"DURO_API_KEY\")").await;
        let link = browser.js("return document.querySelector('.ways-out [data-copy-link]').dataset.copyLink").await;
        assert!(link.as_str().unwrap().contains("first=5"), "{link}");
        let line = browser.text("#draft-command").await;
        assert_eq!((bench.sim.request_count(), browser.count("#result .used").await), (requests, 0));
        let output = pasted(&line, folder.path()).await;
        let printed: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {line} gave {output:?}"));
        assert_eq!(printed["data"].as_array().map(Vec::len), Some(5), "{printed}");
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_trigger_is_a_command_that_polls_and_one_that_goes_on_polling() {
    on_the_page(DuroSim::builder(), |bench| async move {
        bench.connect().await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("connection.json"), text(&bench, "/connection/file").await).unwrap();
        let browser = bench.open("/triggers/pollChangesTrigger").await;
        browser
            .js("document.querySelector('#input-pollResourceType').value = 'components'; \
                 document.querySelector('#every').value = '2'")
            .await;
        let requests = bench.sim.request_count();
        browser.click(".ways-out summary").await;
        browser.wait_for_text("#draft-poll", "pollResourceType=components").await;
        browser.wait_for_text("#draft-watch", "--every 2s").await;
        let (poll, watch) = (browser.text("#draft-poll").await, browser.text("#draft-watch").await);
        let link = browser.js("return document.querySelector('.ways-out [data-copy-link]').dataset.copyLink").await;
        assert!(link.as_str().unwrap().contains("pollResourceType=components"), "{link}");
        assert_eq!(bench.sim.request_count(), requests);
        let output = pasted(&poll, folder.path()).await;
        assert!(output.status.success(), "{poll} gave {output:?}");
        bench.sim.add(Resource::Components, "Found by a command");
        let output = pasted(&format!("{watch} --count 1"), folder.path()).await;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(printed.contains("Found by a command"), "{watch} gave {output:?}");
    })
    .await;
}
