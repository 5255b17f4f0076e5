//! Hears of calls and keeps them, up to a bound, until they are written.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use host::{CallHeard, Exchange, HeardCall, OperationKind};

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
    own: Vec<Exchange>,
    bytes: u64,
    left_out: u64,
}

/// What was heard.
pub(crate) struct Kept {
    pub(crate) calls: Vec<Call>,
    /// The exchanges of requests that the host made itself.
    pub(crate) own: Vec<Exchange>,
    /// Calls that there was no room for, in whole or in part.
    pub(crate) left_out: u64,
}

impl Recorder {
    /// What has calls heard.
    pub(crate) fn hears(self: &Arc<Self>) -> CallHeard {
        let recorder = self.clone();
        Arc::new(move |heard| {
            let is_whole = heard.trace.exchanges_dropped == 0;
            let (call, own) = match heard.kind {
                OperationKind::OwnRequest => (None, own(heard)),
                _ => (Call::heard(heard), Vec::new()),
            };
            if call.is_none() && own.is_empty() {
                return;
            }
            let mut held = recorder.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let bytes = call.as_ref().map_or(0, Call::held_bytes) + own.iter().map(Exchange::held_bytes).sum::<u64>();
            // Without one of them, a trigger's later polls would begin from a state that nobody gave.
            if !is_whole || held.left_out > 0 || held.bytes.saturating_add(bytes) > MOST_BYTES {
                held.left_out += 1;
                return;
            }
            held.bytes += bytes;
            held.calls.extend(call);
            held.own.extend(own);
        })
    }

    /// How many calls were heard.
    pub(crate) fn len(&self) -> usize {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).calls.len()
    }

    /// Gives what was heard, and begins anew.
    pub(crate) fn take(&self) -> Kept {
        let Heard { calls, own, left_out, .. } =
            std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner));
        Kept { calls, own, left_out }
    }
}

/// The exchanges of a request of the host's own. They belong to no call, so their times are counted from 1970.
fn own(heard: &HeardCall<'_>) -> Vec<Exchange> {
    let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let began = began.saturating_sub(heard.trace.duration);
    let exchanges = heard.trace.exchanges.iter().cloned();
    exchanges.map(|exchange| Exchange { at: began.saturating_add(exchange.at), ..exchange }).collect()
}
