//! Tells what an HTTP answer of the service means: its `data`, or the reason why there is none. Services say the same thing in
//! different ways (a bad key as 401, as 500, or as 200 with `errors`), so status, GraphQL errors and missing data are
//! weighed together.

use super::http_date;
use super::time::Millis;
use crate::error::{Error, ServiceFailure};
use crate::host::{Failure, Response};
use crate::json::{self, Problem, ProblemKind, Scanner};
use std::ops::Range;

/// The most characters of a foreign text that an error repeats.
const SHOWN_CHARACTERS: usize = 200;

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

/// One of the service's `errors`, as far as it says anything that is understood.
#[derive(Default)]
struct GraphQlError {
    message: Option<String>,
    code: Option<String>,
    /// The field of `data` that it is about.
    field: Option<String>,
}

impl Answer {
    /// Reads what the host brought back, in one pass. Errors that are about `may_fail`, a field of `data`, and leave the rest of it as it is, are none.
    pub(super) fn of(
        result: Result<Response, Failure>,
        may_fail: Option<&str>,
        reader: &mut DataReader<'_>,
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
        if let Some(refusal) = refusal(&response, &text, data, errors.filter(|errors| *errors != "[]"), may_fail) {
            return Err(refusal);
        }
        let envelope = envelope.map_err(|problem| Error::UnexpectedResponse(not_an_envelope(&text, problem)))?;
        if let Some(problem) = envelope.misshapen {
            return Err(misshapen(problem));
        }
        let data = envelope.data.ok_or_else(|| {
            Error::UnexpectedResponse("the answer holds neither data nor errors, as GraphQL demands".to_owned())
        })?;
        let served_at = response.header("date").and_then(http_date::parse).map(|seconds| seconds * 1_000);
        Ok(Self { text, data, served_at })
    }

    /// The service's own time when it answered, if it said.
    pub fn served_at(&self) -> Option<Millis> {
        self.served_at
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
pub(crate) fn misshapen(problem: Problem) -> Error {
    Error::UnexpectedResponse(format!("the answer is not of the shape asked for: {problem}"))
}

/// The error for a part of an answer that should be there and is null or missing.
pub fn missing(what: &str) -> Error {
    Error::UnexpectedResponse(format!("the answer lacks {what}"))
}

/// The error that the answer stands for, if it is one by its status or by its GraphQL errors.
fn refusal(
    response: &Response,
    text: &str,
    data: Option<&str>,
    errors: Option<&str>,
    may_fail: Option<&str>,
) -> Option<Error> {
    let status = response.status;
    if errors.is_none() && status < 300 {
        return None;
    }
    let listed = errors.map(listed).unwrap_or_default();
    let message = message(&listed, errors, status, text);
    let any = |test: &dyn Fn(&GraphQlError) -> bool| listed.iter().any(test);
    let is_elsewhere = |error: &GraphQlError| error.field.is_none() || error.field.as_deref() != may_fail;
    if status < 300 && data.is_some() && !listed.is_empty() && !any(&is_elsewhere) {
        return None;
    }

    if any(&is_unauthenticated) || (status == 401 && !any(&is_forbidden)) {
        return Some(Error::Unauthenticated(format!(
            "Duro does not accept the API key ({message}); check that it is complete, current, and of this environment"
        )));
    }
    if status == 403 || status == 401 || any(&is_forbidden) {
        return Some(Error::Forbidden(format!("Duro does not let the API key's owner do this: {message}")));
    }
    if status == 429 {
        return Some(Error::RateLimited(retry_after(response)));
    }
    if (300..400).contains(&status) {
        let target = response.header("location").map_or_else(String::new, |target| format!(" to {}", shorten(target)));
        return Some(Error::UnexpectedResponse(format!(
            "the answer is a redirect (status {status}){target}, which is not followed; check the connection's URL"
        )));
    }
    if errors.is_some() || status >= 400 {
        return Some(Error::Service(ServiceFailure {
            status,
            message,
            errors: errors.map(str::to_owned),
            data: data.map(str::to_owned),
        }));
    }
    None
}

/// The items of `errors`. One of an odd shape says nothing, and is an error nevertheless.
fn listed(errors: &str) -> Vec<GraphQlError> {
    let mut listed = Vec::new();
    let mut scanner = Scanner::new(errors);
    let Ok(mut first) = scanner.begin_array() else { return listed };
    while let Ok(true) = scanner.item(&mut first) {
        let Ok(place) = scanner.value() else { break };
        let item = errors.get(place).unwrap_or_default();
        let text = |object: &str, key: &str| json::text_member(object, key).ok().flatten();
        let extensions = json::member(item, "extensions").ok().flatten();
        listed.push(GraphQlError {
            message: text(item, "message"),
            code: extensions.and_then(|extensions| text(extensions, "code")),
            field: json::member(item, "path").ok().flatten().and_then(first_text),
        });
    }
    listed
}

/// The first item of a list, if it is a text.
fn first_text(list: &str) -> Option<String> {
    let mut scanner = Scanner::new(list);
    let mut first = scanner.begin_array().ok()?;
    if scanner.item(&mut first).ok()? { scanner.string().ok() } else { None }
}

fn is_unauthenticated(error: &GraphQlError) -> bool {
    let message = error.message.as_deref().unwrap_or_default().trim().trim_end_matches('.');
    message.eq_ignore_ascii_case("unauthorized")
        || message.eq_ignore_ascii_case("unauthenticated")
        || error.code.as_deref() == Some("UNAUTHENTICATED")
}

fn is_forbidden(error: &GraphQlError) -> bool {
    let message = error.message.as_deref().unwrap_or_default().to_ascii_lowercase();
    message.contains("not authorized to")
        || message.contains("not authorised to")
        || error.code.as_deref() == Some("FORBIDDEN")
}

/// What the service said, in its own words where it had any.
fn message(listed: &[GraphQlError], errors: Option<&str>, status: u16, text: &str) -> String {
    let messages: Vec<&str> = listed.iter().filter_map(|error| error.message.as_deref()).collect();
    if !messages.is_empty() {
        return messages.join("; ");
    }
    if let Some(errors) = errors {
        return shorten(errors);
    }
    format!("status {status}, {}", describe(text))
}

/// The seconds to wait. `Retry-After` is a number of them, or a date, which is measured from the answer's own `Date`,
/// because a connector has no clock.
fn retry_after(response: &Response) -> Option<u32> {
    let value = response.header("retry-after")?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(seconds);
    }
    let until = http_date::parse(value)?;
    let now = http_date::parse(response.header("date")?)?;
    u32::try_from(until.saturating_sub(now).max(0)).ok()
}

fn not_an_envelope(text: &str, problem: Problem) -> String {
    let breaks_off = problem.kind == ProblemKind::EndsEarly && !text.is_empty();
    format!("the answer {}: {}", if breaks_off { "breaks off" } else { "is not a GraphQL answer" }, describe(text))
}

/// A body in a few words.
fn describe(body: &str) -> String {
    let text = body.trim();
    match text.chars().next() {
        None => "an empty body".to_owned(),
        Some('<') => format!("{} bytes of HTML or XML: {}", body.len(), shorten(text)),
        Some('{' | '[') => format!("{} bytes of JSON: {}", body.len(), shorten(text)),
        Some(_) => format!("{} bytes: {}", body.len(), shorten(text)),
    }
}

fn shorten(text: &str) -> String {
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(SHOWN_CHARACTERS).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}
