//! A line on standard error, where a person sees it, that says what is under way, for how long, and how far it is.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use console::{Term, measure_text_width, truncate_str};
use host::{Step, StepHeard};
use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use crate::steps::UnderWay;

/// The requests that were sent while somebody watched. Of the process: whoever cancels a command wants to know.
static SENT: AtomicU64 = AtomicU64::new(0);
/// What the spinner and the blank behind it take of a line, and one cell that stays free, so that it does not wrap.
const BESIDE: usize = 3;

/// How many requests were sent so far, by calls whose progress was shown.
pub(super) fn sent() -> u64 {
    SENT.load(Ordering::Relaxed)
}

/// Whether a person sees what is under way.
pub(super) fn is_seen() -> bool {
    std::io::stderr().is_terminal() && !super::output::is_quiet()
}

/// A progress line that goes away when it is dropped. Without a terminal it is not there at all.
pub(super) struct Progress {
    bar: ProgressBar,
    call: Option<Call>,
}

/// The call that is under way, as the line follows it.
#[derive(Clone, Default)]
struct Call(Arc<Mutex<UnderWay>>);

impl Call {
    fn steps(&self) -> MutexGuard<'_, UnderWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    pub(super) fn start(what: String) -> Self {
        if !is_seen() {
            return Self { bar: ProgressBar::hidden(), call: None };
        }
        let call = Call::default();
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {line}") {
            let (what, call) = (super::output::one_line(&what).into_owned(), call.clone());
            // Made anew each time that it is drawn: a pause counts down.
            let line = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let room = usize::from(Term::stderr().size().1).saturating_sub(BESIDE);
                let elapsed = format!("{:#}", HumanDuration(state.elapsed()));
                out.write_str(&line(&what, &elapsed, &call.steps().said(), room)).ok();
            };
            bar.set_style(style.with_key("line", line));
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, call: Some(call) }
    }

    /// What has the line say how far the call is; none where nobody sees it.
    pub(super) fn listener(&self) -> Option<StepHeard> {
        let call = self.call.clone()?;
        Some(Arc::new(move |step| {
            if let Step::Sends { attempt: 1, .. } = step {
                SENT.fetch_add(1, Ordering::Relaxed);
            }
            call.steps().hear(step);
        }))
    }

    /// Lets lines of log be printed above the progress line.
    pub(super) fn printer(&self) -> impl Fn(&str) + Send + Sync + use<> {
        let bar = self.bar.clone();
        move |text| bar.suspend(|| super::output::line(text))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// What is under way and how far it is, on one line; without the first where there is no room for both.
fn line(what: &str, elapsed: &str, said: &str, room: usize) -> String {
    let whole = match said {
        "" => format!("{what} ({elapsed})"),
        said => format!("{what} ({elapsed}). {said}"),
    };
    let line = match said {
        said if !said.is_empty() && measure_text_width(&whole) > room => format!("({elapsed}) {said}"),
        _ => whole,
    };
    truncate_str(&line, room, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_call_is_comes_before_what_it_is_where_there_is_no_room_for_both() {
        let said = "Request 1 is sent again in 4 s; attempt 1 of 4: there was no answer.";
        assert_eq!(line("Performing a", "2s", "", 80), "Performing a (2s)");
        assert_eq!(line("Performing a", "2s", said, 100), format!("Performing a (2s). {said}"));
        assert_eq!(line("Performing a", "2s", said, 80), format!("(2s) {said}"));
        assert_eq!(line("Performing a", "2s", said, 34), "(2s) Request 1 is sent again in 4…");
    }
}
