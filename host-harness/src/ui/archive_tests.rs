//! Tests of the file of runs: what is in it after a restart, and what is refused or left in one of somebody else's.

use std::fs;
use std::path::Path;
use std::time::Instant;

use rusqlite::limits::Limit;

use super::schema::HIGHEST_ID;
use super::*;
use crate::ui::forms::{self, Typed, Values};
use crate::ui::run::{Failed, Run};
use crate::ui::runs::{MOST_RUNS, Phase};

const CANARY: &str = "canary-key-of-the-history";

fn record(id: u64, result: Result<&str, Failed>) -> Record {
    let result = result.map(|text| Some(Arc::from(RawValue::from_string(text.into()).unwrap())));
    Record {
        id,
        action: "a".into(),
        started: UNIX_EPOCH + Duration::from_secs(1_700_000_000),
        values: Some(Arc::new(Values::from([("x".into(), Typed::Text(CANARY.into()))]))),
        is_forgotten: false,
        phase: Phase::Ended(Arc::new(Run { result, trace: Trace::default(), finished: Instant::now() })),
    }
}

fn secrets() -> Arc<Secrets> {
    let mut secrets = Secrets::default();
    secrets.hide(CANARY);
    secrets.into()
}

#[test]
fn runs_are_there_after_another_start_and_the_secrets_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let archive = Archive::open(&path, "c").unwrap();
    let wrong = Failed { message: format!("no {CANARY}"), ..Failed::no_connection() };
    archive.keep(&record(1, Ok(&format!("{{\"a\":\"{CANARY}\"}}"))), &[secrets()]);
    archive.keep(&record(2, Err(wrong)), &[secrets()]);
    let mut under_way = record(3, Ok("1"));
    under_way.phase = Phase::UnderWay { since: Instant::now(), cancel: Arc::default() };
    archive.keep(&under_way, &[secrets()]);
    assert_eq!(archive.trouble(), None);
    drop(archive);
    let bytes = fs::read(&path).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains(CANARY));

    let archive = Archive::open(&path, "c").unwrap();
    let earlier = archive.earlier();
    assert_eq!(earlier.iter().map(|record| record.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(archive.result("a", 1).unwrap().get(), r#"{"a":"[redacted]"}"#);
    let failed = |index: usize| earlier[index].run().unwrap().result.clone().unwrap_err();
    assert_eq!((failed(1).kind, failed(1).message.as_str()), ("invalid-input", "no [redacted]"));
    assert!(failed(2).message.contains("ended while it ran"));
    assert!(archive.result("a", 2).is_none() && archive.result("b", 1).is_none());
    drop(archive);
    let another = Archive::open(&path, "another").unwrap();
    assert!(another.earlier().is_empty());
    assert_eq!(another.last_id(), 3);
}

#[test]
fn what_a_recording_is_without_is_not_in_the_file_and_what_is_left_is_what_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let redaction = Redaction::new(&["Serial".to_owned()], &["canary-[a-z]+".to_owned()]).unwrap();
    let archive = Archive::open(&path, "c").unwrap().without(Arc::new(redaction));
    let mut run =
        record(1, Ok(r#"{"password": "pass-of-the-result", "serial": 12, "n": 1.0e5, "of": "canary-key 7"}"#));
    let picked = Typed::Picked { value: "pass-picked".into(), label: "Picked one".into() };
    let values =
        [("token", picked), ("x", Typed::Text("{\"apiKey\":\"pass-typed\"}".into())), ("y", Typed::Checked(true))];
    run.values = Some(Arc::new(values.map(|(key, typed)| (key.to_owned(), typed)).into()));
    archive.keep(&run, &[]);
    let failed = Failed { message: "pass-typed is none of canary-keys".into(), ..Failed::no_connection() };
    archive.keep(&record(2, Err(failed)), &[]);
    drop(archive);
    let bytes = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
    for gone in ["pass-of", "pass-picked", "Picked one", "canary-key"] {
        assert!(!bytes.contains(gone), "{gone}");
    }
    let archive = Archive::open(&path, "c").unwrap();
    let kept = archive.result("a", 1).unwrap();
    assert_eq!(kept.get(), r#"{"password": "[redacted]", "serial": 0, "n": 1.0e5, "of": "[redacted] 7"}"#);
    let values = archive.earlier()[0].values.clone().unwrap();
    assert!(forms::lack_something(&values));
    assert_eq!(values["x"], Typed::Text("{\"apiKey\":\"[redacted]\"}".into()));
    assert_eq!(forms::for_a_form((*values).clone()).into_keys().collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(
        archive.earlier()[1].run().unwrap().result.clone().unwrap_err().message,
        "pass-typed is none of [redacted]"
    );
}

#[test]
fn what_is_longer_once_something_was_taken_out_stays_within_the_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let redaction = Redaction::new(&[], &["x".to_owned()]).unwrap();
    let archive = Archive::open(&folder.path().join("runs.sqlite"), "c").unwrap().without(Arc::new(redaction));
    let long = |length: i64| "x".repeat(usize::try_from(length).unwrap());
    let mut run = record(1, Ok(&format!("\"{}\"", long(LONGEST_RESULT / 4))));
    run.values = Some(Arc::new(Values::from([("a".into(), Typed::Text(long(LONGEST_INPUTS / 4)))])));
    archive.keep(&run, &[]);
    archive.keep(&record(2, Err(Failed { message: long(LONGEST_TEXT / 4), ..Failed::no_connection() })), &[]);
    assert_eq!(archive.trouble(), None);
    let earlier = archive.earlier();
    assert_eq!(earlier.iter().map(|record| record.id).collect::<Vec<_>>(), [1, 2]);
    assert!(earlier[0].values.is_none() && archive.result("a", 1).is_none());
    let message = earlier[1].run().unwrap().result.clone().unwrap_err().message;
    assert!(message.starts_with("[redacted]") && message.len() as i64 <= LONGEST_TEXT);
}

#[test]
fn the_oldest_runs_go_where_a_bound_is_passed() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(&folder.path().join("runs.sqlite"), "c").unwrap();
    let left = |most_kept: i64, most_rows: i64| {
        prune(&archive.database(), &RUNS, most_kept, most_rows).unwrap();
        archive.earlier().iter().map(|record| record.id).collect::<Vec<_>>()
    };
    for id in 1..=5 {
        archive.keep(&record(id, Ok(&format!("\"{}\"", "x".repeat(10_000)))), &[]);
    }
    assert_eq!(left(MOST_KEPT, MOST_ROWS), [1, 2, 3, 4, 5]);
    assert_eq!(left(MOST_KEPT, 4), [2, 3, 4, 5]);
    assert_eq!(left(25_000, MOST_ROWS), [4, 5]);
}

#[test]
fn a_file_is_opened_and_written_as_soon_however_many_and_large_the_runs_are_that_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    drop(Archive::open(&path, "c").unwrap());
    let database = Connection::open(&path).unwrap();
    database
        .execute_batch(
            "BEGIN; INSERT INTO runs (id, connector, action, started, inputs, outcome, result, bytes) WITH RECURSIVE \
             n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500000) SELECT n, 'c', 'a', 0, '{}', 'done', \
             '1', 1 FROM n; COMMIT; UPDATE runs SET result = hex(randomblob(4000000)) WHERE id > 499990",
        )
        .unwrap();
    drop(database);
    // What else runs may hold one of them up.
    let opened = (0..3).map(|_| {
        let started = Instant::now();
        drop(Archive::open(&path, "c").unwrap());
        started.elapsed()
    });
    let opened = opened.min().unwrap();
    let archive = Archive::open(&path, "c").unwrap();
    assert_eq!((archive.earlier().len(), archive.last_id()), (MOST_RUNS, 500_000));
    // A hundred milliseconds, and ten times as much where each row or result is looked at.
    archive.keep(&record(500_001, Ok("1")), &[]);
    assert_eq!(archive.trouble(), None);
    let rows: i64 = archive.database().query_row("SELECT count(*) FROM runs", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 500_001 - MOST_DROPPED);
    assert!(opened < Duration::from_millis(700), "it took {opened:?}");
}

#[test]
fn numbers_that_no_harness_gives_are_refused_and_a_run_that_cannot_be_written_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    for foreign in [i64::MAX, HIGHEST_ID + 1, 0, -1] {
        let archive = Archive::open(&path, "c").unwrap();
        archive.keep(&record(1, Ok("1")), &[]);
        archive.database().execute("UPDATE runs SET id = ?1", [foreign]).unwrap();
        drop(archive);
        let refusal = Archive::open(&path, "c").err().unwrap();
        assert!(refusal.contains(&format!("the number {foreign}")) && refusal.contains("name a new file"), "{refusal}");
        fs::remove_file(&path).unwrap();
    }
    let archive = Archive::open(&path, "c").unwrap();
    archive.keep(&record(1, Ok("1")), &[]);
    archive.database().execute_batch("PRAGMA query_only = true").unwrap();
    archive.keep(&record(2, Ok("1")), &[]);
    // To read a run that is there takes nothing back.
    assert!(archive.result("a", 1).is_some());
    assert!(archive.trouble().unwrap().contains("readonly"), "{:?}", archive.trouble());
}

#[test]
fn a_result_is_held_once_however_many_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(&folder.path().join("runs.sqlite"), "c").unwrap();
    archive.keep(&record(1, Ok("1")), &[]);
    let (one, other) = (archive.result("a", 1).unwrap(), archive.result("a", 1).unwrap());
    assert!(Arc::ptr_eq(&one, &other));
    let gone = Arc::downgrade(&one);
    drop((one, other));
    assert_eq!(gone.strong_count(), 0);
}

