//! What the connector asks of whoever runs it: send a request, write a log line. In the component this is the WIT imports
//! `http` and `log`; under native tests and benchmarks it is a struct of theirs. Nothing else of the outside is
//! reachable from this crate.

use std::fmt;

/// The outside, as the connector sees it.
pub trait Host {
    /// Sends one request and waits for its whole answer. A status of 400 or above is an answer, not a failure.
    fn send(&self, request: Request) -> Result<Response, Failure>;

    /// Whether a message of this level would be kept: asked before an expensive message is built.
    fn log_enabled(&self, level: Level) -> bool;

    /// Writes one log line.
    fn log(&self, level: Level, message: &str);
}

/// One HTTP request; see `wit/http.wit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method in capitals.
    pub method: &'static str,
    /// An absolute URL.
    pub url: String,
    /// Headers in order.
    pub headers: Vec<(&'static str, HeaderValue)>,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
    /// Whether the host may send it again after a failure.
    pub idempotent: bool,
}

/// The value of a request header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// The value itself.
    Text(&'static str),
    /// The key of a secret connection field, which the host fills in.
    Secret(&'static str),
}

/// One HTTP answer; see `wit/http.wit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Headers in the order received, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer; see `wit/http.wit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The host does not let the request leave.
    Denied(String),
    /// No complete answer in time.
    Timeout,
    /// The service could not be reached.
    Unreachable(String),
    /// The answer is larger than this many bytes.
    TooLarge(u64),
    /// Anything else.
    Other(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(reason) => write!(f, "the host refused the request: {reason}"),
            Self::Timeout => f.write_str("no complete answer came in time"),
            Self::Unreachable(reason) => write!(f, "the service could not be reached: {reason}"),
            Self::TooLarge(limit) => write!(f, "the answer is larger than the host's limit of {limit} bytes"),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

/// How important a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// Every request and response.
    Debug,
    /// What happened, once a call.
    Info,
    /// Something unusual.
    Warn,
    /// What stopped the call.
    Error,
}
