//! What is seen of a fleet from outside: counts for Prometheus and for a collector.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use host::Observers;
use telemetry::{CommitOutcome, DeliveryOutcome, FleetLabels, FleetMetrics, PollOutcome, Subject, Telemetry};
use tracing::warn;

use crate::model::{Definition, TriggerId};

/// The counts, and where they go.
pub(crate) struct Seen {
    telemetry: Telemetry,
    fleet: FleetMetrics,
    /// Why the last try to deliver a trigger's payload failed, while it fails.
    refused: Mutex<HashMap<TriggerId, String>>,
    /// What is said of single triggers in the log.
    lines: DefaultDirectRateLimiter,
}

/// So many triggers' reasons are remembered.
const MOST_REASONS: usize = 10_000;
/// So many lines a minute are said of single triggers: in an outage all of them fail.
const LINES_A_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);

/// Whom a count is of.
#[derive(Clone, Copy)]
pub(crate) struct Whose<'a> {
    /// The trigger.
    pub(crate) id: &'a TriggerId,
    /// Its definition.
    pub(crate) definition: &'a Definition,
}

impl<'a> From<Whose<'a>> for Subject<'a> {
    fn from(Whose { id, definition }: Whose<'a>) -> Self {
        Subject {
            connector: definition.connector.as_str(),
            operation: &definition.trigger,
            trigger: id.name.as_str(),
            tenant: id.tenant.as_str(),
        }
    }
}

impl Seen {
    pub(crate) fn new(telemetry: Telemetry) -> Self {
        // No names of tenants and triggers: thousands of series are what no Prometheus thanks for.
        let fleet = telemetry.fleet(FleetLabels::default());
        let lines = RateLimiter::direct(Quota::per_minute(LINES_A_MINUTE));
        Self { telemetry, fleet, refused: Mutex::default(), lines }
    }

    /// Says something of one trigger in the log, where not too much was said already.
    pub(crate) fn say(&self, id: &TriggerId, text: &str) {
        if self.lines.check().is_ok() {
            warn!("{id}: {text}");
        }
    }

    /// Why a trigger's payloads are not accepted, as far as this worker has tried.
    pub(crate) fn refused(&self, id: &TriggerId) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// What calls are made with, so that they are counted.
    pub(crate) fn observers(&self) -> Observers {
        self.telemetry.observers()
    }

    /// A poll has ended that began so long after it was due: `found`, `quiet`, or with the kind of an error.
    pub(crate) fn polled(&self, whose: Whose<'_>, kind: &'static str, lag: Duration) {
        let ended = match kind {
            "found" => PollOutcome::Found,
            "quiet" => PollOutcome::NoChanges,
            kind => PollOutcome::Failed(kind),
        };
        self.fleet.polled(&whose.into(), lag, ended);
        match kind {
            "found" => self.fleet.committed(&whose.into(), CommitOutcome::Committed),
            "conflict" => self.fleet.committed(&whose.into(), CommitOutcome::Conflict),
            "engine" => self.fleet.committed(&whose.into(), CommitOutcome::Failed),
            _ => {}
        }
    }

    /// How many triggers are due and wait for their turn, and how many payloads wait for their delivery.
    pub(crate) fn backlog(&self, triggers: usize, deliveries: u64) {
        self.fleet.set_backlog(triggers as u64, deliveries);
    }

    /// How many triggers this worker has.
    pub(crate) fn triggers(&self, count: usize) {
        self.fleet.set_leases(count as u64);
    }

    /// A payload was accepted, so long after it was found.
    pub(crate) fn delivered(&self, whose: Whose<'_>, waited: Duration) {
        self.fleet.delivered(&whose.into(), waited, DeliveryOutcome::Accepted);
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).remove(whose.id);
    }

    /// A payload was not accepted, and is tried again unless its trigger is gone.
    pub(crate) fn not_delivered(&self, whose: Whose<'_>, text: &str, waited: Duration, again: bool) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !refused.contains_key(whose.id);
        if refused.len() < MOST_REASONS || !is_new {
            refused.insert(whose.id.clone(), text.to_owned());
        }
        drop(refused);
        if is_new {
            self.say(whose.id, &format!("a payload was not accepted, and is tried again: {text}"));
        }
        if again {
            self.fleet.retried(&whose.into());
        } else {
            self.fleet.delivered(&whose.into(), waited, DeliveryOutcome::Refused);
        }
    }

    /// All counts as Prometheus reads them.
    pub(crate) fn prometheus_text(&self) -> String {
        self.telemetry.prometheus_text()
    }

    /// Sends what is left, within a moment.
    pub(crate) fn end(&self) {
        self.telemetry.shutdown();
    }
}
