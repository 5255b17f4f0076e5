//! What is done for each address: reads what was sent, calls the connector, and gives a page or a piece of one.

pub(super) mod action;
pub(super) mod connection;
pub(super) mod inputs;
pub(super) mod past;
pub(super) mod progress;
pub(super) mod recordings;
pub(super) mod saved;
pub(super) mod state;
pub(super) mod trigger;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use host::Trace;
use host::contract::{InputProblem, RecordList};
use maud::Markup;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::forms::Values;
use super::pages;
use super::run::{self, Side};
use super::shared::Shared;

/// How long a page waits before it is shown that something is under way: what is over by then is shown at once.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// How long it waits for the end before it asks again: shorter than what networks and browsers give up after.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// A body that is not JSON is shown up to this many bytes.
const LONGEST_TEXT: usize = 1024 * 1024;
/// A larger value is looked through on a thread of its own. In bytes.
const QUICK: usize = 256 * 1024;
/// Where the records are is not said in more, in bytes: a browser would not take it.
const LONGEST_PLACE: usize = 4 * 1024;

/// What the script sends with a form.
#[derive(Deserialize)]
pub(super) struct Sent {
    values: Values,
    /// The kind of connection.
    #[serde(default)]
    kind: Option<String>,
    /// The question, by its number, that the person who looks at the page has agreed to.
    #[serde(default)]
    agreed: Option<u64>,
    /// The pause of a schedule, in seconds.
    #[serde(default)]
    every: Option<u64>,
}

/// A piece of a page for the script to put in its place.
#[derive(Serialize)]
pub(super) struct Piece {
    html: String,
    /// What is wrong with which input.
    problems: Vec<InputProblem>,
    /// The line on the connection, where it may have changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    /// The question before something is changed: what would be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    ask: Option<String>,
    /// The question's number, which an answer names.
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<u64>,
    /// The connection's fields that another one wins over.
    #[serde(skip_serializing_if = "Option::is_none")]
    overridden: Option<Vec<String>>,
    /// What to say aloud.
    say: &'static str,
}

impl Piece {
    fn new(html: Markup, problems: Vec<InputProblem>, say: &'static str) -> Json<Self> {
        let html = html.into_string();
        Json(Self { html, problems, connection: None, ask: None, question: None, overridden: None, say })
    }

    /// The question alone: nothing has run yet.
    fn asking(question: Markup, number: u64) -> Json<Self> {
        let Json(piece) = Self::new(Markup::default(), Vec::new(), "Please confirm");
        Json(Self { ask: Some(question.into_string()), question: Some(number), ..piece })
    }
}

pub(super) async fn home() -> Redirect {
    Redirect::to("/connection")
}

pub(super) async fn about(State(shared): State<Arc<Shared>>) -> Markup {
    pages::about::show(&shared)
}

/// The connector's picture. The host has checked that it is one of a bounded size.
pub(super) async fn icon(State(shared): State<Arc<Shared>>) -> Response {
    match shared.definition().icon() {
        Some(png) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        None => not_found("picture"),
    }
}

/// An address that nothing has.
pub(super) async fn nowhere() -> Response {
    not_found("page at this address")
}

fn not_found(what: &'static str) -> Response {
    (StatusCode::NOT_FOUND, format!("There is no {what}.\n")).into_response()
}

pub(super) fn refused(status: StatusCode, why: String) -> Response {
    (status, Json(serde_json::json!({ "error": why }))).into_response()
}

fn raw_json(text: impl Into<Bytes>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text.into()).into_response()
}

/// The line on the connection, of which a call may have said something new.
fn connection_line(shared: &Shared) -> String {
    pages::connection_state(shared.memory().connection.as_ref()).into_string()
}

/// A value as it is kept: however many ask for it, there is one. A header says where its records are, by the rule that
/// its files go by; `declared` are the lists of a trigger's payload.
async fn raw_value(shared: &Shared, value: Arc<RawValue>, declared: &[RecordList]) -> Response {
    let (text, lists) = (value.clone(), declared.to_vec());
    let place = move || saved::place_of_records(text.get(), &lists);
    let place = match value.get().len() {
        ..=QUICK => place(),
        _ => tokio::task::spawn_blocking(place).await.unwrap_or_default(),
    };
    let mut response = raw_json(shared_bytes(value));
    let secrets = shared.memory().connection.as_ref().map(|held| held.scrubber().clone());
    let place = place.map(|place| Value::from(place).to_string());
    let place = place.map(|place| secrets.map_or(place.clone(), |secrets| secrets.scrub(place)));
    let place = place.map(|place| in_ascii(&place)).filter(|place| place.len() <= LONGEST_PLACE);
    if let Some(place) = place.and_then(|place| HeaderValue::try_from(place).ok()) {
        response.headers_mut().insert("records-at", place);
    }
    response
}

/// JSON of the characters that a header may hold.
fn in_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            ' '..='~' => ascii.push(character),
            _ => {
                let units = &mut [0; 2];
                ascii.extend(character.encode_utf16(units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
    }
    ascii
}

/// The text of a value, which is not copied.
fn shared_bytes(value: Arc<RawValue>) -> Bytes {
    struct Kept(Arc<RawValue>);
    impl AsRef<[u8]> for Kept {
        fn as_ref(&self) -> &[u8] {
            self.0.get().as_bytes()
        }
    }
    Bytes::from_owner(Kept(value))
}

/// A body of a recorded request or of its answer, or the request as a command line.
fn exchanged(shared: &Shared, trace: &Trace, index: usize, side: &str) -> Response {
    if side == "curl" {
        let line = shared.curl(trace, index);
        return line.map_or_else(
            || not_found("way to write this request as one command"),
            |line| ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], line).into_response(),
        );
    }
    let body = Side::named(side).and_then(|side| run::body(trace, index, side));
    body.map_or_else(|| not_found("such body"), |body| as_json(&body))
}

/// A body as it is, where it is JSON, else as a JSON string of its beginning.
fn as_json(body: &Bytes) -> Response {
    if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() {
        return raw_json(body.clone());
    }
    let start = body.get(..LONGEST_TEXT).unwrap_or(body);
    Json(Value::from(String::from_utf8_lossy(start))).into_response()
}

#[cfg(test)]
mod tests {
    use super::in_ascii;

    #[test]
    fn json_in_a_header_says_the_same() {
        let json = serde_json::json!(["café", "a\"b", "\u{7f}", "😀"]).to_string();
        let ascii = in_ascii(&json);
        assert!(ascii.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{ascii}");
        let (read, meant): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(&ascii).unwrap(), serde_json::from_str(&json).unwrap());
        assert_eq!(read, meant);
    }
}
