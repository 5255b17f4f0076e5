//! What is counted of a fleet.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::debug;

use crate::model::TriggerId;
use crate::worker::Outcome;

const LAGS: [f64; 19] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
];

/// The counts.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    polls: Mutex<BTreeMap<&'static str, u64>>,
    lag: Mutex<[u64; 20]>,
    triggers: AtomicU64,
    shards: AtomicU64,
    waiting: AtomicU64,
    under_way: AtomicU64,
    delivered: AtomicU64,
    refused: AtomicU64,
}

impl Seen {
    /// A poll has ended.
    pub(crate) fn polled(&self, outcome: &Outcome) {
        *self.polls.lock().unwrap_or_else(PoisonError::into_inner).entry(outcome.kind).or_default() += 1;
        let place = LAGS.iter().position(|bound| outcome.lag.as_secs_f64() <= *bound).unwrap_or(LAGS.len());
        if let Some(count) = self.lag.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
            *count += 1;
        }
    }

    /// How many triggers are due and wait, and how many are polled.
    pub(crate) fn backlog(&self, waiting: usize, under_way: usize) {
        self.waiting.store(waiting as u64, Ordering::Relaxed);
        self.under_way.store(under_way as u64, Ordering::Relaxed);
    }

    /// How many triggers this worker has.
    pub(crate) fn triggers(&self, count: usize) {
        self.triggers.store(count as u64, Ordering::Relaxed);
    }

    /// How many shards this worker holds.
    pub(crate) fn shards(&self, count: usize) {
        self.shards.store(count as u64, Ordering::Relaxed);
    }

    /// A payload was accepted, after so long and so many tries.
    pub(crate) fn delivered(&self, _waited: Duration, _attempts: u32) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }

    /// A payload was not accepted.
    pub(crate) fn not_delivered(&self, id: &TriggerId, text: &str) {
        debug!("{id}: not delivered: {text}");
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// All counts as Prometheus reads them.
    pub(crate) fn prometheus_text(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        for (kind, count) in self.polls.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(text, "fleet_polls_total{{outcome=\"{kind}\"}} {count}");
        }
        let mut sum = 0;
        for (place, count) in self.lag.lock().unwrap_or_else(PoisonError::into_inner).iter().enumerate() {
            sum += count;
            let bound = LAGS.get(place).map_or_else(|| "+Inf".to_owned(), f64::to_string);
            let _ = writeln!(text, "fleet_poll_lag_seconds_bucket{{le=\"{bound}\"}} {sum}");
        }
        for (name, count) in [
            ("fleet_triggers", &self.triggers),
            ("fleet_shards", &self.shards),
            ("fleet_waiting", &self.waiting),
            ("fleet_under_way", &self.under_way),
            ("fleet_delivered_total", &self.delivered),
            ("fleet_refused_total", &self.refused),
        ] {
            let _ = writeln!(text, "{name} {}", count.load(Ordering::Relaxed));
        }
        text
    }
}
