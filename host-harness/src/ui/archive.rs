//! Runs in a file (SQLite), so that they outlive this program: what was asked for, how it ended, and the result, without
//! the connection's secrets. One program uses a file at a time.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use host::Trace;
use host::egress::Secrets;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::value::RawValue;

use super::run::{Failed, Run};
use super::runs::{MOST_RUNS, Phase, Record};

/// What the results and inputs of a file's runs may take together, in bytes. The oldest runs go.
const MOST_KEPT: i64 = 256 * 1024 * 1024;
/// A longer result is not read from a file, whoever wrote it there: as much as a call may give by default. In bytes.
const LONGEST_RESULT: i64 = 32 * 1024 * 1024;
/// Inputs are a form, which is bounded when it is sent. In bytes.
const LONGEST_INPUTS: i64 = 4 * 1024 * 1024;
/// What is read of a file's runs when it is opened, whoever wrote it: the newest that together stay below this, in bytes,
/// each counted with what it takes beside its texts.
const MOST_READ: i64 = 64 * 1024 * 1024;
const A_ROW: i64 = 512;
/// The mark of a file of ours ("harness" and the version of its table).
const APPLICATION: i64 = 0x6861_726e;
const VERSION: i64 = 1;

const TABLE: &str = "\
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    connector TEXT NOT NULL,
    action TEXT NOT NULL,
    started INTEGER NOT NULL,
    inputs TEXT NOT NULL,
    outcome TEXT,
    message TEXT,
    duration INTEGER NOT NULL DEFAULT 0,
    requests INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0,
    memory INTEGER NOT NULL DEFAULT 0,
    result TEXT,
    bytes INTEGER NOT NULL
) STRICT";

/// A file of runs.
pub(super) struct Archive {
    database: Mutex<Connection>,
    connector: String,
    trouble: Mutex<Option<String>>,
}

