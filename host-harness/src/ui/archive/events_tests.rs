//! Tests of what a file has of triggers: it is there after a restart, with no secret, within its bounds, whoever wrote
//! it.

use std::fs;

use super::*;
use crate::recording::Redaction;
use crate::ui::trigger::Trigger;
use host::Trace;
use std::time::{Duration, SystemTime};

const CANARY: &str = "canary-key-of-the-history";

fn secrets() -> Secrets {
    let mut secrets = Secrets::default();
    secrets.hide(CANARY);
    secrets
}

fn event(id: u64, result: Result<&str, Failed>) -> Arc<Event> {
    let is_done = result.is_ok();
    let result = result.map(|text| Some(Arc::from(RawValue::from_string(text.into()).unwrap())));
    let trace = Trace { duration: Duration::from_millis(12), requests: 3, ..Trace::default() };
    let list = List { name: "created".into(), length: 1, titles: vec![format!("a {CANARY}")] };
    let delivery = Delivery { lists: if is_done { vec![list] } else { Vec::new() }, repeats: 2 };
    let what = What::Poll(Box::new(Poll {
        number: id,
        run: Run { result, trace, finished: Instant::now() },
        delivery,
        is_first: id == 1,
        no_changes: false,
        more: true,
        before: None,
        after: None,
        kept: Kept::Whole,
    }));
    Arc::new(Event { id, at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), what })
}

fn unwritten(events: Vec<Arc<Event>>, last: u64, state: &[u8]) -> Unwritten {
    Unwritten { events, last, state: Some(state.into()), origin: format!("after poll {last}") }
}

#[test]
fn events_and_the_state_that_they_left_are_there_after_another_start_and_the_secrets_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let archive = Archive::open(&path, "c").unwrap();
    let wrong = Failed { message: format!("no {CANARY}"), ..Failed::no_connection() };
    let note =
        Arc::new(Event { id: 3, at: SystemTime::now(), what: What::Note(Note::plain(format!("noted {CANARY}"))) });
    let events = vec![event(1, Ok(&format!("{{\"a\":\"{CANARY}\"}}"))), event(2, Err(wrong)), note];
    archive.keep_events("t", &unwritten(events, 3, b"state"), Some(&secrets()));
    archive.keep_events("t", &unwritten(vec![event(4, Ok("{}"))], 4, b"later state"), Some(&secrets()));
    // One that is written too late takes nothing back.
    archive.keep_events("t", &unwritten(Vec::new(), 3, b"state"), Some(&secrets()));
    archive.keep_events("other", &unwritten(vec![event(1, Ok("{}"))], 1, CANARY.as_bytes()), Some(&secrets()));
    assert_eq!(archive.trouble(), None);
    drop(archive);
    assert!(!String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(CANARY));

    let archive = Archive::open(&path, "c").unwrap();
    let trigger = Trigger::new(Vec::new());
    trigger.restore(archive.timeline("t", 1024));
    let events = trigger.events_after(0);
    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [4, 3, 2, 1]);
    let first = events[3].poll().unwrap();
    assert_eq!((first.number, first.run.trace.requests, first.delivery.repeats), (1, 3, 2));
    assert_eq!(first.delivery.lists[0].titles, ["a [redacted]"]);
    // That counting began with it is known still.
    assert!(first.is_first && !events[0].poll().unwrap().is_first);
    assert_eq!(events[2].poll().unwrap().run.result.as_ref().unwrap_err().message, "no [redacted]");
    assert!(matches!(&events[1].what, What::Note(note) if note.text == "noted [redacted]"));
    let status = trigger.status();
    assert_eq!((status.state.as_deref(), status.origin.as_str()), (Some(&b"later state"[..]), "after poll 4"));
    // The last poll said so, and the state is its own.
    assert!(status.more);
    assert_eq!(archive.payload("t", 1).unwrap().get(), r#"{"a":"[redacted]"}"#);
    assert!(archive.payload("t", 2).is_none() && archive.payload("other", 4).is_none());
    assert!(trigger.unwritten().is_none(), "it is written already");
    trigger.note("new".into());
    let new = trigger.unwritten().unwrap();
    assert_eq!((new.events.len(), new.last, new.state.as_deref()), (1, 5, Some(&b"later state"[..])));
    // A state without what was taken out of it would be of no use.
    assert!(archive.timeline("other", 1024).state.is_none());
    drop(archive);
    assert!(Archive::open(&path, "another").unwrap().timeline("t", 1024).events.is_empty());
}

