//! Each kind of error, from what the service really answers.

use crate::support::{Bench, connection, connectors};
use duro_sim::{DuroSim, Fault};
use host::contract::{Error, Failure, JsonText};
use host::{CallError, CallOptions, Limit, Limits};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The error of an action that is sent once, so that no retry hides the fault.
async fn error_of(fault: Fault) -> Error {
    let bench = Bench::new().await;
    bench.sim.fault_next(fault);
    bench.fail("rawRequest", json!({})).await
}

#[tokio::test]
async fn a_bad_key_is_unauthenticated_for_every_operation() {
    let bench = Bench::new().await;
    let wrong = connection(&bench.sim.url(), "wrong").await;
    let options = &bench.options;
    let error = bench.connector.test_connection(&wrong, options).await.unwrap_err();
    assert!(matches!(connectors(*error), Error::Unauthenticated(_)));
    let error = bench.connector.perform("listComponents", &wrong, &json!({}), options).await.unwrap_err();
    assert!(matches!(connectors(*error), Error::Unauthenticated(_)));
    let error = bench.connector.query("selectComponent", &wrong, &json!({}), None, None, options).await.unwrap_err();
    assert!(matches!(connectors(*error), Error::Unauthenticated(_)));
    let error = bench.connector.poll("pollChangesTrigger", &wrong, &json!({}), None, options).await.unwrap_err();
    assert!(matches!(connectors(*error), Error::Unauthenticated(_)));
}

#[tokio::test]
async fn unauthorized_and_not_authorized_to_are_told_apart() {
    assert!(matches!(error_of(Fault::graphql_error("Unauthorized")).await, Error::Unauthenticated(_)));
    assert!(matches!(error_of(Fault::status(401)).await, Error::Unauthenticated(_)));
    assert!(matches!(error_of(Fault::graphql_error("You are not authorized to do this")).await, Error::Forbidden(_)));
    assert!(matches!(error_of(Fault::status(403)).await, Error::Forbidden(_)));
}

