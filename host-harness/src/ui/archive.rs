//! Runs and polls in a file (SQLite), so that they outlive this program: what was asked for, how it ended, and the
//! result, without the connection's secrets and without what a recording is without. One program uses a file at a time.

mod events;
mod opening;
mod reading;
mod schema;
mod scrubbing;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use host::Trace;
use host::egress::Secrets;
use host::text::beginning;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::value::RawValue;

use super::runs::Record;
use crate::recording::Redaction;

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
/// No value and no row of ours is longer: a result beside its inputs and what is said of it. In bytes.
const LONGEST_VALUE: i32 = 40 * 1024 * 1024;
/// The key of an action, of a trigger or of a connector, or how a call ended. In bytes.
const LONGEST_KEY: i64 = 1024;
/// What is said of a run or an event, and the lists of what a poll delivered, are short where we wrote them. In bytes.
const LONGEST_TEXT: i64 = 64 * 1024;
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
    /// What is taken out of all that is written, beside secrets.
    redaction: Arc<Redaction>,
    trouble: Mutex<Option<String>>,
    /// Of each trigger the last event that was deleted: what of those before it is still to be written is not.
    cleared: Mutex<HashMap<String, u64>>,
    /// The results that somebody has: however many ask for one, it is held once.
    lent: Mutex<HashMap<(String, u64), Weak<RawValue>>>,
}

impl Archive {
    /// The same file, of which this is taken out of what is written from now on.
    pub(super) fn without(self, redaction: Arc<Redaction>) -> Self {
        Self { redaction, ..self }
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
            let mut inputs =
                serde_json::to_string(&record.values.as_deref().cloned().unwrap_or_default()).unwrap_or_default();
            let run = record.run();
            let (outcome, mut message, mut result) = match run.map(|run| &run.result) {
                None => (None, None, None),
                Some(Ok(result)) => {
                    let result = result.as_ref().map(|result| result.get()).filter(|result| fits(result));
                    (Some("done"), None, result.map(str::to_owned))
                }
                Some(Err(failed)) => (Some(failed.kind), Some(failed.message.clone()), None),
            };
            let mut json: Vec<&mut String> = [&mut inputs].into_iter().chain(result.as_mut()).collect();
            let exchanges = run.map_or(&[][..], |run| &run.trace.exchanges);
            self.redaction.take_out(&mut json, &mut Vec::from_iter(message.as_mut()), exchanges);
            // What stands for something that was taken out may be longer than it. Inputs that are no JSON are read as no
            // longer kept.
            let inputs = Some(redacted(inputs)).filter(|inputs| inputs.len() as i64 <= LONGEST_INPUTS);
            let inputs = inputs.unwrap_or_default();
            let message = message.map(redacted).map(|message| beginning(&message, LONGEST_TEXT as usize).to_owned());
            let result = result.map(redacted).filter(|result| fits(result));
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
        let query = "DELETE FROM runs WHERE octet_length(connector) = octet_length(?1) AND connector = ?1 AND (?2 IS \
                     NULL OR octet_length(action) = octet_length(?2) AND action = ?2)";
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
}

/// A table whose rows have a number, and what of a row takes room: told by lengths, which are read without what they
/// are of.
struct Table {
    name: &'static str,
    room: &'static str,
    /// Its texts, each with the most that a harness writes of it, in bytes.
    texts: &'static [(&'static str, i64)],
    /// Those of them that hold what others wrote.
    scrubbed: &'static [&'static str],
}

const RUNS: Table = Table {
    name: "runs",
    room: "octet_length(inputs) + coalesce(octet_length(message), 0) + coalesce(octet_length(result), 0)",
    texts: &[
        ("connector", LONGEST_KEY),
        ("action", LONGEST_KEY),
        ("outcome", LONGEST_KEY),
        ("inputs", LONGEST_INPUTS),
        ("message", LONGEST_TEXT),
        ("result", LONGEST_RESULT),
    ],
    scrubbed: &["inputs", "message", "result"],
};

/// Lets go of the oldest rows where they are too many or hold too much.
fn prune(
    database: &Connection,
    Table { name, room, .. }: &Table,
    most_kept: i64,
    most_rows: i64,
) -> rusqlite::Result<()> {
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

/// Whether a result is written at all.
fn fits(result: &str) -> bool {
    result.len() as i64 <= LONGEST_RESULT
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
