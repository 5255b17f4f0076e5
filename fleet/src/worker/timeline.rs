//! What became of a trigger's last polls: for its page.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

/// So many polls of a trigger are remembered: thousands of triggers share the memory.
const LENGTH: usize = 16;
/// The longest text of an outcome, in bytes.
const LONGEST: usize = 300;

/// What became of one poll.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// When it began.
    pub(crate) at: SystemTime,
    /// How long after it was due.
    pub(crate) lag: Duration,
    /// How long it took.
    pub(crate) duration: Duration,
    /// Requests to the service.
    pub(crate) requests: u32,
    /// `found` and `quiet`, or the kind of the error.
    pub(crate) kind: &'static str,
    /// What went wrong, in words.
    pub(crate) text: Option<Box<str>>,
}

impl Outcome {
    /// Whether the poll did what it should.
    pub(crate) fn is_good(&self) -> bool {
        self.text.is_none()
    }
}

/// A trigger's last polls, the newest last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    outcomes: VecDeque<Outcome>,
    /// How often each was polled by this worker.
    pub(crate) polls: u64,
    /// Polls in a row that failed.
    pub(crate) failures: u32,
}

impl Timeline {
    pub(super) fn note(&mut self, outcome: Outcome) {
        self.polls = self.polls.saturating_add(1);
        self.failures = if outcome.is_good() { 0 } else { self.failures.saturating_add(1) };
        if self.outcomes.len() >= LENGTH {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back(outcome);
    }

    /// The newest.
    pub(crate) fn last(&self) -> Option<&Outcome> {
        self.outcomes.back()
    }

    /// All, the newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().rev()
    }
}

/// A text of at most so many bytes as an outcome keeps.
pub(super) fn short(text: &str) -> Box<str> {
    host::text::cut(text, LONGEST).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_keeps_the_newest_and_counts_failures_in_a_row() {
        let mut timeline = Timeline::default();
        for n in 0..40_u32 {
            let text = (n % 10 > 6).then(|| short(&"x".repeat(1_000)));
            let (lag, duration) = (Duration::ZERO, Duration::ZERO);
            timeline.note(Outcome { at: SystemTime::UNIX_EPOCH, lag, duration, requests: n, kind: "quiet", text });
        }
        assert_eq!((timeline.polls, timeline.failures, timeline.newest_first().count()), (40, 3, LENGTH));
        let last = timeline.last().unwrap();
        assert!(last.requests == 39 && last.text.as_ref().unwrap().len() <= LONGEST + 3);
    }
}