impl Archive {
    /// Opens a file, or makes it, for the runs of one connector. The error is for people.
    pub(super) fn open(path: &Path, connector: &str) -> Result<Self, String> {
        let failed = |why: String| format!("the history {}: {why}", path.display());
        owned_alone(path).map_err(|error| failed(error.to_string()))?;
        let database = opened(path).map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy) => {
                failed("another harness uses it: give each a file of its own".into())
            }
            Some(rusqlite::ErrorCode::NotADatabase) => failed("it is no history: name a new file".into()),
            _ => failed(error.to_string()),
        })?;
        let database = database.ok_or_else(|| failed("it is no history of this program: name a new file".into()))?;
        Ok(Self { database: Mutex::new(database), connector: connector.to_owned(), trouble: Mutex::default() })
    }

    fn database(&self) -> MutexGuard<'_, Connection> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What went wrong when a run was last written or read, for people.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn noted<T>(&self, done: rusqlite::Result<T>) -> Option<T> {
        let (done, trouble) = match done {
            Ok(done) => (Some(done), None),
            Err(error) => (None, Some(error.to_string())),
        };
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        done
    }

    /// The newest runs of each action, without their results.
    pub(super) fn earlier(&self) -> Vec<Record> {
        let read = || {
            let database = self.database();
            let mut query = database.prepare(
                "SELECT id, action, started, inputs, outcome, message, duration, requests, sent, received, memory FROM \
                 (SELECT *, row_number() OVER (PARTITION BY action ORDER BY id DESC) AS place, \
                 sum(octet_length(inputs) + octet_length(action) + coalesce(octet_length(outcome), 0) + \
                 coalesce(octet_length(message), 0) + ?4) OVER (ORDER BY id DESC) AS total FROM runs WHERE connector = ?1) \
                 WHERE place <= ?2 AND octet_length(inputs) <= ?3 AND total <= ?5 ORDER BY id",
            )?;
            let keys = params![self.connector, MOST_RUNS as i64, LONGEST_INPUTS, A_ROW, MOST_READ];
            let rows = query.query_map(keys, record)?;
            rows.collect()
        };
        self.noted(read()).unwrap_or_default()
    }

    /// The highest id of any run, of other connectors too; 0 if there is none.
    pub(super) fn last_id(&self) -> u64 {
        let last = self.database().query_row("SELECT coalesce(max(id), 0) FROM runs", [], |row| row.get::<_, i64>(0));
        self.noted(last).unwrap_or_default().unsigned_abs()
    }

    /// The result of a run, if the file has it.
    pub(super) fn result(&self, action: &str, id: u64) -> Option<Arc<RawValue>> {
        let read = || {
            let query = "SELECT result FROM runs WHERE id = ?1 AND connector = ?2 AND action = ?3 AND octet_length(result) <= ?4";
            let keys = params![id as i64, self.connector, action, LONGEST_RESULT];
            self.database().query_row(query, keys, |row| row.get::<_, Option<String>>(0)).optional()
        };
        // Whoever wrote the file may have written anything.
        RawValue::from_string(self.noted(read())??.unwrap_or_default()).ok().map(Arc::from)
    }

    /// Writes a run as it is now in place of what it was, and lets go of the oldest.
    pub(super) fn keep(&self, record: &Record, secrets: Option<&Secrets>) {
        let write = || {
            let redacted = |text: String| match secrets {
                Some(secrets) => secrets.scrub(text),
                None => text,
            };
            let inputs =
                serde_json::to_string(&record.values.as_deref().cloned().unwrap_or_default()).unwrap_or_default();
            let inputs = redacted(inputs);
            let run = record.run();
            let (outcome, message, result) = match run.map(|run| &run.result) {
                None => (None, None, None),
                Some(Ok(result)) => {
                    (Some("done"), None, result.as_ref().map(|result| redacted(result.get().to_owned())))
                }
                Some(Err(failed)) => (Some(failed.kind), Some(redacted(failed.message.clone())), None),
            };
            let nothing = Trace::default();
            let trace = run.map_or(&nothing, |run| &run.trace);
            let bytes = inputs.len() + result.as_ref().map_or(0, String::len) + message.as_ref().map_or(0, String::len);
            let database = self.database();
            database.prepare(
                "INSERT OR REPLACE INTO runs (id, connector, action, started, inputs, outcome, message, duration, requests, \
                 sent, received, memory, result, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?.execute(params![
                record.id as i64,
                self.connector,
                record.action,
                milliseconds(record.started.duration_since(UNIX_EPOCH).unwrap_or_default()),
                inputs,
                outcome,
                message,
                milliseconds(trace.duration),
                trace.requests as i64,
                trace.sent_bytes as i64,
                trace.received_bytes as i64,
                trace.memory_bytes as i64,
                result,
                bytes as i64,
            ])?;
            database
                .prepare(
                    "DELETE FROM runs WHERE id IN (SELECT id FROM \
                 (SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS total FROM runs) WHERE total > ?1)",
                )?
                .execute([MOST_KEPT])
        };
        self.noted(write());
    }
}

