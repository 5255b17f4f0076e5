//! The types of the contract, as they are generated from `wit/`, which documents them; and the few words that go with
//! them.

pub use crate::bindings::exports::integration::connector::connections::Account;
pub use crate::bindings::exports::integration::connector::data_sources::{Item, Page};
pub use crate::bindings::exports::integration::connector::manifest;
pub use crate::bindings::exports::integration::connector::triggers::PollResult;
pub use crate::bindings::integration::connector::http::{Failure, HeaderValue, Request, Response};
pub use crate::bindings::integration::connector::log::Level;
pub use crate::bindings::integration::connector::types::{Connection, Error, InputProblem, ServiceFailure};

impl Error {
    /// An `InvalidInput` of one problem.
    pub fn invalid_input(input: &str, message: impl Into<String>) -> Self {
        Self::InvalidInput(vec![InputProblem { input: input.to_owned(), message: message.into() }])
    }
}

impl Response {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What went wrong, in words for a person.
pub fn describe(error: &Error) -> String {
    match error {
        Error::UnknownKey(message)
        | Error::InvalidState(message)
        | Error::Unauthenticated(message)
        | Error::Forbidden(message)
        | Error::NotFound(message)
        | Error::UnexpectedResponse(message)
        | Error::Other(message) => message.clone(),
        Error::InvalidInput(problems) => {
            let problems = problems.iter().map(|problem| format!("{}: {}", problem.input, problem.message));
            problems.collect::<Vec<_>>().join("; ")
        }
        Error::RateLimited(Some(seconds)) => format!("too many requests; again in {seconds} s"),
        Error::RateLimited(None) => "too many requests".to_owned(),
        Error::Service(failure) => failure.message.clone(),
        Error::Transport(failure) => describe_failure(failure),
    }
}

/// Why there is no answer, in words for a person.
pub fn describe_failure(failure: &Failure) -> String {
    match failure {
        Failure::Denied(reason) => format!("the host refused the request: {reason}"),
        Failure::Timeout => "no complete answer came in time".to_owned(),
        Failure::Unreachable(reason) => format!("the service could not be reached: {reason}"),
        Failure::TooLarge(limit) => format!("the answer is larger than the host's limit of {limit} bytes"),
        Failure::Other(reason) => reason.clone(),
    }
}
