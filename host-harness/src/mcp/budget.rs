//! What the calls of one connection may use in a minute: a model that goes round in circles costs no more.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a call counts.
const WINDOW: Duration = Duration::from_secs(60);

/// The most that a connection's calls may use in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) calls: u32,
    /// Bytes sent to the service and received from it.
    pub(crate) bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { calls: 120, bytes: 64 * 1024 * 1024 }
    }
}

/// What was used in the last minute.
pub(super) struct Budget {
    bounds: Bounds,
    used: Mutex<VecDeque<Used>>,
}

struct Used {
    at: Instant,
    bytes: u64,
}

/// A budget that is used up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spent {
    what: &'static str,
    bound: u64,
    /// When a call may be made again.
    wait: Duration,
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.wait.as_secs().saturating_add(1);
        write!(
            f,
            "the {} of this connection in a minute are used up ({}); try again in {seconds} s",
            self.what, self.bound
        )
    }
}

impl Budget {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, used: Mutex::default() }
    }

    /// Takes a call out of the budget.
    pub(super) fn take(&self) -> Result<(), Spent> {
        self.take_at(Instant::now())
    }

    fn take_at(&self, now: Instant) -> Result<(), Spent> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        while used.front().is_some_and(|first| now.duration_since(first.at) >= WINDOW) {
            used.pop_front();
        }
        let wait = used.front().map_or(Duration::ZERO, |first| WINDOW.saturating_sub(now.duration_since(first.at)));
        if used.len() >= self.bounds.calls as usize {
            return Err(Spent { what: "calls", bound: self.bounds.calls.into(), wait });
        }
        let bytes = used.iter().fold(0_u64, |sum, used| sum.saturating_add(used.bytes));
        if bytes >= self.bounds.bytes {
            return Err(Spent { what: "bytes", bound: self.bounds.bytes, wait });
        }
        used.push_back(Used { at: now, bytes: 0 });
        Ok(())
    }

    /// Charges what a call has used, once it is known.
    pub(super) fn charge(&self, bytes: u64) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = used.back_mut() {
            last.bytes = last.bytes.saturating_add(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_calls_and_bytes_are_bounded_and_come_back() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let budget = Budget::new(Bounds { calls: 2, bytes: 100 });
        assert_eq!((budget.take_at(at(0)), budget.take_at(at(10))), (Ok(()), Ok(())));
        let spent = budget.take_at(at(20)).unwrap_err();
        assert_eq!((spent.what, spent.wait), ("calls", Duration::from_secs(40)));
        assert!(budget.take_at(at(59)).is_err());
        assert_eq!(budget.take_at(at(60)), Ok(()));
        let budget = Budget::new(Bounds { calls: 9, bytes: 100 });
        assert_eq!(budget.take_at(at(0)), Ok(()));
        budget.charge(100);
        let spent = budget.take_at(at(1)).unwrap_err();
        assert!(spent.to_string().contains("bytes") && spent.to_string().contains("60 s"), "{spent}");
        assert_eq!(budget.take_at(at(60)), Ok(()));
    }
}
