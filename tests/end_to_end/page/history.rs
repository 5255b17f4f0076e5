//! `harness serve --history FILE`: runs that outlive the program.

use std::path::Path;

use serde_json::json;
use tokio::process::Child;

use super::bounds::admitted;
use super::command::{get, run, send, started_with};
use crate::support::built;

const KEY: &str = "canary-key-of-the-history-4711";

/// A page on a history, with a connection, and the headers of its own script.
async fn opened(history: &Path) -> (Child, String, String) {
    let component = built("test/misbehaving.wasm");
    let words = ["--component", component.to_str().unwrap(), "--history", history.to_str().unwrap()];
    let (child, host, path) = started_with(&words).await;
    let own = admitted(&host, &path).await;
    let values = json!({ "apiKey": KEY, "url": "https://plm.example/" });
    send(&host, "POST", "/connection", &own, &json!({ "kind": "key", "values": values }).to_string()).await;
    (child, host, own)
}

#[tokio::test]
async fn runs_are_there_after_a_restart_with_their_results_and_without_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("runs.sqlite");
    let (mut child, host, own) = opened(&history).await;
    let answer = run(&host, &own, "fine", &json!({ "values": {} })).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let result = get(&host, "/actions/fine/runs/1/result", &own).await;
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    comes_true(|| is_in_files(folder.path(), &body(&result)), "the result is in the file").await;
    // A second program cannot use the file at the same time.
    let component = built("test/misbehaving.wasm");
    let second = tokio::process::Command::new(built(&format!("harness{}", std::env::consts::EXE_SUFFIX)))
        .args([
            "serve",
            "--port",
            "0",
            "--component",
            component.to_str().unwrap(),
            "--history",
            history.to_str().unwrap(),
        ])
        .output()
        .await
        .unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another harness uses it"));
    child.kill().await.unwrap();

    let (_child, host, own) = opened(&history).await;
    let page = get(&host, "/actions/fine", &own).await;
    assert!(page.contains("Runs (1)") && page.contains("/actions/fine/runs/1/result"), "{page}");
    let again = get(&host, "/actions/fine/runs/1/result", &own).await;
    assert!(again.starts_with("HTTP/1.1 200 "), "{again}");
    assert_eq!(body(&again), body(&result));
    // The next run has a number of its own.
    run(&host, &own, "fine", &json!({ "values": {} })).await;
    assert!(get(&host, "/actions/fine/runs/2/result", &own).await.starts_with("HTTP/1.1 200 "));
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(KEY));
    }
}

#[tokio::test]
async fn a_key_that_was_typed_elsewhere_before_it_was_the_connections_is_in_no_file_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("runs.sqlite");
    let in_files = || {
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
        files.filter(|bytes| String::from_utf8_lossy(bytes).contains(KEY)).count()
    };
    let (child, host, path) = started_with(&["--history", history.to_str().unwrap()]).await;
    let own = admitted(&host, &path).await;
    let answer = run(&host, &own, "listComponents", &json!({ "values": { "first": KEY } })).await;
    assert!(answer.contains("no connection yet"), "{answer}");
    assert!(in_files() > 0, "the key was written nowhere, and nothing is tested");
    let values = json!({ "apiKey": KEY, "customDuroEnvironment": "https://plm.example/" });
    let connection = json!({ "kind": "duroApiKey", "values": values }).to_string();
    assert!(send(&host, "POST", "/connection", &own, &connection).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(in_files(), 0);
    drop(child);
}

#[tokio::test]
async fn a_history_that_cannot_be_used_is_named_before_the_page_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "These are notes, and no history of anything at all.").unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&text, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let second = tokio::process::Command::new(built(&format!("harness{}", std::env::consts::EXE_SUFFIX)))
        .args(["serve", "--port", "0", "--history", text.to_str().unwrap()])
        .output()
        .await
        .unwrap();
    let messages = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(2), "{messages}");
    assert!(messages.contains("notes.txt") && messages.contains("name a new file"), "{messages}");
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("These are notes"));
}

/// Whether any file of a folder holds a text.
fn is_in_files(folder: &Path, text: &str) -> bool {
    let mut files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    files.any(|bytes| String::from_utf8_lossy(&bytes).contains(text))
}

