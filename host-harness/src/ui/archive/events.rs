//! What happened to triggers, and their states, in the file. An event and the state that it left are written together:
//! of what a poll found, either both are in the file, or the next poll finds it again.

use std::sync::Arc;
use std::time::Instant;

use host::egress::Secrets;
use host::text::beginning;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::value::RawValue;

use super::reading::{time, trace};
use super::schema::HIGHEST_ID;
use super::{Archive, LONGEST_KEY, LONGEST_RESULT, LONGEST_TEXT, Table, fits, milliseconds, prune, since_1970};
use crate::ui::events::{Event, Kept, Note, Poll, State, What};
use crate::ui::payload::{Delivery, List, MOST_LISTS, MOST_TITLES};
use crate::ui::run::{Failed, Run};
use crate::ui::trigger::beyond::{Earlier, Unwritten};

/// What the payloads of a file's polls may take together, in bytes. The oldest polls go.
pub(super) const MOST_KEPT: i64 = 64 * 1024 * 1024;
/// Events that are kept, of all triggers of all connectors.
const MOST_ROWS: i64 = 2_000;
/// Events of one trigger that are read: as many as its timeline shows.
const MOST_READ: i64 = 200;
/// The longest list that a poll delivers: each of its records has a byte.
const LONGEST_LIST: usize = LONGEST_RESULT as usize;

pub(super) const EVENTS: Table = Table {
    name: "events",
    room: "coalesce(octet_length(message), 0) + octet_length(lists) + coalesce(octet_length(payload), 0)",
    texts: &[
        ("connector", LONGEST_KEY),
        ("trigger", LONGEST_KEY),
        ("outcome", LONGEST_KEY),
        ("message", LONGEST_TEXT),
        ("lists", LONGEST_TEXT),
        ("payload", LONGEST_RESULT),
    ],
    scrubbed: &["message", "lists", "payload"],
};

impl Archive {
    /// Writes events with the state that the last of them left, without these secrets. A state that holds one is not
    /// written: without it, it would be of no use.
    pub(in crate::ui) fn keep_events(&self, trigger: &str, unwritten: &Unwritten, secrets: Option<&Secrets>) {
        let write = || {
            let mut database = self.database();
            let cleared = self.cleared().get(trigger).copied().unwrap_or_default();
            let transaction = database.transaction()?;
            for event in unwritten.events.iter().filter(|event| event.id > cleared) {
                self.write(&transaction, trigger, event, secrets)?;
            }
            let state = unwritten.state.as_deref().filter(|state| state.len() as i64 <= LONGEST_RESULT);
            let state = state.filter(|state| !secrets.is_some_and(|secrets| holds(secrets, state)));
            // Two may be written in another order than they came in.
            transaction.execute(
                "INSERT INTO states (connector, trigger, event, origin, state) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT \
                 (connector, trigger) DO UPDATE SET event = excluded.event, origin = excluded.origin, state = \
                 excluded.state WHERE excluded.event >= event OR event NOT BETWEEN 1 AND ?6",
                params![self.connector, trigger, unwritten.last as i64, unwritten.origin, state, HIGHEST_ID],
            )?;
            transaction.commit()?;
            prune(&database, &EVENTS, MOST_KEPT, MOST_ROWS)
        };
        self.wrote(write());
    }

    fn write(
        &self,
        database: &Connection,
        trigger: &str,
        event: &Event,
        secrets: Option<&Secrets>,
    ) -> rusqlite::Result<()> {
        let redacted = |text: String| match secrets {
            Some(secrets) => secrets.scrub(text),
            None => text,
        };
        let (number, outcome, mut message, mut payload) = match &event.what {
            What::Note(note) => (None, None, Some(note.text.clone()), None),
            What::Poll(poll) => match &poll.run.result {
                Ok(payload) => {
                    let payload = payload.as_ref().map(|payload| payload.get()).filter(|payload| fits(payload));
                    (Some(poll.number as i64), Some("done"), None, payload.map(str::to_owned))
                }
                Err(failed) => (Some(poll.number as i64), Some(failed.kind), Some(failed.message.clone()), None),
            },
        };
        let nothing = Delivery::default();
        let poll = event.poll();
        let delivery = poll.map_or(&nothing, |poll| &poll.delivery);
        let mut lists = delivery.lists.clone();
        // The names of lists are those of the trigger's schema.
        let titles = lists.iter_mut().flat_map(|list| &mut list.titles);
        let mut words: Vec<&mut String> = titles.chain(message.as_mut()).collect();
        let exchanges = poll.map_or(&[][..], |poll| &poll.run.trace.exchanges);
        self.redaction.take_out(&mut Vec::from_iter(payload.as_mut()), &mut words, exchanges);
        let lists = serde_json::to_string(&lists).map(redacted).ok().filter(|lists| lists.len() as i64 <= LONGEST_TEXT);
        let message = message.map(redacted).map(|message| beginning(&message, LONGEST_TEXT as usize).to_owned());
        let used = poll.map(|poll| &poll.run.trace);
        let amount = |of: fn(&host::Trace) -> u64| used.map_or(0, |trace| of(trace) as i64);
        database.execute(
            "INSERT OR REPLACE INTO events (connector, trigger, event, at, number, outcome, message, duration, \
             requests, sent, received, memory, lists, repeats, is_first, no_changes, more, payload) VALUES (?1, ?2, ?3, \
             ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
            params![
                self.connector,
                trigger,
                event.id as i64,
                since_1970(event.at),
                number,
                outcome,
                message,
                used.map_or(0, |trace| milliseconds(trace.duration)),
                amount(|trace| trace.requests),
                amount(|trace| trace.sent_bytes),
                amount(|trace| trace.received_bytes),
                amount(|trace| trace.memory_bytes),
                lists.unwrap_or_else(|| "[]".to_owned()),
                delivery.repeats as i64,
                poll.is_some_and(|poll| poll.is_first),
                poll.is_some_and(|poll| poll.no_changes),
                poll.is_some_and(|poll| poll.more),
                payload.map(redacted).filter(|payload| fits(payload)),
            ],
        )?;
        Ok(())
    }

