//! Why an attempt to send a request has no answer.

use url::Url;

use super::encoding::BodyProblem;
use crate::contract::Failure;
use crate::limits::Limit;
use crate::refusal::Refusal;

/// Why an attempt has no answer.
pub(super) enum Stopped {
    Refused(Refusal),
    Exceeded(Limit),
    /// No connection, or it broke before an answer began: an idempotent request may be sent again.
    NoAnswer(String),
    Broken(String),
    /// What stands in the network's place says how it failed.
    Failed(Failure),
}

impl Stopped {
    /// The same, with the host and the port that do not answer: which of several it is decides what is to be done.
    pub(super) fn at(self, url: &Url) -> Self {
        let port = url.port_or_known_default().map_or_else(String::new, |port| format!(":{port}"));
        let place = |text: String| format!("{}{port}: {text}", url.host_str().unwrap_or_default());
        match self {
            Self::NoAnswer(text) => Self::NoAnswer(place(text)),
            Self::Broken(text) => Self::Broken(place(text)),
            stopped => stopped,
        }
    }

    /// What its failure is called in the contract, for spans.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Refused(_) => "denied",
            Self::Exceeded(Limit::Deadline) => "timeout",
            Self::Exceeded(Limit::ResponseBytes) => "too-large",
            Self::Exceeded(_) => "denied",
            Self::NoAnswer(_) | Self::Broken(_) => "unreachable",
            Self::Failed(failure) => failure.kind(),
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
