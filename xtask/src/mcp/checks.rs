//! What was checked: a line a check, and the sum of them.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::listening::Listening;
use crate::progress;

/// The checks so far.
#[derive(Default)]
pub(super) struct Checks {
    made: u32,
    failed: Vec<String>,
}

impl Checks {
    /// Notes a check and says so on standard output.
    pub(super) fn note(&mut self, whose: &str, name: &str, took: Duration, error: Option<&str>) {
        self.made += 1;
        let line = format!("{whose}: {name} ({})", progress::seconds(took));
        match error {
            None => println!("✓ {line}"),
            Some(error) => {
                println!("✗ {line}\n    {}", error.replace('\n', "\n    "));
                self.failed.push(format!("{whose}: {name}"));
            }
        }
    }

    /// Tells a server to end, and notes whether it did.
    pub(super) fn note_stop(&mut self, whose: &str, server: Listening) {
        let started = Instant::now();
        let error = server.stop().err().map(|error| format!("{error:#}"));
        self.note(whose, "a server that listens ends when it is told to", started.elapsed(), error.as_deref());
    }

    /// Says what is left out, and why.
    pub(super) fn leave_out(whose: &str, name: &str, reason: &str) {
        println!("· {whose}: {name}: {reason}");
    }

    /// The outcome of all of them.
    pub(super) fn end(self) -> Result<()> {
        if self.made == 0 {
            bail!("nothing was checked");
        }
        println!("{} of {} checks passed", self.made as usize - self.failed.len(), self.made);
        if self.failed.is_empty() {
            return Ok(());
        }
        bail!("{} checks failed:\n  {}", self.failed.len(), self.failed.join("\n  "))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Checks;

    #[test]
    fn one_failure_fails_all_of_it_by_name_and_nothing_at_all_is_no_success() {
        let mut checks = Checks::default();
        checks.note("python, stdio, x", "lists", Duration::ZERO, None);
        checks.note("python, stdio, x", "calls", Duration::ZERO, Some("no\nanswer"));
        let error = checks.end().unwrap_err().to_string();
        assert!(error.contains("1 checks failed") && error.contains("python, stdio, x: calls"), "{error}");
        assert!(Checks::default().end().is_err());
    }
}
