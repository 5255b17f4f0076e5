//! The API key: in one header of every request, and nowhere else.

use crate::support::{Bench, connection};
use duro_sim::{DuroSim, Fault, Resource};
use host::{CallOptions, Limits};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) const CANARY: &str = "canary-\"key/with+odd=characters\\7f3a";

#[tokio::test]
async fn the_key_is_in_each_request_once_and_only_there() {
    let bench = Bench::with(DuroSim::builder().key(CANARY)).await;
    for (key, inputs) in operations(&bench) {
        bench.perform(key, inputs).await;
    }
    let (connection, inputs, options) = (&bench.connection, json!({}), &bench.options);
    bench.connector.test_connection(connection, options).await.unwrap();
    bench.connector.query("selectComponent", connection, &inputs, Some("a"), None, options).await.unwrap();
    bench.connector.poll("pollChangesTrigger", connection, &inputs, None, options).await.unwrap();
    let requests = bench.sim.requests();
    assert_eq!(requests.len(), 10, "seven actions, the connection test, a dropdown and a poll");
    for request in requests {
        assert_eq!(request.header_values("apitoken"), [CANARY]);
        assert_eq!(request.places_of(CANARY, "apitoken"), Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_key_is_in_no_result_no_log_and_no_trace_even_when_the_service_echoes_it() {
    let bench = Bench::with(DuroSim::builder().key(CANARY)).await;
    let options = CallOptions { record_exchanges: true, limits: Arc::new(Limits::default()), ..bench.options.clone() };
    let wrong = connection(&bench.sim.url(), &format!("{CANARY}-wrong")).await;
    for connection in [&bench.connection, &wrong] {
        for (key, inputs) in operations(&bench) {
            bench.sim.fault_next(Fault::EchoToken);
            let seen = match bench.connector.perform(key, connection, &inputs, &options).await {
                Ok(outcome) => format!("{} {:?}", outcome.value, outcome.trace),
                Err(failure) => format!("{} {:?}", serde_json::to_string(&failure.error).unwrap(), failure),
            };
            for form in forms(CANARY) {
                assert!(!seen.contains(&form), "{key}: {form} in {seen}");
            }
            assert!(seen.contains("Debug"), "the log is empty: {seen}");
        }
    }
}

pub(crate) fn operations(bench: &Bench) -> Vec<(&'static str, Value)> {
    let part = bench.sim.records(Resource::Components).remove(0).id;
    vec![
        ("getComponentById", json!({ "componentId": part })),
        ("getCurrentUser", json!({})),
        ("listCompanyUsers", json!({})),
        ("listComponents", json!({ "first": 3 })),
        ("listChangeOrders", json!({ "first": 3 })),
        ("createChangeOrder", json!({ "name": "x" })),
        ("rawRequest", json!({})),
    ]
}

/// The key in the forms in which it can be echoed.
fn forms(key: &str) -> Vec<String> {
    let json = serde_json::to_string(key).unwrap();
    vec![key.to_owned(), json.trim_matches('"').to_owned(), "canary-".to_owned(), "Y2FuYXJ5L".to_owned()]
}

#[tokio::test]
async fn a_key_that_the_service_hands_out_does_not_reach_the_component() {
    let bench = Bench::with(DuroSim::builder().key(CANARY)).await;
    let options = CallOptions { record_exchanges: true, ..bench.options.clone() };
    let query = "{ one: apiToken { token } two: apiToken { mine: token } userById { email } }";
    let asked = bench.connector.perform("rawRequest", &bench.connection, &json!({ "query": query }), &options).await;
    let outcome = asked.unwrap();
    let result: Value = serde_json::from_str(outcome.value.get()).unwrap();
    assert_eq!((&result["one"]["token"], &result["two"]["mine"]), (&json!("[redacted]"), &json!("[redacted]")));
    assert!(result["userById"]["email"].is_string(), "{result}");
    assert!(!format!("{:?}", outcome.trace).contains("eyJ"), "{:?}", outcome.trace);
    // The host itself gets one, when it asks for it.
    let renewed = bench.connector.renew(&bench.connection, &options).await.unwrap();
    assert!(renewed.expose().starts_with("eyJ"));
}
