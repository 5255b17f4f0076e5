//! Whose a trigger's state is, and records of which nobody knows when they were changed.

use crate::support::{self, Bench, connection, connectors};
use duro_sim::Fault;
use host::Connection;
use host::contract::{Error, PollResult};
use serde_json::json;
use std::time::Duration;

async fn try_poll(bench: &Bench, connection: &Connection, state: Option<&[u8]>) -> Result<PollResult, Error> {
    let inputs = json!({ "pollResourceType": "components" });
    let polled = bench.connector.poll("pollChangesTrigger", connection, &inputs, state, &bench.options).await;
    polled.map(|outcome| outcome.value).map_err(|failure| connectors(*failure))
}

async fn poll(bench: &Bench, state: Option<&[u8]>) -> PollResult {
    try_poll(bench, &bench.connection, state).await.unwrap()
}

fn refusal(result: Result<PollResult, Error>) -> String {
    match result {
        Err(Error::InvalidState(message)) => message,
        _ => panic!("the state was taken"),
    }
}

fn ids(result: &PollResult) -> Vec<String> {
    ["created", "updated"].map(|list| support::ids(result, list)).concat()
}

fn change(bench: &Bench, place: usize) -> String {
    support::change(&bench.sim, place, Duration::from_secs(1))
}

#[tokio::test]
async fn a_state_of_one_service_is_refused_at_another_in_words_and_nothing_is_sent() {
    let (here, there) = (Bench::new().await, Bench::new().await);
    let first = poll(&here, None).await;
    let message = refusal(try_poll(&there, &there.connection, Some(&first.state)).await);
    for bench in [&here, &there] {
        let origin = bench.sim.url().replace("/graphql", "");
        assert!(message.contains(&origin), "{origin} is not in {message}");
    }
    assert!(message.contains("begin without a state"), "{message}");
    assert_eq!(there.sim.request_count(), 0);
    let changed = change(&here, 3);
    assert_eq!(ids(&poll(&here, Some(&first.state)).await), [changed]);
}

#[tokio::test]
async fn a_renewed_key_of_the_same_company_goes_on_and_another_companys_key_is_refused() {
    let bench = Bench::new().await;
    bench.sim.accept_key("renewed-key-4711");
    bench.sim.accept_key_of_another_company("their-key-0815");
    let first = poll(&bench, None).await;
    let changed = change(&bench, 3);
    let renewed = connection(&bench.sim.url(), "renewed-key-4711").await;
    let second = try_poll(&bench, &renewed, Some(&first.state)).await.unwrap();
    assert_eq!(ids(&second), [changed]);
    let theirs = connection(&bench.sim.url(), "their-key-0815").await;
    for state in [&first.state, &second.state] {
        let message = refusal(try_poll(&bench, &theirs, Some(state)).await);
        assert!(message.contains("another company"), "{message}");
    }
}

#[tokio::test]
async fn a_service_that_does_not_say_whose_the_key_is_is_polled_all_the_same_with_one_request() {
    for fault in [Fault::FieldNull("userById".to_owned()), Fault::FieldRefused("userById".to_owned())] {
        let bench = Bench::new().await;
        let first = poll(&bench, None).await;
        bench.sim.fault_every(1, fault);
        let changed = change(&bench, 3);
        bench.sim.clear_requests();
        assert_eq!(ids(&poll(&bench, Some(&first.state)).await), [changed]);
        assert_eq!(bench.sim.request_count(), 1);
    }
}

#[tokio::test]
async fn a_record_with_a_broken_time_is_delivered_once_and_the_polls_after_it_go_on() {
    for shown in [json!("2024-06-14T14:58:16.638+99:99"), json!("0001-01-01T00:00:00.000Z"), json!(null), json!(42)] {
        let bench = Bench::new().await;
        let first = poll(&bench, None).await;
        let broken = change(&bench, 3);
        bench.sim.show_last_modified(&broken, Some(shown.clone()));
        let second = poll(&bench, Some(&first.state)).await;
        assert_eq!(ids(&second), [broken], "{shown}");
        let third = poll(&bench, Some(&second.state)).await;
        assert!(third.no_changes, "{shown}");
        let changed = change(&bench, 5);
        assert_eq!(ids(&poll(&bench, Some(&third.state)).await), [changed], "{shown}");
    }
}
