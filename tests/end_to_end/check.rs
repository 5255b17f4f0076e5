//! `harness check`: nothing is found in the connector as it is, and every fault that is planted in it by its name.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
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

/// The connector with one fault at a time.
struct Planted {
    original: Vec<u8>,
    place: usize,
    folder: TempDir,
}

impl Planted {
    fn new() -> Self {
        let original = std::fs::read(built("test/planted_faults.wasm")).unwrap();
        let place = original.windows(14).position(|bytes| bytes == b"planted-fault:").unwrap() + 14;
        Self { original, place, folder: tempfile::tempdir().unwrap() }
    }

    fn with(&self, fault: u8) -> PathBuf {
        let mut bytes = self.original.clone();
        bytes[self.place..self.place + 2].copy_from_slice(format!("{fault:02}").as_bytes());
        let component = self.folder.path().join(format!("{fault}.wasm"));
        std::fs::write(&component, bytes).unwrap();
        component
    }

    async fn check(&self, fault: u8, words: &[&str]) -> Ended {
        // The older one is compiled once, and this machine's own cache is left alone.
        let cache = self.folder.path().join("cache");
        let own = ["--cache-dir", cache.to_str().unwrap(), "--compile-deadline", "5m", "--histories", "40"];
        check(&self.with(fault), &[&own, words].concat()).await
    }
}

