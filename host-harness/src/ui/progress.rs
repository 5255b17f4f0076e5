//! What calls that are under way have come to, so that waiting can be seen. Of each form's place, the call that began
//! last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use host::{CallOptions, Step};

/// The calls that are under way, by the place of their form: `connection`, `actions/KEY`, `triggers/KEY`.
#[derive(Default)]
pub(super) struct Progress {
    calls: Mutex<HashMap<String, UnderWay>>,
}

struct UnderWay {
    /// Tells this call from the one that takes its place.
    began: Instant,
    last: Option<(Instant, Step)>,
}

impl Progress {
    fn calls(&self) -> MutexGuard<'_, HashMap<String, UnderWay>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same options for a call that can be followed under its place until the guard is dropped.
    pub(super) fn watch(self: &Arc<Self>, place: &str, options: &CallOptions) -> (CallOptions, Watched) {
        let began = Instant::now();
        self.calls().insert(place.to_owned(), UnderWay { began, last: None });
        let watched = Watched { progress: self.clone(), place: place.to_owned(), began };
        let (progress, place) = (self.clone(), place.to_owned());
        let mut options = options.clone();
        options.observers.steps = Some(Arc::new(move |step| {
            if let Some(call) = progress.calls().get_mut(&place).filter(|call| call.began == began) {
                call.last = Some((Instant::now(), *step));
            }
        }));
        (options, watched)
    }

    /// What to say of the call under way at a place; nothing before its first request, and where there is none.
    pub(super) fn said(&self, place: &str) -> String {
        let last = self.calls().get(place).and_then(|call| call.last);
        last.map(|(at, step)| said(&step, at.elapsed())).unwrap_or_default()
    }
}

/// A call that can be followed.
pub(super) struct Watched {
    progress: Arc<Progress>,
    place: String,
    began: Instant,
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut calls = self.progress.calls();
        if calls.get(&self.place).is_some_and(|call| call.began == self.began) {
            calls.remove(&self.place);
        }
    }
}

fn said(step: &Step, ago: Duration) -> String {
    match *step {
        Step::Sends { request, attempt: 1 } => {
            format!("Waiting for the answer to request {request}, for {} s so far.", ago.as_secs())
        }
        Step::Sends { request, attempt } => {
            format!("Request {request} was sent again (attempt {attempt}), {} s ago.", ago.as_secs())
        }
        Step::Waits { request, attempt, most_attempts, pause, status } => {
            let left = pause.saturating_sub(ago).as_secs_f64().ceil();
            let why = match status {
                Some(429) => "the service asks for a pause (HTTP 429)".to_owned(),
                Some(status) => format!("the service answered with HTTP {status}"),
                None => "there was no answer".to_owned(),
            };
            format!("Request {request}, attempt {attempt} of {most_attempts}: {why}; it is sent again in {left} s.")
        }
        Step::Answered { requests: 1, received_bytes } => {
            format!("1 request is answered, {} KiB received.", received_bytes.div_ceil(1024))
        }
        Step::Answered { requests, received_bytes } => {
            format!("{requests} requests are answered, {} KiB received.", received_bytes.div_ceil(1024))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_counts_down_and_says_why() {
        let step =
            Step::Waits { request: 2, attempt: 1, most_attempts: 4, pause: Duration::from_secs(5), status: Some(429) };
        let text = said(&step, Duration::from_millis(1500));
        assert!(text.contains("attempt 1 of 4") && text.contains("HTTP 429") && text.contains("in 4 s"), "{text}");
        assert!(said(&step, Duration::from_secs(9)).contains("in 0 s"));
    }

    #[test]
    fn a_call_is_followed_until_it_ends_and_not_by_the_one_that_took_its_place() {
        let progress = Arc::new(Progress::default());
        let step = Step::Answered { requests: 3, received_bytes: 2049 };
        let (first, ended) = progress.watch("actions/a", &CallOptions::default());
        let heard = |options: &CallOptions| options.observers.steps.as_ref().unwrap()(&step);
        heard(&first);
        assert_eq!(progress.said("actions/a"), "3 requests are answered, 3 KiB received.");
        let (_second, watched) = progress.watch("actions/a", &CallOptions::default());
        drop(ended);
        heard(&first);
        assert_eq!(progress.said("actions/a"), "", "the second has not sent anything");
        drop(watched);
        assert!(progress.calls().is_empty());
    }
}
