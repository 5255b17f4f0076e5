//! The log of one call: what the connector said and what the host saw on the wire, bounded, without secrets.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::budget::HostBudget;
use crate::limits::Limits;
use crate::secrets::Secrets;
use crate::text::cut_long;

/// How important a line is, from most to least talkative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// Every step, for whoever changes the connector.
    Trace,
    /// Every request and response.
    Debug,
    /// What happened, once a call.
    Info,
    /// Something unusual that did not stop the call.
    Warn,
    /// What stopped the call.
    Error,
}

impl LogLevel {
    /// The level's name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Who wrote a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogSource {
    /// The connector, through the contract's `log`.
    Connector,
    /// The host: requests, attempts, refusals.
    Host,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written, counted from the start of the call.
    #[serde(skip)]
    pub at: Duration,
    /// How important it is.
    pub level: LogLevel,
    /// Who wrote it.
    pub source: LogSource,
    /// The text; it may hold line breaks.
    pub message: String,
}

impl LogLine {
    /// What it holds in memory, in bytes.
    pub fn held_bytes(&self) -> u64 {
        (self.message.len() + size_of::<Self>()) as u64
    }
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match self.source {
            LogSource::Connector => "connector",
            LogSource::Host => "host",
        };
        // Further lines are set in, so that none of them can pass for a line of its own.
        let message = self.message.replace("\r\n", "\n").replace(['\n', '\r'], "\n             ");
        write!(f, "{:>8.3} s {:<5} {source}: {message}", self.at.as_secs_f64(), self.level.name())
    }
}

/// Gets every line as it is written. It runs on the call's own task, so it should be quick.
pub type LogSink = Arc<dyn Fn(&LogLine) + Send + Sync>;

/// Which lines are kept and who hears of them.
#[derive(Clone)]
pub struct LogOptions {
    /// Lines below this level are neither kept nor passed on, and the connector is told not to build them.
    pub level: LogLevel,
    /// Hears every line that is kept, at once.
    pub sink: Option<LogSink>,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { level: LogLevel::Info, sink: None }
    }
}

impl fmt::Debug for LogOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogOptions").field("level", &self.level).field("sink", &self.sink.is_some()).finish()
    }
}

/// The log of a call that is under way.
pub(crate) struct CallLog {
    started: Instant,
    options: LogOptions,
    secrets: Arc<Secrets>,
    lines_left: u64,
    line_bytes: usize,
    budget: HostBudget,
    pub(crate) lines: Vec<LogLine>,
    /// Lines that came after the last one that there was room for.
    pub(crate) dropped: u64,
    /// The connector's last line at level error, whatever the level: the words of a panic.
    pub(crate) last_error: Option<String>,
}

impl CallLog {
    pub(crate) fn new(
        started: Instant,
        options: LogOptions,
        secrets: Arc<Secrets>,
        limits: &Limits,
        budget: HostBudget,
    ) -> Self {
        Self {
            started,
            options,
            secrets,
            lines_left: limits.log_lines,
            line_bytes: usize::try_from(limits.log_line_bytes).unwrap_or(usize::MAX),
            budget,
            lines: Vec::new(),
            dropped: 0,
            last_error: None,
        }
    }

    pub(crate) fn enabled(&self, level: LogLevel) -> bool {
        level >= self.options.level
    }

    /// Writes a line of the host's own at level debug; the text is built only when it is kept.
    pub(crate) fn debug(&mut self, message: impl FnOnce() -> String) {
        if self.enabled(LogLevel::Debug) {
            self.write(LogLevel::Debug, LogSource::Host, message());
        }
    }