/// Waits until something is so.
async fn comes_true(is_so: impl Fn() -> bool, what: &str) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(begun.elapsed().as_secs() < 30, "it never comes true that {what}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_is_deleted_on_the_page_is_gone_from_the_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("runs.sqlite");
    let (mut child, host, path) = started_with(&["--history", history.to_str().unwrap()]).await;
    let own = admitted(&host, &path).await;
    // There is no connection: what was asked is kept all the same.
    for (action, canary) in
        [("listComponents", "canary-one"), ("listComponents", "canary-two"), ("listProducts", "canary-three")]
    {
        let typed = json!({ "values": { "first": canary } }).to_string();
        send(&host, "POST", &format!("/actions/{action}/run"), &own, &typed).await;
        comes_true(|| is_in_files(folder.path(), canary), &format!("{canary} is written somewhere")).await;
    }
    let gone = async |address: &str, expected: [bool; 3]| {
        let answer = send(&host, "POST", address, &own, "{}").await;
        assert!(answer.starts_with("HTTP/1.1 204 "), "{address}: {answer}");
        // What was still to be written is written, and taken out again.
        let are = || ["canary-one", "canary-two", "canary-three"].map(|canary| !is_in_files(folder.path(), canary));
        comes_true(|| are() == expected, &format!("{expected:?} are gone after {address}")).await;
    };
    gone("/actions/listComponents/runs/1/delete", [true, false, false]).await;
    let again = send(&host, "POST", "/actions/listComponents/runs/1/delete", &own, "{}").await;
    assert!(again.starts_with("HTTP/1.1 404 "), "{again}");
    gone("/actions/listComponents/runs/clear", [true, true, false]).await;
    gone("/history/clear", [true, true, true]).await;
    // Nobody else can have it done.
    let forged = own.replace("x-csrf-token: ", "x-csrf-token: 0");
    assert!(send(&host, "POST", "/history/clear", &forged, "{}").await.starts_with("HTTP/1.1 403 "));
    child.kill().await.unwrap();
    let (_child, host, path) = started_with(&["--history", history.to_str().unwrap()]).await;
    let own = admitted(&host, &path).await;
    assert!(get(&host, "/actions/listProducts", &own).await.contains("Nothing has run yet"));
}

#[tokio::test]
async fn a_triggers_timeline_and_its_state_are_there_after_a_restart_and_nothing_comes_twice() {
    let sim = duro_sim::DuroSim::builder().key(KEY).spawn().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("runs.sqlite");
    let words = ["--allow-http", "--allow-private-network", "--history", history.to_str().unwrap()];
    let values = json!({ "apiKey": KEY, "customDuroEnvironment": sim.url() });
    let connection = json!({ "kind": "duroApiKey", "values": values }).to_string();
    let inputs = json!({ "values": { "pollResourceType": "components" } }).to_string();
    let trigger = "/triggers/pollChangesTrigger";
    let polled = async |host: &str, own: &str| {
        let answer = send(host, "POST", &format!("{trigger}/poll"), own, &inputs).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"say\":\"Polled\""), "{answer}");
        get(host, &format!("{trigger}/news?version=0&last=0"), own).await
    };
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();

    let (mut child, host, path) = started_with(&words).await;
    let own = admitted(&host, &path).await;
    send(&host, "POST", "/connection", &own, &connection).await;
    polled(&host, &own).await;
    sim.add(duro_sim::Resource::Components, "Found before the restart");
    let news = polled(&host, &own).await;
    assert!(news.contains("1 created") && news.contains("after poll 2"), "{news}");
    let payload = body(&get(&host, &format!("{trigger}/polls/2/payload"), &own).await);
    let state = body(&get(&host, &format!("{trigger}/state/file"), &own).await);
    assert!(payload.contains("Found before the restart") && !state.is_empty());
    child.kill().await.unwrap();
    assert!(!is_in_files(folder.path(), KEY));

    let (mut child, host, path) = started_with(&words).await;
    let own = admitted(&host, &path).await;
    let page = get(&host, trigger, &own).await;
    for expected in [
        "1 created",
        "Found before the restart",
        "Poll 2",
        "after poll 2",
        "of an earlier start",
        "counting begins here",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert_eq!(body(&get(&host, &format!("{trigger}/polls/2/payload"), &own).await), payload);
    assert_eq!(body(&get(&host, &format!("{trigger}/state/file"), &own).await), state);
    let csv = get(&host, &format!("{trigger}/polls/2/download/csv"), &own).await;
    assert!(csv.contains("Found before the restart"), "{csv}");
    send(&host, "POST", "/connection", &own, &connection).await;
    let news = polled(&host, &own).await;
    assert!(news.contains("Poll 3") && news.contains("no changes") && news.contains("after poll 3"), "{news}");
    // The state belongs to its service, wherever it was kept.
    let elsewhere = duro_sim::DuroSim::builder().key(KEY).spawn().await.unwrap();
    let values = json!({ "apiKey": KEY, "customDuroEnvironment": elsewhere.url() });
    send(&host, "POST", "/connection", &own, &json!({ "kind": "duroApiKey", "values": values }).to_string()).await;
    let answer = send(&host, "POST", &format!("{trigger}/poll"), &own, &inputs).await;
    assert!(answer.contains("invalid-state"), "{answer}");
    // What is cleared is gone from the file; the state is not.
    assert!(is_in_files(folder.path(), "Found before the restart"));
    assert!(send(&host, "POST", &format!("{trigger}/clear"), &own, "{}").await.starts_with("HTTP/1.1 204 "));
    assert!(!is_in_files(folder.path(), "Found before the restart"));
    child.kill().await.unwrap();
    let (_child, host, path) = started_with(&words).await;
    let own = admitted(&host, &path).await;
    let page = get(&host, trigger, &own).await;
    assert!(page.contains("after poll 3") && !page.contains("Poll 2"), "{page}");
}

