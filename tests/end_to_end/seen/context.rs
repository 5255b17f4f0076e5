//! What a service is told of the trace: nothing without the grant, and with it the request's own span.

use super::collector::{Collector, Manner};
use crate::harness::{Desk, ended};
use crate::support::built;
use duro_sim::Fault;
use serde_json::json;
use std::fs;

#[tokio::test]
async fn the_trace_context_reaches_the_service_with_the_grant_alone_and_is_that_of_the_request() {
    let desk = Desk::new().await;
    let collector = Collector::start(Manner::Takes).await;
    let action = ["action", "getCurrentUser"];
    assert_eq!(desk.run(&[&["--otlp", &collector.url], &action[..]].concat()).await.status, 0);
    let sent = desk.sim.requests().remove(0);
    assert!(sent.header_values("traceparent").is_empty() && sent.header_values("tracestate").is_empty());

    // Twice, so that each attempt has a span of its own.
    desk.sim.fault_next(Fault::status(503));
    let collector = Collector::start(Manner::Takes).await;
    let words = [&["--otlp", &collector.url, "--send-trace-context"], &action[..]].concat();
    assert_eq!(desk.run(&words).await.status, 0);
    let told: Vec<String> = desk.sim.requests()[1..]
        .iter()
        .map(|request| {
            let values = request.header_values("traceparent");
            assert_eq!((values.len(), request.header_values("tracestate").len()), (1, 0));
            values[0].to_owned()
        })
        .collect();
    let mut spans: Vec<String> = collector
        .spans()
        .iter()
        .filter(|span| span.name == "POST")
        .map(|span| format!("00-{}-{}-01", span.trace_id, span.span_id))
        .collect();
    assert_eq!(spans.len(), 2);
    let mut sorted = told.clone();
    sorted.sort();
    spans.sort();
    assert_eq!(sorted, spans);
}

#[tokio::test]
async fn a_component_that_sets_its_own_is_left_alone_without_the_grant_and_overruled_with_it() {
    let desk = Desk::new().await;
    let fields = json!({ "apiKey": "${DURO_API_KEY}", "url": desk.sim.url() });
    fs::write(desk.file("cage.json"), json!({ "key": "key", "fields": fields }).to_string()).unwrap();
    const ITS_OWN: &str = "00-11111111111111111111111111111111-2222222222222222-01";
    let headers = json!([["traceparent", { "text": ITS_OWN }], ["TraceState", { "text": "its=own" }]]);
    let inputs = json!({ "url": desk.sim.url(), "method": "POST", "body": "{}", "headers": headers });
    fs::write(desk.file("inputs.json"), inputs.to_string()).unwrap();
    let component = built("test/misbehaving.wasm");
    let component = component.to_str().unwrap();
    let collector = Collector::start(Manner::Takes).await;
    let fetch = async |flags: &[&str]| {
        let words = ["--component", component, "--allow-http", "--allow-private-network"];
        let mut command = desk.command(&[&words, flags].concat());
        command.args(["action", "fetch", "--connection", "cage.json", "--inputs", "inputs.json"]);
        let ended = ended(command).await;
        assert_eq!(ended.status, 0, "{}", ended.messages);
        let sent = desk.sim.requests().pop().unwrap();
        let values = |name: &str| sent.header_values(name).into_iter().map(str::to_owned).collect::<Vec<_>>();
        (values("traceparent"), values("tracestate"))
    };
    let own = (vec![ITS_OWN.to_owned()], vec!["its=own".to_owned()]);
    assert_eq!(fetch(&[]).await, own);
    assert_eq!(fetch(&["--otlp", &collector.url]).await, own);
    assert_eq!(collector.spans().len(), 2);

    let (parents, states) = fetch(&["--otlp", &collector.url, "--send-trace-context"]).await;
    let span = collector.spans().into_iter().rfind(|span| span.name == "POST").unwrap();
    assert_eq!(parents, [format!("00-{}-{}-01", span.trace_id, span.span_id)]);
    // A state belongs to its parent.
    assert!(states.is_empty(), "{states:?}");
}

#[tokio::test]
async fn there_is_no_trace_to_tell_of_without_a_collector() {
    let desk = Desk::new().await;
    let ended = desk.run(&["--send-trace-context", "action", "getCurrentUser"]).await;
    assert_eq!(ended.status, 2);
    assert!(ended.messages.contains("--otlp"), "{}", ended.messages);
    assert_eq!(desk.sim.request_count(), 0);
}
