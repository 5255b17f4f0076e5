//! A component that breaks every limit: each call ends with an error that says which, and the next call works.

use crate::support::Cage;
use flate2::Compression;
use flate2::write::GzEncoder;
use host::contract::{Error, Failure};
use host::{CallError, CallOptions, Connection, Limit, Limits, LogLevel, LogOptions};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const MIB: u64 = 1024 * 1024;

/// Performs a verb that goes over a limit, which the error must name with its flag.
async fn exceeded(cage: &Cage, limits: Limits, verb: &str, inputs: Value) -> Limit {
    let failure = cage.perform_within(limits, verb, inputs).await.unwrap_err();
    let CallError::Limit { exceeded, .. } = &failure.error else { panic!("{verb}: {failure:?}") };
    assert!(failure.error.to_string().contains(exceeded.limit.field()), "{failure}");
    cage.assert_unharmed().await;
    exceeded.limit
}

/// Performs a verb that crashes, and gives the engine's words and the component's own.
async fn crash(cage: &Cage, verb: &str, inputs: Value) -> (String, Option<String>) {
    let failure = cage.perform(verb, inputs).await.unwrap_err();
    let CallError::Trap { reason, last_words } = failure.error else { panic!("{verb}: {failure:?}") };
    cage.assert_unharmed().await;
    (reason, last_words)
}

#[tokio::test]
async fn a_component_that_never_ends_is_ended_at_the_deadline() {
    let cage = Cage::new().await;
    let limits = Limits { deadline: Duration::from_millis(200), ..Limits::default() };
    assert_eq!(exceeded(&cage, limits, "spin", json!({})).await, Limit::Deadline);
}

#[tokio::test]
async fn a_component_that_allocates_without_end_is_ended_at_its_memory() {
    let cage = Cage::new().await;
    let limits = Limits { memory_bytes: 8 * MIB, ..Limits::default() };
    let failure = cage.perform_within(limits, "alloc", json!({})).await.unwrap_err();
    assert!(failure.trace.memory_bytes <= 8 * MIB, "{}", failure.trace.memory_bytes);
    assert_eq!(exceeded(&cage, Limits::default(), "alloc", json!({})).await, Limit::Memory);
}

#[tokio::test]
async fn a_recursion_without_end_a_trap_and_a_panic_are_crashes_that_say_why() {
    let cage = Cage::new().await;
    let (reason, words) = crash(&cage, "recurse", json!({})).await;
    assert!(reason.contains("call stack exhausted") && words.is_none(), "{reason} {words:?}");
    let (reason, words) = crash(&cage, "trap", json!({})).await;
    assert!(reason.contains("unreachable") && words.is_none(), "{reason} {words:?}");
    let (_, words) = crash(&cage, "panic", json!({ "message": "the moon is full" })).await;
    let words = words.unwrap();
    assert!(words.contains("the moon is full") && words.contains("verbs.rs"), "{words}");
}

#[tokio::test]
async fn a_result_that_the_contract_does_not_allow_is_no_result() {
    let cage = Cage::new().await;
    for verb in ["invalid-json", "invalid-text"] {
        let failure = cage.perform(verb, json!({})).await.unwrap_err();
        assert!(matches!(failure.error, CallError::BadResult(_)), "{verb}: {failure:?}");
        cage.assert_unharmed().await;
    }
    let poll = cage.connector.poll("invalid-json", &cage.connection, &json!({}), None, &cage.options).await;
    assert!(matches!(poll.unwrap_err().error, CallError::BadResult(text) if text.contains("payload")));
}

#[tokio::test]
async fn results_errors_notices_accounts_and_states_have_a_largest_size() {
    let cage = Cage::new().await;
    let limits = || Limits { result_bytes: MIB, ..Limits::default() };
    let two = json!({ "bytes": 2 * MIB });
    assert_eq!(exceeded(&cage, limits(), "huge-result", two.clone()).await, Limit::ResultBytes);
    assert_eq!(exceeded(&cage, limits(), "huge-error", two.clone()).await, Limit::ResultBytes);
    let options = CallOptions { limits: Arc::new(limits()), ..cage.options.clone() };
    let is_too_large =
        |error: CallError| matches!(error, CallError::Limit { exceeded, .. } if exceeded.limit == Limit::ResultBytes);
    let account = cage.connector.test_connection(&cage.connection, &options).await;
    assert!(is_too_large(account.unwrap_err().error));
    let page = cage.connector.query("huge-notice", &cage.connection, &two, None, None, &options).await;
    assert!(is_too_large(page.unwrap_err().error));
    let too_large = limits().state_bytes + 1;
    let inputs = json!({ "bytes": too_large });
    let poll = cage.connector.poll("huge-state", &cage.connection, &inputs, None, &options).await.unwrap_err();
    assert!(matches!(poll.error, CallError::Limit { exceeded, .. } if exceeded.limit == Limit::StateBytes));
    let given = cage
        .connector
        .poll("fine", &cage.connection, &json!({}), Some(&vec![0; too_large as usize]), &options)
        .await
        .unwrap_err();
    assert!(matches!(given.error, CallError::Limit { exceeded, .. } if exceeded.limit == Limit::StateBytes));
    cage.assert_unharmed().await;
}

#[tokio::test]
async fn a_text_that_is_named_a_hundred_thousand_times_is_not_copied_so_often() {
    let cage = Cage::new().await;
    // 100 GiB out here, 3 MiB in there.
    let inputs = json!({ "count": 100_000, "bytes": MIB });
    assert_eq!(exceeded(&cage, Limits::default(), "aliased-headers", inputs.clone()).await, Limit::HostBytes);
    let page = cage.connector.query("aliased", &cage.connection, &inputs, None, None, &cage.options).await.unwrap_err();
    assert!(matches!(page.error, CallError::Limit { exceeded, .. } if exceeded.limit == Limit::HostBytes), "{page:?}");
    cage.assert_unharmed().await;
}