#[tokio::test]
async fn every_planted_fault_is_found_by_the_check_that_is_made_for_it() {
    let planted = Planted::new();
    let older = built("duro_plm.wasm").to_str().unwrap().to_owned();
    let naive = &["unknown-keys", "bad-inputs", "troubles", "state-refused", "loses-nothing", "older-state"][..];
    for (fault, found) in [
        (0, &[][..]),
        (1, naive),
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
        (22, naive),
        (23, naive),
        (24, &["loses-nothing", "older-state"]),
        (25, &["state-refused"]),
        (26, &["manifest"]),
        (27, &["manifest"]),
    ] {
        let checked = planted.check(fault, &["--older", &older]).await;
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
async fn a_record_is_recognised_by_the_time_of_its_last_change_where_no_text_of_it_is_passed_on() {
    let checked = Planted::new().check(19, &[]).await;
    assert_eq!((checked.status, with(&checked, "not-checked")), (0, vec![]), "{}", checked.output);
    let tried = of(&checked, "loses-nothing")["tried"].to_string();
    assert!(tried.contains("40 histories a trigger") && !tried.contains(" 0 changes"), "{tried}");
}

#[tokio::test]
async fn what_tells_no_version_is_not_checked_for_losses_with_the_reason_and_counts_where_that_is_asked_for() {
    let planted = Planted::new();
    for (fault, reason) in [(20, "nothing in it tells their versions"), (21, "hold no id of the service's")] {
        let checked = planted.check(fault, &[]).await;
        assert_eq!((checked.status, with(&checked, "failed")), (0, vec![]), "{fault}: {}", checked.output);
        assert_eq!(with(&checked, "not-checked"), ["loses-nothing"], "{fault}: {}", checked.output);
        let why = of(&checked, "loses-nothing")["why"].to_string();
        assert!(why.contains("pollChangesTrigger") && why.contains(reason), "{fault}: {why}");
        assert!(checked.messages.contains("13 of 14 checks hold; 1 could not be tried."), "{}", checked.messages);

        let strict = planted.check(fault, &["--strict"]).await;
        assert_eq!((strict.status, with(&strict, "failed")), (1, vec![]), "{fault}: {}", strict.messages);
        assert_eq!(with(&strict, "not-checked"), ["loses-nothing"], "{fault}: {}", strict.output);
        let said = "13 of 14 checks hold; 1 could not be tried, which --strict counts as failed: loses-nothing";
        assert!(strict.messages.contains(said), "{fault}: {}", strict.messages);
        let junit = planted.check(fault, &["--strict", "--format", "junit"]).await;
        assert!(junit.status == 1 && junit.output.contains("failures=\"0\" skipped=\"1\""), "{}", junit.output);
    }
    let all = planted.check(0, &["--strict"]).await;
    assert_eq!(all.status, 0, "{} {}", all.output, all.messages);
    assert!(all.messages.contains("14 of 14 checks hold."), "{}", all.messages);
    let both = check(&built("test/misbehaving.wasm"), &["--strict", "--deadline", "2s"]).await;
    let said = "do not hold: examples, unknown-keys, troubles, bounds; 7 could not be tried, which --strict counts";
    assert!(both.status == 1 && both.messages.contains(said), "{}", both.messages);
}

#[tokio::test]
async fn an_older_version_that_does_not_say_what_it_asks_for_is_tried_on_the_service_of_the_newer_one() {
    let planted = Planted::new();
    let older = planted.folder.path().join("older.wasm");
    std::fs::write(&older, crate::older::component()).unwrap();
    let words = ["--older", older.to_str().unwrap()];
    let checked = planted.check(0, &words).await;
    let taken = of(&checked, "older-state");
    assert_eq!(
        (&taken["verdict"], &taken["tried"]),
        (&"passed".into(), &"1 states of version 0.1.0".into()),
        "{taken}"
    );
    // One that takes none of another version's is found.
    let refuses = planted.check(11, &words).await;
    let refused = of(&refuses, "older-state")["problems"].to_string();
    assert!(refused.contains("does not take it") && refused.contains("of another version"), "{refused}");
    // The other way around the newer one is what says nothing of its service.
    let none = check(&older, &["--older", built("duro_plm.wasm").to_str().unwrap()]).await;
    let why = of(&none, "older-state")["why"].to_string();
    assert!(why.contains("extensions.graphql"), "{why}");
    // What the older one does wrong is not for the newer one to mend.
    let eager = planted.with(12);
    let blamed = check(&built("duro_plm.wasm"), &["--older", eager.to_str().unwrap(), "--histories", "3"]).await;
    let why = of(&blamed, "older-state")["why"].to_string();
    assert!(why.contains("wrote no state: the first poll of pollChangesTrigger delivers something"), "{why}");
}

#[tokio::test]
async fn a_trigger_that_is_not_told_whose_the_records_are_may_take_the_state_of_any_account() {
    let planted = Planted::new();
    let asks_nobody = of(&planted.check(1, &[]).await, "state-refused")["problems"].to_string();
    assert!(asks_nobody.contains("the state of another service"), "{asks_nobody}");
    assert!(!asks_nobody.contains("account"), "{asks_nobody}");
    let asks = of(&planted.check(25, &[]).await, "state-refused")["problems"].clone();
    let found =
        ["pollChangesTrigger goes on from the state of another account at the same service, whose id it was told"];
    assert_eq!(asks, serde_json::json!(found));
}

#[tokio::test]
async fn a_component_that_no_host_loads_is_reported_like_any_other_in_every_format() {
    let planted = Planted::new();
    let file = |name: &str, bytes: Vec<u8>| {
        let path = planted.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let clock = r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance (export "now" (func)))))"#;
    let later = r#"(component (import "integration:connector/http@0.3.0" (instance)))"#;
    let older = built("duro_plm.wasm").to_str().unwrap().to_owned();
    let names = |ended: &Ended| -> Vec<String> {
        let checks = ended.json()["checks"].as_array().unwrap().clone();
        checks.iter().map(|check| check["check"].as_str().unwrap().to_owned()).collect()
    };
    let whole = names(&planted.check(0, &["--older", &older]).await);
    for (component, failed, problem) in [
        (file("clock.wasm", wat::parse_str(clock).unwrap()), "imports", "it imports wasi:clocks/wall-clock@0.2.0"),
        (file("later.wasm", wat::parse_str(later).unwrap()), "manifest", "it has http of 0.3.0"),
        (file("empty.wasm", wat::parse_str("(component)").unwrap()), "manifest", "it does not export manifest"),
        (planted.with(26), "manifest", "the action key createChangeOrder is used twice"),
        (planted.with(27), "manifest", "manifest could not be read"),
    ] {
        let name = component.file_name().unwrap().to_str().unwrap().to_owned();
        let words = ["--no-cache", "--compile-deadline", "5m", "--older", &older];
        let checked = check(&component, &words).await;
        assert_eq!((checked.status, with(&checked, "failed")), (1, vec![failed.to_owned()]), "{}", checked.messages);
        assert!(checked.messages.contains(&format!("1 of 16 checks do not hold: {failed}; ")), "{}", checked.messages);
        // All the checks are there, in their order.
        assert_eq!(names(&checked), whole, "{name}");
        let found = of(&checked, failed);
        assert!(found["problems"].to_string().contains(problem) && found["wayOut"].is_string(), "{found}");
        assert_eq!(checked.json()["connector"], Value::Null);
        let untried = with(&checked, "not-checked");
        assert_eq!(untried.len(), if failed == "imports" { 15 } else { 14 }, "{}", checked.output);
        let whys = untried.iter().map(|name| of(&checked, name)["why"].as_str().unwrap().to_owned());
        assert!(whys.into_iter().all(|why| why.starts_with("it is not loaded: ")), "{}", checked.output);

        let junit = check(&component, &[&words[..], &["--format", "junit"]].concat()).await;
        let suite = format!("<testsuite name=\"{name}\" tests=\"16\" failures=\"1\" skipped=\"{}\">", untried.len());
        assert!(junit.status == 1 && junit.output.contains(&suite), "{} {}", junit.output, junit.messages);
        let table = check(&component, &[&words[..], &["--format", "table"]].concat()).await;
        let line = table.output.lines().find(|line| line.starts_with("FAILED ")).unwrap();
        assert!(table.status == 1 && line.contains(failed), "{}", table.output);
    }
    // What is no component is no report.
    let none = file("none.wasm", b"no component".to_vec());
    for missing in [none, planted.folder.path().join("missing.wasm")] {
        let checked = check(&missing, &["--format", "junit"]).await;
        assert_eq!((checked.status, checked.output.as_str()), (2, ""), "{}", checked.messages);
    }
}

#[tokio::test]
async fn an_older_version_that_cannot_be_loaded_is_said_to_be_the_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let older = folder.path().join("older.wasm");
    std::fs::write(&older, "hello").unwrap();
    let checked = check(&built("duro_plm.wasm"), &["--histories", "1", "--older", older.to_str().unwrap()]).await;
    assert!(checked.status != 0 && checked.messages.contains("--older "), "{}", checked.messages);
    assert!(checked.messages.contains("older.wasm: "), "{}", checked.messages);
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
