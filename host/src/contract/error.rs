//! The ways a connector's call can fail, as `wit/types.wit` states them, and their JSON.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::json_text::JsonText;

/// One input or connection field that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct InputProblem {
    /// The key of the input as the manifest spells it, or of the connection field.
    pub input: String,
    /// What is wrong and what would be right, in words for the person who fills in the form.
    pub message: String,
}

/// The service's own refusal.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceFailure {
    /// The HTTP status of the answer. It can be 200: GraphQL services report errors in the body.
    pub status: u16,
    /// What the service said, in its own words where it had any.
    pub message: String,
    /// The service's list of errors, as it was received.
    pub errors: Option<JsonText>,
    /// What the service sent beside the errors.
    pub data: Option<JsonText>,
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The host does not let the request leave. The text says what was refused and which grant would allow it.
    Denied(String),
    /// No complete answer came within the time that the call has left.
    Timeout,
    /// The service could not be reached or the connection broke.
    Unreachable(String),
    /// The answer's body is larger than the host accepts; the value is the host's limit in bytes.
    TooLarge(u64),
    /// Anything else, in words for a person.
    Other(String),
}

/// Why a call failed, in the connector's judgement. The cases are what a caller branches on; the text is for people.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// No connection, action, data source or trigger of this key.
    UnknownKey(String),
    /// Inputs or connection fields that cannot be used, all at once. Nothing was sent.
    InvalidInput(Vec<InputProblem>),
    /// The service does not accept the credential.
    Unauthenticated(String),
    /// The credential is good, but its owner may not do this.
    Forbidden(String),
    /// The record that the inputs name does not exist or cannot be seen.
    NotFound(String),
    /// The service asks for fewer requests; whole seconds to wait when the service said.
    RateLimited(Option<u32>),
    /// The service answered with an error of its own.
    Service(ServiceFailure),
    /// The answer is not what the service's API describes.
    UnexpectedResponse(String),
    /// The request did not reach the service or its answer did not come back.
    Transport(Failure),
    /// The polling state cannot be read by this connector, or belongs to other inputs.
    InvalidState(String),
    /// Anything else, in words for a person.
    Other(String),
}

impl Failure {
    /// The case's name as the WIT spells it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Denied(_) => "denied",
            Self::Timeout => "timeout",
            Self::Unreachable(_) => "unreachable",
            Self::TooLarge(_) => "too-large",
            Self::Other(_) => "other",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(text) => write!(f, "the host did not let the request leave: {text}"),
            Self::Timeout => write!(f, "no complete answer came in time"),
            Self::Unreachable(text) => write!(f, "the service could not be reached: {text}"),
            Self::TooLarge(limit) => write!(f, "the answer is larger than the host's limit of {limit} bytes"),
            Self::Other(text) => write!(f, "{text}"),
        }
    }
}

impl Error {
    /// The case's name as the WIT spells it, for example `rate-limited`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UnknownKey(_) => "unknown-key",
            Self::InvalidInput(_) => "invalid-input",
            Self::Unauthenticated(_) => "unauthenticated",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not-found",
            Self::RateLimited(_) => "rate-limited",
            Self::Service(_) => "service",
            Self::UnexpectedResponse(_) => "unexpected-response",
            Self::Transport(_) => "transport",
            Self::InvalidState(_) => "invalid-state",
            Self::Other(_) => "other",
        }
    }

    /// What the case carries beside kind and message, as members of a JSON object.
    pub(crate) fn serialize_details<M: SerializeMap>(&self, object: &mut M) -> Result<(), M::Error> {
        match self {
            Self::InvalidInput(problems) => object.serialize_entry("problems", problems),
            Self::RateLimited(Some(seconds)) => object.serialize_entry("retryAfter", seconds),
            Self::Service(failure) => {
                object.serialize_entry("status", &failure.status)?;
                if let Some(errors) = &failure.errors {
                    object.serialize_entry("errors", errors)?;
                }
                failure.data.iter().try_for_each(|data| object.serialize_entry("data", data))
            }
            Self::Transport(failure) => {
                object.serialize_entry("failure", failure.kind())?;
                match failure {
                    Failure::TooLarge(limit) => object.serialize_entry("limitBytes", limit),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// As an object: `kind` and `message` always, and beside them what the case carries: `problems`, `retryAfter` (in
/// seconds), `status`, `errors`, `data`, `failure`, `limitBytes`. Written without building it: errors and data of a
/// service can be large.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("kind", self.kind())?;
        object.serialize_entry("message", &Shown(self))?;
        self.serialize_details(&mut object)?;
        object.end()
    }
}

/// A value as the text that it displays.
pub(crate) struct Shown<'a, T>(pub(crate) &'a T);

impl<T: fmt::Display> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey(text)
            | Self::Unauthenticated(text)
            | Self::Forbidden(text)
            | Self::NotFound(text)
            | Self::UnexpectedResponse(text)
            | Self::InvalidState(text)
            | Self::Other(text) => write!(f, "{text}"),
            Self::InvalidInput(problems) => {
                for (index, problem) in problems.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(f, "{separator}{}: {}", problem.input, problem.message)?;
                }
                Ok(())
            }
            Self::RateLimited(Some(seconds)) => {
                write!(f, "the service asks for fewer requests: try again in {seconds} s")
            }
            Self::RateLimited(None) => write!(f, "the service asks for fewer requests: try again later"),
            Self::Service(failure) => {
                write!(f, "the service answered with an error (HTTP {}): {}", failure.status, failure.message)
            }
            Self::Transport(failure) => write!(f, "{failure}"),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn to_json(error: &Error) -> Value {
        serde_json::to_value(error).unwrap()
    }

    #[test]
    fn invalid_input_lists_every_problem() {
        let error = Error::InvalidInput(vec![
            InputProblem { input: "first".into(), message: "must be a number".into() },
            InputProblem { input: "type".into(), message: "must be one of A, B".into() },
        ]);
        assert_eq!(
            to_json(&error),
            json!({
                "kind": "invalid-input",
                "message": "first: must be a number; type: must be one of A, B",
                "problems": [
                    {"input": "first", "message": "must be a number"},
                    {"input": "type", "message": "must be one of A, B"}
                ]
            })
        );
    }

    #[test]
    fn a_rate_limit_says_how_long_to_wait_only_when_the_service_did() {
        assert_eq!(to_json(&Error::RateLimited(Some(7)))["retryAfter"], 7);
        assert!(to_json(&Error::RateLimited(None)).get("retryAfter").is_none());
    }

    #[test]
    fn a_service_error_carries_status_errors_and_partial_data() {
        let error = Error::Service(ServiceFailure {
            status: 200,
            message: "Boom".into(),
            errors: JsonText::read(r#"[{"message": "Boom"}]"#.into()).ok(),
            data: JsonText::read(r#"{"a": null}"#.into()).ok(),
        });
        let json = to_json(&error);
        assert_eq!(json["status"], 200);
        assert_eq!(json["errors"][0]["message"], "Boom");
        assert_eq!(json["data"], json!({"a": null}));
    }

    #[test]
    fn a_transport_error_names_the_failure() {
        let json = to_json(&Error::Transport(Failure::TooLarge(16)));
        assert_eq!(json["kind"], "transport");
        assert_eq!(json["failure"], "too-large");
        assert_eq!(json["limitBytes"], 16);
    }
}
