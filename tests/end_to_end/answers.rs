//! Answers in which a key could hide from the host, or that mean nothing: they are failures of the service, over the
//! network and from what stands in its place.

use crate::raw::RawService;
use crate::support::{Cage, built, misbehaving, options};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use host::contract::{Error, Failure};
use host::{
    CallError, CallOptions, Connection, Connector, Limit, Limits, LogLevel, Runtime, RuntimeOptions, Transport,
};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;

const CANARY: &str = "canary-answered-77d1";

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// What a component gets of one request to the service.
async fn fetch(connector: &Connector, url: &str, key: &str, options: &CallOptions) -> Result<Value, CallError> {
    let fields = json!({ "apiKey": key, "url": url });
    let connection = Connection::new(connector.definition(), json!({ "key": "key", "fields": fields })).unwrap();
    let request = json!({ "url": url, "headers": [["apiToken", { "secret": "apiKey" }]] });
    let result = connector.perform("fetch", &connection, &request, options).await;
    result.map(|outcome| serde_json::from_str(outcome.value.get()).unwrap()).map_err(|failure| failure.error)
}

/// Fails as unreachable, with the reason given.
fn reason(result: Result<Value, CallError>) -> String {
    match result {
        Err(CallError::Connector(Error::Transport(Failure::Unreachable(text)))) => text,
        other => panic!("{other:?}"),
    }
}

/// Answers with what it is given.
struct Canned(u16, Vec<(&'static str, String)>, Vec<u8>);

impl Transport for Canned {
    fn answer(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, Failure> {
        let mut response = http::Response::builder().status(self.0);
        for (name, value) in &self.1 {
            response = response.header(*name, value);
        }
        Ok(response.body(self.2.clone().into()).unwrap())
    }
}

async fn canned(canned: Canned) -> Result<Value, CallError> {
    let choices = RuntimeOptions { concurrent_calls: 1, ..RuntimeOptions::default() };
    let runtime = Runtime::with_transport(choices, Arc::new(canned)).unwrap();
    let connector = runtime.load_file(built("test/misbehaving.wasm")).await.unwrap();
    fetch(&connector, "http://127.0.0.1/", CANARY, &options()).await
}

#[tokio::test]
async fn a_body_in_an_encoding_that_is_not_undone_is_not_passed_on() {
    let echo = format!("the key is {CANARY}");
    let once = packed(echo.as_bytes());
    let twice = packed(&once);
    for (encoding, body) in [
        ("GZIP", &once),
        ("x-gzip", &once),
        ("gzip, gzip", &twice),
        ("gzip\r\ncontent-encoding: gzip", &twice),
        ("br", &once),
        ("unheard-of", &once),
    ] {
        let service = RawService::answering(&format!("200 OK\r\ncontent-encoding: {encoding}"), body).await;
        let text = reason(fetch(misbehaving().await, &service.url, CANARY, &options()).await);
        assert!(text.contains("body is encoded as"), "{encoding}: {text}");
        if let Some(encoding) = encoding.split("\r\n").next().filter(|only| *only != "gzip") {
            let headers = vec![("content-encoding", encoding.to_owned())];
            let text = reason(canned(Canned(200, headers, body.clone())).await);
            assert!(text.contains(encoding), "{text}");
        }
    }
    // What was asked for is undone, and what was not encoded is left alone; the echo is found in both.
    for (head, body) in
        [("200 OK\r\ncontent-encoding: gzip", &once), ("200 OK\r\ncontent-encoding: Identity", &echo.clone().into())]
    {
        let service = RawService::answering(head, body).await;
        let answer = fetch(misbehaving().await, &service.url, CANARY, &options()).await.unwrap();
        assert_eq!(answer["body"], "the key is [redacted]");
        let sent = String::from_utf8(service.sockets().remove(0).received).unwrap();
        assert!(sent.contains("accept-encoding: gzip\r\n"), "{sent}");
    }
    let headers = vec![("content-encoding", "gzip".to_owned())];
    let answer = canned(Canned(200, headers, once)).await.unwrap();
    assert_eq!((&answer["body"], &answer["headers"]), (&json!("the key is [redacted]"), &json!([])));
}

#[tokio::test]
async fn a_status_outside_of_200_to_599_is_a_failure() {
    for status in ["101 Switching Protocols", "600 Odd", "799 Odd", "999 Odd"] {
        let service = RawService::answering(status, b"{}").await;
        let text = reason(fetch(misbehaving().await, &service.url, CANARY, &options()).await);
        assert!(text.contains(&format!("status {}", &status[..3])), "{status}: {text}");
    }
    for status in [100, 199, 600, 999] {
        let text = reason(canned(Canned(status, vec![], vec![])).await);
        assert!(text.contains(&format!("status {status}")), "{text}");
    }
    for status in [200, 599] {
        assert_eq!(canned(Canned(status, vec![], vec![])).await.unwrap()["status"], status);
    }
}

#[tokio::test]
async fn a_key_in_the_name_of_a_header_is_taken_out() {
    let head = format!("200 OK\r\nx-{CANARY}-x: 1\r\n{}: 2", CANARY.to_uppercase());
    let service = RawService::answering(&head, b"{}").await;
    let answer = fetch(misbehaving().await, &service.url, CANARY, &options()).await.unwrap();
    assert_eq!(answer["headers"], json!([["x-[redacted]-x", "1"], ["[redacted]", "2"], ["content-length", "2"]]));
}

#[tokio::test]
async fn a_body_that_grows_beyond_its_limit_as_it_is_scrubbed_is_too_large() {
    let service = RawService::answering("200 OK", "k3y! ".repeat(190).as_bytes()).await;
    let limits = |response_bytes| Limits { response_bytes, ..Limits::default() };
    let within = |most| CallOptions { limits: Arc::new(limits(most)), ..options() };
    let answer = fetch(misbehaving().await, &service.url, "k3y!", &within(11 * 190)).await.unwrap();
    assert_eq!(answer["body"], "[redacted] ".repeat(190));
    let error = fetch(misbehaving().await, &service.url, "k3y!", &within(11 * 190 - 1)).await.unwrap_err();
    assert!(matches!(&error, CallError::Limit { exceeded, .. } if exceeded.limit == Limit::ResponseBytes), "{error}");
}

#[tokio::test]
async fn a_key_that_is_too_short_to_be_told_from_other_text_is_warned_of_at_each_call() {
    for (key, words) in [("abc", Some("is not looked for")), ("abcd123", Some("data included")), ("abcd1234", None)] {
        let cage = Cage::with_key(key).await;
        for _ in 0..2 {
            let outcome = cage.connector.perform("fine", &cage.connection, &json!({}), &cage.options).await.unwrap();
            let warnings: Vec<_> = outcome.trace.log.iter().filter(|line| line.level == LogLevel::Warn).collect();
            assert_eq!(warnings.len(), usize::from(words.is_some()), "{warnings:?}");
            let told =
                |words: &str| warnings[0].message.contains(words) && warnings[0].message.contains("apiKey has only");
            assert!(words.is_none_or(told), "{warnings:?}");
            assert!(warnings.iter().all(|line| !line.message.contains(key)), "{warnings:?}");
        }
    }
}
