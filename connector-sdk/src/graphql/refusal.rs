//! Whether an answer is a refusal, and which. Services say the same thing in different ways (a bad key as 401, as 500,
//! or as 200 with `errors`), so status, GraphQL errors and missing data are weighed together.

use serde_json::Value;
use serde_json::value::RawValue;

use super::service::{Refused, Service};
use crate::contract::{Error, Response, ServiceFailure};
use crate::excerpt::shorten;
use crate::polling::origin;

/// The most characters of a foreign text that an error repeats.
const SHOWN_CHARACTERS: usize = 200;

/// The parts of an answer that say whether it is one.
pub(super) struct Said<'a> {
    /// Where the request went.
    pub(super) endpoint: &'a str,
    pub(super) response: &'a Response,
    pub(super) text: &'a str,
    pub(super) data: Option<&'a str>,
    pub(super) errors: Option<&'a str>,
}

/// One of the service's `errors`, as far as it says anything that is understood.
#[derive(Default)]
struct GraphQlError {
    message: Option<String>,
    refused: Option<Refused>,
    /// The seconds to wait, where it says.
    retry_after: Option<u32>,
    /// The field of `data` that it is about.
    field: Option<String>,
}

impl GraphQlError {
    fn read(item: &RawValue, service: &Service) -> Self {
        // One of an odd shape says nothing, and is an error nevertheless.
        let item: Value = serde_json::from_str(item.get()).unwrap_or_default();
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let message = text(item.get("message"));
        let extensions = item.get("extensions");
        let by_code = extensions.and_then(|extensions| by_code(extensions).or_else(|| by_status(extensions)));
        let refused = by_code.or_else(|| (service.words)(message.as_deref()?));
        let retry_after = extensions.and_then(|extensions| seconds(extensions.get("retryAfter")?));
        Self { refused, retry_after, field: text(item.get("path").and_then(|path| path.get(0))), message }
    }
}

/// What the `code` of an error means. There is no standard of them; these are what GraphQL servers and their gateways
/// write for what HTTP has a status for.
fn by_code(extensions: &Value) -> Option<Refused> {
    const CODES: [(Refused, &[&str]); 3] = [
        (Refused::Credential, &["UNAUTHENTICATED", "UNAUTHORIZED", "INVALID_CREDENTIALS", "TOKEN_EXPIRED"]),
        (Refused::Permission, &["FORBIDDEN", "ACCESS_DENIED", "PERMISSION_DENIED"]),
        (Refused::Rate, &["RATE_LIMITED", "RATE_LIMIT_EXCEEDED", "TOO_MANY_REQUESTS", "THROTTLED"]),
    ];
    let code = extensions.get("code")?.as_str()?;
    let is_it = |known: &&str| code.eq_ignore_ascii_case(known);
    CODES.iter().find(|(_, codes)| codes.iter().any(is_it)).map(|(refused, _)| *refused)
}

/// What the HTTP status means that an error would have had on its own.
fn by_status(extensions: &Value) -> Option<Refused> {
    let status = extensions.pointer("/http/status").or_else(|| extensions.get("status"))?;
    match status.as_u64()? {
        401 => Some(Refused::Credential),
        403 => Some(Refused::Permission),
        429 => Some(Refused::Rate),
        _ => None,
    }
}

/// Seconds, from a number or from text with a whole one; a part of a second counts as one.
fn seconds(value: &Value) -> Option<u32> {
    if let Some(text) = value.as_str() {
        return text.trim().parse().ok();
    }
    let seconds = value.as_f64()?.ceil();
    // A cast ends at the largest number there is; what is no number of seconds at all is dropped.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, and is not negative")]
    (seconds >= 0.0).then_some(seconds as u32)
}

/// The error that the answer stands for, if it is one by its status or by its GraphQL errors. Errors that are about
/// `may_fail`, a field of `data`, and leave the rest of it as it is, are none.
pub(super) fn refusal(said: &Said<'_>, may_fail: Option<&str>, service: &Service) -> Option<Error> {
    let status = said.response.status;
    if said.errors.is_none() && status < 300 {
        return None;
    }
    let listed: Vec<GraphQlError> = said
        .errors
        .and_then(|errors| serde_json::from_str::<Vec<Box<RawValue>>>(errors).ok())
        .unwrap_or_default()
        .into_iter()
        .map(|item| GraphQlError::read(&item, service))
        .collect();
    let is_elsewhere = |error: &GraphQlError| error.field.is_none() || error.field.as_deref() != may_fail;
    if status < 300 && said.data.is_some() && !listed.is_empty() && !listed.iter().any(is_elsewhere) {
        return None;
    }
    let any = |refused: Refused| listed.iter().any(|error| error.refused == Some(refused));
    let message = message(&listed, said);
    let Service { name, credential, .. } = service;
    if any(Refused::Credential) || (status == 401 && !any(Refused::Permission)) {
        return Some(Error::Unauthenticated(format!(
            "{name} at {} does not accept the {credential} ({message}); check that it is complete, current, and of \
             this environment",
            shorten(&origin(said.endpoint).unwrap_or_default(), SHOWN_CHARACTERS)
        )));
    }
    if status == 403 || status == 401 || any(Refused::Permission) {
        return Some(Error::Forbidden(format!("{name} does not let the {credential}'s owner do this: {message}")));
    }
    if status == 429 || any(Refused::Rate) {
        let longest = listed.iter().filter_map(|error| error.retry_after).max();
        return Some(Error::RateLimited(retry_after(said.response).or(longest)));
    }
    if (300..400).contains(&status) {
        let target = said.response.header("location");
        let target = target.map_or_else(String::new, |target| format!(" to {}", shorten(target, SHOWN_CHARACTERS)));
        return Some(Error::UnexpectedResponse(format!(
            "the answer is a redirect (status {status}){target}, which is not followed; check the connection's URL"
        )));
    }
    (said.errors.is_some() || status >= 400).then(|| {
        Error::Service(ServiceFailure {
            status,
            message,
            errors: said.errors.map(str::to_owned),
            data: said.data.map(str::to_owned),
        })
    })
}

/// What the service said, in its own words where it had any.
fn message(listed: &[GraphQlError], said: &Said<'_>) -> String {
    let messages: Vec<&str> = listed.iter().filter_map(|error| error.message.as_deref()).collect();
    if !messages.is_empty() {
        return messages.join("; ");
    }
    match said.errors {
        Some(errors) => shorten(errors, SHOWN_CHARACTERS),
        None => format!("status {}, {}", said.response.status, describe(said.text)),
    }
}

/// The seconds to wait. `Retry-After` is a number of them, or a date, which is measured from the answer's own `Date`,
/// because a connector has no clock.
fn retry_after(response: &Response) -> Option<u32> {
    let value = response.header("retry-after")?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(seconds);
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = httpdate::parse_http_date(response.header("date")?).ok()?;
    u32::try_from(until.duration_since(now).unwrap_or_default().as_secs()).ok()
}

/// A body in a few words.
pub(super) fn describe(body: &str) -> String {
    let text = body.trim();
    match text.chars().next() {
        None => "an empty body".to_owned(),
        Some('<') => format!("{} bytes of HTML or XML: {}", body.len(), shorten(text, SHOWN_CHARACTERS)),
        Some('{' | '[') => format!("{} bytes of JSON: {}", body.len(), shorten(text, SHOWN_CHARACTERS)),
        Some(_) => format!("{} bytes: {}", body.len(), shorten(text, SHOWN_CHARACTERS)),
    }
}
