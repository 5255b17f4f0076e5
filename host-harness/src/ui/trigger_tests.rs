//! A trigger without a service: its state, its timeline and what bounds them.

use super::*;
use crate::ui::run::Failed;

fn answered() -> Run {
    let payload = serde_json::value::RawValue::from_string(r#"{"created": [{"id": "1"}]}"#.into()).unwrap();
    Run { result: Ok(Some(payload.into())), trace: Default::default(), finished: Instant::now() }
}

/// A poll that found this state, and committed it.
async fn polled(trigger: &Trigger, state: &[u8]) {
    let before = trigger.status().state;
    let loaded = trigger.load().await.unwrap();
    assert_eq!(loaded.as_ref().map(|stored| stored.state.as_slice()), before.as_deref());
    trigger.commit(loaded.map(|stored| stored.version), state).await.unwrap();
    trigger.take_over(answered(), before, Some(Found { no_changes: false, more: false, state: state.to_vec() }));
}

#[tokio::test]
async fn a_poll_that_fails_leaves_the_state_and_one_that_succeeds_can_be_taken_back() {
    let trigger = Trigger::new(Vec::new());
    polled(&trigger, b"one").await;
    let first = trigger.status().state;
    trigger.take_over(Run::refused(Failed::no_connection()), first.clone(), None);
    assert_eq!(trigger.status().state, first);
    polled(&trigger, b"two").await;
    assert_eq!(trigger.status().state.as_deref(), Some(&b"two"[..]));
    let last = trigger.events_after(0).first().unwrap().id;
    assert!(trigger.back(last).await);
    assert_eq!(trigger.status().state, first);
    assert!(!trigger.back(4711).await);
    trigger.reset().await;
    assert_eq!(trigger.status().state, None);
}

#[tokio::test]
async fn what_a_loaded_file_or_a_reset_replaces_can_be_taken_back_until_it_is_let_go_of() {
    let trigger = Trigger::new(Vec::new());
    let last = || trigger.events_after(0).first().unwrap().id;
    let now = || (trigger.status().state.map(|state| state.to_vec()), trigger.status().origin);
    // Where there was none there is nothing to take back.
    trigger.put(b"first".to_vec(), "from a file").await;
    assert!(!trigger.back(last()).await);
    polled(&trigger, b"one").await;
    trigger.put(b"columns;of;a;table".to_vec(), "from a file").await;
    let loaded = last();
    trigger.reset().await;
    let reset = last();
    assert!(trigger.back(loaded).await);
    assert_eq!(now(), (Some(b"one".to_vec()), "after poll 1".into()));
    assert!(trigger.back(reset).await);
    assert_eq!(now(), (Some(b"columns;of;a;table".to_vec()), "from a file".into()));
    // What is held is counted, and let go of as what polls hold.
    let bytes = trigger.held().iter().map(|(id, _, bytes)| (*id, *bytes)).collect::<Vec<_>>();
    assert!(bytes.contains(&(loaded, 3)) && bytes.contains(&(reset, 18)), "{bytes:?}");
    assert_eq!(trigger.polls_held(), 1);
    trigger.empty(loaded);
    assert!(!trigger.back(loaded).await && trigger.back(reset).await);
    trigger.forget(true);
    assert!(!trigger.back(reset).await);
    assert!(trigger.held().is_empty());
}

#[tokio::test]
async fn a_poll_that_began_before_the_state_was_taken_back_or_reset_commits_nothing() {
    let trigger = Trigger::new(Vec::new());
    assert!(trigger.commit(Some(Version(0)), b"x").await.is_err());
    polled(&trigger, b"one").await;
    polled(&trigger, b"two").await;
    let version = trigger.load().await.unwrap().map(|stored| stored.version);
    assert!(trigger.back(trigger.events_after(0).first().unwrap().id).await);
    assert_eq!(trigger.commit(version, b"three").await, Err(StoreError::Conflict));
    trigger.reset().await;
    assert_eq!(trigger.commit(version, b"three").await, Err(StoreError::Conflict));
    assert_eq!(trigger.status().state, None);
}

#[test]
fn the_timeline_and_its_requests_stay_bounded() {
    let trigger = Trigger::new(Vec::new());
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
        trigger.take_over(run, None, None);
    }
    let events = trigger.events_after(0);
    let with_requests = events.iter().filter(|event| match &event.what {
        What::Poll(poll) => !poll.run.trace.exchanges.is_empty(),
        What::Note(_) => false,
    });
    assert_eq!((events.len(), with_requests.count()), (MOST_EVENTS, MOST_WITH_EXCHANGES));
}
