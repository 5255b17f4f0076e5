//! `harness check`: nothing is found in the connector as it is, and every fault that is planted in it by its name.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::harness::{Desk, Ended, ended};
use crate::support::built;

async fn check(component: &Path, words: &[&str]) -> Ended {
    let mut command = Command::new(built("harness"));
    command.args(["--no-config", "check", "--component"]).arg(component).args(words);
    command.stdin(Stdio::null()).kill_on_drop(true);
    ended(command).await
}

/// The names of the checks with this verdict.
fn with(ended: &Ended, verdict: &str) -> Vec<String> {
    let report = ended.json();
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("{} {report}", ended.messages));
    let checks = checks.iter().filter(|check| check["verdict"] == verdict);
    checks.map(|check| check["check"].as_str().unwrap().to_owned()).collect()
}

/// What came of the check of this name.
fn of(ended: &Ended, name: &str) -> Value {
    let checks = ended.json()["checks"].as_array().unwrap().clone();
    checks.into_iter().find(|check| check["check"] == name).unwrap()
}

#[tokio::test]
async fn the_connector_keeps_the_contract() {
    let component = built("duro_plm.wasm");
    let checked = check(&component, &["--older", component.to_str().unwrap()]).await;
    assert_eq!(checked.status, 0, "{} {}", checked.output, checked.messages);
    assert_eq!(with(&checked, "not-checked"), Vec::<String>::new(), "{}", checked.output);
    assert_eq!(with(&checked, "passed").len(), 16);
    let table = check(&component, &["--format", "table", "--histories", "3"]).await;
    assert!(table.output.lines().all(|line| line.starts_with("ok ")), "{}", table.output);
    let junit = check(&component, &["--format", "junit", "--histories", "3"]).await;
    assert!(
        junit.output.contains("failures=\"0\"") && junit.output.contains("name=\"loses-nothing\""),
        "{}",
        junit.output
    );
}

#[tokio::test]
async fn the_second_connector_keeps_it_too() {
    let component = built("connectors/duro_design.wasm");
    let checked = check(&component, &["--older", component.to_str().unwrap()]).await;
    assert_eq!(checked.status, 0, "{} {}", checked.output, checked.messages);
    assert_eq!(with(&checked, "not-checked"), Vec::<String>::new(), "{}", checked.output);
}

#[tokio::test]
async fn a_service_that_is_named_is_read_and_nothing_else() {
    let desk = Desk::new().await;
    let words = ["check", "--histories", "3", "--format", "json"];
    let checked = desk.run(&words).await;
    assert_eq!(checked.status, 0, "{} {}", checked.output, checked.messages);
    for name in ["live-connection", "live-calls", "live-triggers"] {
        assert!(with(&checked, "passed").contains(&name.to_owned()), "{}", checked.output);
    }
    let tried = of(&checked, "live-calls")["tried"].to_string();
    assert!(tried.contains("operations") && !tried.starts_with("\"0 "), "{tried}");
    assert!(desk.sim.requests().iter().all(|request| !request.body_text().contains("mutation")));
    // A service that does not answer as the manifest says is found.
    let refused = desk.run_with_key("another-key-than-the-services", &words).await;
    assert_eq!(refused.status, 1, "{}", refused.messages);
    assert!(with(&refused, "failed").contains(&"live-connection".to_owned()), "{}", refused.output);
}