#[test]
fn a_secret_that_was_written_before_it_was_one_is_taken_out_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let archive = Archive::open(&path, "c").unwrap();
    archive.keep(&record(1, Ok(&format!("{{\"a\":\"{CANARY}\"}}"))), &[]);
    archive.keep(&record(2, Err(Failed { message: format!("no {CANARY}"), ..Failed::no_connection() })), &[]);
    let held = |_: &Archive| {
        let files = fs::read_dir(folder.path()).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap());
        files.map(|bytes| String::from_utf8_lossy(&bytes).matches(CANARY).count()).sum::<usize>()
    };
    assert!(held(&archive) >= 4);
    archive.scrub(&secrets());
    assert_eq!((held(&archive), archive.trouble()), (0, None));
    assert_eq!(archive.result("a", 1).unwrap().get(), r#"{"a":"[redacted]"}"#);
}

#[test]
fn no_more_is_read_of_a_file_than_its_bound_whatever_stands_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(&folder.path().join("runs.sqlite"), "c").unwrap();
    for id in 1..=3 {
        archive.keep(&record(id, Ok("1")), &[]);
    }
    for column in ["message", "action", "outcome"] {
        let long = "x".repeat(usize::try_from(LONGEST_RESULT).unwrap());
        archive.database().execute(&format!("UPDATE runs SET {column} = ?1 WHERE id = 2"), [long]).unwrap();
        // One with a text that long is none of ours; the others are.
        assert_eq!(archive.earlier().iter().map(|record| record.id).collect::<Vec<_>>(), [1, 3], "{column}");
        archive.database().execute(&format!("UPDATE runs SET {column} = 'a' WHERE id = 2"), []).unwrap();
    }
    // Of those that are as long as they may be, the newest that are no more than the bound together.
    let many = "WITH RECURSIVE n(n) AS (SELECT 4 UNION ALL SELECT n + 1 FROM n WHERE n < 33) INSERT INTO runs (id, \
                connector, action, started, inputs, outcome, bytes) SELECT n, 'c', 'a', 0, '{\"a\":\"' || \
                hex(zeroblob(1500000)) || '\"}', 'done', 1 FROM n";
    archive.database().execute_batch(many).unwrap();
    assert_eq!(archive.earlier().iter().map(|record| record.id).collect::<Vec<_>>(), (12..=33).collect::<Vec<_>>());
}

