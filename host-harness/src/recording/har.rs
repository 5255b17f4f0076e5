//! The shapes of a HAR 1.2, as browsers write and read it. What a HAR has no member for stands under names with an
//! underscore, which its readers pass over.

use std::time::{Duration, SystemTime};

use host::contract::Failure;
use host::{Exchange, ExchangeOutcome, LogLine};
use jiff::{Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};

use super::bytes_text::BytesText;
use super::call::{Asked, Made};
use super::component::Component;

#[derive(Serialize, Deserialize)]
pub(crate) struct Har {
    pub(super) log: Log,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Log {
    pub(super) version: String,
    pub(super) creator: Creator,
    #[serde(rename = "_recording", default, skip_serializing_if = "Option::is_none")]
    pub(super) recording: Option<Head>,
    #[serde(default)]
    pub(super) pages: Vec<Page>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Creator {
    pub(super) name: String,
    pub(super) version: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) version: u32,
    pub(super) component: Component,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) started_date_time: String,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) page_timings: Nothing,
    #[serde(rename = "_asked", default, skip_serializing_if = "Option::is_none")]
    pub(super) asked: Option<Asked>,
    #[serde(rename = "_made", default, skip_serializing_if = "Option::is_none")]
    pub(super) made: Option<Made>,
    #[serde(rename = "_log", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) log: Vec<LogLine>,
}

/// An object that a HAR has to have and that says nothing here.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Nothing {}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pageref: Option<String>,
    started_date_time: String,
    /// In milliseconds.
    #[serde(default)]
    time: f64,
    request: Request,
    response: Response,
    #[serde(default)]
    cache: Nothing,
    #[serde(default)]
    timings: Timings,
    #[serde(rename = "_attempts", default = "one")]
    attempts: u32,
    #[serde(rename = "_failure", default, skip_serializing_if = "Option::is_none")]
    failure: Option<Failed>,
}

fn one() -> u32 {
    1
}

#[derive(Default, Serialize, Deserialize)]
struct Timings {
    #[serde(default)]
    send: f64,
    #[serde(default)]
    wait: f64,
    #[serde(default)]
    receive: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    http_version: String,
    #[serde(default)]
    cookies: Vec<Nothing>,
    #[serde(default)]
    headers: Vec<Named>,
    #[serde(default)]
    query_string: Vec<Named>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    post_data: Option<Content>,
    #[serde(default)]
    headers_size: i64,
    #[serde(default)]
    body_size: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    /// 0 where there was no answer.
    #[serde(default)]
    status: i64,
    #[serde(default)]
    status_text: String,
    #[serde(default)]
    http_version: String,
    #[serde(default)]
    cookies: Vec<Nothing>,
    #[serde(default)]
    headers: Vec<Named>,
    #[serde(default)]
    content: Content,
    #[serde(rename = "redirectURL", default)]
    redirect_url: String,
    #[serde(default)]
    headers_size: i64,
    #[serde(default)]
    body_size: i64,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<i64>,
    #[serde(default)]
    mime_type: String,
    #[serde(default)]
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    value: String,
}

/// Why there is no answer, as the contract says it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    kind: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit_bytes: Option<u64>,
}

impl Entry {
    pub(super) fn of(exchange: &Exchange, began: SystemTime, pageref: Option<String>) -> Self {
        let time = exchange.duration.as_secs_f64() * 1000.0;
        let time = (time * 1000.0).round() / 1000.0;
        Self {
            pageref,
            started_date_time: written_time(began.checked_add(exchange.at).unwrap_or(began)),
            time,
            request: Request::of(exchange),
            response: Response::of(&exchange.outcome),
            cache: Nothing {},
            timings: Timings { send: 0.0, wait: time, receive: 0.0 },
            attempts: exchange.attempts,
            failure: match &exchange.outcome {
                ExchangeOutcome::Answered { .. } => None,
                ExchangeOutcome::Failed(failure) => Some(Failed::of(failure)),
            },
        }
    }

