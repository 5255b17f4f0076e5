//! A line on standard error, where a person sees it, that says what is under way and for how long.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A progress line that goes away when it is dropped. Without a terminal it is not there at all.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn start(what: String) -> Self {
        if !std::io::stderr().is_terminal() || super::output::is_quiet() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner().with_message(super::output::one_line(&what).into_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// Lets lines of log be printed above the progress line.
    pub(super) fn printer(&self) -> impl Fn(&str) + Send + Sync + use<> {
        let bar = self.0.clone();
        move |text| bar.suspend(|| super::output::line(text))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
