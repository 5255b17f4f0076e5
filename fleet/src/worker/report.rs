//! What a worker says of its triggers when it is asked.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::timeline::{Outcome, Timeline};
use crate::model::{Definition, Name, TriggerId, Undelivered};

/// A question to a worker.
pub(crate) enum Ask {
    /// All of its triggers.
    All(oneshot::Sender<Report>),
    /// One of them.
    One(TriggerId, oneshot::Sender<Option<(Row, Timeline, Arc<Definition>)>>),
}

/// A worker's triggers.
#[derive(Debug)]
pub(crate) struct Report {
    /// How many workers there are.
    pub(crate) workers: usize,
    /// Triggers that are due and wait for their turn.
    pub(crate) waiting: usize,
    /// Triggers that are polled at this moment.
    pub(crate) under_way: usize,
    /// Origins that are left alone because they fail, and for how long.
    pub(crate) left_alone: Vec<(String, Duration)>,
    /// The triggers.
    pub(crate) rows: Vec<Row>,
}

/// A trigger, as a list shows it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Which one.
    pub(crate) id: TriggerId,
    /// The connector.
    pub(crate) connector: Name,
    /// The pause between two polls.
    pub(crate) every: Duration,
    /// Whether it is polled at this moment.
    pub(crate) is_polled_now: bool,
    /// For how long it has been due.
    pub(crate) overdue: Duration,
    /// When it is due next; none while it is paused.
    pub(crate) next: Option<Duration>,
    /// Payloads that are not delivered.
    pub(crate) undelivered: Undelivered,
    /// Why payloads are not accepted, where this worker has tried to deliver them.
    pub(crate) refused: Option<String>,
    /// How often this worker has polled it.
    pub(crate) polls: u64,
    /// Polls in a row that failed.
    pub(crate) failures: u32,
    /// What became of the last poll.
    pub(crate) last: Option<Outcome>,
    /// What it waits for beside its schedule.
    pub(crate) waits_for: Option<&'static str>,
}