/// Makes the file, if there is none, such that nobody else can read it.
fn owned_alone(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// The database; none if the file is another program's.
fn opened(path: &Path) -> rusqlite::Result<Option<Connection>> {
    let database = Connection::open(path)?;
    // The file may come from somebody else: what stands in its schema is not run.
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    database.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    database.pragma_update(None, "cell_size_check", true)?;
    // What is deleted is gone from the file too.
    database.pragma_update(None, "secure_delete", true)?;
    // Takes the lock, for as long as the file is open.
    database.execute_batch("BEGIN EXCLUSIVE")?;
    let number = |name: &str| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let is_empty = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))? == 0;
    if is_empty {
        database.execute_batch(TABLE)?;
        database.pragma_update(None, "application_id", APPLICATION)?;
        database.pragma_update(None, "user_version", VERSION)?;
    } else if number("application_id")? != APPLICATION || number("user_version")? != VERSION {
        return Ok(None);
    }
    database.execute_batch("COMMIT")?;
    Ok(Some(database))
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let number = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
    let outcome: Option<String> = row.get("outcome")?;
    let message: Option<String> = row.get("message")?;
    let result = match outcome.as_deref() {
        // The result is read when it is asked for.
        Some("done") => Ok(None),
        Some(kind) => Err(Failed::of_history(kind, message.unwrap_or_default())),
        None => Err(Failed::interrupted()),
    };
    let trace = Trace {
        duration: Duration::from_millis(number("duration")?),
        requests: number("requests")?,
        sent_bytes: number("sent")?,
        received_bytes: number("received")?,
        memory_bytes: number("memory")?,
        ..Trace::default()
    };
    let started = UNIX_EPOCH.checked_add(Duration::from_millis(number("started")?)).unwrap_or(SystemTime::UNIX_EPOCH);
    Ok(Record {
        id: number("id")?,
        action: row.get("action")?,
        started,
        values: serde_json::from_str(&row.get::<_, String>("inputs")?).ok().map(Arc::new),
        phase: Phase::Ended(Arc::new(Run { result, trace, finished: Instant::now() })),
    })
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::ui::forms::{Typed, Values};

    const CANARY: &str = "canary-key-of-the-history";

    fn record(id: u64, result: Result<&str, Failed>) -> Record {
        let result = result.map(|text| Some(Arc::from(RawValue::from_string(text.into()).unwrap())));
        Record {
            id,
            action: "a".into(),
            started: UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            values: Some(Arc::new(Values::from([("x".into(), Typed::Text(CANARY.into()))]))),
            phase: Phase::Ended(Arc::new(Run { result, trace: Trace::default(), finished: Instant::now() })),
        }
    }

    fn secrets() -> Secrets {
        let mut secrets = Secrets::default();
        secrets.hide(CANARY);
        secrets
    }

    #[test]
    fn runs_are_there_after_another_start_and_the_secrets_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.sqlite");
        let archive = Archive::open(&path, "c").unwrap();
        let wrong = Failed { message: format!("no {CANARY}"), ..Failed::no_connection() };
        archive.keep(&record(1, Ok(&format!("{{\"a\":\"{CANARY}\"}}"))), Some(&secrets()));
        archive.keep(&record(2, Err(wrong)), Some(&secrets()));
        let mut under_way = record(3, Ok("1"));
        under_way.phase = Phase::UnderWay { since: Instant::now(), cancel: Arc::default(), is_forgotten: false };
        archive.keep(&under_way, Some(&secrets()));
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
    fn the_oldest_runs_go_where_the_bound_is_passed() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(&folder.path().join("runs.sqlite"), "c").unwrap();
        for id in 1..=3 {
            archive.keep(&record(id, Ok("1")), None);
        }
        archive.database().execute("UPDATE runs SET bytes = ?1", [MOST_KEPT / 2]).unwrap();
        archive.keep(&record(4, Ok("1")), None);
        assert_eq!(archive.earlier().iter().map(|record| record.id).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn no_more_is_read_of_a_file_than_its_bound_whatever_stands_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(&folder.path().join("runs.sqlite"), "c").unwrap();
        for id in 1..=3 {
            archive.keep(&record(id, Ok("1")), None);
        }
        for column in ["message", "action", "outcome"] {
            let long = "x".repeat(usize::try_from(MOST_READ).unwrap());
            archive.database().execute(&format!("UPDATE runs SET {column} = ?1 WHERE id = 2"), [long]).unwrap();
            assert_eq!(archive.earlier().iter().map(|record| record.id).collect::<Vec<_>>(), [3], "{column}");
            archive.database().execute(&format!("UPDATE runs SET {column} = 'a' WHERE id = 2"), []).unwrap();
        }
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
        assert!(Archive::open(&text, "c").err().unwrap().contains("no history"));
        assert_eq!(fs::read_to_string(&text).unwrap(), "not a database, and long enough to look at");
        let other = folder.path().join("other.sqlite");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE x (y)").unwrap();
        assert!(Archive::open(&other, "c").err().unwrap().contains("no history of this program"));
        assert!(Archive::open(&folder.path().join("no/folder"), "c").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.sqlite");
        let _archive = Archive::open(&path, "c").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
    }
}
