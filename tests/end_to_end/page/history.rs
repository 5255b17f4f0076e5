//! `harness serve --history FILE`: runs that outlive the program.

use std::path::Path;

use serde_json::json;
use tokio::process::Child;

use super::bounds::admitted;
use super::command::{get, send, started_with};
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
    let answer = send(&host, "POST", "/actions/fine/run", &own, &json!({ "values": {} }).to_string()).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let result = get(&host, "/actions/fine/runs/1/result", &own).await;
    // A second program cannot use the file at the same time.
    let component = built("test/misbehaving.wasm");
    let second = tokio::process::Command::new(built(&format!("harness{}", std::env::consts::EXE_SUFFIX)))
        .args(["serve", "--component", component.to_str().unwrap(), "--history", history.to_str().unwrap()])
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
    let body = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert!(again.starts_with("HTTP/1.1 200 "), "{again}");
    assert_eq!(body(&again), body(&result));
    // The next run has a number of its own.
    send(&host, "POST", "/actions/fine/run", &own, &json!({ "values": {} }).to_string()).await;
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
    let typed = json!({ "values": { "first": KEY } }).to_string();
    let answer = send(&host, "POST", "/actions/listComponents/run", &own, &typed).await;
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
        .args(["serve", "--history", text.to_str().unwrap()])
        .output()
        .await
        .unwrap();
    let messages = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(2), "{messages}");
    assert!(messages.contains("notes.txt") && messages.contains("name a new file"), "{messages}");
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("These are notes"));
}