#[tokio::test]
async fn every_planted_fault_is_found_by_the_check_that_is_made_for_it() {
    let original = std::fs::read(built("test/planted_faults.wasm")).unwrap();
    let place = original.windows(14).position(|bytes| bytes == b"planted-fault:").unwrap() + 14;
    let folder = tempfile::tempdir().unwrap();
    // The older one is compiled once, and this machine's own cache is left alone.
    let cache = folder.path().join("cache").to_str().unwrap().to_owned();
    let older = built("duro_plm.wasm").to_str().unwrap().to_owned();
    for (fault, found) in [
        (0, &[][..]),
        (1, &["unknown-keys", "bad-inputs", "troubles", "state-refused", "loses-nothing", "older-state"]),
        (2, &["version"]),
        (3, &["good-calls"]),
        (4, &["logs"]),
        (5, &["state-round-trip", "loses-nothing"]),
        (6, &["state-refused"]),
        (7, &["unknown-keys"]),
        (8, &["bad-inputs", "good-calls"]),
        (9, &["troubles"]),
        (10, &["examples", "version"]),
        (11, &["older-state"]),
        (12, &["state-round-trip", "state-refused"]),
        (13, &["loses-nothing", "payloads"]),
        (14, &["good-calls", "bounds"]),
        (15, &["good-calls", "bounds"]),
        (16, &["missing-secret", "logs", "version"]),
        (17, &["logs"]),
        (18, &["examples", "version"]),
    ] {
        let mut bytes = original.clone();
        bytes[place..place + 2].copy_from_slice(format!("{fault:02}").as_bytes());
        let component = folder.path().join(format!("{fault}.wasm"));
        std::fs::write(&component, bytes).unwrap();
        let words = ["--cache-dir", &cache, "--compile-deadline", "5m", "--histories", "40", "--older", &older];
        let checked = check(&component, &words).await;
        let failed = with(&checked, "failed");
        assert_eq!(failed, found, "{fault}: {}", checked.output);
        assert_eq!(checked.status, i32::from(!found.is_empty()), "{fault}: {failed:?} {}", checked.messages);
        let ways = checked.json()["checks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|check| check["verdict"] == "failed")
            .all(|check| check["wayOut"].is_string() && !check["problems"].as_array().unwrap().is_empty());
        assert!(ways, "{fault}: {}", checked.output);
    }
}

#[tokio::test]
async fn a_recording_answers_in_the_place_of_a_service() {
    let desk = Desk::new().await;
    let list = ["action", "listComponents", "--input", "first=3", "--record", "list.har"];
    assert_eq!(desk.run(&list).await.status, 0);
    let words = ["check", "--service", "list.har", "--format", "json", "--output", "found.json"];
    let checked = desk.run_bare(&words).await;
    assert_eq!((checked.status, checked.output.as_str()), (0, ""), "{}", checked.messages);
    let found: Value = serde_json::from_str(&std::fs::read_to_string(desk.file("found.json")).unwrap()).unwrap();
    let found_of = |name: &str| {
        let checks = found["checks"].as_array().unwrap();
        checks.iter().find(|check| check["check"] == name).unwrap().clone()
    };
    let tried = found_of("good-calls")["tried"].as_str().unwrap().to_owned();
    assert!(tried.starts_with("1 operations; not answered by the recording: the test of the connection"), "{tried}");
    assert!(!tried.contains("listComponents"), "{tried}");
    for name in ["unknown-keys", "missing-secret", "bad-inputs", "troubles", "logs", "bounds"] {
        assert_eq!(found_of(name)["verdict"], "passed", "{found}");
    }
    for name in ["state-round-trip", "state-refused", "loses-nothing", "payloads"] {
        assert_eq!(found_of(name)["verdict"], "not-checked", "{found}");
    }

    // With polls in it that go on from each other, states are tried too.
    let watch = ["watch", "pollChangesTrigger", "--state", "s", "--every", "1ms", "--count", "3", "--record", "w.har"];
    assert_eq!(desk.run(&watch).await.status, 0);
    let checked = desk.run_bare(&["check", "--service", "w.har", "--format", "json"]).await;
    let passed = with(&checked, "passed");
    for name in ["good-calls", "state-round-trip", "state-refused"] {
        assert!(passed.iter().any(|passed| passed == name), "{name}: {}", checked.output);
    }

    // What the browser wrote has no calls: the component's own have to be among what it asked.
    let mut har: Value = serde_json::from_str(&std::fs::read_to_string(desk.file("list.har")).unwrap()).unwrap();
    har["log"]["pages"] = serde_json::json!([]);
    har["log"].as_object_mut().unwrap().remove("_recording");
    std::fs::write(desk.file("browser.har"), har.to_string()).unwrap();
    let checked = desk.run_bare(&["check", "--service", "browser.har", "--format", "json"]).await;
    assert_eq!(checked.status, 0, "{} {}", checked.output, checked.messages);

    // An answer that is not what the schema says is found.
    let text = std::fs::read_to_string(desk.file("list.har")).unwrap();
    std::fs::write(desk.file("lies.har"), text.replace(r#"\"name\":\""#, r#"\"name\":7,\"x\":\""#)).unwrap();
    let checked = desk.run_bare(&["check", "--service", "lies.har", "--format", "json"]).await;
    assert_eq!((checked.status, with(&checked, "failed")), (1, vec!["good-calls".to_owned()]), "{}", checked.output);

    let misbehaving = built("test/misbehaving.wasm");
    let wrong = check(&misbehaving, &["--service", desk.file("list.har").to_str().unwrap()]).await;
    assert!(wrong.status == 2 && wrong.messages.contains("of the connector duro-plm"), "{}", wrong.messages);
}

#[tokio::test]
async fn no_history_is_no_check() {
    let none = check(&built("duro_plm.wasm"), &["--histories", "0"]).await;
    assert!(none.status == 2 && none.messages.contains("--histories"), "{}", none.messages);
}

#[tokio::test]
async fn a_component_that_says_nothing_of_its_service_is_checked_as_far_as_it_can_be() {
    let checked = check(&built("test/misbehaving.wasm"), &["--deadline", "2s"]).await;
    // An example is no object, a trigger takes every key, the test of the connection asks nobody, and another trigger
    // never ends.
    assert_eq!(with(&checked, "failed"), ["examples", "unknown-keys", "troubles", "bounds"], "{}", checked.output);
    assert_eq!(with(&checked, "passed"), ["imports", "manifest", "bad-inputs"], "{}", checked.output);
    assert!(with(&checked, "not-checked").iter().any(|name| name == "loses-nothing"), "{}", checked.output);
    for (name, problem) in [
        ("unknown-keys", "the trigger that is not there gives a result"),
        ("troubles", "the test of the connection takes HTTP 401 for an answer"),
        ("bounds", "poll spin: deadline goes over 2 s"),
    ] {
        let problems = of(&checked, name)["problems"].to_string();
        assert!(problems.contains(problem), "{name}: {problems}");
    }
    let why = of(&checked, "loses-nothing")["why"].to_string();
    assert!(why.contains("extensions.graphql") && why.contains("--service"), "{why}");
    let wrong = check(&built("duro_plm.wasm"), &["--older", "no-such-file"]).await;
    assert!(wrong.status != 0 && wrong.messages.contains("no-such-file"), "{}", wrong.messages);
    let _: Value = checked.json();
}