    pub(crate) fn write(&mut self, level: LogLevel, source: LogSource, message: String) {
        let wanted = self.enabled(level);
        let last_words = level == LogLevel::Error && source == LogSource::Connector;
        if !wanted && !last_words {
            return;
        }
        // A flood must not cost the host more than counting it.
        if self.lines_left == 0 && !last_words {
            self.dropped += 1;
            return;
        }
        // Scrubbed before it is cut: half a secret would not be recognised.
        let message = cut(self.secrets.scrub(message), self.line_bytes);
        if last_words {
            // One line at most, so it is not charged.
            self.last_error = Some(message.clone());
        }
        if !wanted {
            return;
        }
        let line = LogLine { at: self.started.elapsed(), level, source, message };
        if self.lines_left == 0 || !self.budget.take_for_record(line.held_bytes()) {
            self.dropped += 1;
            return;
        }
        self.lines_left -= 1;
        if let Some(sink) = &self.options.sink {
            sink(&line);
        }
        self.lines.push(line);
    }
}

/// Cuts text to at most `most` bytes, at a character, and says so. What comes back holds no more than it shows: a text
/// that is merely made shorter keeps the memory of all of it.
fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        return cut_long(&text, most).into_owned();
    }
    text.shrink_to_fit();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(limits: &Limits, level: LogLevel) -> CallLog {
        let options = LogOptions { level, sink: None };
        CallLog::new(Instant::now(), options, Arc::new(Secrets::default()), limits, HostBudget::new(limits))
    }

    #[test]
    fn a_line_holds_no_more_memory_than_it_shows() {
        let mut log = log(&Limits { log_line_bytes: 10, ..Limits::default() }, LogLevel::Debug);
        log.write(LogLevel::Info, LogSource::Connector, "x".repeat(1 << 20));
        let mut roomy = String::with_capacity(1 << 20);
        roomy.push_str("short");
        log.write(LogLevel::Error, LogSource::Connector, roomy);
        assert!(log.lines.iter().all(|line| line.message.capacity() < 100), "{:?}", log.lines);
        assert!(log.last_error.is_some_and(|words| words.capacity() < 100));
    }

    #[test]
    fn lines_beyond_the_budget_of_bytes_are_counted_and_dropped() {
        let mut log = log(&Limits { host_bytes: 1_000, ..Limits::default() }, LogLevel::Debug);
        for _ in 0..10 {
            log.write(LogLevel::Info, LogSource::Connector, "x".repeat(100));
        }
        let held: u64 = log.lines.iter().map(LogLine::held_bytes).sum();
        assert!(held <= 500 && log.lines.len() as u64 + log.dropped == 10, "{held} {}", log.dropped);
    }

    #[test]
    fn lines_beyond_the_limit_are_counted_and_dropped() {
        let mut log = log(&Limits { log_lines: 2, ..Limits::default() }, LogLevel::Debug);
        for number in 0..5 {
            log.write(LogLevel::Info, LogSource::Connector, number.to_string());
        }
        assert_eq!((log.lines.len(), log.dropped), (2, 3));
    }

    #[test]
    fn a_message_of_several_lines_cannot_forge_a_line_of_the_hosts() {
        let line = LogLine {
            at: Duration::ZERO,
            level: LogLevel::Info,
            source: LogSource::Connector,
            message: "a\n   0.001 s warn  host: all is well\rb".into(),
        };
        let text = line.to_string();
        assert!(text.lines().skip(1).all(|line| line.starts_with("             ")), "{text}");
        assert!(!text.contains('\r'), "{text}");
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        let mut log = log(&Limits { log_line_bytes: 4, ..Limits::default() }, LogLevel::Debug);
        log.write(LogLevel::Info, LogSource::Connector, "añé日本".into());
        assert_eq!(log.lines[0].message, "añ … (cut, 11 bytes in all)");
    }

    #[test]
    fn lines_below_the_level_are_not_kept_but_the_last_words_are() {
        let mut log = log(&Limits { log_lines: 0, ..Limits::default() }, LogLevel::Error);
        log.write(LogLevel::Warn, LogSource::Connector, "careful".into());
        log.write(LogLevel::Error, LogSource::Connector, "panicked".into());
        assert_eq!(log.last_error.as_deref(), Some("panicked"));
        assert!(log.lines.is_empty());
    }
}
