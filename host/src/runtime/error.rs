//! How a call can end without a result: what the connector said, and what the host did.

use std::fmt;

use crate::contract::Error;
use crate::egress::Refusal;
use crate::limits::{Limit, LimitExceeded};
use crate::trace::Trace;

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CallError {
    /// The connector, or the service behind it, said no.
    Connector(Error),
    /// The connector failed because the host did not let a request leave.
    Refused {
        /// What was refused; at least one.
        refusals: Vec<Refusal>,
        /// What the connector made of it.
        answer: Error,
    },
    /// The call went over a limit.
    Limit {
        /// Which one.
        exceeded: LimitExceeded,
        /// What the connector made of it, where it still could.
        answer: Option<Error>,
    },
    /// The component crashed. The next call is not affected.
    Trap {
        /// What the engine says.
        reason: String,
        /// The component's last words: a panic's message.
        last_words: Option<String>,
    },
    /// The component returned something that the contract does not allow.
    BadResult(String),
    /// The component could not be started.
    Start(String),
}

/// A call without a result, with what it used and did until then.
#[derive(Debug, Clone)]
pub struct CallFailure {
    /// Why there is no result.
    pub error: CallError,
    /// What the call used and did.
    pub trace: Trace,
}

impl CallError {
    /// Whether the host ended the call: a refusal, a limit, a crash, a result that the contract does not allow.
    /// Otherwise the connector or its service said no.
    pub fn is_hosts(&self) -> bool {
        !matches!(self, Self::Connector(_))
    }

    /// What of the host's ended the call: `refusal`, `limit`, `trap`, `bad-result`, `start`. None where the connector
    /// or its service said no.
    pub fn ended_by(&self) -> Option<&'static str> {
        match self {
            Self::Connector(_) => None,
            Self::Refused { .. } => Some("refusal"),
            Self::Limit { .. } => Some("limit"),
            Self::Trap { .. } => Some("trap"),
            Self::BadResult(_) => Some("bad-result"),
            Self::Start(_) => Some("start"),
        }
    }

    /// The connector's own error, where it gave one.
    pub fn answer(&self) -> Option<&Error> {
        match self {
            Self::Connector(error) | Self::Refused { answer: error, .. } => Some(error),
            Self::Limit { answer, .. } => answer.as_ref(),
            _ => None,
        }
    }

    /// Whether the same call may succeed later without anyone changing anything here: the service is down, the key is
    /// renewed there. Not so a wrong input, an unknown key, a state that belongs to other inputs.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::Connector(Error::UnknownKey(_) | Error::InvalidInput(_) | Error::InvalidState(_)))
    }

    /// The kind, as the WIT spells the error's case. Where the host ended the call without an answer from the
    /// connector, it is `transport` for the deadline and `other` for the rest.
    pub fn kind(&self) -> &'static str {
        match (self.answer(), self) {
            (Some(error), _) => error.kind(),
            (None, Self::Limit { exceeded, .. }) if exceeded.limit == Limit::Deadline => "transport",
            _ => "other",
        }
    }
}

impl std::error::Error for CallError {}

impl fmt::Display for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)
    }
}

impl std::error::Error for CallFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