    pub(super) fn exchange(self, began: SystemTime) -> Result<Exchange, String> {
        let at = read_time(&self.started_date_time)?.duration_since(began).unwrap_or_default();
        let (method, url) = (self.request.method, self.request.url);
        let sent = self.request.post_data.map(Content::bytes).transpose()?.unwrap_or_default();
        let outcome = match self.failure {
            Some(failure) => ExchangeOutcome::Failed(failure.failure()),
            None if self.response.status == 0 => {
                ExchangeOutcome::Failed(Failure::Other("the file has no answer to this request".into()))
            }
            None => ExchangeOutcome::Answered {
                status: u16::try_from(self.response.status)
                    .map_err(|_| format!("{} is no HTTP status", self.response.status))?,
                headers: self.response.headers.into_iter().map(|named| (named.name, named.value)).collect(),
                body: self.response.content.bytes()?.into(),
            },
        };
        Ok(Exchange {
            at,
            duration: Duration::try_from_secs_f64(self.time / 1000.0).unwrap_or_default(),
            attempts: self.attempts,
            method,
            url,
            request_headers: self.request.headers.into_iter().map(|named| (named.name, named.value)).collect(),
            request_body: sent.into(),
            outcome,
        })
    }
}

impl Request {
    fn of(exchange: &Exchange) -> Self {
        let query = url::Url::parse(&exchange.url).ok();
        let query = query.iter().flat_map(|url| url.query_pairs());
        let has_body = !exchange.request_body.is_empty();
        Self {
            method: exchange.method.clone(),
            url: exchange.url.clone(),
            http_version: "HTTP/1.1".into(),
            cookies: Vec::new(),
            headers: named(&exchange.request_headers),
            query_string: query.map(|(name, value)| Named { name: name.into(), value: value.into() }).collect(),
            post_data: has_body.then(|| Content::of(&exchange.request_body, &exchange.request_headers, false)),
            headers_size: -1,
            body_size: signed(exchange.request_body.len()),
        }
    }
}

impl Response {
    fn of(outcome: &ExchangeOutcome) -> Self {
        let (status, headers, content) = match outcome {
            ExchangeOutcome::Answered { status, headers, body } => {
                (i64::from(*status), named(headers), Content::of(body, headers, true))
            }
            ExchangeOutcome::Failed(_) => (0, Vec::new(), Content::default()),
        };
        let status_text = u16::try_from(status).ok().and_then(|status| http::StatusCode::from_u16(status).ok());
        Self {
            status,
            status_text: status_text.and_then(|status| status.canonical_reason()).unwrap_or_default().into(),
            http_version: "HTTP/1.1".into(),
            cookies: Vec::new(),
            headers,
            content,
            redirect_url: String::new(),
            headers_size: -1,
            body_size: -1,
        }
    }
}

impl Content {
    fn of(body: &[u8], headers: &[(String, String)], has_size: bool) -> Self {
        let kind = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let BytesText { text, encoding } = BytesText::of(body);
        Self {
            size: has_size.then(|| signed(body.len())),
            mime_type: kind.map(|(_, value)| value.clone()).unwrap_or_default(),
            text,
            encoding,
        }
    }

    fn bytes(self) -> Result<Vec<u8>, String> {
        BytesText { text: self.text, encoding: self.encoding }.bytes()
    }
}

impl Failed {
    fn of(failure: &Failure) -> Self {
        let (message, limit_bytes) = match failure {
            Failure::Denied(text) | Failure::Unreachable(text) | Failure::Other(text) => (text.clone(), None),
            Failure::Timeout => (String::new(), None),
            Failure::TooLarge(limit) => (String::new(), Some(*limit)),
        };
        Self { kind: failure.kind().into(), message, limit_bytes }
    }

    fn failure(self) -> Failure {
        match self.kind.as_str() {
            "denied" => Failure::Denied(self.message),
            "timeout" => Failure::Timeout,
            "unreachable" => Failure::Unreachable(self.message),
            "too-large" => Failure::TooLarge(self.limit_bytes.unwrap_or_default()),
            _ => Failure::Other(self.message),
        }
    }
}

fn named(headers: &[(String, String)]) -> Vec<Named> {
    headers.iter().map(|(name, value)| Named { name: name.clone(), value: value.clone() }).collect()
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

pub(super) fn written_time(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    let rounded = time.round(TimestampRound::new().smallest(Unit::Millisecond)).unwrap_or(time);
    format!("{rounded:.3}")
}

pub(super) fn read_time(text: &str) -> Result<SystemTime, String> {
    let time: Timestamp = text.parse().map_err(|error| format!("{text:?} is no time: {error}"))?;
    Ok(time.into())
}
