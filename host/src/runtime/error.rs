//! How a call can end without a result: what the connector said, and what the host did.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::contract::{Error, Failure, Shown};
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
    /// Whether the host ended the call: a refusal, a limit, a crash, a result that the contract does not allow. Otherwise
    /// the connector or its service said no.
    pub fn is_hosts(&self) -> bool {
        !matches!(self, Self::Connector(_))
    }

    /// The connector's own error, where it gave one.
    pub fn answer(&self) -> Option<&Error> {
        match self {
            Self::Connector(error) | Self::Refused { answer: error, .. } => Some(error),
            Self::Limit { answer, .. } => answer.as_ref(),
            _ => None,
        }
    }

    /// Whether the same call may succeed later without anyone changing anything here: the service is down, the key is renewed there. Not so a wrong input,
    /// an unknown key, a state that belongs to other inputs.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Self::Connector(Error::UnknownKey(_) | Error::InvalidInput(_) | Error::InvalidState(_)))
    }

    /// The kind, as the WIT spells the error's case. Where the host ended the call without an answer from the connector, it
    /// is `transport` for the deadline and `other` for the rest.
    pub fn kind(&self) -> &'static str {
        match (self.answer(), self) {
            (Some(error), _) => error.kind(),
            (None, Self::Limit { exceeded, .. }) if exceeded.limit == Limit::Deadline => "transport",
            _ => "other",
        }
    }
}

/// As the object of [`Error`], and where the host ended the call, with `endedBy` (`refusal`, `limit`, `trap`, `bad-result`, `start`) and
/// `refusals`, `limit` or `lastWords`.
impl Serialize for CallError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("kind", self.kind())?;
        object.serialize_entry("message", &Shown(self))?;
        if let Some(answer) = self.answer() {
            answer.serialize_details(&mut object)?;
        }
        match self {
            Self::Connector(_) => {}
            Self::Refused { refusals, .. } => {
                object.serialize_entry("endedBy", "refusal")?;
                object.serialize_entry("refusals", &refusals.iter().map(Refusal::to_json).collect::<Vec<_>>())?;
            }
            Self::Limit { exceeded, answer } => {
                object.serialize_entry("endedBy", "limit")?;
                object.serialize_entry("limit", &exceeded.to_json())?;
                if answer.is_none() && exceeded.limit == Limit::Deadline {
                    object.serialize_entry("failure", Failure::Timeout.kind())?;
                }
            }
            Self::Trap { reason, last_words } => {
                object.serialize_entry("endedBy", "trap")?;
                object.serialize_entry("trap", reason)?;
                object.serialize_entry("lastWords", last_words)?;
            }
            Self::BadResult(_) => object.serialize_entry("endedBy", "bad-result")?,
            Self::Start(_) => object.serialize_entry("endedBy", "start")?,
        }
        object.end()
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connector(error) => write!(f, "{error}"),
            Self::Refused { refusals, answer } => match refusals.first() {
                Some(refusal) => write!(f, "the host did not let a request leave: {refusal}"),
                None => write!(f, "{answer}"),
            },
            Self::Limit { exceeded, .. } => write!(f, "{exceeded}"),
            Self::Trap { reason, last_words: Some(words) } => write!(f, "the component crashed: {words} ({reason})"),
            Self::Trap { reason, last_words: None } => write!(f, "the component crashed: {reason}"),
            Self::BadResult(text) => write!(f, "the component broke the contract: {text}"),
            Self::Start(text) => write!(f, "the component could not be started: {text}"),
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::limits::Limits;

    fn to_json(error: &CallError) -> Value {
        serde_json::to_value(error).unwrap()
    }

    #[test]
    fn a_refusal_keeps_the_connectors_kind_and_adds_what_was_refused() {
        let refusal = crate::egress::EgressPolicy::new(Err("nothing is allowed".into()), Default::default())
            .check_url("https://plm.example")
            .unwrap_err();
        let answer = Error::Transport(Failure::Denied(refusal.to_string()));
        let json = to_json(&CallError::Refused { refusals: vec![refusal], answer });
        assert_eq!(json["kind"], "transport");
        assert_eq!(json["failure"], "denied");
        assert_eq!(json["endedBy"], "refusal");
        assert_eq!(json["refusals"][0]["reason"], "origin");
    }

    #[test]
    fn a_limit_names_itself_and_the_flag_that_raises_it() {
        let exceeded = LimitExceeded::new(Limit::Deadline, &Limits::default());
        let json = to_json(&CallError::Limit { exceeded, answer: None });
        assert_eq!(json["kind"], "transport");
        assert_eq!(json["failure"], "timeout");
        assert_eq!(json["limit"], json!({"name": "deadline", "allowed": "60 s", "raiseWith": "--deadline"}));
    }

    #[test]
    fn a_crash_tells_the_components_last_words() {
        let error = CallError::Trap { reason: "unreachable".into(), last_words: Some("panicked at x".into()) };
        assert_eq!(error.to_string(), "the component crashed: panicked at x (unreachable)");
        assert_eq!(error.kind(), "other");
        assert_eq!(to_json(&error)["endedBy"], "trap");
    }
}