#[tokio::test]
async fn too_many_requests_are_rate_limited_with_the_seconds_to_wait() {
    assert_eq!(error_of(Fault::rate_limited(17)).await, Error::RateLimited(Some(17)));
    let until = SystemTime::now() + Duration::from_secs(300);
    let Error::RateLimited(Some(seconds)) = error_of(Fault::rate_limited_until(until)).await else { panic!() };
    assert!((290..=301).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn a_code_in_the_errors_counts_as_the_status_of_that_name() {
    assert_eq!(error_of(Fault::graphql_code("RATE_LIMITED", Some(17))).await, Error::RateLimited(Some(17)));
    assert!(matches!(error_of(Fault::graphql_code("FORBIDDEN", None)).await, Error::Forbidden(_)));
    assert!(matches!(error_of(Fault::graphql_code("UNAUTHENTICATED", None)).await, Error::Unauthenticated(_)));
}

#[tokio::test]
async fn partial_data_with_errors_carries_both() {
    let Error::Service(failure) = error_of(Fault::PartialData).await else { panic!() };
    assert_eq!(failure.status, 200);
    let json = |text: JsonText| serde_json::from_str::<Value>(text.get()).unwrap();
    assert!(json(failure.errors.unwrap())[0]["message"].is_string());
    assert!(json(failure.data.unwrap())["userById"].is_object());
}

#[tokio::test]
async fn an_error_of_the_service_keeps_its_status_and_its_words() {
    let Error::Service(failure) = error_of(Fault::graphql_error("Name is required")).await else { panic!() };
    assert_eq!((failure.status, failure.message.as_str()), (200, "Name is required"));
    let Error::Service(failure) = error_of(Fault::status(503)).await else { panic!() };
    assert_eq!(failure.status, 503);
}

#[tokio::test]
async fn answers_that_are_not_what_the_api_describes_are_unexpected() {
    for fault in
        [Fault::HtmlPage, Fault::EmptyBody, Fault::TruncatedJson, Fault::Redirect("http://127.0.0.1:9/".to_owned())]
    {
        let error = error_of(fault.clone()).await;
        assert!(matches!(error, Error::UnexpectedResponse(_)), "{fault:?}: {error:?}");
    }
    let bench = Bench::new().await;
    bench.sim.fault_every(1, Fault::WrongShape);
    for (key, inputs) in [
        ("getCurrentUser", json!({})),
        ("listCompanyUsers", json!({})),
        ("listComponents", json!({})),
        ("listChangeOrders", json!({})),
        ("getComponentById", json!({ "componentId": "60c8d5f0a1b2c3d4e5f60718" })),
        ("createChangeOrder", json!({ "name": "x" })),
    ] {
        let error = bench.fail(key, inputs).await;
        assert!(matches!(error, Error::UnexpectedResponse(_)), "{key}: {error:?}");
    }
}

#[tokio::test]
async fn a_broken_connection_is_a_failure_of_transport() {
    for fault in [Fault::DropBeforeAnswer, Fault::DropMidBody] {
        let error = error_of(fault.clone()).await;
        assert!(matches!(error, Error::Transport(Failure::Unreachable(_))), "{fault:?}: {error:?}");
    }
}

#[tokio::test]
async fn an_oversized_answer_is_unexpected_and_the_host_names_its_limit() {
    let bench = Bench::new().await;
    bench.sim.fault_next(Fault::HugeBody(3_000_000));
    let limits = Arc::new(Limits { response_bytes: 1_000_000, ..Limits::default() });
    let options = CallOptions { limits, ..bench.options.clone() };
    let failure = bench.connector.perform("rawRequest", &bench.connection, &json!({}), &options).await.unwrap_err();
    let CallError::Limit { exceeded, answer } = failure.error else { panic!("{failure:?}") };
    assert_eq!((exceeded.limit, exceeded.allowed), (Limit::ResponseBytes, 1_000_000));
    assert!(matches!(answer, Some(Error::UnexpectedResponse(message)) if message.contains("1000000 bytes")));
}

#[tokio::test]
async fn a_service_that_is_too_slow_is_a_timeout() {
    let bench = Bench::with(DuroSim::builder().latency(Duration::from_secs(60))).await;
    let limits = Arc::new(Limits { deadline: Duration::from_secs(3), ..Limits::default() });
    let options = CallOptions { limits, ..bench.options.clone() };
    let failure = bench.connector.perform("rawRequest", &bench.connection, &json!({}), &options).await.unwrap_err();
    let CallError::Limit { exceeded, answer } = failure.error else { panic!("{failure:?}") };
    assert_eq!(exceeded.limit, Limit::Deadline);
    assert_eq!(answer, Some(Error::Transport(Failure::Timeout)));
}

#[tokio::test]
async fn a_read_is_repeated_after_a_passing_failure_and_a_mutation_is_not() {
    let bench = Bench::new().await;
    bench.sim.fault_next(Fault::status(503));
    bench.perform("getCurrentUser", json!({})).await;
    assert_eq!(bench.sim.request_count(), 2);
    bench.sim.clear_requests();
    let before = bench.sim.request_count();
    bench.sim.fault_next(Fault::status(503));
    bench.fail("createChangeOrder", json!({ "name": "once" })).await;
    assert_eq!(bench.sim.request_count() - before, 1);
}

#[tokio::test]
async fn a_request_without_the_grants_is_refused_with_the_name_of_the_grant() {
    let bench = Bench::new().await;
    let options = CallOptions::default();
    let failure = bench.connector.perform("getCurrentUser", &bench.connection, &json!({}), &options).await.unwrap_err();
    let CallError::Refused { refusals, answer } = &failure.error else { panic!("{failure:?}") };
    assert!(matches!(answer, Error::Transport(Failure::Denied(_))));
    assert!(refusals[0].to_string().contains("Grants::allow_http"), "{}", refusals[0]);
    assert_eq!(bench.sim.request_count(), 0);
}
