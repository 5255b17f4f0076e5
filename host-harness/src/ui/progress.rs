//! What calls that are under way have come to, so that waiting can be seen. Of each form's place, the call that began
//! last.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use host::CallOptions;

use crate::steps::UnderWay;

/// The calls that are under way, by the place of their form: `connection`, `actions/KEY`, `triggers/KEY`.
#[derive(Default)]
pub(super) struct Progress {
    calls: Mutex<HashMap<String, Call>>,
}

struct Call {
    /// Tells this call from the one that takes its place.
    began: Instant,
    steps: UnderWay,
}

impl Progress {
    fn calls(&self) -> MutexGuard<'_, HashMap<String, Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same options for a call that can be followed under its place until the guard is dropped.
    pub(super) fn watch(self: &Arc<Self>, place: &str, options: &CallOptions) -> (CallOptions, Watched) {
        let began = Instant::now();
        self.calls().insert(place.to_owned(), Call { began, steps: UnderWay::default() });
        let watched = Watched { progress: self.clone(), place: place.to_owned(), began };
        let (progress, place) = (self.clone(), place.to_owned());
        let mut options = options.clone();
        options.observers.steps = Some(Arc::new(move |step| {
            if let Some(call) = progress.calls().get_mut(&place).filter(|call| call.began == began) {
                call.steps.hear(step);
            }
        }));
        (options, watched)
    }

    /// What to say of the call under way at a place; nothing before its first request, and where there is none.
    pub(super) fn said(&self, place: &str) -> String {
        self.calls().get(place).map(|call| call.steps.said()).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use host::Step;

    use super::*;

    #[test]
    fn a_call_is_followed_until_it_ends_and_not_by_the_one_that_took_its_place() {
        let progress = Arc::new(Progress::default());
        let step = Step::Answered { requests: 3, received_bytes: 2049 };
        let (first, ended) = progress.watch("actions/a", &CallOptions::default());
        let heard = |options: &CallOptions| options.observers.steps.as_ref().unwrap()(&step);
        heard(&first);
        assert_eq!(progress.said("actions/a"), "3 requests are answered, 2 KiB received.");
        let (_second, watched) = progress.watch("actions/a", &CallOptions::default());
        drop(ended);
        heard(&first);
        assert_eq!(progress.said("actions/a"), "", "the second has not sent anything");
        drop(watched);
        assert!(progress.calls().is_empty());
    }
}
