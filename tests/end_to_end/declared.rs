//! What a component says of itself, and what of it the host believes: where the key goes, what is secret, how long it
//! may take to say it.

use crate::harness::{Ended, ended};
use crate::support::built;
use host::{Limit, LoadError, Runtime, RuntimeOptions};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// The misbehaving component with another manifest: see `manifest.rs` there for the two letters.
pub(crate) fn declaring(manifest: &str) -> (TempDir, PathBuf) {
    const DECLARED: &[u8] = b"the-manifest-that-is-declared:ok";
    let mut component = fs::read(built("test/misbehaving.wasm")).unwrap();
    let places: Vec<usize> =
        (0..component.len() - DECLARED.len()).filter(|at| component[*at..].starts_with(DECLARED)).collect();
    assert_eq!(places.len(), 1, "the component does not say once which manifest it has");
    component[places[0] + DECLARED.len() - 2..places[0] + DECLARED.len()].copy_from_slice(manifest.as_bytes());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("declaring.wasm");
    fs::write(&path, component).unwrap();
    (folder, path)
}

async fn harness(words: &[&str], component: &Path) -> Ended {
    let mut command = Command::new(built("harness"));
    command.arg("--component").arg(component).args(words).kill_on_drop(true);
    ended(command).await
}

fn connection(folder: &TempDir, fields: serde_json::Value) -> String {
    let path = folder.path().join("connection.json");
    fs::write(&path, json!({ "key": "key", "fields": fields }).to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_password_that_is_not_marked_secret_is_refused_when_the_component_is_loaded() {
    let (_folder, component) = declaring("pw");
    let ended = harness(&["inspect"], &component).await;
    assert_eq!(ended.status, 2, "{}", ended.output);
    assert!(
        ended.messages.contains("field apiKey: it is a password that is not marked as a secret"),
        "{}",
        ended.messages
    );
}

#[tokio::test]
async fn what_the_component_would_be_given_is_shown_before_the_first_call() {
    let (_folder, component) = declaring("tx");
    let ended = harness(&["inspect", "--format", "table"], &component).await;
    let line = ended.output.lines().find(|line| line.contains("apiKey")).unwrap();
    assert!(line.contains("given to the component"), "{line}");
}

#[tokio::test]
async fn a_hidden_default_does_not_beat_the_url_that_was_filled_in() {
    let (folder, component) = declaring("ep");
    let fields = json!({ "apiKey": "key-of-somebody", "url": "https://own.example/graphql" });
    let path = connection(&folder, fields);
    let ended = harness(&["--format", "json", "inspect", "--connection", &path], &component).await;
    let destination = ended.json()["destination"].as_str().unwrap().to_owned();
    assert_eq!(destination, "requests go to https://own.example, with apiKey, and nowhere else");
}

#[tokio::test]
async fn the_key_goes_to_the_environment_that_was_chosen_and_nowhere_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let inspect = async |fields: serde_json::Value| {
        let path = folder.path().join("connection.json");
        fs::write(&path, json!({ "key": "duroApiKey", "fields": fields }).to_string()).unwrap();
        harness(&["inspect", "--connection", path.to_str().unwrap()], &built("duro_plm.wasm")).await
    };
    for (environment, custom, host) in [
        ("Main (MFG)", "", "mfg.duro.app"),
        ("ITAR", "", "app.govduro.us"),
        ("https://app.govduro.us/graphql", "", "app.govduro.us"),
        ("https://gov.duro.us/graphql", "", "gov.duro.us"),
        ("EU", "", "eu.duro.app"),
        ("EU", "https://own.example/graphql", "own.example"),
        ("", "https://own.example/graphql", "own.example"),
    ] {
        let fields = json!({ "apiKey": "k", "duroEnvironment": environment, "customDuroEnvironment": custom });
        let ended = inspect(fields).await;
        assert!(ended.output.contains(&format!("requests go to https://{host}, with apiKey")), "{}", ended.output);
    }
    for fields in [json!({ "apiKey": "k" }), json!({ "apiKey": "k", "duroEnvironment": " " })] {
        let ended = inspect(fields).await;
        let said = format!("{}{}", ended.output, ended.messages);
        assert!(said.contains("fill in duroEnvironment or customDuroEnvironment"), "{said}");
        assert!(!said.contains("https://mfg.duro.app/graphql, with"), "{said}");
    }
}

#[tokio::test]
async fn where_the_key_will_go_is_said_before_a_request_leaves() {
    let folder = tempfile::tempdir().unwrap();
    // Nothing is sent: the address is refused. It was said where the key would have gone all the same.
    let path = folder.path().join("connection.json");
    let fields = json!({ "apiKey": "key-of-somebody", "customDuroEnvironment": "https://10.0.0.1/graphql" });
    fs::write(&path, json!({ "key": "duroApiKey", "fields": fields }).to_string()).unwrap();
    let words = ["test-connection", "--connection", path.to_str().unwrap()];
    let ended = harness(&words, &built("duro_plm.wasm")).await;
    let said = "note: requests go to https://10.0.0.1, with apiKey, and nowhere else";
    let place = |text: &str| ended.messages.find(text).unwrap_or_else(|| panic!("{text} is not in {}", ended.messages));
    assert!(place(said) < place("refused: "), "{}", ended.messages);
}

#[tokio::test]
async fn a_manifest_that_was_not_approved_is_refused_with_what_changed_for_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let approved = folder.path().join("approved.json");
    let honest = built("test/misbehaving.wasm");
    fs::write(&approved, harness(&["inspect", "--manifest"], &honest).await.output).unwrap();
    let expecting = ["--expect-manifest", approved.to_str().unwrap(), "inspect"];
    assert_eq!(harness(&expecting, &honest).await.status, 0);
    for (manifest, change) in [
        ("tx", "field apiKey: it is given to the component, and was a secret"),
        ("ep", "field region: it is new (given to the component, decides where requests go with precedence 255"),
        ("te", "though not in which fields are secret"),
    ] {
        let (_folder, component) = declaring(manifest);
        let ended = harness(&expecting, &component).await;
        assert_eq!(ended.status, 3, "{manifest}: {}", ended.messages);
        assert!(ended.messages.contains(change), "{manifest}: {}", ended.messages);
        assert_eq!(ended.json()["error"]["endedBy"], "load");
        // Nor does it become machine code.
        let code = folder.path().join("code.cwasm");
        let compile = [&expecting[..2], &["compile", "--output", code.to_str().unwrap()]].concat();
        assert_eq!((harness(&compile, &component).await.status, code.exists()), (3, false), "{manifest}");
    }
    let pull = [&expecting[..2], &["pull", "oci://127.0.0.1:9/x:1", "--output", "x.wasm"]].concat();
    let refused = harness(&pull, &honest).await;
    assert!(refused.status == 2 && refused.messages.contains("loads no component"), "{}", refused.messages);
    fs::write(&approved, "[]").unwrap();
    assert_eq!(harness(&expecting, &honest).await.status, 2);
}

