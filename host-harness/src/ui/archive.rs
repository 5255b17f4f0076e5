//! Runs in a file (SQLite), so that they outlive this program: what was asked for, how it ended, and the result, without
//! the connection's secrets. One program uses a file at a time.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use host::egress::Secrets;
use host::{Trace, own_file};
use operator::openness::{self, Openness};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use serde_json::value::RawValue;

use super::run::{Failed, Run};
use super::runs::{MOST_RUNS, Phase, Record};

/// What the results and inputs of a file's runs may take together, in bytes. The oldest runs go.
const MOST_KEPT: i64 = 256 * 1024 * 1024;
/// Runs that are kept, and looked at when the file is opened: the newest, of all actions.
const MOST_ROWS: i64 = 10_000;
/// So many of what is too much go with each run that is written, so that none takes long.
const MOST_DROPPED: i64 = 1_000;
/// No file of ours becomes larger: what is kept, as much again for what SQLite needs beside it. In bytes.
const LARGEST_FILE: u64 = 2 * MOST_KEPT as u64;
/// The highest number of a run that a file of ours has, and a script can count to.
const HIGHEST_ID: i64 = 1 << 53;
/// A longer result is neither written nor read from a file, whoever wrote it there: as much as a call may give by
/// default. In bytes.
const LONGEST_RESULT: i64 = 32 * 1024 * 1024;
/// The key of an action. In bytes.
const LONGEST_KEY: i64 = 1024;
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
    /// The results that somebody has: however many ask for one, it is held once.
    lent: Mutex<HashMap<(String, u64), Weak<RawValue>>>,
}

