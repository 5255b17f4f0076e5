//! What an answer holds: its `data`, as the service wrote it, or the reason why there is none.

use std::ops::Range;
use std::time::SystemTime;

use super::refusal::{Said, describe, refusal};
use super::service::Service;
use crate::contract::{Error, Failure, Response};
use crate::json::{self, Problem, ProblemKind, Scanner};
use crate::time::Millis;

/// A good answer: its `data`, as the service wrote it.
#[derive(Debug)]
pub struct Answer {
    text: String,
    data: Range<usize>,
    served_at: Option<Millis>,
}

/// Reads `data` while the answer is read for the first time. It must pass over exactly one value, or fail.
pub type DataReader<'r> = dyn FnMut(&mut Scanner<'_>) -> Result<(), Problem> + 'r;

/// Where the parts of an answer stand. What is null counts as missing.
#[derive(Default)]
struct Envelope {
    data: Option<Range<usize>>,
    errors: Option<Range<usize>>,
    /// Why the reader could not use the data, which is JSON nevertheless.
    misshapen: Option<Problem>,
}

impl Answer {
    /// Reads what the host brought back, in one pass. Errors that are about `may_fail`, a field of `data`, and leave
    /// the rest of it as it is, are none.
    pub(super) fn of(
        result: Result<Response, Failure>,
        may_fail: Option<&str>,
        reader: &mut DataReader<'_>,
        service: &Service,
        endpoint: &str,
    ) -> Result<Self, Error> {
        let mut response = result.map_err(|failure| match failure {
            Failure::TooLarge(limit) => Error::UnexpectedResponse(format!(
                "the answer is larger than the {limit} bytes that the host accepts; ask for less at once, or have the \
                 limit raised"
            )),
            other => Error::Transport(other),
        })?;
        let (text, envelope) = match String::from_utf8(std::mem::take(&mut response.body)) {
            Ok(text) => {
                let envelope = Envelope::read(&text, reader);
                (text, envelope)
            }
            Err(error) => {
                let problem = Problem { kind: ProblemKind::NotJson, at: error.utf8_error().valid_up_to() };
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), Err(problem))
            }
        };
        let part = |range: &Option<Range<usize>>| range.clone().and_then(|range| text.get(range));
        let (data, errors) = match &envelope {
            Ok(envelope) => (part(&envelope.data), part(&envelope.errors)),
            Err(_) => (None, None),
        };
        let said =
            Said { endpoint, response: &response, text: &text, data, errors: errors.filter(|errors| *errors != "[]") };
        if let Some(refusal) = refusal(&said, may_fail, service) {
            return Err(refusal);
        }
        let envelope = envelope.map_err(|problem| Error::UnexpectedResponse(not_an_envelope(&text, problem)))?;
        if let Some(problem) = envelope.misshapen {
            return Err(misshapen(problem));
        }
        let data = envelope.data.ok_or_else(|| {
            Error::UnexpectedResponse("the answer holds neither data nor errors, as GraphQL demands".to_owned())
        })?;
        let served_at = response.header("date").and_then(millis);
        Ok(Self { text, data, served_at })
    }

    /// The service's own time when it answered, if it said.
    pub fn served_at(&self) -> Option<Millis> {
        self.served_at
    }

    /// A part of the answer, which has a place in its whole text.
    pub fn part(&self, place: Range<usize>) -> Option<&str> {
        self.text.get(place)
    }

    /// The whole answer, as the service wrote it.
    pub fn into_text(self) -> String {
        self.text
    }

    /// The `data`, as the service wrote it.
    pub fn data(&self) -> &str {
        self.text.get(self.data.clone()).unwrap_or_default()
    }

    /// A member of `data`; none if it is missing or null.
    pub fn member(&self, key: &str) -> Result<Option<&str>, Error> {
        json::member(self.data(), key).map_err(misshapen)
    }
}

impl Envelope {
    fn read(text: &str, reader: &mut DataReader<'_>) -> Result<Self, Problem> {
        let mut envelope = Self::default();
        let mut scanner = Scanner::new(text);
        let mut first = scanner.begin_object()?;
        while let Some(key) = scanner.key(&mut first)? {
            let place = match key.as_ref() {
                "data" => &mut envelope.data,
                "errors" => &mut envelope.errors,
                _ => {
                    scanner.skip()?;
                    continue;
                }
            };
            if scanner.is_null()? {
                scanner.skip()?;
                *place = None;
            } else if key == "errors" {
                *place = Some(scanner.value()?);
            } else {
                let start = scanner.start();
                let before = scanner.clone();
                if let Err(problem) = reader(&mut scanner) {
                    // It may be JSON all the same, and `errors` after it say what happened.
                    scanner = before;
                    scanner.skip()?;
                    envelope.misshapen = Some(problem);
                }
                *place = Some(start..scanner.position());
            }
        }
        scanner.end()?;
        Ok(envelope)
    }
}

/// The error for an answer that is JSON, but not what was asked for.
pub fn misshapen(problem: Problem) -> Error {
    Error::UnexpectedResponse(format!("the answer is not of the shape asked for: {problem}"))
}

/// The error for a part of an answer that should be there and is null or missing.
pub fn missing(what: &str) -> Error {
    Error::UnexpectedResponse(format!("the answer lacks {what}"))
}

/// An HTTP date in milliseconds since 1970.
fn millis(date: &str) -> Option<Millis> {
    let since = httpdate::parse_http_date(date).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Millis::try_from(since.as_millis()).ok()
}

fn not_an_envelope(text: &str, problem: Problem) -> String {
    let breaks_off = problem.kind == ProblemKind::EndsEarly && !text.is_empty();
    format!("the answer {}: {}", if breaks_off { "breaks off" } else { "is not a GraphQL answer" }, describe(text))
}
