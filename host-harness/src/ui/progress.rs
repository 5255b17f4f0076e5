//! What calls that are under way have come to, so that waiting can be seen. Each is told from all others by what it is
//! made for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use host::CallOptions;

use crate::steps::UnderWay;

/// What a call is made for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// The test of the connection.
    Test,
    /// A run, by its id.
    Run(u64),
    /// A poll of the trigger of this key.
    Poll(String),
    /// A page of a dropdown, by the number that its script has chosen.
    List(u64),
}

/// The calls that are under way. Of two for the same purpose, the one that began last.
#[derive(Default)]
pub(super) struct Progress {
    calls: Mutex<HashMap<Purpose, Call>>,
}

struct Call {
    /// Tells this call from the one that takes its place.
    began: Instant,
    steps: UnderWay,
}

impl Progress {
    fn calls(&self) -> MutexGuard<'_, HashMap<Purpose, Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same options for a call that can be followed until the guard is dropped.
    pub(super) fn watch(self: &Arc<Self>, purpose: Purpose, options: &CallOptions) -> (CallOptions, Watched) {
        let began = Instant::now();
        self.calls().insert(purpose.clone(), Call { began, steps: UnderWay::default() });
        let watched = Watched { progress: self.clone(), purpose: purpose.clone(), began };
        let progress = self.clone();
        let mut options = options.clone();
        options.observers.steps = Some(Arc::new(move |step| {
            if let Some(call) = progress.calls().get_mut(&purpose).filter(|call| call.began == began) {
                call.steps.hear(step);
            }
        }));
        (options, watched)
    }

    /// What to say of the call under way; nothing before its first request, and where there is none.
    pub(super) fn said(&self, purpose: &Purpose) -> String {
        self.calls().get(purpose).map(|call| call.steps.said()).unwrap_or_default()
    }
}

/// A call that can be followed.
pub(super) struct Watched {
    progress: Arc<Progress>,
    purpose: Purpose,
    began: Instant,
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut calls = self.progress.calls();
        if calls.get(&self.purpose).is_some_and(|call| call.began == self.began) {
            calls.remove(&self.purpose);
        }
    }
}

#[cfg(test)]
mod tests {
    use host::Step;

    use super::*;

    const STEP: Step = Step::Answered { requests: 3, received_bytes: 2049, records: None };
    const SAID: &str = "3 requests are answered, 2 KiB received.";

    fn heard(options: &CallOptions) {
        options.observers.steps.as_ref().unwrap()(&STEP);
    }

    #[test]
    fn a_call_is_followed_until_it_ends_and_not_by_the_one_that_took_its_place() {
        let progress = Arc::new(Progress::default());
        let (first, ended) = progress.watch(Purpose::Test, &CallOptions::default());
        heard(&first);
        assert_eq!(progress.said(&Purpose::Test), SAID);
        let (_second, watched) = progress.watch(Purpose::Test, &CallOptions::default());
        drop(ended);
        heard(&first);
        assert_eq!(progress.said(&Purpose::Test), "", "the second has not sent anything");
        drop(watched);
        assert!(progress.calls().is_empty());
    }

    #[test]
    fn two_runs_do_not_hide_each_other() {
        let progress = Arc::new(Progress::default());
        let (first, _watched) = progress.watch(Purpose::Run(1), &CallOptions::default());
        heard(&first);
        let (_second, _also_watched) = progress.watch(Purpose::Run(2), &CallOptions::default());
        assert_eq!(
            (progress.said(&Purpose::Run(1)), progress.said(&Purpose::Run(2))),
            (SAID.to_owned(), String::new())
        );
    }
}
