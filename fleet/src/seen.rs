//! What is seen of a fleet from outside: counts for Prometheus and for a collector.

use std::time::Duration;

use host::Observers;
use telemetry::{CommitOutcome, DeliveryOutcome, FleetLabels, FleetMetrics, PollOutcome, Subject, Telemetry};
use tracing::debug;

use crate::model::{Definition, TriggerId};

/// The counts, and where they go.
pub(crate) struct Seen {
    telemetry: Telemetry,
    fleet: FleetMetrics,
}

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
        Self { telemetry, fleet }
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
    }

    /// A payload was not accepted, and is tried again unless its trigger is gone.
    pub(crate) fn not_delivered(&self, whose: Whose<'_>, text: &str, waited: Duration, again: bool) {
        debug!("{}: not delivered: {text}", whose.id);
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