#[test]
fn a_value_that_is_longer_than_a_harness_writes_is_never_read_and_the_other_runs_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let archive = Archive::open(&path, "c").unwrap();
    for id in 1..=4 {
        archive.keep(&record(id, Ok(&format!("\"{CANARY}\""))), &[]);
    }
    let hostile = "UPDATE runs SET inputs = '{\"a\":\"' || hex(zeroblob(3000000)) || '\"}' WHERE id = 1; UPDATE runs SET \
                   message = hex(zeroblob(1000000)), outcome = 'other' WHERE id = 3; INSERT INTO events (connector, \
                   trigger, event, at, number, message) VALUES ('c', 't', 1, 0, 1, hex(zeroblob(1000000))); INSERT INTO \
                   events (connector, trigger, event, at, message) VALUES ('c', 't', 2, 0, 'noted')";
    archive.database().execute_batch(hostile).unwrap();
    drop(archive);
    let archive = Archive::open(&path, "c").unwrap();
    // Whatever reads a longer one fails from now on.
    archive.database().set_limit(Limit::SQLITE_LIMIT_LENGTH, 1_000_000).unwrap();
    let ids = || archive.earlier().iter().map(|record| record.id).collect::<Vec<_>>();
    let events = || archive.timeline("t", 1024).events.iter().map(|event| event.id).collect::<Vec<_>>();
    assert_eq!((ids(), events(), archive.trouble()), (vec![2, 4], vec![2], None));
    archive.scrub(&secrets());
    assert_eq!((ids(), events(), archive.trouble()), (vec![2, 4], vec![2], None));
    assert_eq!(archive.result("a", 2).unwrap().get(), r#""[redacted]""#);
    let rows = |table: &str| format!("SELECT count(*) FROM {table}");
    let rows: [i64; 2] =
        ["runs", "events"].map(|table| archive.database().query_row(&rows(table), [], |row| row.get(0)).unwrap());
    assert_eq!(rows, [2, 1], "what no harness writes is gone");
    archive.keep(&record(5, Ok("1")), &[]);
    archive.clear_runs(None);
    assert_eq!((ids(), archive.trouble()), (Vec::new(), None));
}

