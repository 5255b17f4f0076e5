use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::Mutex;

use host::contract::Error;
use host::{CallEnd, CallError, OperationKind, Trace};
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;
use crate::{CommitOutcome, DeliveryOutcome, PollOutcome, Subject};

fn telemetry() -> Telemetry {
    Telemetry::start(TelemetryOptions::of("test", "1")).unwrap()
}

fn end<'a>(operation: &'a str, error: Option<&'a CallError>, trace: &'a Trace) -> CallEnd<'a> {
    CallEnd { connector: "acme", version: "1", kind: OperationKind::Action, operation: Some(operation), error, trace }
}

/// A line of the text for Prometheus: the metric's name, the labels, the value.
type Line = (String, Vec<(String, String)>, f64);

fn line(line: &str) -> Line {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with(|character: char| character.is_ascii_digit())
            && name.chars().all(|character| character.is_ascii_alphanumeric() || "_:".contains(character))
    };
    let (name, mut rest) = series.split_once('{').unwrap_or((series, "}"));
    assert!(is_name(name), "{line}");
    let mut labels = Vec::new();
    while rest != "}" {
        let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
        assert!(is_name(label), "{line}");
        let (mut text, mut characters) = (String::new(), after.char_indices());
        let closing = loop {
            match characters.next().unwrap_or_else(|| panic!("no end: {line}")) {
                (place, '"') => break place,
                (_, '\\') => text.push(match characters.next().unwrap().1 {
                    'n' => '\n',
                    character @ ('"' | '\\') => character,
                    other => panic!("{other} is escaped: {line}"),
                }),
                (_, character) => text.push(character),
            }
        };
        labels.push((label.to_owned(), text));
        rest = &after[closing + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    (name.to_owned(), labels, value)
}

/// Every line, once each is known to be what Prometheus reads.
fn series(text: &str) -> Vec<Line> {
    let mut families = BTreeSet::new();
    let mut read = Vec::new();
    for text in text.lines() {
        if let Some(family) = text.strip_prefix("# TYPE ") {
            let (name, kind) = family.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{text}");
            assert!(families.insert(name.to_owned()), "a second family: {text}");
        } else if !text.starts_with("# HELP ") {
            let line = line(text);
            let of_family = |suffix: &str| line.0.strip_suffix(suffix).is_some_and(|name| families.contains(name));
            assert!(["", "_bucket", "_sum", "_count"].iter().any(|suffix| of_family(suffix)), "no family: {text}");
            read.push(line);
        }
    }
    read
}

fn value(telemetry: &Telemetry, name: &str, labels: &[(&str, &str)]) -> f64 {
    let text = telemetry.prometheus_text();
    let found: Vec<f64> = series(&text)
        .into_iter()
        .filter(|(known, has, _)| {
            known == name && labels.iter().all(|(name, value)| has.contains(&((*name).to_owned(), (*value).to_owned())))
        })
        .map(|(.., value)| value)
        .collect();
    assert_eq!(found.len(), 1, "{name} {labels:?} in {text}");
    found[0]
}

#[test]
fn metrics_are_text_that_prometheus_reads() {
    let telemetry = telemetry();
    let trace = Trace {
        duration: Duration::from_millis(3),
        requests: 2,
        sent_bytes: 300,
        received_bytes: 4_000,
        memory_bytes: 1 << 20,
        ..Trace::default()
    };
    let failed = CallError::Connector(Error::NotFound("the words \"of\" it\\".to_owned()));
    let calls = telemetry.calls();
    calls.record(&end("get", None, &trace));
    calls.record(&end("get", Some(&failed), &trace));
    calls.record(&end("a \"name\"\nof\\its own", None, &trace));
    let got = [("connector_operation_key", "get")];
    assert_eq!(value(&telemetry, "connector_calls_total", &[got[0], ("error_type", "not-found")]), 1.0);
    assert_eq!(value(&telemetry, "connector_requests_total", &got), 4.0);
    assert_eq!(value(&telemetry, "connector_sent_bytes_total", &got), 600.0);
    assert_eq!(value(&telemetry, "connector_received_bytes_total", &got), 8_000.0);
    assert_eq!(value(&telemetry, "connector_call_memory_bytes_count", &got), 2.0);
    let duration = "connector_call_duration_seconds_sum";
    assert!((value(&telemetry, duration, &[got[0], ("error_type", "not-found")]) - 0.003).abs() < 1e-9);
    let odd = [("connector_operation_key", "a \"name\"\nof\\its own")];
    assert_eq!(value(&telemetry, "connector_calls_total", &odd), 1.0);
    assert_eq!(value(&telemetry, "target_info", &[("service_name", "test"), ("service_version", "1")]), 1.0);
    // No label says what went wrong in words.
    assert!(!telemetry.prometheus_text().contains("the words"));
}

#[test]
fn a_fleet_is_seen_in_numbers() {
    let telemetry = telemetry();
    let fleet = telemetry.fleet(FleetLabels::default());
    let subject = Subject { connector: "acme", operation: "changes", trigger: "t-1", tenant: "tenant-1" };
    fleet.polled(&subject, Duration::from_secs(2), PollOutcome::Found);
    fleet.polled(&subject, Duration::from_secs(4), PollOutcome::Failed("rate-limited"));
    fleet.delivered(&subject, Duration::from_secs(1), DeliveryOutcome::Accepted);
    fleet.retried(&subject);
    fleet.committed(&subject, CommitOutcome::Committed);
    fleet.committed(&subject, CommitOutcome::Conflict);
    fleet.set_backlog(7, 3);
    fleet.set_backlog(5, 4);
    fleet.set_leases(9);
    let is = |name: &str, labels: &[(&str, &str)], expected: f64| {
        assert_eq!(value(&telemetry, name, labels), expected, "{name}");
    };
    is("fleet_polls_total", &[("fleet_poll_outcome", "found")], 1.0);
    is("fleet_polls_total", &[("fleet_poll_outcome", "failed"), ("error_type", "rate-limited")], 1.0);
    is("fleet_poll_lag_seconds_sum", &[("connector_operation_key", "changes")], 6.0);
    is("fleet_deliveries_total", &[("fleet_delivery_outcome", "accepted")], 1.0);
    is("fleet_delivery_lag_seconds_count", &[], 1.0);
    is("fleet_delivery_retries_total", &[], 1.0);
    is("fleet_commits_total", &[("fleet_commit_outcome", "conflict")], 1.0);
    is("fleet_triggers_due", &[], 5.0);
    is("fleet_deliveries_waiting", &[], 4.0);
    is("fleet_leases_held", &[], 9.0);
    assert!(!telemetry.prometheus_text().contains("tenant-1"));
}

/// How many series there are of polls of ten thousand triggers.
fn series_of_ten_thousand(labels: FleetLabels) -> (usize, String) {
    let telemetry = telemetry();
    let fleet = telemetry.fleet(labels);
    for number in 0..10_000 {
        let (trigger, tenant) = (format!("trigger-{number}"), format!("tenant-{}", number / 100));
        let subject = Subject { connector: "acme", operation: "changes", trigger: &trigger, tenant: &tenant };
        fleet.polled(&subject, Duration::ZERO, PollOutcome::NoChanges);
    }
    let text = telemetry.prometheus_text();
    let polls: Vec<_> = series(&text).into_iter().filter(|(name, ..)| name == "fleet_polls_total").collect();
    assert_eq!(polls.iter().map(|(.., value)| value).sum::<f64>(), 10_000.0);
    (polls.len(), text)
}

#[test]
fn ten_thousand_triggers_make_one_series_unless_names_are_asked_for_and_two_thousand_then() {
    assert_eq!(series_of_ten_thousand(FleetLabels::default()).0, 1);
    assert_eq!(series_of_ten_thousand(FleetLabels { tenants: true, triggers: false }).0, 100);
    let (series, text) = series_of_ten_thousand(FleetLabels { triggers: true, tenants: false });
    assert!((1_999..=2_001).contains(&series), "{series}");
    assert!(text.contains(r#"otel_metric_overflow="true""#), "the rest is counted nowhere");
}

#[test]
fn names_are_cut() {
    let telemetry = telemetry();
    telemetry.calls().record(&end(&"é".repeat(1 << 20), None, &Trace::default()));
    assert!(telemetry.prometheus_text().len() < 64 * 1024);
}

#[test]
fn spans_of_other_crates_events_and_what_is_below_info_are_not_recorded() {
    let telemetry = at("http://127.0.0.1:1".parse().unwrap(), Arc::default());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(telemetry.layer()), || {
        let recorded = |span: tracing::Span| trace_context(&span).is_some();
        assert!(recorded(tracing::info_span!(target: "host", "a")));
        assert!(recorded(tracing::info_span!(target: "host::call", "a")));
        assert!(recorded(tracing::error_span!(target: "fleet::poll", "a")));
        assert!(!recorded(tracing::info_span!(target: "hostess", "a")));
        assert!(!recorded(tracing::info_span!(target: "hyper", "a")));
        assert!(!recorded(tracing::debug_span!(target: "host::call", "a")));
        assert!(!tracing::enabled!(target: "host::call", tracing::Level::INFO));
    });
    // Without a collector there is nothing to record for.
    let without = self::telemetry();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(without.layer()), || {
        assert_eq!(trace_context(&tracing::info_span!(target: "host", "a")), None);
    });
    assert_eq!(trace_context(&tracing::Span::none()), None);
}

/// Telemetry for a collector there, and what is said of it.
fn at(url: Url, said: Arc<Mutex<Vec<String>>>) -> Telemetry {
    Telemetry::start(TelemetryOptions {
        otlp: Some(url),
        on_trouble: Some(Arc::new(move |text| said.lock().unwrap().push(text.to_owned()))),
        ..TelemetryOptions::of("test", "1")
    })
    .unwrap()
}

fn record(telemetry: &Telemetry, spans: usize) {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(telemetry.layer()), || {
        for _ in 0..spans {
            drop(tracing::info_span!(target: "host", "a"));
        }
    });
}

