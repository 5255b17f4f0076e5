//! The service's own clock. It is the simulation's, so that a test decides what time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970 in service time: real time moved by an offset, or standing still.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// Real time and so many milliseconds.
    Running(i64),
    /// Standing at this millisecond until it is advanced.
    Frozen(i64),
}

impl Clock {
    pub(crate) fn now(self) -> i64 {
        match self {
            Clock::Running(offset) => real_now().saturating_add(offset),
            Clock::Frozen(now) => now,
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        match self {
            Clock::Running(offset) => *offset = offset.saturating_add(by),
            Clock::Frozen(now) => *now = now.saturating_add(by),
        }
    }

    /// Goes on from `now` at the pace of real time.
    pub(crate) fn running_from(now: i64) -> Clock {
        Clock::Running(now.saturating_sub(real_now()))
    }
}

fn real_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
