//! Who sees a call from outside, and what they are told: not what it is about, but what it used and how it ended. The
//! one exception is whoever records it.

use std::fmt;
use std::sync::Arc;

use super::error::CallError;
use super::heard::CallHeard;
use super::operation_kind::OperationKind;
use crate::step::StepHeard;
use crate::trace::Trace;
use crate::trace_context::TraceContextSource;

/// What stands for an operation that the manifest does not have: anybody can ask for any key.
pub const OTHER_OPERATION: &str = "_OTHER";

/// A call that has ended, for whoever counts.
#[derive(Debug, Clone, Copy)]
pub struct CallEnd<'a> {
    /// The connector's key, up to 128 bytes of it.
    pub connector: &'a str,
    /// The connector's version, up to 128 bytes of it.
    pub version: &'a str,
    /// What kind of operation it was.
    pub kind: OperationKind,
    /// The operation's key, up to 128 bytes of it; [`OTHER_OPERATION`] for one that the manifest does not have, and
    /// none for kinds without a key. So there are no more of them than the manifest has.
    pub operation: Option<&'a str>,
    /// Why there is no result.
    pub error: Option<&'a CallError>,
    /// What the call used and did.
    pub trace: &'a Trace,
}

/// Hears of every call as it ends. It runs on the call's own task, so it should be quick.
pub type CallEnded = Arc<dyn Fn(&CallEnd<'_>) + Send + Sync>;

/// Who sees a call from outside, beside whoever listens to the spans of `tracing`.
#[derive(Clone, Default)]
pub struct Observers {
    /// Hears of the call when it has ended. A call that is given up before has a span and no end.
    pub ended: Option<CallEnded>,
    /// Hears of the call with all that went in and came out: whoever records it. Its exchanges are recorded for it.
    pub heard: Option<CallHeard>,
    /// Hears of the call's requests while it is under way.
    pub steps: Option<StepHeard>,
    /// Gives the trace context that goes out with a request under
    /// [`Grants::send_trace_context`](crate::Grants::send_trace_context).
    pub trace_context: Option<TraceContextSource>,
    /// Whether spans say in words what went wrong. Such words are the component's and the service's: inputs and records
    /// can stand in them. Secrets are taken out, and they are cut at 512 bytes. Without this a span has the kind of the
    /// error, and what limit was hit.
    pub error_texts: bool,
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observers")
            .field("ended", &self.ended.is_some())
            .field("heard", &self.heard.is_some())
            .field("steps", &self.steps.is_some())
            .field("trace_context", &self.trace_context.is_some())
            .field("error_texts", &self.error_texts)
            .finish()
    }
}