#[test]
fn a_file_takes_no_more_memory_than_it_is_given_whatever_it_asks_for_and_has_no_names_that_none_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let archive = Archive::open(&path, "c").unwrap();
    archive.database().execute_batch("PRAGMA default_cache_size = 500000").unwrap();
    drop(archive);
    let archive = Archive::open(&path, "c").unwrap();
    let cache: i64 = archive.database().pragma_query_value(None, "cache_size", |row| row.get(0)).unwrap();
    assert_eq!(cache, -2_000);
    assert_eq!(archive.database().limit(Limit::SQLITE_LIMIT_LENGTH).unwrap(), LONGEST_VALUE);
    let name = "INSERT INTO events (connector, trigger, event, at) VALUES (hex(zeroblob(1000000)), 't', 1, 0)";
    archive.database().execute_batch(name).unwrap();
    drop(archive);
    let refusal = Archive::open(&path, "c").err().unwrap();
    assert!(refusal.contains("a name of 2000000 bytes") && refusal.contains("name a new file"), "{refusal}");
}

#[test]
fn a_file_of_which_a_part_is_missing_is_named_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let archive = Archive::open(&path, "c").unwrap();
    archive.keep(&record(1, Ok(&format!("\"{}\"", "x".repeat(100_000)))), &[]);
    drop(archive);
    fs::File::options().write(true).open(&path).unwrap().set_len(20_000).unwrap();
    let refusal = Archive::open(&path, "c").err().unwrap();
    for said in ["runs.sqlite", "damaged", "malformed", "name a new file"] {
        assert!(refusal.contains(said), "{refusal}");
    }
}

/// Takes a file from other users.
fn close(path: &Path) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn a_file_that_is_in_use_or_no_history_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    let open = Archive::open(&path, "c").unwrap();
    assert!(Archive::open(&path, "c").err().unwrap().contains("another harness uses it"));
    drop(open);
    let text = folder.path().join("text");
    fs::write(&text, "not a database, and long enough to look at").unwrap();
    close(&text);
    assert!(Archive::open(&text, "c").err().unwrap().contains("no history"));
    assert_eq!(fs::read_to_string(&text).unwrap(), "not a database, and long enough to look at");
    let other = folder.path().join("other.sqlite");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE x (y)").unwrap();
    close(&other);
    assert!(Archive::open(&other, "c").err().unwrap().contains("no history of this program"));
    assert!(Archive::open(&folder.path().join("no/folder"), "c").is_err());
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_file_and_one_that_others_can_is_refused() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.sqlite");
    drop(Archive::open(&path, "c").unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
    let refusal = |path: &Path| Archive::open(path, "c").err().expect("it was taken");
    for (mode, why) in [(0o644, "other users can read"), (0o660, "other users can change")] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert!(refusal(&path).contains(why) && refusal(&path).contains("chmod 600"), "{}", refusal(&path));
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let (link, dangling) = (folder.path().join("link"), folder.path().join("dangling"));
    symlink(&path, &link).unwrap();
    symlink(folder.path().join("nowhere"), &dangling).unwrap();
    for link in [link, dangling] {
        assert!(refusal(&link).contains("is a link"), "{}", refusal(&link));
    }
    assert!(!folder.path().join("nowhere").exists());
    let second = folder.path().join("second");
    fs::hard_link(&path, &second).unwrap();
    assert!(refusal(&second).contains("has another name"), "{}", refusal(&second));
    fs::remove_file(&second).unwrap();
    // A folder may be reached by a link.
    let linked = folder.path().join("linked");
    symlink(folder.path(), &linked).unwrap();
    assert!(Archive::open(&linked.join("runs.sqlite"), "c").is_ok());
}
