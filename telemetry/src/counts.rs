//! How many spans there were, and what became of them.

use std::sync::atomic::{AtomicU64, Ordering};

/// The most spans that wait to be sent. More are dropped: one has a kilobyte or so.
pub(crate) const MOST_WAITING: u64 = 2_048;

/// Counted as it happens, from several threads.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    waiting: AtomicU64,
    accepted: AtomicU64,
    rejected: AtomicU64,
    no_room: AtomicU64,
}

/// What became of spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivered {
    /// Spans that the collector took.
    pub accepted: u64,
    /// Spans that were sent, and that it did not take.
    pub rejected: u64,
    /// Spans that were not sent, because too many waited.
    pub no_room: u64,
    /// Spans that wait.
    pub waiting: u64,
}

impl Delivered {
    /// Spans that are lost.
    pub fn dropped(&self) -> u64 {
        self.rejected + self.no_room
    }
}

impl Counts {
    /// Takes a place among those that wait, if there is one.
    pub(crate) fn wait(&self) -> bool {
        let place = |waiting| (waiting < MOST_WAITING).then_some(waiting + 1);
        let has_place = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, place).is_ok();
        if !has_place {
            self.no_room.fetch_add(1, Ordering::Relaxed);
        }
        has_place
    }

    /// So many that waited were sent.
    pub(crate) fn sent(&self, spans: u64, were_accepted: bool) {
        let less = |waiting: u64| Some(waiting.saturating_sub(spans));
        self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).ok();
        let counter = if were_accepted { &self.accepted } else { &self.rejected };
        counter.fetch_add(spans, Ordering::Relaxed);
    }

    /// What became of them until now.
    pub(crate) fn read(&self) -> Delivered {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Delivered {
            accepted: of(&self.accepted),
            rejected: of(&self.rejected),
            no_room: of(&self.no_room),
            waiting: of(&self.waiting),
        }
    }
}