/// Runs a document on the page, and waits for its end. Gives the run's address.
async fn ran(host: &str, own: &str, id: u64, query: &str, variables: &str) -> String {
    let typed = json!({ "values": { "query": query, "variablesObject": variables } }).to_string();
    let answer = send(host, "POST", "/actions/rawRequest/run", own, &typed).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    while get(host, &format!("/actions/rawRequest/runs/{id}/end"), own).await.contains("data-run") {}
    format!("/actions/rawRequest/runs/{id}")
}

#[tokio::test]
async fn what_a_recording_is_without_is_in_no_history_and_runs_of_it_are_opened_compared_and_not_run_again_blindly() {
    let sim = duro_sim::DuroSim::builder().key(KEY).spawn().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("runs.sqlite");
    let words = ["--allow-http", "--allow-private-network", "--history", history.to_str().unwrap()];
    let words = [&words[..], &["--redact", "companyName", "--redact-pattern", "[a-z0-9.+]+@[a-z0-9.-]+"]].concat();
    let values = json!({ "apiKey": KEY, "customDuroEnvironment": sim.url() });
    let connection = json!({ "kind": "duroApiKey", "values": values }).to_string();
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    let query = "query ($password: ID) { userById { token: firstName mail: email primaryCompany { companyName: \
                 name } } componentsByIds(ids: [$password]) { id } }";

    let (mut child, host, path) = started_with(&words).await;
    let own = admitted(&host, &path).await;
    send(&host, "POST", "/connection", &own, &connection).await;
    send(&host, "POST", "/recordings/start", &own, "{}").await;
    let run = ran(&host, &own, 1, query, "{\"password\": \"00000000000000000000beef\"}").await;
    ran(&host, &own, 2, "{ userById { id } }", "").await;
    // The page shows what came, for as long as it has it.
    let came: serde_json::Value =
        serde_json::from_str(&body(&get(&host, &format!("{run}/result"), &own).await)).unwrap();
    let user = &came["userById"];
    let said =
        [&user["token"], &user["mail"], &user["primaryCompany"]["companyName"]].map(|said| said.as_str().unwrap());
    assert!(said[1].contains('@') && said[2].len() >= 6, "{came}");
    send(&host, "POST", "/recordings/stop", &own, "{}").await;
    let recorded = get(&host, "/recordings/file", &own).await;
    let gone = [said[1], said[2], "00000000000000000000beef"];
    for gone in gone {
        assert!(!recorded.contains(gone), "{gone} is in the recording");
    }
    let begun = std::time::Instant::now();
    let written = |result: &str| is_in_files(folder.path(), result);
    while !written(r#"{"userById":{"token":"#) || !written(r#"{"userById":{"id":"#) {
        assert!(begun.elapsed().as_secs() < 30, "it was written nowhere, and nothing is tested");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    child.kill().await.unwrap();
    for gone in gone {
        assert!(!is_in_files(folder.path(), gone), "{gone} is in the history");
    }

    let (_child, host, path) = started_with(&words).await;
    let own = admitted(&host, &path).await;
    send(&host, "POST", "/connection", &own, &connection).await;
    let kept: serde_json::Value =
        serde_json::from_str(&body(&get(&host, &format!("{run}/result"), &own).await)).unwrap();
    let out = json!("[redacted]");
    assert_eq!(kept["userById"]["mail"], out, "{kept}");
    assert_eq!((&kept["userById"]["token"], &kept["userById"]["primaryCompany"]["companyName"]), (&out, &out));
    assert_eq!(kept["componentsByIds"], came["componentsByIds"]);
    // What is whole can be run again; what is not is filled in first.
    let page = get(&host, "/actions/rawRequest?run=1", &own).await;
    assert!(page.contains("data-again=\"/actions/rawRequest?run=2\""), "{page}");
    assert!(
        !page.contains("data-again=\"/actions/rawRequest?run=1\"") && page.contains("not all of its inputs are kept")
    );
    // The same call differs in nothing, although one of the two is in memory.
    ran(&host, &own, 3, query, "{\"password\": \"00000000000000000000beef\"}").await;
    let compared = get(&host, "/actions/rawRequest/compare?run=1&run=3", &own).await;
    assert!(compared.contains("is not compared") && !compared.contains("data-differs"), "{compared}");
    let results = ["1", "3"].map(|id| format!("/actions/rawRequest/runs/{id}/result?kept=true"));
    assert!(results.iter().all(|result| compared.contains(result.as_str())), "{compared}");
    let [older, newer] = [&results[0], &results[1]];
    assert_eq!(body(&get(&host, older, &own).await), body(&get(&host, newer, &own).await));
}
