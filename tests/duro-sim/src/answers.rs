//! Turns a fault into bytes on the wire.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::time::sleep;
use tower::ServiceExt;

use crate::faults::Fault;

/// The header that carries the key.
pub(crate) const API_TOKEN: &str = "apitoken";

/// How long half an answer is given to leave the machine before its connection is closed.
const FLUSH: Duration = Duration::from_millis(30);

/// How much of a huge body is made at a time.
const CHUNK: usize = 64 * 1024;

/// Tells the HTTP layer to close the connection without an answer.
#[derive(Debug)]
pub(crate) struct ConnectionDropped;

impl fmt::Display for ConnectionDropped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a simulated fault closes the connection")
    }
}

impl std::error::Error for ConnectionDropped {}

/// The answer to `request` with `fault` in it.
pub(crate) async fn answer(
    fault: Option<Fault>,
    router: Router,
    request: Request<Body>,
) -> Result<Response<Body>, ConnectionDropped> {
    let token = request.headers().get(API_TOKEN).cloned();
    match fault {
        None => Ok(truth(router, request).await),
        Some(Fault::Answer { status, headers, body }) => Ok(made(status, &headers, Body::from(body))),
        Some(Fault::HtmlPage) => Ok(with_type(
            "text/html; charset=utf-8",
            Body::from("<!doctype html>\n<html><head><title>Sign in</title></head><body>Sign in</body></html>\n"),
        )),
        Some(Fault::EmptyBody) => Ok(with_type("application/json", Body::empty())),
        Some(Fault::GraphQlErrors(messages)) => {
            let errors: Vec<_> = messages.into_iter().map(|message| json!({ "message": message })).collect();
            Ok(with_type("application/json", Body::from(json!({ "data": null, "errors": errors }).to_string())))
        }
        Some(Fault::HugeBody(bytes)) => Ok(with_type("application/json", huge(bytes))),
        Some(Fault::Redirect(url)) => Ok(made(307, &[(LOCATION.to_string(), url)], Body::empty())),
        Some(Fault::DropBeforeAnswer) => Err(ConnectionDropped),
        Some(Fault::SlowHeaders(delay)) => {
            sleep(delay).await;
            Ok(truth(router, request).await)
        }
        Some(Fault::TruncatedJson) => {
            let (head, body) = collected(router, request).await?;
            Ok(rebuilt(head, body.slice(..body.len() / 2)))
        }
        Some(Fault::SlowBody(delay)) => {
            let (head, body) = collected(router, request).await?;
            Ok(in_halves(head, &body, delay, false))
        }
        Some(Fault::DropMidBody) => {
            let (head, body) = collected(router, request).await?;
            Ok(in_halves(head, &body, FLUSH, true))
        }
        Some(Fault::WrongShape) => changed(router, request, wrong_shape).await,
        Some(Fault::PartialData) => changed(router, request, partial).await,
        Some(Fault::FieldNull(field)) => {
            changed(router, request, |answer| {
                nullify(answer, &field);
            })
            .await
        }
        Some(Fault::FieldRefused(field)) => changed(router, request, |answer| refuse(answer, &field)).await,
        Some(Fault::EchoToken) => {
            let text = token.as_ref().map(|token| String::from_utf8_lossy(token.as_bytes()).into_owned());
            let text = text.unwrap_or_default();
            let mut response = changed(router, request, |answer| echo(answer, &text)).await?;
            if let Some(token) = token {
                response.headers_mut().insert("x-echoed-api-token", token);
            }
            Ok(response)
        }
    }
}

async fn truth(router: Router, request: Request<Body>) -> Response<Body> {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The true answer, read to its end.
async fn collected(router: Router, request: Request<Body>) -> Result<(Head, Bytes), ConnectionDropped> {
    let (parts, body) = truth(router, request).await.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| ConnectionDropped)?;
    Ok((Head { status: parts.status, headers: parts.headers }, body))
}

struct Head {
    status: StatusCode,
    headers: HeaderMap,
}

fn rebuilt(head: Head, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    response.headers_mut().remove(CONTENT_LENGTH);
    response
}

