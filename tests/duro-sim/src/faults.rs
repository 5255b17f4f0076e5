//! What can go wrong with an answer, how a command line spells it, and which request it meets.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::request::ReceivedRequest;

/// One way for an answer to go wrong. Where a fault damages the true answer, the request is carried out first: a
/// mutation behind it has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This answer, whatever was asked; the request is not carried out.
    Answer {
        /// The HTTP status, 200 to 599.
        status: u16,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// Status 200 with an HTML page, as a proxy or a sign-in page answers.
    HtmlPage,
    /// Status 200 with an empty body.
    EmptyBody,
    /// The first half of the true answer, complete as far as HTTP can tell.
    TruncatedJson,
    /// The true answer with the number 42 in the place of each field of `data`.
    WrongShape,
    /// The true answer with its first leaf null, and an error that names the place.
    PartialData,
    /// The true answer with this field of `data` null, if it was asked for.
    FieldNull(String),
    /// The same, and an error that names the field.
    FieldRefused(String),
    /// Status 200, `data` null and these messages as GraphQL errors; the request is not carried out.
    GraphQlErrors(Vec<String>),
    /// Status 200 and a JSON string of so many bytes, streamed without a length; the request is not carried out.
    HugeBody(u64),
    /// The true answer, so much later.
    SlowHeaders(Duration),
    /// Half of the true answer at once, the other half so much later.
    SlowBody(Duration),
    /// The connection is closed without an answer; the request is not carried out.
    DropBeforeAnswer,
    /// The connection is closed after half of the true answer.
    DropMidBody,
    /// Status 307 to this URL.
    Redirect(String),
    /// The true answer, with the caller's `apiToken` in `extensions` (plain, URL-encoded and base64) and in the header
    /// `x-echoed-api-token`.
    EchoToken,
}

impl Fault {
    /// A bare status with a GraphQL error as its body.
    pub fn status(status: u16) -> Fault {
        let body = format!(r#"{{"errors":[{{"message":"Simulated status {status}"}}]}}"#);
        Fault::Answer { status, headers: json_headers(), body }
    }

    /// As the service answers a key that it does not know: status 500 and `Unauthorized`.
    pub fn unauthorized() -> Fault {
        let body = r#"{"errors":[{"message":"Unauthorized"}]}"#.to_owned();
        Fault::Answer { status: 500, headers: json_headers(), body }
    }

    /// Status 429 with `Retry-After` in seconds.
    pub fn rate_limited(seconds: u64) -> Fault {
        Fault::status(429).with_header("retry-after", &seconds.to_string())
    }

    /// Status 429 with `Retry-After` as an HTTP date, whole seconds from the real clock.
    pub fn rate_limited_until(instant: SystemTime) -> Fault {
        Fault::status(429).with_header("retry-after", &httpdate::fmt_http_date(instant))
    }

    /// The same answer with one more header; other faults stay as they are.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Fault {
        if let Fault::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// One GraphQL error with status 200 and an `extensions.code`; after how many seconds to come again is said beside
    /// it.
    pub fn graphql_code(code: &str, retry_after: Option<u64>) -> Fault {
        let error = json!({ "message": "No.", "extensions": { "code": code, "retryAfter": retry_after } });
        let body = json!({ "data": null, "errors": [error] }).to_string();
        Fault::Answer { status: 200, headers: json_headers(), body }
    }

    /// One GraphQL error with status 200.
    pub fn graphql_error(message: &str) -> Fault {
        Fault::GraphQlErrors(vec![message.to_owned()])
    }
}

fn json_headers() -> Vec<(String, String)> {
    vec![("content-type".to_owned(), "application/json".to_owned())]
}

/// The spellings of [`Fault::from_str`], for help texts.
pub const FAULT_SPELLINGS: &str = "a status such as 503, 429:SECONDS, 429-date:SECONDS, unauthorized, html, empty, \
                                   truncated, wrong-shape, partial, null:FIELD, refused:FIELD, graphql-error:MESSAGE, \
                                   graphql-code:CODE, huge:BYTES, slow-headers:2s, slow-body:2s, drop, drop-mid-body, \
                                   redirect:URL, echo-token";

/// A fault that cannot be read, with the spellings that can.
#[derive(Debug)]
pub struct UnknownFault(String);

impl fmt::Display for UnknownFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "unknown fault `{}`: choose {FAULT_SPELLINGS}", self.0)
    }
}