#[tokio::test]
async fn a_manifests_texts_neither_drive_the_terminal_nor_pass_for_the_hosts_lines() {
    let (_folder, component) = declaring("te");
    let ended = harness(&["inspect", "--format", "table"], &component).await;
    assert_eq!(ended.status, 0);
    assert!(!ended.output.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{:?}", ended.output);
    assert!(!ended.output.lines().any(|line| line.starts_with("It imports nothing at all")), "{}", ended.output);
}

#[tokio::test]
async fn a_description_that_never_ends_is_ended_at_the_deadline_that_was_asked_for() {
    let (_folder, component) = declaring("sp");
    let ended = harness(&["--deadline", "300ms", "inspect"], &component).await;
    assert_eq!(ended.status, 3);
    assert!(
        ended.messages.contains("deadline of 300 ms") && ended.messages.contains("--deadline"),
        "{}",
        ended.messages
    );
    let (_folder, component) = declaring("al");
    let ended = harness(&["--max-memory", "8MiB", "inspect"], &component).await;
    assert!(ended.messages.contains("memory than 8 MiB"), "{}", ended.messages);
}

#[tokio::test]
async fn a_component_that_is_too_large_or_takes_too_long_to_compile_is_not_loaded() {
    let component = built("test/misbehaving.wasm");
    let ended = harness(&["--max-component-bytes", "1000", "inspect"], &component).await;
    assert_eq!(ended.status, 3);
    assert!(
        ended.messages.contains("larger than 1000 bytes; raise it with --max-component-bytes"),
        "{}",
        ended.messages
    );
    let limits = host::Limits { compile_deadline: Duration::from_micros(1), ..Default::default() };
    let runtime = Runtime::new(RuntimeOptions { load_limits: Arc::new(limits), ..Default::default() }).unwrap();
    let error = runtime.load_file(&component).await.unwrap_err();
    assert!(matches!(error, LoadError::Limit(exceeded) if exceeded.limit == Limit::CompileDeadline), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn machine_code_is_not_loaded_as_a_component_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let (forged, compiled) = (folder.path().join("connector.wasm"), folder.path().join("connector.cwasm"));
    let ended = harness(&["compile", "--output", compiled.to_str().unwrap()], &built("test/misbehaving.wasm")).await;
    assert_eq!(ended.status, 0, "{}", ended.messages);
    fs::copy(&compiled, &forged).unwrap();
    let ended = harness(&["inspect"], &forged).await;
    assert_eq!(ended.status, 2, "{}", ended.output);
    assert!(ended.messages.contains("machine code") && ended.messages.contains("--precompiled"), "{}", ended.messages);
    let mut command = Command::new(built("harness"));
    command.arg("--precompiled").arg(&compiled).args(["inspect", "--manifest"]);
    assert_eq!(self::ended(command).await.json()["key"], "misbehaving");
}

#[tokio::test]
async fn compiling_replaces_neither_the_component_nor_a_file_of_somebody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let (component, letter) = (folder.path().join("connector.wasm"), folder.path().join("letter.txt"));
    fs::copy(built("test/misbehaving.wasm"), &component).unwrap();
    fs::write(&letter, "dear editor").unwrap();
    let before = fs::read(&component).unwrap();
    for output in [&component, &letter] {
        let ended = harness(&["compile", "--output", output.to_str().unwrap()], &component).await;
        assert_eq!(ended.status, 2, "{}", ended.output);
    }
    assert_eq!((fs::read(&component).unwrap(), fs::read_to_string(&letter).unwrap()), (before, "dear editor".into()));
}
