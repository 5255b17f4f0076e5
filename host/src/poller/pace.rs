//! How long to wait before the next poll. Pure.

use std::time::Duration;

/// After errors the pause grows up to this many times its length.
const LONGEST_BACKOFF: u32 = 16;

/// The longest pause that a service can ask for. A wrong or a hostile `Retry-After` would otherwise stop changes from
/// coming for ever; asked once an hour, no service is overrun.
const LONGEST_ASKED: Duration = Duration::from_secs(3_600);

/// What the pause grows by with each poll in a row that leaves more changes waiting: a usual backlog is a few polls of
/// some thousand records.
const STEP: Duration = Duration::from_millis(100);
/// And the longest that it becomes while each of them delivers something: a backlog of a million records is 200 polls,
/// which this slows down by three minutes, and a service whose changes never end is asked once a second.
const LONGEST_WHILE_DELIVERING: Duration = Duration::from_secs(1);

/// When polls follow each other.
#[derive(Debug)]
pub(super) struct Pace {
    /// The pause where nothing speaks for another.
    every: Duration,
    /// Polls that failed since the last that succeeded.
    failures: u32,
    /// Polls in a row that left more changes waiting.
    with_more: u32,
}

impl Pace {
    pub(super) fn every(every: Duration) -> Self {
        Self { every, failures: 0, with_more: 0 }
    }

    /// The pause after a poll that succeeded: short while more changes wait, and longer each time; up to a second where
    /// it delivered something, and up to the schedule's where it did not.
    pub(super) fn after_success(&mut self, more: bool, delivered: bool) -> Duration {
        self.failures = 0;
        self.with_more = if more { self.with_more.saturating_add(1) } else { 0 };
        if !more {
            return self.every;
        }
        let longest = if delivered { self.every.min(LONGEST_WHILE_DELIVERING) } else { self.every };
        STEP.saturating_mul(self.with_more).min(longest)
    }

    /// The pause after a poll that failed: it doubles with every failure in a row, and is at least as many seconds as
    /// the service asked for, within reason.
    pub(super) fn after_failure(&mut self, asked: Option<u32>) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let factor = 1 << (self.failures - 1).min(LONGEST_BACKOFF.ilog2());
        let asked = Duration::from_secs(asked.unwrap_or_default().into()).min(LONGEST_ASKED);
        self.every.saturating_mul(factor).max(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_with_failures_and_heeds_the_service() {
        let mut pace = Pace::every(Duration::from_secs(10));
        let pauses: Vec<u64> = (0..7).map(|_| pace.after_failure(None).as_secs()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 160, 160]);
        assert_eq!(pace.after_success(false, true).as_secs(), 10);
        assert_eq!(pace.after_failure(Some(600)).as_secs(), 600);
        assert_eq!(pace.after_failure(None).as_secs(), 20);
    }

    #[test]
    fn a_service_cannot_ask_for_a_pause_without_end() {
        for seconds in [3_601, 86_400 * 365, u32::MAX] {
            let pause = Pace::every(Duration::from_secs(30)).after_failure(Some(seconds));
            assert_eq!(pause, LONGEST_ASKED, "{seconds}");
        }
        // The schedule is the operator's own.
        assert_eq!(Pace::every(Duration::from_secs(7_200)).after_failure(Some(u32::MAX)).as_secs(), 7_200);
    }

    #[test]
    fn polls_while_more_waits_are_paced_and_those_that_find_nothing_slow_down_to_the_schedule() {
        let mut pace = Pace::every(Duration::from_secs(30));
        let pauses: Vec<u128> = (0..400).map(|_| pace.after_success(true, false).as_millis()).collect();
        assert_eq!(pauses[..3], [100, 200, 300]);
        assert_eq!(pauses[298..301], [29_900, 30_000, 30_000]);
        assert_eq!(pace.after_success(true, true).as_millis(), 1_000);
        // A poll that leaves nothing ends it, and the next backlog begins anew.
        assert_eq!(pace.after_success(false, true).as_secs(), 30);
        assert_eq!(pace.after_success(true, true).as_millis(), 100);
        assert_eq!(Pace::every(Duration::from_millis(1)).after_success(true, true).as_millis(), 1);
    }
}
