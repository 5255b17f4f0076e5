//! A shard that this worker holds, and for how long. What polls for it looks here before it commits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A lease. By this machine's own clock, from before it was asked for: it is over here before it is over for others.
#[derive(Debug)]
pub(crate) struct Holding {
    began: Instant,
    /// Milliseconds after `began`.
    until: AtomicU64,
    epoch: AtomicU64,
}

impl Holding {
    pub(super) fn new(epoch: u64, until: Instant) -> Self {
        let holding = Self { began: Instant::now(), until: AtomicU64::new(0), epoch: AtomicU64::new(epoch) };
        holding.renew(epoch, until);
        holding
    }

    /// Holds on until then.
    pub(super) fn renew(&self, epoch: u64, until: Instant) {
        let until = until.saturating_duration_since(self.began).as_millis();
        self.epoch.store(epoch, Ordering::Release);
        self.until.store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Release);
    }

    /// Lets go.
    pub(super) fn end(&self) {
        self.until.store(0, Ordering::Release);
    }

    /// The lease's number, while it is held.
    pub(super) fn epoch(&self) -> Option<u64> {
        let until = Duration::from_millis(self.until.load(Ordering::Acquire));
        (self.began.elapsed() < until).then(|| self.epoch.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_has_a_number_until_it_is_over_or_let_go() {
        let now = Instant::now();
        let holding = Holding::new(3, now + Duration::from_secs(60));
        assert_eq!(holding.epoch(), Some(3));
        holding.renew(4, now + Duration::from_secs(60));
        assert_eq!(holding.epoch(), Some(4));
        holding.end();
        assert_eq!(holding.epoch(), None);
        assert_eq!(Holding::new(1, now).epoch(), None);
    }
}
