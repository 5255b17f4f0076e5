//! The bytes that the host holds on behalf of one call: one account that everything is charged to which grows as the
//! component or the service likes. Pure counting; whoever charges decides what a refusal means.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits::Limits;

/// The account of one call. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct HostBudget {
    left: Arc<AtomicU64>,
    /// What is never given to log and exchanges, so that a talkative call can still have its answers and its result.
    kept_for_the_call: u64,
}

impl HostBudget {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { left: Arc::new(AtomicU64::new(limits.host_bytes)), kept_for_the_call: limits.host_bytes / 2 }
    }

    /// Charges what the call cannot do without. False, and nothing is charged, where there is not that much left.
    #[must_use]
    pub(crate) fn take(&self, bytes: u64) -> bool {
        self.take_above(0, bytes)
    }

    /// Charges what is kept for people to read: log lines and recorded exchanges. False, and nothing is charged, where
    /// they would take more than their half.
    #[must_use]
    pub(crate) fn take_for_record(&self, bytes: u64) -> bool {
        self.take_above(self.kept_for_the_call, bytes)
    }

    /// Gives back what is no longer held.
    pub(crate) fn give_back(&self, bytes: u64) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }

    fn take_above(&self, least_left: u64, bytes: u64) -> bool {
        let less = |left: u64| left.checked_sub(bytes).filter(|left| *left >= least_left);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_missing_until_it_is_given_back() {
        let budget = HostBudget::new(&Limits { host_bytes: 100, ..Limits::default() });
        assert!(budget.take(60) && !budget.clone().take(41));
        budget.give_back(60);
        assert!(budget.take(100) && !budget.take(1));
    }

    #[test]
    fn records_take_half_and_leave_the_rest_to_the_call() {
        let budget = HostBudget::new(&Limits { host_bytes: 100, ..Limits::default() });
        assert!(budget.take_for_record(50) && !budget.take_for_record(1));
        assert!(budget.take(50));
    }
}
