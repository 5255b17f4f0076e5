//! One key through every command of the harness, in success and in failure, with everything shown: it is in none of
//! what is printed or kept. And what the harness says of a key that ends.

use crate::harness::{Desk, ended};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use duro_sim::{DuroSim, Fault, Resource};
use serde_json::json;
use std::fs;
use std::time::{Duration, SystemTime};

const CANARY: &str = "canary-91c4+\"of\"/the=shell";

#[tokio::test]
async fn the_key_is_in_nothing_that_any_command_prints_or_keeps() {
    let desk = Desk::with(DuroSim::builder()).await;
    desk.sim.accept_key(CANARY);
    let part = desk.sim.records(Resource::Components).remove(0).id;
    let part = format!("componentId={part}");
    let commands = [
        vec!["test-connection"],
        vec!["action", "getCurrentUser"],
        vec!["action", "listCompanyUsers"],
        vec!["action", "listComponents", "--format", "table"],
        vec!["action", "getComponentById", "--input", &part],
        vec!["action", "listChangeOrders"],
        vec!["action", "createChangeOrder", "--input", "name=x"],
        vec!["action", "rawRequest"],
        vec!["action", "findComponents", "--format", "csv"],
        vec!["action", "getBillOfMaterials", "--input", &part, "--format", "ndjson"],
        vec!["verify", "--report", "verify.report"],
        vec!["verify", "--by-queries"],
        vec!["key", "show"],
        vec!["key", "renew", "--to-file", "new.key"],
        vec!["state", "check", "pollChangesTrigger", "--state", "poll.state"],
        vec!["data-source", "selectComponent"],
        vec!["poll", "pollChangesTrigger", "--state", "poll.state", "--drain"],
        vec!["watch", "pollChangesTrigger", "--state", "watch.state", "--every", "1ms", "--count", "2"],
    ];
    let echoed = |status| {
        let body = json!({ "errors": [{ "message": format!("bad key {CANARY}") }], "token": CANARY }).to_string();
        Fault::Answer { status, headers: vec![("x-key".into(), CANARY.into())], body }
    };
    // Success with the key in the answer; the service's refusals, with and without it; the host's refusals and limits;
    // a broken wire.
    let cases: [(Option<Fault>, &[&str], &str); 7] = [
        (Some(Fault::EchoToken), &[], CANARY),
        (Some(echoed(500)), &[], CANARY),
        (Some(echoed(200)), &[], CANARY),
        (None, &[], "canary-91c4-wrong"),
        (Some(Fault::DropMidBody), &["--read-only"], CANARY),
        (None, &["--max-requests", "0"], CANARY),
        (None, &["--max-response-bytes", "10"], CANARY),
    ];
    let mut statuses = Vec::new();
    for (number, (fault, flags, key)) in cases.iter().enumerate() {
        // The first two go through every command, the others through one of each kind.
        for words in commands
            .iter()
            .filter(|words| number < 2 || matches!(words[1..], [] | ["getCurrentUser"] | [_, "--state", ..]))
        {
            desk.sim.clear_faults();
            fault.iter().for_each(|fault| desk.sim.fault_next(fault.clone()));
            let words = [&["--debug"], *flags, words].concat();
            let ended = desk.run_with_key(key, &words).await;
            assert_clean(&format!("{words:?}"), ended.output.as_bytes());
            assert_clean(&format!("{words:?}"), ended.messages.as_bytes());
            statuses.push(ended.status);
        }
    }
    for status in [0, 1, 3] {
        assert!(statuses.contains(&status), "no command ended with {status}: {statuses:?}");
    }
    let mut states = 0;
    for entry in fs::read_dir(desk.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_clean(&path.display().to_string(), &fs::read(&path).unwrap());
        states += usize::from(path.extension().is_some_and(|extension| extension == "state"));
    }
    assert_eq!(states, 2, "the polls left no state to search");
}

/// No half of the key is there, plain or as base64.
fn assert_clean(place: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut needles = vec!["canary-91c4".to_owned(), "the=shell".to_owned(), "the%3Dshell".to_owned()];
    for before in ["", "a", "ab"] {
        let inside = |text: String| text[4..text.len() - 4].to_owned();
        needles.push(inside(STANDARD_NO_PAD.encode(format!("{before}{CANARY}"))));
        needles.push(inside(URL_SAFE_NO_PAD.encode(format!("{before}{CANARY}"))));
    }
    for needle in needles {
        assert!(!text.contains(&needle), "{place} shows {needle}: {text}");
    }
}

