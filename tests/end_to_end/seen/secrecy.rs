//! What is in nothing that a collector is sent: the key, inputs, results and bodies, whatever the command and however
//! it ends.

use super::collector::{Collector, Manner};
use crate::harness::{Desk, ended};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use duro_sim::{Fault, Resource};
use serde_json::json;

const KEY: &str = "canary-key-3c9a-of-telemetry";
const INPUT: &str = "canary-input-77e1";
const ANSWER: &str = "canary-answer-b04d";
const HEADER: &str = "canary-header-5e22";

/// Every command, with inputs that can be told.
fn commands() -> Vec<Vec<&'static str>> {
    vec![
        vec!["test-connection"],
        vec!["action", "getCurrentUser"],
        vec!["action", "findComponents", "--input", "nameWords=canary-input-77e1"],
        vec!["action", "getComponentById", "--input", "componentId=canary-input-77e1"],
        vec!["action", "createChangeOrder", "--input", "name=canary-input-77e1"],
        vec!["action", "rawRequest", "--input", "query=query { userById { id } } # canary-input-77e1"],
        vec!["action", "listComponents", "--input", "first=canary-input-77e1"],
        vec!["action", "canary-input-77e1"],
        vec!["data-source", "selectComponent", "--search", "canary-input-77e1"],
        vec!["poll", "pollChangesTrigger", "--state", "poll.state", "--input", "pollResourceType=canary-input-77e1"],
        vec!["poll", "pollChangesTrigger", "--state", "poll.state"],
        vec!["key", "show"],
        vec!["verify"],
    ]
}

async fn run(desk: &Desk, collector: &Collector, flags: &[&str], words: &[&str]) -> i32 {
    let grants = ["--allow-http", "--allow-private-network", "--send-trace-context", "--otlp", &collector.url];
    let mut command = desk.command(&[&grants, flags, words, &["--connection", "connection.json"]].concat());
    command.env("DURO_API_KEY", KEY);
    command.env("OTEL_EXPORTER_OTLP_HEADERS", format!("authorization=Bearer%20{HEADER}"));
    ended(command).await.status
}

/// What none of the requests may hold, and what each must.
fn assert_clean(collector: &Collector, needles: &[&str], what: &str) {
    let received = collector.received();
    assert!(received.iter().any(|request| request.path == "/v1/metrics"), "{what}: {received:?}");
    for request in received {
        // Otherwise a search for text would find nothing.
        assert!(!request.headers.contains_key("content-encoding"));
        assert_eq!(request.headers["content-type"], "application/x-protobuf");
        assert_eq!(request.headers["authorization"], format!("Bearer {HEADER}"));
        let text = String::from_utf8_lossy(&request.body);
        for needle in needles.iter().chain([&HEADER]) {
            let encoded = STANDARD_NO_PAD.encode(needle);
            let found = text.contains(needle) || text.contains(&encoded[..encoded.len() - 2]);
            assert!(!found, "{what}: {} holds {needle}: {text}", request.path);
        }
    }
}

#[tokio::test]
async fn the_key_inputs_and_answers_are_in_nothing_that_a_collector_is_sent() {
    let desk = Desk::new().await;
    desk.sim.accept_key(KEY);
    desk.sim.add(Resource::Components, ANSWER);
    let echoed = |status| {
        let body =
            json!({ "errors": [{ "message": format!("bad {KEY} {INPUT} {ANSWER}") }], "token": KEY }).to_string();
        Fault::Answer { status, headers: vec![("x-key".into(), KEY.into()), ("x-answer".into(), ANSWER.into())], body }
    };
    let cases: [(Option<Fault>, &[&str]); 6] = [
        (None, &[]),
        (Some(Fault::EchoToken), &[]),
        (Some(echoed(500)), &["--debug"]),
        (Some(echoed(200)), &[]),
        (Some(Fault::DropMidBody), &["--read-only"]),
        (None, &["--max-response-bytes", "10"]),
    ];
    let mut statuses = Vec::new();
    for (number, (fault, flags)) in cases.iter().enumerate() {
        for (place, words) in commands().iter().enumerate() {
            // The first and the third go through every command, the others through a few.
            if number != 0 && number != 2 && place % 4 != 0 {
                continue;
            }
            desk.sim.clear_faults();
            fault.iter().for_each(|fault| desk.sim.fault_next(fault.clone()));
            let collector = Collector::start(Manner::Takes).await;
            let status = run(&desk, &collector, flags, words).await;
            assert_clean(&collector, &[KEY, INPUT, ANSWER, "canary"], &format!("{words:?} {flags:?}"));
            statuses.push(status);
        }
    }
    assert!([0, 1, 3].iter().all(|status| statuses.contains(status)), "{statuses:?}");
}

#[tokio::test]
async fn the_words_of_an_error_are_sent_when_they_are_asked_for_without_the_key_and_cut() {
    let desk = Desk::new().await;
    desk.sim.accept_key(KEY);
    let said = format!("no, says the service: {KEY} {}", "x".repeat(4_000));
    let fault =
        Fault::Answer { status: 500, headers: vec![], body: json!({"errors": [{ "message": said }]}).to_string() };
    for (flags, asked) in [(&[][..], false), (&["--otlp-error-texts"], true)] {
        desk.sim.fault_next(fault.clone());
        let collector = Collector::start(Manner::Takes).await;
        assert_eq!(run(&desk, &collector, flags, &["action", "getCurrentUser"]).await, 1);
        assert_clean(&collector, &[KEY], "with words");
        let words = collector.span("action getCurrentUser").status.1;
        assert_eq!(words.contains("no, says the service: [redacted] xxx"), asked, "{words}");
        assert!(words.len() <= 512 + "…".len(), "{} bytes", words.len());
    }
}
