//! Hears of calls and keeps them, up to a bound, until they are written.

use std::sync::{Arc, Mutex, PoisonError};

use host::CallHeard;

use super::call::Call;

/// The most that is kept, in bytes.
pub(crate) const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Keeps the calls that it hears of.
#[derive(Default)]
pub(crate) struct Recorder {
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    calls: Vec<Call>,
    bytes: u64,
    left_out: u64,
}

/// What was heard.
pub(crate) struct Kept {
    pub(crate) calls: Vec<Call>,
    /// Calls that there was no room for, in whole or in part.
    pub(crate) left_out: u64,
}

impl Recorder {
    /// What has calls heard.
    pub(crate) fn hears(self: &Arc<Self>) -> CallHeard {
        let recorder = self.clone();
        Arc::new(move |heard| {
            let is_whole = heard.trace.exchanges_dropped == 0;
            let Some(call) = Call::heard(heard) else { return };
            let mut held = recorder.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let bytes = call.held_bytes();
            // Without one of them, a trigger's later polls would begin from a state that nobody gave.
            if !is_whole || held.left_out > 0 || held.bytes.saturating_add(bytes) > MOST_BYTES {
                held.left_out += 1;
                return;
            }
            held.bytes += bytes;
            held.calls.push(call);
        })
    }

    /// How many calls were heard.
    pub(crate) fn len(&self) -> usize {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).calls.len()
    }

    /// Gives what was heard, and begins anew.
    pub(crate) fn take(&self) -> Kept {
        let Heard { calls, left_out, .. } =
            std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner));
        Kept { calls, left_out }
    }
}
