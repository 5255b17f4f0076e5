//! What is read of a file's runs when it is opened, whoever wrote it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use host::Trace;
use rusqlite::{Row, params};

use super::{A_ROW, Archive, LONGEST_INPUTS, LONGEST_KEY, LONGEST_TEXT, MOST_READ, MOST_ROWS};
use crate::ui::forms::Values;
use crate::ui::run::{Failed, Run};
use crate::ui::runs::{MOST_RUNS, Phase, Record};

/// What a value of a form takes beside its texts, in bytes, for each of the quotes that it has at least two of: inputs of
/// many short values are short in a file and large here.
const A_QUOTE: usize = 64;

impl Archive {
    /// The newest runs of each action, without their results. Which they are is told by lengths alone: no more is read
    /// of a file than its bounds, whoever wrote it. What is longer than a harness writes is left where it is.
    pub(in crate::ui) fn earlier(&self) -> Vec<Record> {
        let read = || {
            let database = self.database();
            // A length that stood beside the windows would have its text read for them.
            let mut query = database.prepare(
                "SELECT runs.id AS id, action, started, inputs, outcome, message, duration, requests, sent, received, \
                 memory FROM runs JOIN (SELECT id, row_number() OVER (PARTITION BY action ORDER BY id DESC) AS place, \
                 sum(octet_length(inputs) + octet_length(action) + coalesce(octet_length(outcome), 0) + \
                 coalesce(octet_length(message), 0) + ?4) OVER (ORDER BY id DESC) AS total FROM runs WHERE id > \
                 coalesce((SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?6), 0) AND octet_length(inputs) <= ?3 \
                 AND octet_length(action) <= ?7 AND coalesce(octet_length(outcome), 0) <= ?7 AND \
                 coalesce(octet_length(message), 0) <= ?8 AND octet_length(connector) = octet_length(?1) AND connector \
                 = ?1) AS chosen ON runs.id = chosen.id WHERE place <= ?2 AND total <= ?5 ORDER BY runs.id DESC",
            )?;
            let keys = params![
                self.connector,
                MOST_RUNS as i64,
                LONGEST_INPUTS,
                A_ROW,
                MOST_READ,
                MOST_ROWS,
                LONGEST_KEY,
                LONGEST_TEXT
            ];
            let mut room = MOST_READ as usize;
            let rows = query.query_map(keys, |row| record(row, &mut room))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let mut newest = self.noted(read()).unwrap_or_default();
        newest.reverse();
        newest
    }
}

fn record(row: &Row<'_>, room: &mut usize) -> rusqlite::Result<Record> {
    let number = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
    let outcome: Option<String> = row.get("outcome")?;
    let message: Option<String> = row.get("message")?;
    let result = match outcome.as_deref() {
        // The result is read when it is asked for.
        Some("done") => Ok(None),
        Some(kind) => Err(Failed::of_history(kind, message.unwrap_or_default(), number("requests")?)),
        None => Err(Failed::interrupted()),
    };
    let trace = trace(row)?;
    Ok(Record {
        id: number("id")?,
        action: row.get("action")?,
        started: time(number("started")?),
        values: values(&row.get::<_, String>("inputs")?, room).map(Arc::new),
        is_forgotten: false,
        phase: Phase::Ended(Arc::new(Run { result, trace, finished: Instant::now() })),
    })
}

/// Inputs that still have room in memory; those of older runs are no longer kept.
fn values(text: &str, room: &mut usize) -> Option<Values> {
    let quotes = text.bytes().filter(|byte| *byte == b'"').count();
    *room = room.checked_sub(text.len() + quotes * A_QUOTE)?;
    serde_json::from_str(text).ok()
}

/// What a row says of what a call used.
pub(super) fn trace(row: &Row<'_>) -> rusqlite::Result<Trace> {
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
pub(super) fn time(milliseconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds)).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_of_many_short_values_count_as_what_they_take_here() {
        let one = r#"{"a":"1"}"#;
        let mut room = one.len() + 4 * A_QUOTE;
        assert!(values(one, &mut room).is_some());
        assert_eq!((room, values(one, &mut room).is_none()), (0, true));
    }
}