#[tokio::test]
async fn a_flood_of_log_is_cut_counted_and_dropped() {
    let cage = Cage::new().await;
    let heard = Arc::new(AtomicUsize::new(0));
    let counter = heard.clone();
    let sink = Arc::new(move |_: &_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let limits = Limits { log_lines: 100, log_line_bytes: 50, ..Limits::default() };
    let log = LogOptions { level: LogLevel::Info, sink: Some(sink) };
    let options = CallOptions { limits: Arc::new(limits), log, ..cage.options.clone() };
    let inputs = json!({ "count": 20_000, "bytes": 20_000 });
    let outcome = cage.connector.perform("flood-log", &cage.connection, &inputs, &options).await.unwrap();
    assert_eq!((outcome.trace.log.len(), outcome.trace.log_lines_dropped), (100, 19_900));
    assert_eq!(heard.load(Ordering::Relaxed), 100);
    assert!(outcome.trace.log.iter().all(|line| line.message.len() < 100 && line.message.contains("20000 bytes")));
}

#[tokio::test]
async fn of_ten_thousand_requests_the_service_sees_two_hundred() {
    let cage = Cage::new().await;
    let inputs = json!({ "count": 10_000, "url": cage.sim.url() });
    let result = cage.perform("many-requests", inputs.clone()).await.unwrap();
    assert_eq!(result, json!({ "answered": 200, "denied": 9_800, "other": 0 }));
    assert_eq!(cage.sim.request_count(), 200);
    let limits = Limits { requests: 3, ..Limits::default() };
    cage.sim.clear_requests();
    let result = cage.perform_within(limits, "many-requests", inputs).await.unwrap();
    assert_eq!((&result["answered"], cage.sim.request_count()), (&json!(3), 3));
    cage.assert_unharmed().await;
}

#[tokio::test]
async fn what_is_sent_and_what_comes_back_is_counted_over_the_whole_call() {
    let cage = Cage::new().await;
    let post =
        |bytes: usize| json!({ "count": 10, "url": cage.sim.url(), "method": "POST", "body": "x".repeat(bytes) });
    let limits = Limits { sent_bytes: 2_500, ..Limits::default() };
    let result = cage.perform_within(limits, "many-requests", post(1_000)).await.unwrap();
    assert_eq!((&result["answered"], &result["denied"]), (&json!(2), &json!(8)));
    let limits = Limits { request_bytes: 999, ..Limits::default() };
    let result = cage.perform_within(limits, "many-requests", post(1_000)).await.unwrap();
    assert_eq!((&result["answered"], &result["denied"]), (&json!(0), &json!(10)));
    // A body is not the only place to put much into.
    let limits = || Limits { request_bytes: 999, ..Limits::default() };
    let long = format!("{}?{}", cage.sim.url(), "x".repeat(1_000));
    assert_eq!(exceeded(&cage, limits(), "fetch", json!({ "url": long })).await, Limit::RequestBytes);
    let header = json!([["x", { "text": "x".repeat(1_000) }]]);
    assert_eq!(
        exceeded(&cage, limits(), "fetch", json!({ "url": cage.sim.url(), "headers": header })).await,
        Limit::RequestBytes
    );
    cage.sim.fault_every(1, duro_sim::Fault::HugeBody(MIB));
    let limits = Limits { received_bytes: 3 * MIB, ..Limits::default() };
    let result = cage.perform_within(limits, "many-requests", post(1)).await.unwrap();
    assert!(result["answered"].as_u64().unwrap() <= 3, "{result}");
}

#[tokio::test]
async fn a_service_that_announces_more_than_there_is_memory_takes_none_of_it() {
    let cage = Cage::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\na little", 1_u64 << 62);
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    let connection = json!({ "key": "key", "fields": { "url": url } });
    let connection = Connection::new(cage.connector.definition(), connection).unwrap();
    let limits = Limits { response_bytes: u64::MAX, received_bytes: u64::MAX, ..Limits::default() };
    let options = CallOptions { limits: Arc::new(limits), ..cage.options.clone() };
    let fetched = cage.connector.perform("fetch", &connection, &json!({ "url": url }), &options).await;
    // Had the host made room for what was announced, this would have been the end of the process.
    let error = fetched.unwrap_err().error;
    assert!(matches!(&error, CallError::Connector(Error::Transport(Failure::Unreachable(_)))), "{error}");
    cage.assert_unharmed().await;
}

#[tokio::test]
async fn an_answer_that_unpacks_to_more_than_the_limit_is_cut_off_as_it_unpacks() {
    let cage = Cage::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        // 64 MiB of nothing in 64 KiB.
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        (0..64).for_each(|_| packer.write_all(&vec![0; 1024 * 1024]).unwrap());
        let body = packer.finish().unwrap();
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    });
    let connection = json!({ "key": "key", "fields": { "url": url } });
    let connection = Connection::new(cage.connector.definition(), connection).unwrap();
    let options =
        CallOptions { limits: Arc::new(Limits { response_bytes: MIB, ..Limits::default() }), ..cage.options.clone() };
    let failure = cage.connector.perform("fetch", &connection, &json!({ "url": url }), &options).await.unwrap_err();
    assert!(failure.trace.received_bytes <= MIB, "{}", failure.trace.received_bytes);
    let CallError::Limit { exceeded, .. } = failure.error else { panic!("{failure:?}") };
    assert_eq!(exceeded.limit, Limit::ResponseBytes);
}
