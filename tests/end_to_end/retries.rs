//! What is sent again, what is sent once, and what the log says about it.

use crate::support::Bench;
use duro_sim::{Fault, Resource};
use host::{CallOptions, Limits};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Faults after which a client that guesses wrong would send again.
fn passing_faults() -> Vec<Fault> {
    vec![
        Fault::status(502),
        Fault::status(503).with_header("retry-after", "0"),
        Fault::status(504),
        Fault::rate_limited(0),
        Fault::rate_limited_until(SystemTime::now()),
        Fault::DropBeforeAnswer,
    ]
}

#[tokio::test]
async fn a_read_gets_over_each_passing_fault_and_every_attempt_is_in_the_log() {
    let bench = Bench::new().await;
    for fault in passing_faults() {
        bench.sim.clear_requests();
        bench.sim.fault_times(2, fault.clone());
        let result = bench.connector.perform("getCurrentUser", &bench.connection, &json!({}), &bench.options).await;
        let outcome = result.unwrap_or_else(|failure| panic!("{fault:?}: {failure}"));
        assert_eq!((bench.sim.request_count(), outcome.trace.requests), (3, 1), "{fault:?}");
        let lines: Vec<&str> = outcome.trace.log.iter().map(|line| line.message.as_str()).collect();
        for expected in ["attempt 1 ended with", "attempt 2 ended with", "(attempt 3)"] {
            assert!(lines.iter().any(|line| line.contains(expected)), "{fault:?}: {expected} is not in {lines:?}");
        }
    }
}

#[tokio::test]
async fn a_mutation_and_a_users_own_document_are_sent_once_whatever_happens() {
    let bench = Bench::new().await;
    let mut faults = passing_faults();
    faults.extend([
        Fault::DropMidBody,
        Fault::TruncatedJson,
        Fault::EmptyBody,
        Fault::SlowHeaders(Duration::from_secs(9)),
    ]);
    let limits = Arc::new(Limits { deadline: Duration::from_secs(3), ..Limits::default() });
    let options = CallOptions { limits, ..bench.options.clone() };
    for (key, inputs) in [("createChangeOrder", json!({ "name": "once" })), ("rawRequest", json!({}))] {
        for fault in &faults {
            // A connection that is open and idle, as the pool has it: the one that may break under the request.
            bench.perform("getCurrentUser", json!({})).await;
            bench.sim.clear_requests();
            bench.sim.fault_times(3, fault.clone());
            drop(bench.connector.perform(key, &bench.connection, &inputs, &options).await);
            assert_eq!(bench.sim.request_count(), 1, "{key} after {fault:?}");
            bench.sim.clear_faults();
        }
    }
    let once: Vec<_> = bench
        .sim
        .records(Resource::ChangeOrders)
        .into_iter()
        .filter(|order| order.name.as_deref() == Some("once"))
        .collect();
    // Those whose answer was damaged or late were carried out.
    assert!(once.len() <= 4, "{} change orders", once.len());
}

#[tokio::test]
async fn a_wish_that_lies_beyond_the_deadline_ends_the_call_at_once() {
    let bench = Bench::new().await;
    bench.sim.fault_every(1, Fault::rate_limited(3_600));
    let failure = bench.connector.perform("getCurrentUser", &bench.connection, &json!({}), &bench.options).await;
    let failure = failure.unwrap_err();
    assert_eq!((failure.error.kind(), bench.sim.request_count()), ("rate-limited", 1));
    assert!(failure.trace.duration < bench.options.limits.deadline / 2);
}

#[tokio::test]
async fn a_service_that_stays_down_is_asked_four_times() {
    let bench = Bench::new().await;
    bench.sim.fault_every(1, Fault::status(503).with_header("retry-after", "0"));
    let failure = bench.connector.perform("getCurrentUser", &bench.connection, &json!({}), &bench.options).await;
    assert_eq!((failure.unwrap_err().error.kind(), bench.sim.request_count()), ("service", 4));
}
