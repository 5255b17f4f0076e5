//! How long to wait before the next poll. Pure.

use std::time::Duration;

use host_harness::contract::Error;

use super::failure::Failure;

/// After errors the pause grows up to this many times its length.
const LONGEST_BACKOFF: u32 = 16;

/// The longest pause that a service can ask for. A wrong or a hostile `Retry-After` would otherwise stop changes from coming for ever;
/// asked once an hour, no service is overrun.
const LONGEST_ASKED: Duration = Duration::from_secs(3_600);

/// The first pause while more changes wait, and what each further one is longer. Some polls follow each other quickly, which is all that
/// a usual backlog takes: ten polls, of 5,000 records each, in five seconds and a half of pauses. One that never ends, because
/// a connector or a service says so, comes down to the schedule and does not keep the service busy.
const STEP: Duration = Duration::from_millis(100);

/// The schedule of `poll --drain`, which polls only while more waits: as `watch` without --every.
pub(super) const DRAIN: Duration = Duration::from_secs(30);

/// When polls follow each other.
pub(super) struct Schedule {
    /// The pause where nothing speaks for another.
    every: Duration,
    /// Polls that failed since the last that succeeded.
    failures: u32,
    /// Polls in a row that left more changes waiting.
    with_more: u32,
}

impl Schedule {
    pub(super) fn every(every: Duration) -> Self {
        Self { every, failures: 0, with_more: 0 }
    }

    /// The pause after a poll that succeeded: short while more changes wait, and longer each time, up to the schedule's.
    pub(super) fn after_success(&mut self, more: bool) -> Duration {
        self.failures = 0;
        self.with_more = if more { self.with_more.saturating_add(1) } else { 0 };
        if more { STEP.saturating_mul(self.with_more).min(self.every) } else { self.every }
    }

    /// The pause after a poll that failed: it doubles with every failure in a row, and is at least what the service asked for, within
    /// reason.
    pub(super) fn after_failure(&mut self, failure: &Failure) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let factor = 1 << (self.failures - 1).min(LONGEST_BACKOFF.ilog2());
        let seconds = match failure {
            Failure::Call(error) => match error.answer() {
                Some(Error::RateLimited(Some(seconds))) => *seconds,
                _ => 0,
            },
            _ => 0,
        };
        let asked = Duration::from_secs(seconds.into()).min(LONGEST_ASKED);
        self.every.saturating_mul(factor).max(asked)
    }
}

#[cfg(test)]
mod tests {
    use host_harness::CallError;

    use super::*;

    fn failure(error: Error) -> Failure {
        Failure::Call(Box::new(CallError::Connector(error)))
    }

    #[test]
    fn the_pause_grows_with_failures_and_heeds_the_service() {
        let mut schedule = Schedule::every(Duration::from_secs(10));
        let outage = failure(Error::UnexpectedResponse("html".into()));
        let pauses: Vec<u64> = (0..7).map(|_| schedule.after_failure(&outage).as_secs()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 160, 160]);
        assert_eq!(schedule.after_success(false).as_secs(), 10);
        assert_eq!(schedule.after_failure(&failure(Error::RateLimited(Some(600)))).as_secs(), 600);
        assert_eq!(schedule.after_failure(&outage).as_secs(), 20);
    }

    #[test]
    fn a_service_cannot_ask_for_a_pause_without_end() {
        for seconds in [3_601, 86_400 * 365, u32::MAX] {
            let limited = failure(Error::RateLimited(Some(seconds)));
            assert_eq!(Schedule::every(Duration::from_secs(30)).after_failure(&limited), LONGEST_ASKED, "{seconds}");
        }
        // The schedule is the operator's own.
        let limited = failure(Error::RateLimited(Some(u32::MAX)));
        assert_eq!(Schedule::every(Duration::from_secs(7_200)).after_failure(&limited).as_secs(), 7_200);
    }

    #[test]
    fn polls_while_more_waits_slow_down_to_the_schedule() {
        let mut schedule = Schedule::every(Duration::from_secs(30));
        let pauses: Vec<u128> = (0..400).map(|_| schedule.after_success(true).as_millis()).collect();
        assert_eq!(pauses[..3], [100, 200, 300]);
        assert_eq!(pauses[298..301], [29_900, 30_000, 30_000]);
        // A poll that leaves nothing ends it, and the next backlog begins anew.
        assert_eq!(schedule.after_success(false).as_secs(), 30);
        assert_eq!(schedule.after_success(true).as_millis(), 100);
        assert_eq!(Schedule::every(Duration::from_millis(1)).after_success(true).as_millis(), 1);
    }
}
