//! What `watch` tells a person at a terminal: that it has begun, what it waits for, and at the end what there was.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::output;
use super::progress::Progress;

/// The polls of one run.
pub(super) struct Tally {
    is_told: bool,
    begun: Instant,
    polls: u64,
    records: u64,
    failed: u64,
    /// The last poll, in words.
    last: String,
}

impl Tally {
    /// Says what is watched.
    pub(super) fn begin(key: &str, every: Duration, state: &str) -> Self {
        let is_told = std::io::stderr().is_terminal();
        if is_told {
            let every = spelled(every);
            output::message(&format!("Watching {key} every {every}, with the state in {state}. Ctrl-C ends it."));
        }
        Self { is_told, begun: Instant::now(), polls: 0, records: 0, failed: 0, last: String::new() }
    }

    /// Counts a poll, and what it delivered.
    pub(super) fn polled(&mut self, records: u64) {
        self.polls += 1;
        self.records += records;
        self.last = format!("last poll {}: {}", time(Timestamp::now()), counted(records, "record"));
    }

    /// Counts a poll that failed.
    pub(super) fn failed(&mut self) {
        self.polls += 1;
        self.failed += 1;
        self.last = format!("last poll {}: failed", time(Timestamp::now()));
    }

    /// A line that stands for as long as the next poll is waited for.
    pub(super) fn waiting(&self, pause: Duration) -> Progress {
        let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::ZERO);
        let next =
            Timestamp::now().checked_add(pause).map_or_else(|_| String::new(), |next| format!(", next {}", time(next)));
        Progress::start(format!("{}{next}; {}", self.last, self.counts()))
    }

    /// Says what there was.
    pub(super) fn end(&self) {
        if self.is_told {
            output::message(&format!("{} in {}.", self.counts(), spelled(self.begun.elapsed())));
        }
    }

    fn counts(&self) -> String {
        let mut counts = format!("{}, {}", counted(self.polls, "poll"), counted(self.records, "record"));
        if self.failed > 0 {
            counts.push_str(&format!(", {} failed", self.failed));
        }
        counts
    }
}

pub(super) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The time of day in the one zone that every machine knows.
fn time(time: Timestamp) -> String {
    time.strftime("%H:%M:%S UTC").to_string()
}

/// A duration as it is written for --every.
fn spelled(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_and_records_are_counted_in_words() {
        let mut tally =
            Tally { is_told: false, begun: Instant::now(), polls: 0, records: 0, failed: 0, last: String::new() };
        tally.polled(1);
        assert_eq!(tally.counts(), "1 poll, 1 record");
        tally.polled(0);
        tally.failed();
        assert_eq!(tally.counts(), "3 polls, 1 record, 1 failed");
        assert!(tally.last.ends_with("UTC: failed"), "{}", tally.last);
        for (milliseconds, text) in [(500, "500 ms"), (30_000, "30 s"), (300_000, "5 min"), (7_200_000, "2 h")] {
            assert_eq!(spelled(Duration::from_millis(milliseconds)), text);
        }
    }
}
