//! Why an attempt to send a request has no answer.

use super::encoding::BodyProblem;
use crate::limits::Limit;
use crate::refusal::Refusal;

/// Why an attempt has no answer.
pub(super) enum Stopped {
    Refused(Refusal),
    Exceeded(Limit),
    /// No connection, or it broke before an answer began: an idempotent request may be sent again.
    NoAnswer(String),
    Broken(String),
}

impl Stopped {
    /// What its failure is called in the contract, for spans.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Refused(_) => "denied",
            Self::Exceeded(Limit::Deadline) => "timeout",
            Self::Exceeded(Limit::ResponseBytes) => "too-large",
            Self::Exceeded(_) => "denied",
            Self::NoAnswer(_) | Self::Broken(_) => "unreachable",
        }
    }
}

impl From<BodyProblem> for Stopped {
    fn from(problem: BodyProblem) -> Self {
        match problem {
            BodyProblem::TooLarge => Self::Exceeded(Limit::ResponseBytes),
            BodyProblem::Broken(text) => Self::Broken(text),
        }
    }
}
