//! What reaches the engine, and what does not.

use serde_json::value::RawValue;

use super::*;
use crate::engine::EngineError;
use crate::engine::fake::{Fake, record};

const LONG: Duration = Duration::from_secs(3_600);

fn slot(engine: &Fake, record: Record, longest_unkept: Duration) -> Slot<Fake> {
    let holding = Holding::new(7, Instant::now() + LONG);
    let slot = Slot::new(engine.clone(), record, Arc::new(holding), Arc::default(), longest_unkept);
    slot.polled_by(&"1".into());
    slot
}

/// One poll: it begins with what is kept, finds something or not, and its state is committed.
async fn poll(slot: &Slot<Fake>, state: &str, found: bool) -> Result<Version, StoreError> {
    let stored = slot.load().await.unwrap();
    let poll = PollResult {
        payload: RawValue::from_string("{}".into()).unwrap(),
        no_changes: !found,
        state: state.into(),
        more: false,
        extensions: None,
    };
    Findings(slot).accept(&poll).await.unwrap();
    slot.commit(stored.map(|stored| stored.version), state.as_bytes()).await
}

async fn state(slot: &Slot<Fake>) -> String {
    String::from_utf8(slot.load().await.unwrap().unwrap().state).unwrap()
}

#[tokio::test]
async fn polls_that_find_nothing_move_on_here_and_the_engine_hears_of_what_is_found() {
    let engine = Fake::default();
    let slot = slot(&engine, record(3, Some("kept")), LONG);
    for state in ["a", "b", "c"] {
        poll(&slot, state, false).await.unwrap();
    }
    assert!(engine.commits.lock().unwrap().is_empty() && state(&slot).await == "c" && slot.unkept().is_some());
    poll(&slot, "d", true).await.unwrap();
    let commits = engine.commits.lock().unwrap().clone();
    assert_eq!(
        (commits.len(), commits[0].expected, commits[0].epoch, commits[0].state.as_slice()),
        (1, 3, 7, &b"d"[..])
    );
    assert_eq!(commits[0].delivery.as_deref(), Some("one.4"));
    assert!(slot.unkept().is_none() && slot.undelivered().payloads == 1);
}

#[tokio::test]
async fn the_first_state_and_after_a_long_time_any_reaches_the_engine() {
    let engine = Fake::default();
    let slot = slot(&engine, record(0, None), Duration::ZERO);
    poll(&slot, "a", false).await.unwrap();
    assert_eq!(engine.commits.lock().unwrap().len(), 1);
    // The next is the first that the engine has not heard of, the one after it is due.
    poll(&slot, "b", false).await.unwrap();
    poll(&slot, "c", false).await.unwrap();
    let commits = engine.commits.lock().unwrap().clone();
    assert_eq!((commits.len(), commits[1].expected, commits[1].delivery.clone()), (2, 1, None));
}

#[tokio::test]
async fn nothing_is_committed_once_the_lease_is_over() {
    let engine = Fake::default();
    let slot = slot(&engine, record(3, Some("kept")), LONG);
    slot.held().holding.end();
    let error = poll(&slot, "a", true).await.unwrap_err();
    assert!(error.to_string().contains("the lease of the trigger's shard is over"), "{error}");
    assert!(engine.commits.lock().unwrap().is_empty() && state(&slot).await == "kept");
}

#[tokio::test]
async fn after_a_commit_that_failed_the_engine_is_asked_what_it_keeps_before_anything_else() {
    for error in [EngineError::Conflict, EngineError::Unavailable("gone".into())] {
        let engine = Fake::default();
        engine.errors.lock().unwrap().push(error);
        let slot = slot(&engine, record(3, Some("kept")), LONG);
        assert!(poll(&slot, "a", true).await.is_err() && slot.is_unsure() && state(&slot).await == "kept");
        assert!(!slot.is_as(&record(3, Some("kept"))));
        // The commit had arrived, or another worker's had.
        assert!(slot.reset(record(4, Some("theirs"))) && !slot.is_unsure());
        assert_eq!(state(&slot).await, "theirs");
        // What was found before is not delivered with what is found now.
        poll(&slot, "b", false).await.unwrap();
        assert!(engine.commits.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_version_that_cannot_read_the_state_goes_back_to_the_last_that_it_wrote() {
    let engine = Fake::default();
    let slot = slot(&engine, record(3, Some("of 1")), LONG);
    slot.polled_by(&"2".into());
    poll(&slot, "of 2", true).await.unwrap();
    assert!(!slot.fall_back(), "2 wrote what is there");
    slot.polled_by(&"1".into());
    assert!(slot.fall_back());
    assert_eq!(state(&slot).await, "of 1");
    poll(&slot, "of 1 again", true).await.unwrap();
    let commits = engine.commits.lock().unwrap().clone();
    assert_eq!(commits.iter().map(|commit| commit.written_by.as_str()).collect::<Vec<_>>(), ["2", "1"]);
}