#[test]
fn a_collector_that_hangs_is_given_up_and_what_it_has_not_taken_is_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    // It reads, and never answers.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || stream.unwrap().read_to_end(&mut Vec::new()));
        }
    });
    let said = Arc::default();
    let telemetry = at(url, Arc::clone(&said));
    record(&telemetry, 3);
    // All of it is over: nothing waits, and no thread goes on.
    let expected = Delivered { rejected: 3, ..Delivered::default() };
    let begun = Instant::now();
    // Its threads may be late to say what they were told.
    while telemetry.shutdown() != expected && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(telemetry.shutdown(), expected);
    let said = said.lock().unwrap();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("it did not answer in time"), "{said:?}");
}

#[test]
fn more_spans_than_there_is_room_for_are_dropped_and_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let telemetry = at(url, Arc::default());
    // Nobody accepts, so that none of them gets away; the first batches may have been taken to be sent.
    record(&telemetry, 10_000);
    let delivered = telemetry.delivered();
    assert_eq!(delivered.waiting, crate::counts::MOST_WAITING);
    assert_eq!(delivered.no_room, 10_000 - crate::counts::MOST_WAITING);
    let text = telemetry.prometheus_text();
    let lost = r#"otel_sdk_processor_span_processed_total{error_type="queue_full"} 7952"#;
    assert!(text.lines().any(|line| line.starts_with(&lost[..40]) && line.ends_with(" 7952")), "{text}");
    let ended = telemetry.shutdown();
    assert_eq!((ended.waiting, ended.accepted, ended.dropped()), (0, 0, 10_000));
}
