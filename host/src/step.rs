//! What the requests of a call have come to while it is under way, for whoever waits for it.

use std::sync::Arc;
use std::time::Duration;

/// One step of a call's requests. Counts and times alone: nothing of what is asked or answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// A request leaves.
    Sends {
        /// Which one of the call's requests it is, from 1.
        request: u64,
        /// How often it has been sent, this time included.
        attempt: u32,
    },
    /// An attempt failed in a way that may pass: the request is sent again after a while.
    Waits {
        /// Which one of the call's requests it is, from 1.
        request: u64,
        /// How often it has been sent.
        attempt: u32,
        /// How often it is sent at most.
        most_attempts: u32,
        /// How long the pause is.
        pause: Duration,
        /// The HTTP status of the answer; none where there was no answer.
        status: Option<u16>,
    },
    /// An answer has been read to its end.
    Answered {
        /// The requests so far.
        requests: u64,
        /// Bytes of all answers so far, decoded.
        received_bytes: u64,
        /// The records that this answer lists; none where it is no page of a list, as far as the host can tell: it
        /// knows those of GraphQL, by the names `edges` and `nodes`.
        records: Option<u64>,
    },
}

/// Hears of every step. It runs on the call's own task, so it should be quick.
pub type StepHeard = Arc<dyn Fn(&Step) + Send + Sync>;
