//! A trigger without a service: its state, its timeline and what bounds them.

use super::*;

fn answered() -> Run {
    let payload = serde_json::value::RawValue::from_string(r#"{"created": [{"id": "1"}]}"#.into()).unwrap();
    Run { result: Ok(Some(payload.into())), trace: Default::default(), finished: Instant::now() }
}

#[tokio::test]
async fn a_poll_that_fails_leaves_the_state_and_one_that_succeeds_can_be_taken_back() {
    let trigger = Trigger::default();
    let found = |state: &[u8]| Some((false, false, state.to_vec()));
    assert_eq!(
        trigger.inner().take_over(answered(), None, found(b"one")).ok(),
        Some(Next { more: false, delivered: true })
    );
    let first = trigger.status().state;
    let failed = Run::refused(no_connection());
    assert!(trigger.inner().take_over(failed, first.clone(), None).is_err());
    assert_eq!(trigger.status().state, first);
    trigger.inner().take_over(answered(), first.clone(), found(b"two")).ok();
    assert_eq!(trigger.status().state.as_deref(), Some(&b"two"[..]));
    let last = trigger.events_after(0).first().unwrap().id;
    assert!(trigger.back(last).await);
    assert_eq!(trigger.status().state, first);
    assert!(!trigger.back(4711).await);
    trigger.reset().await;
    assert_eq!(trigger.status().state, None);
}

#[test]
fn a_trigger_that_gets_nowhere_is_not_polled_at_once() {
    let trigger = Trigger::default();
    let found = |no_changes| Some((no_changes, true, b"same".to_vec()));
    assert_eq!(
        trigger.inner().take_over(answered(), None, found(false)).ok(),
        Some(Next { more: true, delivered: true })
    );
    let state = trigger.status().state;
    assert_eq!(
        trigger.inner().take_over(answered(), state, found(true)).ok(),
        Some(Next { more: false, delivered: false })
    );
}

#[test]
fn the_timeline_and_its_requests_stay_bounded() {
    let trigger = Trigger::default();
    let exchange = host::Exchange {
        at: Duration::ZERO,
        duration: Duration::ZERO,
        attempts: 1,
        method: "POST".into(),
        url: "https://plm.example".into(),
        request_headers: Vec::new(),
        request_body: Default::default(),
        outcome: host::ExchangeOutcome::Failed(host::contract::Failure::Timeout),
    };
    for _ in 0..MOST_EVENTS + 50 {
        let mut run = answered();
        run.trace.exchanges.push(exchange.clone());
        trigger.inner().take_over(run, None, None).ok();
    }
    let events = trigger.events_after(0);
    let with_requests = events.iter().filter(|event| match &event.what {
        What::Poll(poll) => !poll.run.trace.exchanges.is_empty(),
        What::Note(_) => false,
    });
    assert_eq!((events.len(), with_requests.count()), (MOST_EVENTS, MOST_WITH_EXCHANGES));
}