#[test]
fn what_is_cleared_is_gone_and_is_not_written_again_by_whoever_comes_late() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(&folder.path().join("runs.sqlite"), "c").unwrap();
    archive.keep_events("t", &unwritten(vec![event(1, Ok("{}"))], 1, b"one"), None);
    archive.clear_events("t", 2);
    archive.keep_events("t", &unwritten(vec![event(2, Ok("{}")), event(3, Ok("{}"))], 3, b"three"), None);
    let earlier = archive.timeline("t", 1024);
    assert_eq!(earlier.events.iter().map(|event| event.id).collect::<Vec<_>>(), [3]);
    assert_eq!((earlier.last, earlier.state.as_deref()), (3, Some(&b"three"[..])));
}

#[test]
fn a_secret_that_was_written_before_it_was_one_is_taken_out_of_events_and_states() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(&folder.path().join("runs.sqlite"), "c").unwrap();
    let wrong = Failed { message: format!("no {CANARY}"), ..Failed::no_connection() };
    let events = vec![event(1, Ok(&format!("\"{CANARY}\""))), event(2, Err(wrong))];
    archive.keep_events("t", &unwritten(events, 2, format!("{{\"x\":\"{CANARY}\"}}").as_bytes()), None);
    archive.keep_events("u", &unwritten(vec![event(1, Ok("{}"))], 1, b"another"), None);
    let held = || {
        let files = fs::read_dir(folder.path()).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
        files.map(|bytes| String::from_utf8_lossy(&bytes).matches(CANARY).count()).sum::<usize>()
    };
    assert!(held() >= 4, "{}", held());
    archive.scrub(&secrets());
    assert_eq!((held(), archive.trouble()), (0, None));
    assert!(archive.timeline("t", 1024).state.is_none());
    assert_eq!(archive.timeline("u", 1024).state.as_deref(), Some(&b"another"[..]));
}

#[test]
fn the_oldest_polls_go_where_a_bound_is_passed_and_no_more_is_read_than_a_timeline_shows() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(&folder.path().join("runs.sqlite"), "c").unwrap();
    let large = format!("\"{}\"", "x".repeat(1_000_000));
    let events = (1..=5).map(|id| event(id, Ok(&large))).collect();
    archive.keep_events("t", &unwritten(events, 5, b"state"), None);
    let left = |most_kept: i64, most_rows: i64| {
        prune(&archive.database(), &EVENTS, most_kept, most_rows).unwrap();
        archive.timeline("t", 1024).events.iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(left(MOST_KEPT, MOST_ROWS), [1, 2, 3, 4, 5]);
    assert_eq!(left(MOST_KEPT, 4), [2, 3, 4, 5]);
    assert_eq!(left(2_500_000, MOST_ROWS), [4, 5]);
    // A longer state than a call may have is none.
    assert!(archive.timeline("t", 4).state.is_none());
    archive.database().execute("UPDATE events SET lists = ?1", [&large]).unwrap();
    assert!(archive.timeline("t", 1024).events.is_empty());
    let many = "WITH RECURSIVE n(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 3000) INSERT INTO events \
                (connector, trigger, event, at, number) SELECT 'c', 't', n, 0, n FROM n";
    archive.database().execute_batch(many).unwrap();
    assert_eq!(archive.timeline("t", 1024).events.len() as i64, MOST_READ);
}