pub(crate) fn token(until: SystemTime) -> String {
    let seconds = until.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let payload = URL_SAFE_NO_PAD.encode(json!({ "sub": "someone", "exp": seconds }).to_string());
    format!("{}.{payload}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#))
}

#[tokio::test]
async fn an_expired_key_is_reported_before_anything_is_sent() {
    let desk = Desk::new().await;
    let expired = token(SystemTime::now() - Duration::from_secs(3_600));
    desk.sim.accept_key(&expired);
    for words in [
        &["test-connection"][..],
        &["action", "getCurrentUser"],
        &["data-source", "selectComponent"],
        &["poll", "pollChangesTrigger", "--state", "poll.state"],
    ] {
        let ended = desk.run_with_key(&expired, words).await;
        assert_eq!((ended.status, ended.error_kind().as_str()), (1, "unauthenticated"), "{words:?}");
        assert!(
            ended.messages.contains("apiKey expired on") && !ended.messages.contains(&expired),
            "{}",
            ended.messages
        );
    }
    assert_eq!(desk.sim.request_count(), 0);
}

#[tokio::test]
async fn a_key_that_expires_within_a_week_works_and_warns() {
    let desk = Desk::new().await;
    for (days, warned) in [(3, true), (30, false)] {
        let key = token(SystemTime::now() + Duration::from_secs(days * 24 * 3_600));
        desk.sim.accept_key(&key);
        let ended = desk.run_with_key(&key, &["action", "getCurrentUser"]).await;
        assert_eq!(ended.status, 0, "{}", ended.messages);
        assert_eq!(ended.messages.contains("apiKey expires in"), warned, "{}", ended.messages);
        assert!(!ended.messages.contains(&key));
    }
}

#[tokio::test]
async fn doctor_says_when_the_key_ends_or_has_ended_and_that_a_cache_cannot_be_used() {
    let desk = Desk::new().await;
    let day = Duration::from_secs(24 * 3_600);
    let now = SystemTime::now();
    for (end, outcome, words) in [
        (now - day, "problem", "apiKey expired on"),
        (now + 3 * day, "warning", "apiKey expires in"),
        (now + 30 * day, "ok", "expires 20"),
    ] {
        let key = token(end);
        desk.sim.accept_key(&key);
        let doctor = desk.run_with_key(&key, &["doctor"]).await;
        assert_eq!(doctor.status == 0, outcome != "problem", "{}", doctor.output);
        let checks = doctor.json();
        let check = checks.as_array().unwrap().iter().find(|check| check["check"] == "key").unwrap();
        assert_eq!(check["outcome"], outcome, "{check}");
        assert!(check["says"].as_str().unwrap().contains(words), "{check}");
        assert!(!doctor.output.contains(&key) && !doctor.messages.contains(&key), "{}", doctor.messages);
    }
    fs::write(desk.file("no-folder"), "").unwrap();
    let doctor = desk.run(&["doctor", "--cache-dir", "no-folder"]).await;
    let checks = doctor.json();
    let check = checks.as_array().unwrap().iter().find(|check| check["check"] == "cache").unwrap();
    assert!(check["outcome"] != "ok" && check["says"].as_str().unwrap().contains("no-folder"), "{check}");
}

#[tokio::test]
async fn what_a_service_says_cannot_drive_the_terminal() {
    let desk = Desk::new().await;
    desk.sim.fault_next(Fault::graphql_error("evil \u{1b}]0;title\u{7}\u{9b}2J\r text"));
    let mut command = desk.command(&["--allow-http", "--allow-private-network", "action", "rawRequest"]);
    command.args(["--debug", "--connection", "connection.json"]);
    let ended = ended(command).await;
    assert!(ended.messages.contains("evil"), "{}", ended.messages);
    let obeyed: Vec<char> = ended.messages.chars().filter(|c| c.is_control() && !"\n\t".contains(*c)).collect();
    assert!(obeyed.is_empty(), "{obeyed:?} in {}", ended.messages);
}
