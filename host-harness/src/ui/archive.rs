//! Runs and polls in a file (SQLite), so that they outlive this program: what was asked for, how it ended, and the
//! result, without the connection's secrets. One program uses a file at a time.

mod events;
mod schema;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use host::egress::Secrets;
use host::{Trace, own_file};
use operator::openness::{self, Openness};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::value::RawValue;

use super::run::{Failed, Run};
use super::runs::{MOST_RUNS, Phase, Record};
use schema::{foreign_id, opened};

/// What the results and inputs of a file's runs may take together, in bytes. The oldest runs go.
const MOST_KEPT: i64 = 256 * 1024 * 1024;
/// Runs that are kept, and looked at when the file is opened: the newest, of all actions.
const MOST_ROWS: i64 = 10_000;
/// So many of what is too much go with each run that is written, so that none takes long.
const MOST_DROPPED: i64 = 1_000;
/// No file of ours becomes larger: what is kept, as much again for what SQLite needs beside it. In bytes.
const LARGEST_FILE: u64 = 2 * (MOST_KEPT + events::MOST_KEPT) as u64;
/// A longer result is neither written nor read from a file, whoever wrote it there: as much as a call may give by
/// default. In bytes.
const LONGEST_RESULT: i64 = 32 * 1024 * 1024;
/// The key of an action. In bytes.
const LONGEST_KEY: i64 = 1024;
/// Inputs are a form, which is bounded when it is sent. In bytes.
const LONGEST_INPUTS: i64 = 4 * 1024 * 1024;
/// What is read of a file's runs when it is opened, whoever wrote it: the newest that together stay below this, in
/// bytes, each counted with what it takes beside its texts.
const MOST_READ: i64 = 64 * 1024 * 1024;
const A_ROW: i64 = 512;
/// A file of runs.
pub(super) struct Archive {
    database: Mutex<Connection>,
    connector: String,
    trouble: Mutex<Option<String>>,
    /// Of each trigger the last event that was deleted: what of those before it is still to be written is not.
    cleared: Mutex<HashMap<String, u64>>,
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
            return Err(failed(format!(
                "it has a run or a poll with the number {id}, which no harness gives: name a new file"
            )));
        }
        Ok(Self {
            database: Mutex::new(database),
            connector: connector.to_owned(),
            trouble: Mutex::default(),
            cleared: Mutex::default(),
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

    /// The newest runs of each action, without their results. Which they are is told by lengths alone: no more is read
    /// of a file than its bounds, whoever wrote it.
    pub(super) fn earlier(&self) -> Vec<Record> {
        let read = || {
            let database = self.database();
            let mut query = database.prepare(
                "SELECT runs.id AS id, action, started, inputs, outcome, message, duration, requests, sent, received, \
                 memory FROM runs JOIN (SELECT id, row_number() OVER (PARTITION BY action ORDER BY id DESC) AS place, \
                 octet_length(inputs) AS length, sum(octet_length(inputs) + octet_length(action) + \
                 coalesce(octet_length(outcome), 0) + coalesce(octet_length(message), 0) + ?4) OVER (ORDER BY id DESC) \
                 AS total FROM runs WHERE id > coalesce((SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?6), 0) \
                 AND octet_length(action) <= ?7 AND octet_length(connector) = octet_length(?1) AND connector = ?1) AS \
                 chosen ON runs.id = chosen.id WHERE place <= ?2 AND length <= ?3 AND total <= ?5 ORDER BY runs.id",
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
        let mut lent = self.lent();
        lent.retain(|_, result| result.strong_count() > 0);
        let asked = (action.to_owned(), id);
        if let Some(result) = lent.get(&asked).and_then(Weak::upgrade) {
            return Some(result);
        }
        let read = || {
            let query = "SELECT result FROM runs WHERE id = ?1 AND connector = ?2 AND action = ?3 AND \
                         octet_length(result) <= ?4";
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
            database
                .prepare(
                    "INSERT OR REPLACE INTO runs (id, connector, action, started, inputs, outcome, message, duration, \
                     requests, sent, received, memory, result, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, \
                     ?11, ?12, ?13, ?14)",
                )?
                .execute(params![
                    record.id as i64,
                    self.connector,
                    record.action,
                    since_1970(record.started),
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
            prune(&database, &RUNS, MOST_KEPT, MOST_ROWS)
        };
        self.wrote(write());
    }

    fn wrote(&self, done: rusqlite::Result<()>) {
        self.note(done.err().map(|error| error.to_string()));
    }

    /// Deletes a run.
    pub(super) fn delete(&self, action: &str, id: u64) {
        let query = "DELETE FROM runs WHERE id = ?1 AND connector = ?2 AND action = ?3";
        let deleted = self.database().execute(query, params![id as i64, self.connector, action]);
        self.wrote(deleted.map(|_| ()));
        self.lent().clear();
    }

    /// Deletes all runs of an action, or of all.
    pub(super) fn clear_runs(&self, action: Option<&str>) {
        let query = "DELETE FROM runs WHERE connector = ?1 AND (?2 IS NULL OR action = ?2)";
        let deleted = self.database().execute(query, params![self.connector, action]);
        self.wrote(deleted.map(|_| ()));
        self.lent().clear();
    }

    fn cleared(&self) -> MutexGuard<'_, HashMap<String, u64>> {
        self.cleared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lent(&self) -> MutexGuard<'_, HashMap<(String, u64), Weak<RawValue>>> {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes secrets out of what was written before they were known to be some.
    pub(super) fn scrub(&self, secrets: &Secrets) {
        let scrub = || {
            let database = self.database();
            for column in ["inputs", "message", "result"] {
                scrub_column(&database, "runs", column, secrets)?;
            }
            events::scrub(&database, secrets)
        };
        self.noted(scrub());
        self.lent().clear();
    }
}

/// Takes secrets out of a column of texts.
fn scrub_column(database: &Connection, table: &str, column: &str, secrets: &Secrets) -> rusqlite::Result<()> {
    let ids: Vec<i64> = database
        .prepare(&format!("SELECT id FROM {table}"))?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut read = database.prepare(&format!("SELECT {column} FROM {table} WHERE id = ?1"))?;
    let mut write = database.prepare(&format!("UPDATE {table} SET {column} = ?2 WHERE id = ?1"))?;
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
    Ok(())
}

/// A table whose rows have a number, and what of a row takes room: told by lengths, which are read without what they
/// are of.
struct Table {
    name: &'static str,
    room: &'static str,
}

const RUNS: Table = Table {
    name: "runs",
    room: "octet_length(inputs) + coalesce(octet_length(message), 0) + coalesce(octet_length(result), 0)",
};

/// Lets go of the oldest rows where they are too many or hold too much.
fn prune(database: &Connection, Table { name, room }: &Table, most_kept: i64, most_rows: i64) -> rusqlite::Result<()> {
    // The last of the newest that may stay.
    let mut above = database.prepare(&format!(
        "SELECT max(id) FROM (SELECT id, sum({room} + ?3) OVER newest AS total, row_number() OVER newest AS place FROM \
         {name} WHERE id >= coalesce((SELECT id FROM {name} ORDER BY id DESC LIMIT 1 OFFSET ?2), 0) WINDOW newest AS \
         (ORDER BY id DESC)) WHERE total > ?1 OR place > ?2"
    ))?;
    let above: Option<i64> = above.query_row(params![most_kept, most_rows, A_ROW], |row| row.get(0))?;
    let Some(above) = above else { return Ok(()) };
    database
        .prepare(&format!(
            "DELETE FROM {name} WHERE id IN (SELECT id FROM {name} WHERE id <= ?1 ORDER BY id LIMIT ?2)"
        ))?
        .execute([above, MOST_DROPPED])?;
    Ok(())
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
    let trace = trace(row)?;
    Ok(Record {
        id: number("id")?,
        action: row.get("action")?,
        started: time(number("started")?),
        values: serde_json::from_str(&row.get::<_, String>("inputs")?).ok().map(Arc::new),
        is_forgotten: false,
        phase: Phase::Ended(Arc::new(Run { result, trace, finished: Instant::now() })),
    })
}

/// What a row says of what a call used.
fn trace(row: &Row<'_>) -> rusqlite::Result<Trace> {
    let number = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
    Ok(Trace {
        duration: Duration::from_millis(number("duration")?),
        requests: number("requests")?,
        sent_bytes: number("sent")?,
        received_bytes: number("received")?,
        memory_bytes: number("memory")?,
        ..Trace::default()
    })
}

/// A time as a row has it, in milliseconds since 1970.
fn time(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds)).unwrap_or(UNIX_EPOCH)
}

fn since_1970(time: SystemTime) -> i64 {
    milliseconds(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