impl Archive {
    /// Opens a file, or makes it, for the runs of one connector. The error is for people.
    pub(super) fn open(path: &Path, connector: &str) -> Result<Self, String> {
        let failed = |why: String| format!("the history {}: {why}", path.display());
        let real = own_file::in_the_real_folder(path).map_err(|error| failed(error.to_string()))?;
        let (file, metadata) = own_file::open(&real, "history").map_err(|why| format!("the history {why}"))?;
        if let Some(openness) = Openness::of(&metadata) {
            let others = match openness {
                Openness::Writable(who) => who,
                Openness::Readable => "other users can read, and it holds what was asked and answered",
            };
            return Err(openness::warning("the history", path, others));
        }
        if metadata.len() > LARGEST_FILE {
            return Err(failed(format!(
                "it is larger than {LARGEST_FILE} bytes, so no harness wrote it: name a new file"
            )));
        }
        // Its lock would go with this handle, were that closed later.
        drop(file);
        let database = opened(&real).map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy) => {
                failed("another harness uses it: give each a file of its own".into())
            }
            Some(rusqlite::ErrorCode::NotADatabase) => failed("it is no history: name a new file".into()),
            _ => failed(error.to_string()),
        })?;
        let database = database.ok_or_else(|| failed("it is no history of this program: name a new file".into()))?;
        if let Some(id) = foreign_id(&database).map_err(|error| failed(error.to_string()))? {
            return Err(failed(format!("it has a run with the number {id}, which no harness gives: name a new file")));
        }
        Ok(Self {
            database: Mutex::new(database),
            connector: connector.to_owned(),
            trouble: Mutex::default(),
            lent: Mutex::default(),
        })
    }

    fn database(&self) -> MutexGuard<'_, Connection> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What went wrong when a run was last written, or read since, for people.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    fn noted<T>(&self, done: rusqlite::Result<T>) -> Option<T> {
        // That a run can be read does not mean that one is written again.
        done.inspect_err(|error| self.note(Some(error.to_string()))).ok()
    }

    /// The newest runs of each action, without their results. Which they are is told by lengths alone: no more is read of
    /// a file than its bounds, whoever wrote it.
    pub(super) fn earlier(&self) -> Vec<Record> {
        let read = || {
            let database = self.database();
            let mut query = database.prepare(
                "SELECT runs.id AS id, action, started, inputs, outcome, message, duration, requests, sent, received, memory \
                 FROM runs JOIN (SELECT id, row_number() OVER (PARTITION BY action ORDER BY id DESC) AS place, \
                 octet_length(inputs) AS length, sum(octet_length(inputs) + octet_length(action) + \
                 coalesce(octet_length(outcome), 0) + coalesce(octet_length(message), 0) + ?4) OVER (ORDER BY id DESC) AS total \
                 FROM runs WHERE id > coalesce((SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?6), 0) \
                 AND octet_length(action) <= ?7 AND octet_length(connector) = octet_length(?1) AND connector = ?1) AS chosen \
                 ON runs.id = chosen.id WHERE place <= ?2 AND length <= ?3 AND total <= ?5 ORDER BY runs.id",
            )?;
            let keys =
                params![self.connector, MOST_RUNS as i64, LONGEST_INPUTS, A_ROW, MOST_READ, MOST_ROWS, LONGEST_KEY];
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
        let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
        lent.retain(|_, result| result.strong_count() > 0);
        let asked = (action.to_owned(), id);
        if let Some(result) = lent.get(&asked).and_then(Weak::upgrade) {
            return Some(result);
        }
        let read = || {
            let query = "SELECT result FROM runs WHERE id = ?1 AND connector = ?2 AND action = ?3 AND octet_length(result) <= ?4";
            let keys = params![id as i64, self.connector, action, LONGEST_RESULT];
            self.database().query_row(query, keys, |row| row.get::<_, Option<String>>(0)).optional()
        };
        // Whoever wrote the file may have written anything.
        let result: Arc<RawValue> = RawValue::from_string(self.noted(read())??.unwrap_or_default()).ok()?.into();
        lent.insert(asked, Arc::downgrade(&result));
        Some(result)
    }

    /// Writes a run as it is now in place of what it was, without these secrets, and lets go of the oldest.
    pub(super) fn keep(&self, record: &Record, secrets: &[Arc<Secrets>]) {
        let redacted = |text: String| secrets.iter().fold(text, |text, secrets| secrets.scrub(text));
        let write = || {
            let inputs =
                serde_json::to_string(&record.values.as_deref().cloned().unwrap_or_default()).unwrap_or_default();
            let inputs = redacted(inputs);
            let run = record.run();
            let (outcome, message, result) = match run.map(|run| &run.result) {
                None => (None, None, None),
                Some(Ok(result)) => {
                    let result = result.as_ref().filter(|result| result.get().len() as u64 <= LONGEST_RESULT as u64);
                    (Some("done"), None, result.map(|result| redacted(result.get().to_owned())))
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
            prune(&database, MOST_KEPT, MOST_ROWS)
        };
        match write() {
            Ok(()) => self.note(None),
            Err(error) => self.note(Some(error.to_string())),
        }
    }

    /// Takes secrets out of what was written before they were known to be some.
    pub(super) fn scrub(&self, secrets: &Secrets) {
        let scrub = || {
            let database = self.database();
            let ids: Vec<i64> = database
                .prepare("SELECT id FROM runs")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for column in ["inputs", "message", "result"] {
                let mut read = database.prepare(&format!("SELECT {column} FROM runs WHERE id = ?1"))?;
                let mut write = database.prepare(&format!("UPDATE runs SET {column} = ?2 WHERE id = ?1"))?;
                for id in &ids {
                    let held = read.query_row([id], |row| {
                        let text = row.get_ref(0)?.as_str_or_null().unwrap_or_default();
                        Ok(text.filter(|text| secrets.may_hold(text.as_bytes())).map(str::to_owned))
                    })?;
                    let Some(held) = held else { continue };
                    let clean = secrets.scrub(held.clone());
                    if clean != held {
                        write.execute(params![id, clean])?;
                    }
                }
            }
            Ok(())
        };
        self.noted(scrub());
        self.lent.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Lets go of the oldest runs where they are too many or hold too much.
fn prune(database: &Connection, most_kept: i64, most_rows: i64) -> rusqlite::Result<()> {
    // The last of the newest that may stay. By lengths, which are read without what they are of.
    let mut above = database.prepare(
        "SELECT max(id) FROM (SELECT id, sum(octet_length(inputs) + coalesce(octet_length(message), 0) + \
         coalesce(octet_length(result), 0) + ?3) OVER newest AS total, row_number() OVER newest AS place FROM runs \
         WHERE id >= coalesce((SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?2), 0) WINDOW newest AS (ORDER BY id DESC)) \
         WHERE total > ?1 OR place > ?2",
    )?;
    let above: Option<i64> = above.query_row(params![most_kept, most_rows, A_ROW], |row| row.get(0))?;
    let Some(above) = above else { return Ok(()) };
    database
        .prepare("DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE id <= ?1 ORDER BY id LIMIT ?2)")?
        .execute([above, MOST_DROPPED])?;
    Ok(())
}

/// The number of a run that cannot be one of ours, if the file has such a one.
fn foreign_id(database: &Connection) -> rusqlite::Result<Option<i64>> {
    let ends = "SELECT (SELECT min(id) FROM runs), (SELECT max(id) FROM runs)";
    let ends = database.query_row(ends, [], |row| Ok([row.get::<_, Option<i64>>(0)?, row.get(1)?]))?;
    Ok(ends.into_iter().flatten().find(|id| !(1..=HIGHEST_ID).contains(id)))
}

/// The database; none if the file is another program's.
fn opened(path: &Path) -> rusqlite::Result<Option<Connection>> {
    // Through no link, should one have come into its place since it was looked at.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let database = Connection::open_with_flags(path, flags)?;
    // The file may come from somebody else: what stands in its schema is not run.
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    database.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    database.pragma_update(None, "cell_size_check", true)?;
    // What is deleted is gone from the file too, and from the one beside it that a change begins with.
    database.pragma_update(None, "secure_delete", true)?;
    database.pragma_update(None, "journal_mode", "TRUNCATE")?;
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
        is_forgotten: false,
        phase: Phase::Ended(Arc::new(Run { result, trace, finished: Instant::now() })),
    })
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
