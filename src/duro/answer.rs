//! Tells what an HTTP answer of the service means: its `data`, or the reason why there is none. Services say the same thing in
//! different ways (a bad key as 401, as 500, or as 200 with `errors`), so status, GraphQL errors and missing data are
//! weighed together.

use super::http_date;
use super::time::Millis;
use crate::error::{Error, ServiceFailure};
use crate::host::{Failure, Response};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The most characters of a foreign text that an error repeats.
const SHOWN_CHARACTERS: usize = 200;

/// A good answer: its `data`, as the service wrote it.
#[derive(Debug)]
pub struct Answer {
    body: Vec<u8>,
    served_at: Option<Millis>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct GraphQlError {
    message: Option<String>,
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    code: Option<String>,
}

impl Answer {
    /// Reads what the host brought back.
    pub(super) fn of(result: Result<Response, Failure>) -> Result<Self, Error> {
        let response = result.map_err(|failure| match failure {
            Failure::TooLarge(limit) => Error::UnexpectedResponse(format!(
                "the answer is larger than the {limit} bytes that the host accepts; ask for less at once, or have the \
                 limit raised"
            )),
            other => Error::Transport(other),
        })?;
        let envelope = serde_json::from_slice::<Envelope<'_>>(&response.body);
        let (data, errors) = match &envelope {
            Ok(envelope) => (present(envelope.data), present(envelope.errors)),
            Err(_) => (None, None),
        };
        let listed = errors.filter(|errors| errors.get() != "[]");
        if let Some(refusal) = refusal(&response, data, listed) {
            return Err(refusal);
        }
        match (envelope, data) {
            (Err(error), _) => Err(Error::UnexpectedResponse(not_an_envelope(&response.body, &error))),
            (Ok(_), None) => Err(Error::UnexpectedResponse(
                "the answer holds neither data nor errors, as GraphQL demands".to_owned(),
            )),
            (Ok(_), Some(_)) => {
                let served_at = response.header("date").and_then(http_date::parse).map(|seconds| seconds * 1_000);
                Ok(Self { body: response.body, served_at })
            }
        }
    }

    /// The service's own time when it answered, if it said.
    pub fn served_at(&self) -> Option<Millis> {
        self.served_at
    }

    /// The whole answer, byte for byte as the service wrote it.
    pub fn into_text(self) -> Result<String, Error> {
        String::from_utf8(self.body)
            .map_err(|error| Error::UnexpectedResponse(format!("the answer is not text: {}", error.utf8_error())))
    }

    /// The `data`, byte for byte as the service wrote it.
    pub fn data(&self) -> Result<&str, Error> {
        // Parsed a second time rather than kept: a struct cannot hold both a body and a borrow of it. An action's answer is
        // small; the polling path reads each page once more in any case.
        serde_json::from_slice::<Envelope<'_>>(&self.body)
            .ok()
            .and_then(|envelope| envelope.data)
            .map(RawValue::get)
            .ok_or_else(|| missing("data"))
    }

    /// The parts of `data` that `T` asks for.
    pub fn read_data<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        read(self.data()?)
    }
}

/// Reads a part of an answer.
pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::UnexpectedResponse(format!("the answer is not of the shape asked for: {error}")))
}

/// The error for a part of an answer that should be there and is null or missing.
pub fn missing(what: &str) -> Error {
    Error::UnexpectedResponse(format!("the answer lacks {what}"))
}

fn present(value: Option<&RawValue>) -> Option<&RawValue> {
    value.filter(|value| value.get() != "null")
}

/// The error that the answer stands for, if it is one by its status or by its GraphQL errors.
fn refusal(response: &Response, data: Option<&RawValue>, errors: Option<&RawValue>) -> Option<Error> {
    let status = response.status;
    let listed: Vec<GraphQlError> =
        errors.and_then(|errors| serde_json::from_str(errors.get()).ok()).unwrap_or_default();
    let message = message(&listed, errors, response);
    let any = |test: &dyn Fn(&GraphQlError) -> bool| listed.iter().any(test);

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
            errors: errors.map(|errors| errors.get().to_owned()),
            data: data.map(|data| data.get().to_owned()),
        }));
    }
    None
}

fn is_unauthenticated(error: &GraphQlError) -> bool {
    let message = error.message.as_deref().unwrap_or_default().trim().trim_end_matches('.');
    let code = error.extensions.as_ref().and_then(|extensions| extensions.code.as_deref());
    message.eq_ignore_ascii_case("unauthorized")
        || message.eq_ignore_ascii_case("unauthenticated")
        || code == Some("UNAUTHENTICATED")
}

fn is_forbidden(error: &GraphQlError) -> bool {
    let message = error.message.as_deref().unwrap_or_default().to_ascii_lowercase();
    let code = error.extensions.as_ref().and_then(|extensions| extensions.code.as_deref());
    message.contains("not authorized to") || message.contains("not authorised to") || code == Some("FORBIDDEN")
}

/// What the service said, in its own words where it had any.
fn message(listed: &[GraphQlError], errors: Option<&RawValue>, response: &Response) -> String {
    let messages: Vec<&str> = listed.iter().filter_map(|error| error.message.as_deref()).collect();
    if !messages.is_empty() {
        return messages.join("; ");
    }
    if let Some(errors) = errors {
        return shorten(errors.get());
    }
    format!("status {}, {}", response.status, describe(&response.body))
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

fn not_an_envelope(body: &[u8], error: &serde_json::Error) -> String {
    let problem = if error.is_eof() && !body.is_empty() { "breaks off" } else { "is not a GraphQL answer" };
    format!("the answer {problem}: {}", describe(body))
}

/// A body in a few words.
fn describe(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..4 * SHOWN_CHARACTERS).unwrap_or(body));
    let text = text.trim();
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