    /// The newest events of a trigger and the state that the last one left, of at most this many bytes.
    pub(in crate::ui) fn timeline(&self, trigger: &str, longest_state: u64) -> Earlier {
        let read = || {
            let database = self.database();
            let mut query = database.prepare(
                "SELECT event, at, number, outcome, message, duration, requests, sent, received, memory, lists, \
                 repeats, is_first, no_changes, more FROM events WHERE connector = ?1 AND trigger = ?2 AND event BETWEEN 1 AND \
                 ?3 AND octet_length(lists) <= ?4 AND coalesce(octet_length(message), 0) <= ?4 AND \
                 coalesce(octet_length(outcome), 0) <= ?4 ORDER BY event DESC LIMIT ?5",
            )?;
            let keys = params![self.connector, trigger, HIGHEST_ID, LONGEST_TEXT, MOST_READ];
            let mut events = query.query_map(keys, event)?.collect::<rusqlite::Result<Vec<Event>>>()?;
            events.reverse();
            let query = "SELECT event, origin, state FROM states WHERE connector = ?1 AND trigger = ?2 AND event \
                         BETWEEN 1 AND ?3 AND octet_length(origin) <= ?4 AND coalesce(octet_length(state), 0) <= ?5";
            let keys = params![
                self.connector,
                trigger,
                HIGHEST_ID,
                LONGEST_TEXT,
                i64::try_from(longest_state).unwrap_or(i64::MAX)
            ];
            let state = database.query_row(query, keys, |row| {
                Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, String>(1)?, row.get::<_, Option<Vec<u8>>>(2)?))
            });
            let (last, origin, state) = state.optional()?.unwrap_or_default();
            Ok(Earlier { events, last, state: state.map(Into::into), origin })
        };
        let nothing = || Earlier { events: Vec::new(), last: 0, state: None, origin: String::new() };
        let mut earlier = self.noted(read()).unwrap_or_else(nothing);
        more_waits(&mut earlier);
        earlier
    }

    /// The payload of a poll, if the file has it.
    pub(in crate::ui) fn payload(&self, trigger: &str, event: u64) -> Option<Arc<RawValue>> {
        let read = || {
            let query = "SELECT payload FROM events WHERE connector = ?1 AND trigger = ?2 AND event = ?3 AND \
                         octet_length(payload) <= ?4";
            let keys = params![self.connector, trigger, event as i64, LONGEST_RESULT];
            self.database().query_row(query, keys, |row| row.get::<_, Option<String>>(0)).optional()
        };
        // Whoever wrote the file may have written anything.
        Some(RawValue::from_string(self.noted(read())???).ok()?.into())
    }

    /// Deletes the events of a trigger up to this one.
    pub(in crate::ui) fn clear_events(&self, trigger: &str, last: u64) {
        let delete = || {
            let database = self.database();
            self.cleared().insert(trigger.to_owned(), last);
            let query = "DELETE FROM events WHERE connector = ?1 AND trigger = ?2 AND event <= ?3";
            database.execute(query, params![self.connector, trigger, last as i64])
        };
        self.wrote(delete().map(|_| ()));
    }
}

/// Whether more waits is known by the state that the last poll left, if it is still the one.
fn more_waits(earlier: &mut Earlier) {
    let last = earlier.events.iter_mut().rev().find_map(|event| match &mut event.what {
        What::Poll(poll) => Some(poll),
        What::Note(_) => None,
    });
    if let Some(poll) = last.filter(|poll| poll.more && earlier.origin == format!("after poll {}", poll.number)) {
        poll.after = earlier.state.clone();
    }
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let number = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
    let message = row.get::<_, Option<String>>("message")?.unwrap_or_default();
    let what = match row.get::<_, Option<i64>>("number")? {
        None => What::Note(Note::plain(message)),
        Some(poll) => {
            let result = match row.get::<_, Option<String>>("outcome")?.as_deref() {
                Some("done") => Ok(None),
                kind => Err(Failed::of_history(kind.unwrap_or("other"), message, 0)),
            };
            let mut lists: Vec<List> = serde_json::from_str(&row.get::<_, String>("lists")?).unwrap_or_default();
            // No poll delivers more, and sums of them do not turn over.
            lists.truncate(MOST_LISTS);
            lists.iter_mut().for_each(|list| list.titles.truncate(MOST_TITLES));
            lists.iter_mut().for_each(|list| list.length = list.length.min(LONGEST_LIST));
            let repeats = usize::try_from(number("repeats")?).unwrap_or(usize::MAX);
            What::Poll(Box::new(Poll {
                number: poll.clamp(0, HIGHEST_ID).unsigned_abs(),
                run: Run { result, trace: trace(row)?, finished: Instant::now() },
                delivery: Delivery { lists, repeats },
                is_first: row.get("is_first")?,
                no_changes: row.get("no_changes")?,
                more: row.get("more")?,
                before: None,
                after: State::None,
                kept: Kept::InFile,
            }))
        }
    };
    Ok(Event { id: number("event")?, at: time(number("at")?), what })
}

/// Whether a state holds a secret.
pub(super) fn holds(secrets: &Secrets, state: &[u8]) -> bool {
    secrets.may_hold(state) && secrets.scrub_bytes(&mut state.to_vec())
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
