//! What a worker knows of one trigger.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attempt::Polling;
use super::holding::Holding;
use super::report::Row;
use super::slot::Slot;
use super::timeline::Timeline;
use crate::engine::Engine;
use crate::model::{Definition, Record, TriggerId};
use crate::seen::Seen;

pub(super) struct Entry<E> {
    pub(super) definition: Arc<Definition>,
    pub(super) paused: bool,
    pub(super) holding: Arc<Holding>,
    pub(super) origin: Arc<str>,
    /// The tenant's connection.
    pub(super) connection: Arc<str>,
    /// The state. Another one for each time that the trigger is taken, so that it tells a poll of this time from one of
    /// before.
    pub(super) slot: Arc<Slot<E>>,
    /// None while it is polled.
    pub(super) polling: Option<Polling<E>>,
    /// The engine's record, where it came while it was polled.
    pub(super) newer: Option<Record>,
    /// Which of all times that it was scheduled counts.
    pub(super) generation: u64,
    pub(super) due: Instant,
    pub(super) timeline: Timeline,
    /// Why it waits, beside its schedule.
    pub(super) waits_for: Option<&'static str>,
}

impl<E: Engine> Entry<E> {
    /// Whether the last poll went over a limit.
    pub(super) fn went_over(&self) -> bool {
        self.timeline.last().is_some_and(|last| last.kind == "limit")
    }

    /// Whether what is known is what the engine keeps. Not known while it is polled.
    pub(super) fn is_as(&self, record: &Record) -> bool {
        self.polling.is_some() && self.slot.is_as(record)
    }

    /// As a list shows it.
    pub(super) fn row(&self, id: &TriggerId, now: Instant, seen: &Seen) -> Row {
        Row {
            id: id.clone(),
            connector: self.definition.connector.clone(),
            every: self.definition.every(),
            is_polled_now: self.polling.is_none(),
            overdue: if self.paused { Duration::ZERO } else { now.saturating_duration_since(self.due) },
            next: if self.paused { None } else { Some(self.due.saturating_duration_since(now)) },
            undelivered: self.slot.undelivered(),
            refused: seen.refused(id),
            polls: self.timeline.polls,
            failures: self.timeline.failures,
            last: self.timeline.last().cloned(),
            waits_for: self.waits_for,
        }
    }
}
