//! The file: a HAR 1.2, as browsers write and read it. Each call is a page of it, and what a HAR has no member for
//! stands under names with an underscore, which its readers pass over.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use host::contract::Failure;
use host::{Connector, Exchange, ExchangeOutcome};
use jiff::{Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::bytes_text::BytesText;
use super::call::{Asked, Call, Made, Said};

/// The largest file that is read, in bytes: twice what a recording holds at most, because JSON is spaced out.
pub(crate) const LARGEST: u64 = 256 * 1024 * 1024;
/// What this version writes.
const VERSION: u32 = 1;

/// Calls, in the order in which they were made, and the component that made them.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    /// None of a HAR that somebody else wrote.
    pub(crate) component: Option<Component>,
    pub(crate) calls: Vec<Call>,
    /// Exchanges of no call: all of those that a browser wrote.
    pub(super) loose: Vec<Exchange>,
}

/// Which component was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Component {
    /// The connector's key.
    pub(crate) key: String,
    /// The connector's version.
    pub(crate) version: String,
    /// The version of the contract that it offers.
    pub(crate) contract: String,
    /// The SHA-256 of its file, in hexadecimal digits; none of one that was compiled ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
}

impl Component {
    /// The component of a connector. `file` is what it was loaded from, where that is WebAssembly and known.
    pub(crate) fn of(connector: &Connector, file: Option<&Path>) -> Self {
        let definition = connector.definition();
        let sha256 = file.and_then(|file| std::fs::read(file).ok()).map(|bytes| {
            let digest = Sha256::digest(&bytes);
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        });
        Self {
            key: definition.key.clone(),
            version: definition.version.clone(),
            contract: connector.contract_version().to_owned(),
            sha256,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Har {
    log: Log,
}

#[derive(Serialize, Deserialize)]
struct Log {
    version: String,
    creator: Creator,
    #[serde(rename = "_recording", default, skip_serializing_if = "Option::is_none")]
    recording: Option<Head>,
    #[serde(default)]
    pages: Vec<Page>,
    entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Creator {
    name: String,
    version: String,
}

#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    component: Component,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    started_date_time: String,
    id: String,
    title: String,
    page_timings: Nothing,
    #[serde(rename = "_asked", default, skip_serializing_if = "Option::is_none")]
    asked: Option<Asked>,
    #[serde(rename = "_made", default, skip_serializing_if = "Option::is_none")]
    made: Option<Made>,
    #[serde(rename = "_log", default, skip_serializing_if = "Vec::is_empty")]
    log: Vec<Said>,
}

/// An object that a HAR has to have and that says nothing here.
#[derive(Default, Serialize, Deserialize)]
struct Nothing {}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pageref: Option<String>,
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

impl Recording {
    /// What is written.
    pub(crate) fn har(&self) -> Har {
        let numbered = || self.calls.iter().zip(1..).map(|(call, number)| (call, format!("call-{number}")));
        let pages = numbered().map(|(call, id)| Page {
            started_date_time: written_time(call.started),
            id,
            title: call.title(),
            page_timings: Nothing {},
            asked: Some(call.asked.clone()),
            made: Some(call.made.clone()),
            log: call.log.clone(),
        });
        let of_calls = numbered().flat_map(|(call, id)| {
            call.exchanges.iter().map(move |exchange| Entry::of(exchange, call.started, Some(id.clone())))
        });
        let loose = self.loose.iter().map(|exchange| Entry::of(exchange, SystemTime::UNIX_EPOCH, None));
        Har {
            log: Log {
                version: "1.2".into(),
                creator: Creator { name: "harness".into(), version: env!("CARGO_PKG_VERSION").into() },
                recording: self.component.clone().map(|component| Head { version: VERSION, component }),
                pages: pages.collect(),
                entries: of_calls.chain(loose).collect(),
            },
        }
    }

    /// Reads what this, or a browser, wrote. The error says what is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let har: Har = serde_json::from_str(text).map_err(|error| format!("it is no HAR: {error}"))?;
        let Log { recording, pages, entries, .. } = har.log;
        if let Some(head) = recording.as_ref().filter(|head| head.version > VERSION) {
            return Err(format!("it is a recording of version {}; this program reads {VERSION}", head.version));
        }
        let mut calls = Vec::new();
        let mut places = HashMap::new();
        for page in pages {
            let (Some(asked), Some(made)) = (page.asked, page.made) else { continue };
            let started = read_time(&page.started_date_time).map_err(|problem| format!("{}: {problem}", page.id))?;
            if places.insert(page.id.clone(), calls.len()).is_some() {
                return Err(format!("two calls have the id {:?}", page.id));
            }
            calls.push(Call { asked, made, log: page.log, exchanges: Vec::new(), started });
        }
        let mut loose = Vec::new();
        for (entry, number) in entries.into_iter().zip(1..) {
            let place = entry.pageref.as_ref().and_then(|id| places.get(id)).copied();
            let call = place.and_then(|place| calls.get_mut(place));
            let began = call.as_ref().map_or(SystemTime::UNIX_EPOCH, |call: &&mut Call| call.started);
            let exchange = entry.exchange(began).map_err(|problem| format!("entry {number}: {problem}"))?;
            match call {
                Some(call) => call.exchanges.push(exchange),
                None => loose.push(exchange),
            }
        }
        Ok(Self { component: recording.map(|head| head.component), calls, loose })
    }

    /// Whether it is a recording of the connector of this key, and can be replayed. The error says why not.
    pub(crate) fn check(&self, key: &str) -> Result<(), String> {
        if self.calls.is_empty() {
            let way_out = "--answer-from has them answer a call, which --record records";
            return Err(format!("it holds no call, only exchanges; {way_out}"));
        }
        match &self.component {
            Some(component) if component.key != key => {
                Err(format!("it is a recording of the connector {}, and this is {key}", component.key))
            }
            _ => Ok(()),
        }
    }

    /// All exchanges there are.
    pub(super) fn into_exchanges(self) -> Vec<Exchange> {
        self.calls.into_iter().flat_map(|call| call.exchanges).chain(self.loose).collect()
    }
}

impl Entry {
    fn of(exchange: &Exchange, began: SystemTime, pageref: Option<String>) -> Self {
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

    fn exchange(self, began: SystemTime) -> Result<Exchange, String> {
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

fn written_time(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    let rounded = time.round(TimestampRound::new().smallest(Unit::Millisecond)).unwrap_or(time);
    format!("{rounded:.3}")
}

fn read_time(text: &str) -> Result<SystemTime, String> {
    let time: Timestamp = text.parse().map_err(|error| format!("{text:?} is no time: {error}"))?;
    Ok(time.into())
}
