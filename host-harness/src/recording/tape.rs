//! A recorded call's answers, in the place of the network: the first request gets the first answer, and so on. What is
//! asked otherwise than it was is noted, and answered all the same, so that what comes of it can be seen.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use host::contract::Failure;
use host::egress::REDACTED;
use host::{Exchange, ExchangeOutcome, Transport};

use super::difference::{self, Difference};

/// The answers of one call.
pub(super) struct Tape {
    exchanges: Vec<Exchange>,
    played: Mutex<Played>,
}

#[derive(Default)]
struct Played {
    sent: Vec<Sent>,
    differences: Vec<Difference>,
}

/// A request as it was made this time.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) body: Bytes,
}

impl Tape {
    pub(super) fn of(exchanges: &[Exchange]) -> Self {
        // What was not let out the first time is not let out again, before this is asked.
        let exchanges = exchanges.iter().filter(|exchange| exchange.attempts > 0).cloned().collect();
        Self { exchanges, played: Mutex::default() }
    }

    /// What was asked otherwise, or not at all.
    pub(super) fn differences(&self) -> Vec<Difference> {
        let played = self.played.lock().unwrap_or_else(PoisonError::into_inner);
        let mut differences = played.differences.clone();
        for (exchange, number) in self.exchanges.iter().zip(1..).skip(played.sent.len()) {
            let line = format!("{} {}", exchange.method, exchange.url);
            differences.push(Difference::of(&format!("request {number}"), Some(&line), None));
        }
        differences
    }

    /// The requests that were made this time.
    pub(super) fn sent(&self) -> Vec<Sent> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner).sent.clone()
    }
}

impl Transport for Tape {
    fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Failure> {
        let mut played = self.played.lock().unwrap_or_else(PoisonError::into_inner);
        let index = played.sent.len();
        let (method, url) = (request.method().to_string(), request.uri().to_string());
        played.sent.push(Sent { method, url, body: request.body().clone() });
        let place = format!("request {}", index + 1);
        let Some(exchange) = self.exchanges.get(index) else {
            let line = format!("{} {}", request.method(), request.uri());
            played.differences.push(Difference::of(&place, None, Some(&line)));
            return Err(Failure::Other("the recording has no such request".into()));
        };
        compare(&place, exchange, &request, &mut played.differences);
        answer(exchange)
    }
}

fn compare(place: &str, exchange: &Exchange, request: &http::Request<Bytes>, found: &mut Vec<Difference>) {
    if found.len() >= difference::MOST {
        return;
    }
    for (what, recorded, now) in [
        ("method", exchange.method.as_str(), request.method().as_str()),
        ("URL", exchange.url.as_str(), &request.uri().to_string()),
    ] {
        if recorded != now {
            found.push(Difference::of(&format!("{place} {what}"), Some(recorded), Some(now)));
        }
    }
    for (name, recorded) in &exchange.request_headers {
        let now = request.headers().get(name).and_then(|value| value.to_str().ok());
        // A secret has something else in its place here.
        if !recorded.contains(REDACTED) && now != Some(recorded) {
            found.push(Difference::of(&format!("{place} header {name}"), Some(recorded), now));
        }
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    difference::between(&format!("{place} body"), &text(&exchange.request_body), &text(request.body()), found);
}

/// The answer as it was, or why there was none.
pub(super) fn answer(exchange: &Exchange) -> Result<http::Response<Bytes>, Failure> {
    let (status, headers, body) = match &exchange.outcome {
        ExchangeOutcome::Answered { status, headers, body } => (status, headers, body),
        ExchangeOutcome::Failed(failure) => return Err(failure.clone()),
    };
    let mut response = http::Response::builder().status(*status);
    for (name, value) in headers {
        // The body is as it was decoded, and as long as it is.
        if !["content-encoding", "content-length", "transfer-encoding"].contains(&name.to_lowercase().as_str()) {
            response = response.header(name, value);
        }
    }
    response.body(body.clone()).map_err(|error| Failure::Other(format!("the recorded answer is no answer: {error}")))
}