#[test]
fn numbers_that_no_harness_gives_are_refused_or_left_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let archive = Archive::open(&path, "c").unwrap();
    archive.keep_events("t", &unwritten(vec![event(1, Ok("{}")), event(2, Ok("{}"))], 2, b"state"), None);
    let lists = r#"[{"name":"created","length":18446744073709551615,"titles":[]}]"#;
    let hostile = "UPDATE events SET number = 9223372036854775807, duration = -1, at = -5, repeats = -1, lists = ?1 \
                   WHERE event = 1";
    archive.database().execute(hostile, [lists]).unwrap();
    archive.database().execute("UPDATE events SET event = 9223372036854775807 WHERE event = 2", []).unwrap();
    archive.database().execute("UPDATE states SET event = 9223372036854775807", []).unwrap();
    let trigger = Trigger::new(Vec::new());
    trigger.restore(archive.timeline("t", 1024));
    trigger.note("it goes on".into());
    assert_eq!(trigger.events_after(0).iter().map(|event| event.id).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(trigger.events_after(0)[1].poll().unwrap().delivery.lists[0].length, LONGEST_LIST);
    archive.database().execute("UPDATE events SET id = -1 WHERE event = 1", []).unwrap();
    drop(archive);
    assert!(Archive::open(&path, "c").err().unwrap().contains("the number -1"));
}

#[test]
fn what_a_recording_is_without_is_in_no_payload_no_title_and_no_note() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let redaction = Redaction::new(&["name".to_owned()], &["[0-9]{3}-[0-9]{5}".to_owned()]).unwrap();
    let archive = Archive::open(&path, "c").unwrap().without(Arc::new(redaction));
    let mut poll = event(1, Ok(r#"{"created": [{"name": "Nut", "no": "410-00012", "token": "of-a-payload"}]}"#));
    let What::Poll(of) = &mut Arc::make_mut(&mut poll).what else { panic!("it is a poll") };
    of.delivery.lists[0].titles = vec!["Nut".into(), "M3, 410-00012".into()];
    let note = Arc::new(Event { id: 2, at: SystemTime::now(), what: What::Note(Note::plain("of 410-00012".into())) });
    archive.keep_events("t", &unwritten(vec![poll, note], 2, b"state of 410-00012"), None);
    assert_eq!(archive.trouble(), None);
    drop(archive);
    let bytes = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
    assert!(!bytes.contains("Nut") && !bytes.contains("of-a-payload"));
    let archive = Archive::open(&path, "c").unwrap();
    let payload = archive.payload("t", 1).unwrap();
    let expected = r#"{"created": [{"name": "[redacted]", "no": "[redacted]", "token": "[redacted]"}]}"#;
    assert_eq!(payload.get(), expected);
    let timeline = archive.timeline("t", 1024);
    let list = &timeline.events[0].poll().unwrap().delivery.lists[0];
    assert_eq!((list.name.as_str(), list.titles.join("|").as_str()), ("created", "[redacted]|M3, [redacted]"));
    assert!(matches!(&timeline.events[1].what, What::Note(note) if note.text == "of [redacted]"));
    // The connector would not take one that was changed.
    assert_eq!(timeline.state.as_deref(), Some(&b"state of 410-00012"[..]));
}

#[test]
fn a_file_from_before_polls_were_kept_is_taken_and_keeps_its_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let archive = Archive::open(&path, "c").unwrap();
    let older = "DROP TABLE events; DROP TABLE states; PRAGMA user_version = 1; INSERT INTO runs (id, connector, \
                 action, started, inputs, outcome, result, bytes) VALUES (7, 'c', 'a', 0, '{}', 'done', '1', 1)";
    archive.database().execute_batch(older).unwrap();
    drop(archive);
    let archive = Archive::open(&path, "c").unwrap();
    assert_eq!(archive.result("a", 7).unwrap().get(), "1");
    archive.keep_events("t", &unwritten(vec![event(1, Ok("{}"))], 1, b"state"), None);
    assert_eq!((archive.trouble(), archive.timeline("t", 1024).events.len()), (None, 1));
}

#[test]
fn a_file_whose_polls_did_not_say_that_they_were_first_ones_is_taken_and_keeps_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let archive = Archive::open(&path, "c").unwrap();
    archive.keep_events("t", &unwritten(vec![event(1, Ok("{}"))], 1, b"state"), None);
    archive.database().execute_batch("ALTER TABLE events DROP COLUMN is_first; PRAGMA user_version = 2").unwrap();
    drop(archive);
    for first in [false, true] {
        let archive = Archive::open(&path, "c").unwrap();
        let timeline = archive.timeline("t", 1024);
        assert_eq!((archive.trouble(), timeline.events[0].poll().unwrap().is_first), (None, first));
        archive.keep_events("t", &unwritten(vec![event(1, Ok("{}"))], 1, b"state"), None);
    }
}
