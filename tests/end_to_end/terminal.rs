//! What commands print, when a component and a service say whatever could drive a terminal or pass for a line of the
//! harness's own.

use crate::harness::{Desk, Ended};
use crate::support::built;
use duro_sim::Fault;
use serde_json::{Value, json};
use std::fs;

/// Line breaks of every kind, a line to forge, and the characters that a terminal obeys or that turn the direction of
/// writing.
const EVIL: &str = "x\nerror: all is lost\r\nerror: all is \
                    lost\r\u{1b}]0;t\u{7}\u{85}\u{9b}2J\u{7f}\u{61c}\u{200e}\u{202e}\u{2028}error: all is \
                    lost\u{2029}\u{2066}";

/// A desk whose connection is the misbehaving component's.
async fn misbehaving() -> Desk {
    let desk = Desk::new().await;
    let fields = json!({ "apiKey": "${DURO_API_KEY}", "url": desk.sim.url() });
    fs::write(desk.file("connection.json"), json!({ "key": "key", "fields": fields }).to_string()).unwrap();
    desk
}

async fn run(desk: &Desk, words: &[&str], inputs: &Value) -> Ended {
    fs::write(desk.file("inputs.json"), inputs.to_string()).unwrap();
    let component = built("test/misbehaving.wasm");
    let component = ["--component", component.to_str().unwrap(), "--inputs", "inputs.json"];
    desk.run(&[words, &component[..]].concat()).await
}

/// Nothing printed is obeyed by a terminal, and no line of what was said stands as a line.
fn assert_harmless(what: &str, ended: &Ended) {
    for text in [&ended.output, &ended.messages] {
        let obeyed = |c: char| {
            (c.is_control() && c != '\n')
                || "\u{61c}\u{200e}\u{200f}".contains(c)
                || ('\u{2028}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c)
        };
        let found: Vec<char> = text.chars().filter(|c| obeyed(*c)).collect();
        assert!(found.is_empty(), "{what}: {found:?} in {text}");
        assert!(!text.lines().any(|line| line.starts_with("error: all")), "{what}: a line was forged: {text}");
    }
}

#[tokio::test]
async fn nothing_that_a_component_says_drives_a_terminal_or_forges_a_line() {
    let desk = misbehaving().await;
    let said = json!({ (EVIL): EVIL, "list": [{ (EVIL): EVIL, "n": 1.0 }], "inner": { (EVIL): { (EVIL): [EVIL] } } });
    // Spread over many lines, and with nothing escaped that JSON does not ask for.
    let spaced = serde_json::to_string_pretty(&said).unwrap();
    let inputs = json!({ "json": spaced, "message": EVIL, "key": EVIL, "label": EVIL, "notice": EVIL, "next": EVIL });
    let commands: [(&[&str], usize); 6] = [
        (&["action", "say"], 1),
        (&["action", "complain"], 1),
        (&["action", "log"], 1),
        (&["data-source", "say"], 1),
        (&["poll", "say", "--state", "poll.state"], 1),
        (&["watch", "say", "--state", "watch.state", "--count", "1"], 1),
    ];
    for (words, lines) in commands {
        for format in ["json", "table"] {
            let what = format!("{words:?} as {format}");
            let ended = run(&desk, &[words, &["--debug", "--format", format]].concat(), &inputs).await;
            assert_harmless(&what, &ended);
            if format == "json" {
                assert_eq!(ended.lines().len(), lines, "{what}: {}", ended.output);
            }
        }
    }
    // It is the same JSON all the same, to the spelling of numbers.
    let ended = run(&desk, &["action", "say"], &inputs).await;
    assert_eq!(ended.json()["data"], said);
    assert!(ended.output.contains(":1.0}"), "{}", ended.output);
    let ended = run(&desk, &["data-source", "say"], &inputs).await;
    assert_eq!((&ended.json()["next"], &ended.json()["result"][0]["key"]), (&json!(EVIL), &json!(EVIL)));
}

#[tokio::test]
async fn nothing_that_a_service_says_drives_a_terminal_or_forges_a_line() {
    let desk = Desk::new().await;
    let data = json!({ "data": { (EVIL): [{ (EVIL): EVIL }] } });
    let errors = json!({ "errors": [{ "message": EVIL, "extensions": { (EVIL): EVIL } }], "data": { (EVIL): EVIL } });
    for (body, status) in [(&data, 0), (&errors, 1)] {
        for format in ["json", "table"] {
            let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            let body = serde_json::to_string_pretty(body).unwrap();
            desk.sim.fault_next(Fault::Answer { status: 200, headers, body });
            let ended = desk.run(&["--debug", "--format", format, "action", "rawRequest"]).await;
            assert_eq!(ended.status, status, "{}", ended.messages);
            assert_harmless(format, &ended);
        }
    }
}

#[tokio::test]
async fn a_record_is_one_line_of_watch_however_it_is_spaced() {
    let desk = misbehaving().await;
    let records = [json!({ "id": 1, "name": EVIL }), json!([1, { "a": [] }]), json!("plain"), json!(4.5)];
    let payload = json!({ "body": { "data": { "created": records[..2], "updated": records[2..] } } });
    let spaced = serde_json::to_string_pretty(&payload).unwrap().replace('\n', "\r\n\t");
    let words = ["watch", "say", "--state", "poll.state", "--count", "1"];
    let ended = run(&desk, &words, &json!({ "json": spaced })).await;
    let expected: Vec<Value> = records
        .iter()
        .enumerate()
        .map(|(index, record)| json!({ "change": if index < 2 { "created" } else { "updated" }, "record": record }))
        .collect();
    assert_eq!(ended.lines(), expected, "{}", ended.output);
}

#[tokio::test]
async fn the_hint_to_go_on_is_one_word_for_the_shell() {
    let desk = misbehaving().await;
    let words = ["data-source", "say", "--format", "table"];
    let ended = run(&desk, &words, &json!({ "next": "it's $(reboot) `reboot`" })).await;
    assert!(ended.messages.contains(r"--cursor='it'\''s $(reboot) `reboot`'"), "{}", ended.messages);
    let ended = run(&desk, &words, &json!({ "next": "'\nreboot #" })).await;
    assert!(
        ended.messages.contains("--format json prints the cursor") && !ended.messages.contains("reboot"),
        "{}",
        ended.messages
    );
}

#[tokio::test]
async fn a_table_that_leaves_something_out_says_so_and_moves_no_state() {
    let desk = misbehaving().await;
    let rows: Vec<Value> = (0..12_000).map(|row| json!({ "id": row })).collect();
    let inputs = json!({ "json": json!({ "created": rows }).to_string() });
    let ended = run(&desk, &["action", "say", "--format", "table"], &inputs).await;
    assert_eq!((ended.status, ended.output.lines().count()), (0, 10_002), "{}", ended.messages);
    assert!(ended.messages.contains("not shown: 2001 rows"), "{}", ended.messages);
    let words = ["poll", "say", "--state", "poll.state", "--format", "table"];
    let ended = run(&desk, &words, &inputs).await;
    assert_eq!(ended.status, 2);
    assert!(ended.messages.contains("use --format json") && !desk.file("poll.state").exists(), "{}", ended.messages);
}