impl std::error::Error for UnknownFault {}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Fault, UnknownFault> {
        let unknown = || UnknownFault(text.to_owned());
        let (word, value) = match text.split_once(':') {
            Some((word, value)) => (word, Some(value)),
            None => (text, None),
        };
        let fault = match (word, value) {
            ("unauthorized", None) => Fault::unauthorized(),
            ("html", None) => Fault::HtmlPage,
            ("empty", None) => Fault::EmptyBody,
            ("truncated", None) => Fault::TruncatedJson,
            ("wrong-shape", None) => Fault::WrongShape,
            ("partial", None) => Fault::PartialData,
            ("drop", None) => Fault::DropBeforeAnswer,
            ("drop-mid-body", None) => Fault::DropMidBody,
            ("echo-token", None) => Fault::EchoToken,
            ("null", Some(field)) => Fault::FieldNull(field.to_owned()),
            ("refused", Some(field)) => Fault::FieldRefused(field.to_owned()),
            ("graphql-error", Some(message)) => Fault::graphql_error(message),
            ("graphql-code", Some(code)) => Fault::graphql_code(code, None),
            ("redirect", Some(url)) => Fault::Redirect(url.to_owned()),
            ("huge", Some(bytes)) => Fault::HugeBody(bytes.parse().map_err(|_| unknown())?),
            ("slow-headers", Some(delay)) => Fault::SlowHeaders(parse_duration(delay).map_err(|_| unknown())?),
            ("slow-body", Some(delay)) => Fault::SlowBody(parse_duration(delay).map_err(|_| unknown())?),
            ("429", Some(seconds)) => Fault::rate_limited(seconds.parse().map_err(|_| unknown())?),
            ("429-date", Some(seconds)) => {
                let seconds = Duration::from_secs(seconds.parse().map_err(|_| unknown())?);
                Fault::rate_limited_until(SystemTime::now().checked_add(seconds).ok_or_else(unknown)?)
            }
            (status, None) => match status.parse() {
                Ok(status @ 200..=599) => Fault::status(status),
                _ => return Err(unknown()),
            },
            _ => return Err(unknown()),
        };
        Ok(fault)
    }
}

/// Reads a duration such as `50ms`, `2s` or `1m30s`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let problem = || format!("`{text}` is not a duration: write for example 50ms, 2s or 1m30s");
    let duration: jiff::SignedDuration = text.parse().map_err(|_| problem())?;
    Duration::try_from(duration).map_err(|_| problem())
}

type Chooser = Box<dyn FnMut(&ReceivedRequest) -> Option<Fault> + Send>;

/// Which requests meet a fault: the queue first, then the function, then each k-th.
#[derive(Default)]
pub(crate) struct FaultPlan {
    queue: VecDeque<Fault>,
    chooser: Option<Chooser>,
    every: Option<(u64, Fault)>,
    seen: u64,
}

impl FaultPlan {
    pub(crate) fn push(&mut self, fault: Fault) {
        self.queue.push_back(fault);
    }

    pub(crate) fn set_chooser(&mut self, chooser: Chooser) {
        self.chooser = Some(chooser);
    }

    /// Counts from the next request; 0 counts as 1.
    pub(crate) fn set_every(&mut self, every: u64, fault: Fault) {
        self.every = Some((every.max(1), fault));
        self.seen = 0;
    }

    pub(crate) fn clear(&mut self) {
        *self = FaultPlan::default();
    }

    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn choose(&mut self, request: &ReceivedRequest) -> Option<Fault> {
        self.seen += 1;
        if let Some(fault) = self.queue.pop_front() {
            return Some(fault);
        }
        if let Some(fault) = self.chooser.as_mut().and_then(|chooser| chooser(request)) {
            return Some(fault);
        }
        let (every, fault) = self.every.as_ref()?;
        self.seen.is_multiple_of(*every).then(|| fault.clone())
    }
}
