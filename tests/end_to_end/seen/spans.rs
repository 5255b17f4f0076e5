//! Which spans and metrics a command makes.

use super::collector::{Collector, Manner, Span};
use crate::harness::Desk;
use duro_sim::Fault;
use serde_json::{Value, json};

const INTERNAL: i32 = 1;
const CLIENT: i32 = 3;
const ERROR: i32 = 2;

/// Runs a command that is seen.
async fn seen(desk: &Desk, words: &[&str]) -> (Collector, i32) {
    let collector = Collector::start(Manner::Takes).await;
    let ended = desk.run(&[&["--otlp", &collector.url], words].concat()).await;
    assert!(!ended.messages.contains("collector"), "{}", ended.messages);
    (collector, ended.status)
}

fn keys(span: &Span) -> Vec<&str> {
    span.attributes.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_call_is_a_span_with_a_span_for_each_request() {
    let desk = Desk::new().await;
    let (collector, status) = seen(&desk, &["action", "listComponents", "--input", "first=3"]).await;
    assert_eq!(status, 0);
    let (call, request) = (collector.span("action listComponents"), collector.span("POST"));
    assert_eq!(collector.spans().len(), 2);

    assert_eq!(
        (call.kind, call.status.clone(), call.parent.as_str(), call.events),
        (INTERNAL, (0, String::new()), "", 0)
    );
    let expected = [
        "connector.key",
        "connector.memory_bytes",
        "connector.operation.key",
        "connector.operation.kind",
        "connector.received_bytes",
        "connector.requests",
        "connector.sent_bytes",
        "connector.version",
    ];
    // And nothing else: what is added here is thought about.
    assert_eq!(keys(&call), expected);
    assert_eq!(call.attributes["connector.key"], "duro-plm");
    assert_eq!(call.attributes["connector.operation.key"], "listComponents");
    assert_eq!(call.attributes["connector.operation.kind"], "action");
    assert_eq!(call.attributes["connector.requests"], 1);
    for size in ["connector.sent_bytes", "connector.received_bytes", "connector.memory_bytes"] {
        assert!(call.attributes[size].as_i64().unwrap() > 100, "{size}: {call:?}");
    }

    assert_eq!((request.kind, &request.parent, &request.trace_id), (CLIENT, &call.span_id, &call.trace_id));
    let sent = desk.sim.requests().remove(0);
    let port = i64::from(desk.sim.address().port());
    let size = request.attributes["connector.response.decoded_size"].clone();
    assert_eq!(size, call.attributes["connector.received_bytes"]);
    let expected = json!({
        "connector.response.decoded_size": size,
        "http.request.body.size": sent.body.len(),
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "server.address": "127.0.0.1",
        "server.port": port,
        "url.scheme": "http",
    });
    assert_eq!(json!(request.attributes), expected);
    assert_eq!(request.status.0, 0);

    assert_eq!(call.resource["service.name"], "harness");
    assert!(call.resource["service.instance.id"].as_str().unwrap().len() >= 32);
    let of_resource: Vec<&str> = call.resource.keys().map(String::as_str).collect();
    let expected = [
        "service.instance.id",
        "service.name",
        "service.version",
        "telemetry.sdk.language",
        "telemetry.sdk.name",
        "telemetry.sdk.version",
    ];
    assert_eq!(of_resource, expected);
}

#[tokio::test]
async fn metrics_count_what_a_call_used() {
    let desk = Desk::new().await;
    let (collector, _) = seen(&desk, &["action", "listComponents", "--input", "first=3"]).await;
    let call = collector.span("action listComponents");
    let labels = json!({
        "connector.key": "duro-plm",
        "connector.operation.kind": "action",
        "connector.operation.key": "listComponents",
    });
    for (metric, unit, value) in [
        ("connector.calls", "{call}", json!(1)),
        ("connector.call.duration", "s", json!(1)),
        ("connector.call.memory", "By", json!(1)),
        ("connector.requests", "{request}", json!(1)),
        ("connector.sent", "By", call.attributes["connector.sent_bytes"].clone()),
        ("connector.received", "By", call.attributes["connector.received_bytes"].clone()),
    ] {
        let point = collector.point(metric);
        assert_eq!((point.unit.as_str(), json!(point.attributes)), (unit, labels.clone()), "{metric}");
        assert_eq!(Some(point.value), value.as_f64(), "{metric}");
    }
}

#[tokio::test]
async fn every_attempt_is_a_span_and_a_repeat_says_so() {
    let desk = Desk::new().await;
    desk.sim.fault_next(Fault::status(503));
    let (collector, status) = seen(&desk, &["action", "getCurrentUser"]).await;
    assert_eq!(status, 0);
    let mut attempts: Vec<Span> = collector.spans().into_iter().filter(|span| span.name == "POST").collect();
    attempts.sort_by_key(|span| span.attributes.contains_key("http.request.resend_count"));
    let call = collector.span("action getCurrentUser");
    assert_eq!(attempts.len(), 2);
    assert!(attempts.iter().all(|attempt| attempt.parent == call.span_id));
    let of = |attempt: &Span| {
        let attribute = |name: &str| attempt.attributes.get(name).cloned().unwrap_or(Value::Null);
        json!([
            attribute("http.response.status_code"),
            attribute("error.type"),
            attribute("http.request.resend_count"),
            attempt.status.0
        ])
    };
    assert_eq!(of(&attempts[0]), json!([503, "503", null, ERROR]));
    assert_eq!(of(&attempts[1]), json!([200, null, 1, 0]));
    // A request that was repeated counts once.
    assert_eq!(call.attributes["connector.requests"], 1);
}

#[tokio::test]
async fn a_failure_has_its_kind_and_what_of_the_hosts_ended_it() {
    let desk = Desk::new().await;
    for (words, kind, ended_by, limit, words_said) in [
        (&["action", "getComponentById", "--input", "componentId=none"][..], "not-found", None, None, ""),
        (&["action", "listComponents", "--input", "first=x"], "invalid-input", None, None, ""),
        (
            &["--max-requests", "0", "action", "getCurrentUser"],
            "transport",
            Some("limit"),
            Some("requests"),
            "the component made more requests than 0",
        ),
    ] {
        let (collector, status) = seen(&desk, words).await;
        assert_ne!(status, 0, "{words:?}");
        let call = collector.spans().into_iter().find(|span| span.kind == INTERNAL).unwrap();
        let attribute = |name: &str| call.attributes.get(name).and_then(Value::as_str);
        assert_eq!(attribute("error.type"), Some(kind), "{words:?}");
        assert_eq!((attribute("connector.ended_by"), attribute("connector.limit")), (ended_by, limit), "{words:?}");
        assert_eq!(call.status, (ERROR, words_said.to_owned()), "{words:?}");
        let calls = collector.point("connector.calls");
        assert_eq!(calls.attributes["error.type"], kind, "{words:?}");
        assert_eq!(calls.attributes.get("connector.ended_by").and_then(Value::as_str), ended_by, "{words:?}");
        let hits = collector.points().into_iter().find(|point| point.metric == "connector.limit.hits");
        let hit = hits.map(|point| point.attributes["connector.limit.name"].as_str().unwrap().to_owned());
        assert_eq!(hit.as_deref(), limit, "{words:?}");
    }
}

#[tokio::test]
async fn a_refused_request_and_a_deadline_are_seen() {
    let desk = Desk::new().await;
    let collector = Collector::start(Manner::Takes).await;
    let words =
        ["--otlp", &collector.url, "--allow-http", "action", "getCurrentUser", "--connection", "connection.json"];
    assert_eq!(desk.run_bare(&words).await.status, 3);
    let call = collector.span("action getCurrentUser");
    assert_eq!(call.attributes["connector.refusals"], 1);
    assert_eq!(call.attributes["connector.refusal.reason"], "address");
    assert_eq!(call.attributes["connector.ended_by"], "refusal");
    assert_eq!(collector.point("connector.refusals").attributes["connector.refusal.reason"], "address");

    desk.sim.set_latency(std::time::Duration::from_secs(60));
    let (collector, status) = seen(&desk, &["--deadline", "3s", "action", "getCurrentUser"]).await;
    assert_eq!(status, 3);
    assert_eq!(collector.span("POST").attributes["error.type"], "timeout");
    assert_eq!(collector.span("action getCurrentUser").attributes["connector.limit"], "deadline");
}

#[tokio::test]
async fn all_commands_that_call_are_seen_and_a_key_that_somebody_typed_is_no_name() {
    let desk = Desk::new().await;
    for (words, name) in [
        (&["test-connection"][..], "test-connection"),
        (&["data-source", "selectComponent"], "data-source selectComponent"),
        (&["poll", "pollChangesTrigger", "--state", "poll.state"], "poll pollChangesTrigger"),
        (&["verify"], "own-request"),
        (&["action", "typed-by-somebody"], "action _OTHER"),
    ] {
        let (collector, _) = seen(&desk, words).await;
        assert_eq!(collector.span(name).resource["service.name"], "harness", "{words:?}");
        let bytes = format!("{:?}", collector.received());
        assert!(!bytes.contains("typed-by-somebody"), "{bytes}");
    }
    let words = ["watch", "pollChangesTrigger", "--state", "watch.state", "--every", "1ms", "--count", "3"];
    let (collector, _) = seen(&desk, &words).await;
    let polls: Vec<Span> = collector.spans().into_iter().filter(|span| span.kind == INTERNAL).collect();
    assert_eq!(polls.len(), 3);
    // Each poll is a trace of its own.
    assert!(polls[0].trace_id != polls[1].trace_id && polls[1].trace_id != polls[2].trace_id);
    assert_eq!(collector.point("connector.calls").value, 3.0);
}
