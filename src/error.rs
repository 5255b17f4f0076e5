//! Why a call failed, in the cases a caller branches on; see `wit/types.wit`, which this mirrors.

use crate::host::Failure;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No connection, action, data source or trigger of this key.
    UnknownKey(String),
    /// Inputs or connection fields that cannot be used, all of them.
    InvalidInput(Vec<InputProblem>),
    /// The service does not accept the API key.
    Unauthenticated(String),
    /// The API key is good, but its owner may not do this.
    Forbidden(String),
    /// The record that the inputs name is not there.
    NotFound(String),
    /// The service asks for fewer requests; the value is the seconds to wait.
    RateLimited(Option<u32>),
    /// The service answered with an error of its own.
    Service(ServiceFailure),
    /// The answer is not what the API describes.
    UnexpectedResponse(String),
    /// The request did not get through.
    Transport(Failure),
    /// The polling state cannot be read, or belongs to other inputs.
    InvalidState(String),
    /// Anything else.
    Other(String),
}

/// One input or connection field that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputProblem {
    /// The input's key, as the manifest spells it.
    pub input: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// The service's answer is a refusal that no other case describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFailure {
    /// The HTTP status, which can be 200.
    pub status: u16,
    /// The service's own words, where it had any.
    pub message: String,
    /// The service's `errors`, JSON as received.
    pub errors: Option<String>,
    /// The partial `data` that came with them, JSON as received.
    pub data: Option<String>,
}

impl Error {
    /// An `InvalidInput` of one problem.
    pub fn invalid_input(input: &str, message: impl Into<String>) -> Self {
        Self::InvalidInput(vec![InputProblem { input: input.to_owned(), message: message.into() }])
    }
}
