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
    let checks = ended.json()["checks"].as_array().unwrap().clone();
    let checks = checks.iter().filter(|check| check["verdict"] == verdict);
    checks.map(|check| check["check"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_connector_keeps_the_contract() {
    let component = built("duro_plm.wasm");
    let checked = check(&component, &["--older", component.to_str().unwrap()]).await;
    assert_eq!(checked.status, 0, "{} {}", checked.output, checked.messages);
    assert_eq!(with(&checked, "not-checked"), Vec::<String>::new(), "{}", checked.output);
    assert_eq!(with(&checked, "passed").len(), 14);
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
    let tried = checked.json()["checks"].as_array().unwrap().iter().find(|done| done["check"] == "live-calls").unwrap()
        ["tried"]
        .to_string();
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
    let older = built("duro_plm.wasm");
    for (fault, found) in [
        (0, &[][..]),
        (1, &["loses-nothing"]),
        (2, &["version"]),
        (3, &["good-calls"]),
        (4, &["logs"]),
        (5, &["state-round-trip"]),
        (6, &["state-refused"]),
        (7, &["unknown-keys"]),
        (8, &["bad-inputs"]),
        (9, &["troubles"]),
        (10, &["examples"]),
        (11, &["older-state"]),
        (12, &["state-round-trip"]),
    ] {
        let mut bytes = original.clone();
        bytes[place..place + 2].copy_from_slice(format!("{fault:02}").as_bytes());
        let component = folder.path().join(format!("{fault}.wasm"));
        std::fs::write(&component, bytes).unwrap();
        let words = ["--no-cache", "--histories", "40", "--older", older.to_str().unwrap()];
        let checked = check(&component, &words).await;
        let failed = with(&checked, "failed");
        assert!(
            found.iter().all(|name| failed.iter().any(|failed| failed == name)),
            "{fault}: {failed:?} {}",
            checked.output
        );
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
async fn a_component_that_says_nothing_of_its_service_is_checked_as_far_as_it_can_be() {
    let checked = check(&built("test/misbehaving.wasm"), &[]).await;
    assert!(with(&checked, "not-checked").iter().any(|name| name == "loses-nothing"), "{}", checked.output);
    assert!(!with(&checked, "passed").is_empty());
    let all = checked.json()["checks"].as_array().unwrap().clone();
    let why = all.iter().find(|check| check["check"] == "loses-nothing").unwrap()["why"].clone();
    assert!(why.as_str().unwrap().contains("extensions.graphql"), "{why}");
    let wrong = check(&built("duro_plm.wasm"), &["--older", "no-such-file"]).await;
    assert!(wrong.status != 0 && wrong.messages.contains("no-such-file"), "{}", wrong.messages);
    let _: Value = checked.json();
}
