//! How a fleet of triggers keeps up, in numbers: how late polls and deliveries are, and what became of them.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};

use crate::metrics::{LAG_SECONDS, attribute, seconds};

/// Which of the names that there are thousands of become attributes. None by default: ten thousand triggers would make
/// ten thousand series of every metric here, of which 2,000 are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FleetLabels {
    /// `fleet.trigger.name`.
    pub triggers: bool,
    /// `fleet.tenant.name`.
    pub tenants: bool,
}

/// What was polled, or whose payload was delivered.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The connector's key.
    pub connector: &'a str,
    /// The trigger's key in the connector's manifest.
    pub operation: &'a str,
    /// The name of this one trigger; an attribute only with [`FleetLabels::triggers`].
    pub trigger: &'a str,
    /// Whose it is; an attribute only with [`FleetLabels::tenants`].
    pub tenant: &'a str,
}

/// What became of a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollOutcome {
    /// It found changes.
    Found,
    /// It found none.
    NoChanges,
    /// It failed, with this kind of error, for instance of [`host::CallError::kind`].
    Failed(&'static str),
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The recipient took it.
    Accepted,
    /// The recipient refused it for good.
    Refused,
    /// It failed, with this kind of error, and is not tried again.
    Failed(&'static str),
}

/// What became of a commit of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// The state moved on.
    Committed,
    /// Another had moved it on since.
    Conflict,
    /// It could not be committed.
    Failed,
}

/// Instruments of a fleet. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FleetMetrics {
    labels: FleetLabels,
    polls: Counter<u64>,
    poll_lag: Histogram<f64>,
    deliveries: Counter<u64>,
    delivery_lag: Histogram<f64>,
    retries: Counter<u64>,
    commits: Counter<u64>,
    due: Gauge<u64>,
    waiting: Gauge<u64>,
    leases: Gauge<u64>,
}

impl FleetMetrics {
    /// Makes the instruments of a meter, with these labels beside the connector's and the operation's key.
    pub fn new(meter: &Meter, labels: FleetLabels) -> Self {
        let counter = |name: &'static str, unit: &'static str, what: &'static str| {
            meter.u64_counter(name).with_unit(unit).with_description(what).build()
        };
        let gauge = |name: &'static str, unit: &'static str, what: &'static str| {
            meter.u64_gauge(name).with_unit(unit).with_description(what).build()
        };
        let lag = |name: &'static str, what: &'static str| {
            let lag = meter.f64_histogram(name).with_unit("s").with_description(what);
            lag.with_boundaries(LAG_SECONDS.into()).build()
        };
        Self {
            labels,
            polls: counter("fleet.polls", "{poll}", "Polls that have ended"),
            poll_lag: lag("fleet.poll.lag", "How long after they were due polls began"),
            deliveries: counter("fleet.deliveries", "{delivery}", "Deliveries that have ended"),
            delivery_lag: lag("fleet.delivery.lag", "How long after their poll payloads were delivered"),
            retries: counter("fleet.delivery.retries", "{attempt}", "Attempts to deliver after the first"),
            commits: counter("fleet.commits", "{commit}", "Commits of states"),
            due: gauge("fleet.triggers.due", "{trigger}", "Triggers that are due and not polled yet"),
            waiting: gauge("fleet.deliveries.waiting", "{delivery}", "Deliveries that wait"),
            leases: gauge("fleet.leases.held", "{lease}", "Triggers that this worker holds"),
        }
    }

    /// A poll has ended that began so long after it was due.
    pub fn polled(&self, subject: &Subject<'_>, lag: Duration, outcome: PollOutcome) {
        let mut attributes = self.attributes(subject);
        self.poll_lag.record(seconds(lag), &attributes);
        let (name, error) = match outcome {
            PollOutcome::Found => ("found", None),
            PollOutcome::NoChanges => ("no-changes", None),
            PollOutcome::Failed(kind) => ("failed", Some(kind)),
        };
        ended(&mut attributes, "fleet.poll.outcome", name, error);
        self.polls.add(1, &attributes);
    }

    /// A delivery has ended so long after its poll.
    pub fn delivered(&self, subject: &Subject<'_>, lag: Duration, outcome: DeliveryOutcome) {
        let mut attributes = self.attributes(subject);
        self.delivery_lag.record(seconds(lag), &attributes);
        let (name, error) = match outcome {
            DeliveryOutcome::Accepted => ("accepted", None),
            DeliveryOutcome::Refused => ("refused", None),
            DeliveryOutcome::Failed(kind) => ("failed", Some(kind)),
        };
        ended(&mut attributes, "fleet.delivery.outcome", name, error);
        self.deliveries.add(1, &attributes);
    }

    /// A delivery is tried once more.
    pub fn retried(&self, subject: &Subject<'_>) {
        self.retries.add(1, &self.attributes(subject));
    }

    /// A state was committed, or was not.
    pub fn committed(&self, subject: &Subject<'_>, outcome: CommitOutcome) {
        let name = match outcome {
            CommitOutcome::Committed => "committed",
            CommitOutcome::Conflict => "conflict",
            CommitOutcome::Failed => "failed",
        };
        let mut attributes = self.attributes(subject);
        ended(&mut attributes, "fleet.commit.outcome", name, None);
        self.commits.add(1, &attributes);
    }

    /// How much waits: triggers that are due and not polled yet, and deliveries.
    pub fn set_backlog(&self, triggers_due: u64, deliveries_waiting: u64) {
        self.due.record(triggers_due, &[]);
        self.waiting.record(deliveries_waiting, &[]);
    }

    /// How many triggers this worker holds.
    pub fn set_leases(&self, held: u64) {
        self.leases.record(held, &[]);
    }

    fn attributes(&self, subject: &Subject<'_>) -> Vec<KeyValue> {
        let mut attributes = vec![
            attribute("connector.key", subject.connector),
            attribute("connector.operation.key", subject.operation),
        ];
        if self.labels.triggers {
            attributes.push(attribute("fleet.trigger.name", subject.trigger));
        }
        if self.labels.tenants {
            attributes.push(attribute("fleet.tenant.name", subject.tenant));
        }
        attributes
    }
}

fn ended(attributes: &mut Vec<KeyValue>, name: &'static str, outcome: &'static str, error: Option<&'static str>) {
    attributes.push(KeyValue::new(name, outcome));
    attributes.extend(error.map(|kind| KeyValue::new("error.type", kind)));
}