fn in_halves(head: Head, body: &Bytes, delay: Duration, then_drop: bool) -> Response<Body> {
    let length = HeaderValue::from(body.len());
    let first = body.slice(..body.len() / 2);
    let second = body.slice(body.len() / 2..);
    let halves = stream::unfold(0, move |half| {
        let (first, second) = (first.clone(), second.clone());
        async move {
            match half {
                0 => Some((Ok(first), 1)),
                1 => {
                    sleep(delay).await;
                    Some((if then_drop { Err(io::Error::other(ConnectionDropped)) } else { Ok(second) }, 2))
                }
                _ => None,
            }
        }
    });
    let mut response = rebuilt(head, Body::from_stream(halves));
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response
}

/// The true answer after `change`; an answer that is no JSON stays as it is.
async fn changed(
    router: Router,
    request: Request<Body>,
    change: impl FnOnce(&mut Value),
) -> Result<Response<Body>, ConnectionDropped> {
    let (head, body) = collected(router, request).await?;
    let Ok(mut answer) = serde_json::from_slice(&body) else { return Ok(rebuilt(head, body)) };
    change(&mut answer);
    Ok(rebuilt(head, answer.to_string()))
}

fn wrong_shape(answer: &mut Value) {
    if let Some(data) = answer.get_mut("data").and_then(Value::as_object_mut) {
        data.values_mut().for_each(|value| *value = json!(42));
    }
}

fn partial(answer: &mut Value) {
    let mut path = Vec::new();
    if let Some(data) = answer.get_mut("data") {
        null_first_leaf(data, &mut path);
    }
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("errors".to_owned(), json!([{ "message": "This field could not be read", "path": path }]));
    }
}

/// Whether the field was there.
fn nullify(answer: &mut Value, field: &str) -> bool {
    let place = answer.get_mut("data").and_then(|data| data.get_mut(field));
    place.map(|value| *value = Value::Null).is_some()
}

fn refuse(answer: &mut Value, field: &str) {
    if nullify(answer, field)
        && let Some(answer) = answer.as_object_mut()
    {
        let message = "You are not authorized to perform this action.";
        answer.insert("errors".to_owned(), json!([{ "message": message, "path": [field] }]));
    }
}

fn null_first_leaf(place: &mut Value, path: &mut Vec<Value>) {
    match place {
        Value::Object(fields) => {
            if let Some((name, value)) = fields.iter_mut().next() {
                path.push(json!(name));
                null_first_leaf(value, path);
            }
        }
        Value::Array(elements) => {
            if let Some(element) = elements.first_mut() {
                path.push(json!(0));
                null_first_leaf(element, path);
            }
        }
        leaf => *leaf = Value::Null,
    }
}

fn echo(answer: &mut Value, token: &str) {
    let encoded: String = token.bytes().map(percent_encoded).collect();
    let echoed = json!({ "plain": token, "urlEncoded": encoded, "base64": STANDARD.encode(token) });
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("extensions".to_owned(), json!({ "apiToken": echoed }));
    }
}

fn percent_encoded(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

/// A JSON string of exactly so many bytes, made while it is sent.
fn huge(bytes: u64) -> Body {
    let filler = Bytes::from(vec![b'x'; CHUNK]);
    let chunks = stream::unfold(0_u64, move |sent| {
        let filler = filler.clone();
        async move {
            if sent >= bytes {
                return None;
            }
            let chunk = match sent {
                0 => Bytes::from_static(b"\""),
                _ if sent + 1 == bytes => Bytes::from_static(b"\""),
                _ => {
                    let room = usize::try_from(bytes - sent - 1).unwrap_or(CHUNK);
                    filler.slice(..room.min(CHUNK))
                }
            };
            let sent = sent + u64::try_from(chunk.len()).unwrap_or_default();
            Some((Ok::<_, Infallible>(chunk), sent))
        }
    });
    Body::from_stream(chunks)
}

fn with_type(content_type: &'static str, body: Body) -> Response<Body> {
    made(200, &[(CONTENT_TYPE.to_string(), content_type.to_owned())], body)
}

/// A status or header that HTTP does not know is left out: the rest of the answer still arrives.
fn made(status: u16, headers: &[(String, String)], body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else { continue };
        response.headers_mut().append(name, value);
    }
    response
}
