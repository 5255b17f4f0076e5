//! Recordings: what is written with `--record`, what `harness replay` makes of it, and answers from a file.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use duro_sim::{DuroSim, Fault, Resource};
use serde_json::{Value, json};

use crate::harness::{Desk, Ended, KEY, POLL};
use crate::support::root;

const LIST: [&str; 4] = ["action", "listComponents", "--input", "first=3"];

/// A recording as JSON.
fn har(desk: &Desk, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(desk.file(name)).unwrap()).unwrap()
}

/// Writes a file over.
fn change(desk: &Desk, name: &str, from: &str, to: &str) {
    let text = fs::read_to_string(desk.file(name)).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    fs::write(desk.file(name), text.replacen(from, to, 1)).unwrap();
}

fn places(ended: &Ended) -> Vec<String> {
    let found = ended.json()["differences"].as_array().unwrap().clone();
    found
        .iter()
        .map(|one| format!("{} {}", one["operation"].as_str().unwrap(), one["place"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn every_kind_of_call_is_recorded_without_the_key_and_replays_without_the_service() {
    let desk = Desk::new().await;
    fs::create_dir(desk.file("r")).unwrap();
    let mut listed = Vec::new();
    for (words, name, status) in [
        (&LIST[..], "1.har", 0),
        (&["test-connection"], "2.har", 0),
        (&["data-source", "selectComponent", "--search", "screw"], "3.har", 0),
        (&POLL, "4.har", 0),
        (&POLL, "5.har", 0),
        (&["action", "getComponentById", "--input", "componentId=000000000000000000000000"], "6.har", 1),
        (&["action", "createChangeOrder"], "7.har", 1),
        (&["--read-only", "action", "createChangeOrder", "--input", "name=x", "--input", "type=ECO"], "8.har", 3),
    ] {
        if name == "5.har" {
            desk.sim.touch(Resource::Components, &desk.sim.records(Resource::Components)[0].id);
        }
        let made = desk.run(&[words, &["--record", &format!("r/{name}")]].concat()).await;
        assert_eq!(made.status, status, "{words:?}: {}", made.messages);
        assert!(made.messages.contains("1 call recorded"), "{}", made.messages);
        assert!(!made.messages.contains("does not replay"), "{}", made.messages);
        listed.push(fs::read_to_string(desk.file("r").join(name)).unwrap());
    }
    assert!(listed.iter().all(|text| !text.contains(KEY)), "the key is in a recording");
    assert!(listed[4].contains("\"updated\""), "{}", listed[4]);
    // A HAR: what its readers look for is there.
    let list = har(&desk, "r/1.har");
    assert_eq!((&list["log"]["version"], &list["log"]["entries"][0]["pageref"]), (&json!("1.2"), &json!("call-1")));
    assert_eq!(list["log"]["entries"][0]["response"]["status"], 200);
    let header = |name: &str| {
        let headers = list["log"]["entries"][0]["request"]["headers"].as_array().unwrap().clone();
        headers.into_iter().find(|header| header["name"] == name).map(|header| header["value"].clone())
    };
    assert_eq!(header("apitoken"), Some(json!("[redacted]")));

    let requests = desk.sim.request_count();
    let replayed = desk.run_bare(&["replay", "r"]).await;
    assert_eq!(replayed.status, 0, "{} {}", replayed.output, replayed.messages);
    assert_eq!(replayed.json(), json!({"recordings": 8, "calls": 8, "differences": []}));
    assert_eq!(desk.sim.request_count(), requests, "something was sent");
}

/// A key as the service hands them out, of nobody.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLW9mLWEtY2FuYXJ5";

#[tokio::test]
async fn what_verify_doctor_and_check_ask_is_recorded_without_the_key_and_answers_where_there_is_no_service() {
    let desk = Desk::new().await;
    // The service gives the key back in several spellings.
    desk.sim.fault_when(|_| Some(Fault::EchoToken));
    for (words, name) in [
        (&["verify"][..], "verify.har"),
        (&["verify", "--by-queries"], "queries.har"),
        (&["doctor"], "doctor.har"),
        (&["check", "--histories", "1"], "check.har"),
    ] {
        let made = desk.run(&[words, &["--record", name]].concat()).await;
        assert_eq!(made.status, 0, "{words:?}: {}{}", made.output, made.messages);
        assert!(
            made.messages.contains("recorded in") && !made.messages.contains("does not replay"),
            "{}",
            made.messages
        );
        let text = fs::read_to_string(desk.file(name)).unwrap();
        for spelling in [KEY, &KEY[8..], &BASE64.encode(KEY)[..12]] {
            assert!(!text.contains(spelling), "{spelling} is in {name}");
        }
        assert!(text.contains("[redacted]"), "{text}");
        assert_eq!(desk.run_bare(&["replay", name]).await.status, 0, "{name}");
        let own = har(&desk, name)["log"]["entries"].as_array().unwrap().clone();
        let own = own.iter().filter(|entry| entry["pageref"].is_null()).count();
        assert_eq!(own > 0, words[0] == "verify", "{name}: {own}");
    }
    // Whoever has the file finds what was found.
    let found = desk.run(&["verify"]).await.json();
    let requests = desk.sim.request_count();
    for (words, name) in [(&["verify"][..], "verify.har"), (&["verify", "--by-queries"], "queries.har")] {
        let at_home = desk.run_with_key("another-key", &[words, &["--answer-from", name]].concat()).await;
        assert_eq!((at_home.status, &at_home.json()["findings"]), (0, &found["findings"]), "{}", at_home.messages);
    }
    assert_eq!(desk.sim.request_count(), requests, "something was sent");
}

#[tokio::test]
async fn a_key_that_a_service_hands_out_to_verify_is_not_recorded_nor_what_a_pattern_takes_out() {
    let desk = Desk::new().await;
    let said = format!("legacyCpn is for ann@example.com with {TOKEN}");
    desk.sim.fault_when(move |request| {
        request.body_text().contains("legacyCpn").then(|| Fault::GraphQlErrors(vec![said.clone()]))
    });
    let words = ["verify", "--by-queries", "--record", "v.har", "--redact-pattern", "[a-z]+@[a-z.]+"];
    let made = desk.run(&words).await;
    assert_eq!(made.status, 1, "{}", made.messages);
    let text = fs::read_to_string(desk.file("v.har")).unwrap();
    assert!(text.contains("legacyCpn is for [redacted] with [redacted]"), "{text}");
    for gone in [KEY, TOKEN, &TOKEN[30..50], "ann@"] {
        assert!(!text.contains(gone), "{gone} is in it");
    }
}

#[tokio::test]
async fn commands_that_handle_a_new_key_or_make_no_call_record_nothing_and_say_why() {
    let desk = Desk::new().await;
    let record = ["--record", "x.har"];
    for (words, said) in [
        (&["key", "renew", "--to-file", "k", "--connection", "connection.json"][..], "handle a key that is new"),
        (&["key", "show", "--connection", "connection.json"], "handle a key that is new"),
        (&["init"], "handle a key that is new"),
        (&["check"], "that --connection FILE names"),
        (&["serve"], "the page has a switch for it"),
        (&["mcp", "--connection", "connection.json"], "--record is for test-connection"),
    ] {
        let refused = desk.run_bare(&[words, &record].concat()).await;
        assert!(refused.status == 2 && refused.messages.contains(said), "{words:?}: {}", refused.messages);
    }
    let nothing = desk.run(&["test-connection", "--redact", "name"]).await;
    assert!(nothing.status == 2 && nothing.messages.contains("--record FILE"), "{}", nothing.messages);
    assert!(!desk.file("x.har").exists() && !desk.file("k").exists());
    assert_eq!(desk.sim.request_count(), 0);
}

#[tokio::test]
async fn several_polls_of_one_command_are_one_recording() {
    let desk = Desk::new().await;
    let watch = ["watch", "pollChangesTrigger", "--state", "s", "--every", "1ms", "--count", "3", "--record", "w.har"];
    let watched = desk.run(&watch).await;
    assert_eq!(watched.status, 0, "{}", watched.messages);
    let recorded = har(&desk, "w.har");
    assert_eq!(recorded["log"]["pages"].as_array().unwrap().len(), 3);
    let state = |page: usize, what: &str| recorded["log"]["pages"][page][what].clone();
    assert_eq!(state(1, "_asked")["state"], state(0, "_made")["result"]["state"], "the polls are no chain");
    assert_eq!(desk.run_bare(&["replay", "w.har"]).await.status, 0);
}

#[tokio::test]
async fn what_is_no_longer_the_same_is_named_by_its_place_and_can_be_taken_over() {
    let desk = Desk::new().await;
    desk.run(&[&LIST[..], &["--record", "list.har"]].concat()).await;
    let name = har(&desk, "list.har")["log"]["pages"][0]["_made"]["result"][1]["name"].as_str().unwrap().to_owned();
    let id = har(&desk, "list.har")["log"]["pages"][0]["_made"]["result"][1]["id"].as_str().unwrap().to_owned();
    // The result was another one, and so was a request.
    change(&desk, "list.har", &format!("\"name\": {}", json!(name)), "\"name\": \"Another\"");
    change(&desk, "list.har", r#"\"first\":3"#, r#"\"first\":4"#);
    let replayed = desk.run_bare(&["replay", "list.har"]).await;
    assert_eq!(replayed.status, 1, "{}", replayed.output);
    let expected = [
        "action listComponents request 1 body.variables.first".to_owned(),
        format!("action listComponents result[id={id}].name"),
    ];
    assert_eq!(places(&replayed), expected, "{}", replayed.output);
    let difference = &replayed.json()["differences"][1];
    assert_eq!((&difference["recorded"], &difference["now"]), (&json!("\"Another\""), &json!(json!(name).to_string())));
    let table = desk.run_bare(&["replay", "list.har", "--format", "table"]).await;
    assert!(table.output.contains("body.variables.first"), "{}", table.output);

    let updated = desk.run_bare(&["replay", "list.har", "--update"]).await;
    assert!(updated.status == 0 && updated.messages.contains("1 files were updated"), "{}", updated.messages);
    assert_eq!(desk.run_bare(&["replay", "list.har"]).await.status, 0);
}

#[tokio::test]
async fn values_are_taken_out_by_name_and_by_pattern_wherever_they_stand_and_it_still_replays() {
    let desk = Desk::new().await;
    let part = desk.sim.records(Resource::Components)[0].clone();
    let words = ["action", "getComponentById", "--input", &format!("componentId={}", part.id)];
    let plain = desk.run(&[&words[..], &["--record", "plain.har"]].concat()).await;
    let read = plain.json()["data"]["componentsByIds"][0].clone();
    let number = read["cpn"]["displayValue"].as_str().unwrap().to_owned();
    let taken = desk
        .run(
            &[&words[..], &["--record", "r.har", "--redact", "NAME", "--redact-pattern", "[0-9]{3}-[0-9]{5}"]].concat(),
        )
        .await;
    assert_eq!(taken.status, 0, "{}", taken.messages);
    let (before, after) =
        (fs::read_to_string(desk.file("plain.har")).unwrap(), fs::read_to_string(desk.file("r.har")).unwrap());
    let name = read["name"].as_str().unwrap().to_owned();
    for value in [&name, &number] {
        assert!(before.contains(value.as_str()), "{value} is not in {before}");
        assert!(!after.contains(value.as_str()), "{value} is in {after}");
    }
    // What was printed is as it is.
    assert_eq!(taken.json(), plain.json());
    let replayed = desk.run_bare(&["replay", "r.har"]).await;
    assert_eq!(replayed.status, 0, "{} {}", replayed.output, replayed.messages);
    let wrong = desk.run(&[&words[..], &["--record", "r.har", "--redact-pattern", "("]].concat()).await;
    assert!(wrong.status == 2 && wrong.messages.contains("is no pattern"), "{}", wrong.messages);
}

#[tokio::test]
async fn what_a_browser_wrote_answers_a_call_and_becomes_a_recording() {
    let desk = Desk::new().await;
    // Chromium made the requests, and Playwright wrote them down: a page that asks for five components, with names and
    // members that no harness writes, and a key.
    fs::copy(root().join("tests/recordings/browser/chromium.har"), desk.file("browser.har")).unwrap();
    let browsers = har(&desk, "browser.har");
    let key = "canary-of-the-browser-4711";
    assert!(browsers.to_string().contains(key), "nothing is tested");
    let answer = browsers["log"]["entries"][1]["response"]["content"]["text"].as_str().unwrap();
    let answer: Value = serde_json::from_str(answer).unwrap();

    let five = ["action", "listComponents", "--input", "first=5"];
    let answered = desk.run(&[&five[..], &["--answer-from", "browser.har", "--record", "made.har"]].concat()).await;
    assert_eq!(answered.status, 0, "{}", answered.messages);
    let edges = answer["data"]["components"]["connection"]["edges"].as_array().unwrap();
    let records: Vec<&Value> = edges.iter().map(|edge| &edge["node"]).collect();
    assert_eq!((records.len(), &answered.json()["data"]), (5, &json!(records)));
    assert_eq!(desk.sim.request_count(), 0, "something was sent");
    let made = fs::read_to_string(desk.file("made.har")).unwrap();
    assert!(!made.contains(key), "{made}");
    assert_eq!(desk.run_bare(&["replay", "made.har"]).await.status, 0);
    let other = desk.run(&["action", "listComponents", "--input", "first=9", "--answer-from", "browser.har"]).await;
    assert!(other.status == 1 && other.messages.contains("none of the 2 recorded requests"), "{}", other.messages);
    let not_a_call = desk.run_bare(&["replay", "browser.har"]).await;
    assert!(not_a_call.status == 2 && not_a_call.messages.contains("--answer-from"), "{}", not_a_call.messages);
}

#[tokio::test]
async fn an_answer_that_never_came_replays_at_once() {
    let desk = Desk::with(DuroSim::builder().page_size(2)).await;
    desk.sim.fault_times(20, Fault::DropBeforeAnswer);
    let failed = desk.run(&[&LIST[..], &["--deadline", "4s", "--record", "none.har"]].concat()).await;
    assert_ne!(failed.status, 0, "{}", failed.output);
    let recorded = har(&desk, "none.har");
    assert!(recorded["log"]["entries"][0]["_attempts"].as_u64().unwrap() > 1, "{recorded}");
    let replayed = desk.run_bare(&["replay", "none.har"]).await;
    assert_eq!(replayed.status, 0, "{} {}", replayed.output, replayed.messages);
}

#[tokio::test]
async fn a_file_that_is_no_recording_is_refused_in_words() {
    let desk = Desk::new().await;
    desk.run(&[&LIST[..], &["--record", "list.har"]].concat()).await;
    let good = har(&desk, "list.har");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut changed = good.clone();
        change(&mut changed);
        changed.to_string()
    };
    for (content, words) in [
        ("[1".to_owned(), "it is no HAR"),
        (
            json!({"log": {"version": "1.2", "creator": {"name": "", "version": ""}, "entries": []}}).to_string(),
            "no call",
        ),
        (with(&|har| har["log"]["_recording"]["version"] = json!(99)), "version 99"),
        (with(&|har| har["log"]["_recording"]["component"]["key"] = json!("other")), "of the connector other"),
        (with(&|har| har["log"]["pages"][0]["startedDateTime"] = json!("yesterday")), "\"yesterday\" is no time"),
        (with(&|har| har["log"]["pages"][0]["_asked"]["connection"]["key"] = json!("nope")), "no connection \"nope\""),
        (with(&|har| har["log"]["entries"][0]["response"]["status"] = json!(99_999)), "99999 is no HTTP status"),
        (with(&|har| har["log"]["entries"][0]["response"]["content"]["encoding"] = json!("zip")), "\"zip\""),
    ] {
        fs::write(desk.file("bad.har"), &content).unwrap();
        let refused = desk.run_bare(&["replay", "bad.har"]).await;
        assert!(refused.status == 2 && refused.messages.contains(words), "{words}: {}", refused.messages);
        assert!(refused.messages.contains("bad.har"), "{}", refused.messages);
    }
    fs::create_dir(desk.file("empty")).unwrap();
    for (words, said) in [
        (&["replay", "empty"][..], "no file that ends in .har"),
        (&["replay", "nowhere"], "nowhere"),
        (&["inspect", "--record", "x.har"], "--record is for"),
        (&["replay", "list.har", "--record", "x.har"], "--record is for"),
    ] {
        let refused = desk.run_bare(words).await;
        assert!(refused.status == 2 && refused.messages.contains(said), "{words:?}: {}", refused.messages);
    }
    let nowhere = desk.run(&[&LIST[..], &["--record", "no/folder/x.har"]].concat()).await;
    assert!(nowhere.status == 2 && nowhere.messages.contains("cannot be written"), "{}", nowhere.messages);
}

#[tokio::test]
async fn the_demos_session_comes_to_what_was_recorded() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("recordings/demo");
    let replayed = Desk::new().await.run_bare(&["replay", folder.to_str().unwrap()]).await;
    let renew = "cargo xtask demo --record tests/recordings/demo renews it";
    assert_eq!(replayed.status, 0, "{renew}: {} {}", replayed.output, replayed.messages);
    assert!(replayed.json()["calls"].as_u64().unwrap() > 20, "{}", replayed.output);
}
