//! A trigger that is moved to another address, or set back.

use std::fs;
use std::time::Duration;

use duro_sim::{DuroSim, Resource};
use serde_json::Value;

use crate::deletions::{HOUR, MINUTES};
use crate::harness::{Desk, POLL};
use crate::support::{self, ids_in};

const REBASE: [&str; 5] = ["state", "rebase", "pollChangesTrigger", "--state", "poll.state"];

fn ids(polled: &Value, list: &str) -> Vec<String> {
    ids_in(&polled["payload"], list)
}

fn change(desk: &Desk, place: usize) -> String {
    support::change(&desk.sim, place, Duration::from_secs(600))
}

#[tokio::test]
async fn a_trigger_goes_on_at_another_address_where_it_stopped() {
    let desk = Desk::new().await;
    assert_eq!(desk.run(&POLL).await.status, 0);
    let delivered = change(&desk, 3);
    assert_eq!(ids(&desk.run(&POLL).await.json(), "updated"), [delivered]);
    let recent = change(&desk, 4);
    assert_eq!(ids(&desk.run(&POLL).await.json(), "updated"), [recent]);
    let old = fs::read(desk.file("poll.state")).unwrap();

    // The same service by another name, to which the state does not belong.
    let connection = fs::read_to_string(desk.file("connection.json")).unwrap();
    assert!(connection.contains("127.0.0.1"));
    fs::write(desk.file("connection.json"), connection.replace("127.0.0.1", "localhost")).unwrap();
    let missed = change(&desk, 5);
    assert_eq!(desk.run(&POLL).await.error_kind(), "invalid-state");

    desk.sim.clear_requests();
    let done = desk.run_bare(&REBASE).await;
    assert_eq!(done.status, 0, "{}", done.messages);
    let done = done.json();
    assert_eq!(done["trigger"], "pollChangesTrigger");
    assert_eq!(fs::read(desk.file("poll.state.before-rebase")).unwrap(), old);
    let written: Value = serde_json::from_slice(&fs::read(desk.file("poll.state")).unwrap()).unwrap();
    assert_eq!(written["state"], serde_json::from_slice::<Value>(&old).unwrap());
    let again = desk.run_bare(&REBASE).await;
    assert!(again.status == 2 && again.messages.contains("rebased already"), "{}", again.messages);
    let check = ["state", "check", "pollChangesTrigger", "--state", "poll.state"];
    assert_eq!(desk.run(&check).await.status, 0);
    assert_eq!(desk.sim.request_count(), 0, "a rebase sends nothing");

    let polled = desk.run(&POLL).await;
    assert_eq!(polled.status, 0, "{}", polled.output);
    assert_eq!(ids(&polled.json(), "updated"), [missed]);
    assert!(desk.run(&POLL).await.json()["noChanges"].as_bool().unwrap());
    let text = fs::read_to_string(desk.file("poll.state")).unwrap();
    assert!(text.contains("http://localhost"), "{text}");
}

#[tokio::test]
async fn a_trigger_is_set_back_and_the_state_before_is_kept_whatever_is_done_then() {
    let desk = Desk::new().await;
    let begin = jiff::Timestamp::from_millisecond(desk.sim.now()).unwrap().to_string();
    assert_eq!(desk.run(&POLL).await.status, 0);
    let changed = [change(&desk, 3), change(&desk, 4)];
    assert_eq!(desk.run(&POLL).await.status, 0);
    let old = fs::read(desk.file("poll.state")).unwrap();

    let since = [&REBASE[..], &["--since", &begin]].concat();
    assert_eq!(desk.run_bare(&since).await.status, 0);
    // A second time, the first one's state is not put away.
    let again = desk.run_bare(&since).await;
    assert_eq!(again.status, 2);
    assert!(again.messages.contains("is there already") && again.messages.contains("--backup"), "{}", again.messages);
    let without = desk.run_bare(&[&REBASE[..], &["--backup", "second"]].concat()).await;
    assert_eq!(without.status, 2);
    assert!(
        without.messages.contains("rebased already") && without.messages.contains("--since"),
        "{}",
        without.messages
    );
    assert!(!desk.file("second").exists());
    assert_eq!(fs::read(desk.file("poll.state.before-rebase")).unwrap(), old);

    let mut updated = ids(&desk.run(&POLL).await.json(), "updated");
    updated.sort();
    let mut expected = changed.to_vec();
    expected.sort();
    assert_eq!(updated, expected);
    // And back.
    fs::rename(desk.file("poll.state.before-rebase"), desk.file("poll.state")).unwrap();
    assert!(desk.run(&POLL).await.json()["noChanges"].as_bool().unwrap());
}

#[tokio::test]
async fn what_cannot_be_rebased_is_said_and_left_as_it_is() {
    let desk = Desk::new().await;
    let none = desk.run_bare(&REBASE).await;
    assert_eq!(none.status, 2);
    assert!(none.messages.contains("there is no state file") && none.messages.contains("--since"), "{}", none.messages);
    let unknown = desk.run_bare(&["state", "rebase", "noSuch", "--state", "poll.state"]).await;
    assert!(unknown.status == 2 && unknown.messages.contains("pollChangesTrigger"), "{}", unknown.messages);
    let wrong = desk.run_bare(&[&REBASE[..], &["--since", "2026-11-01"]].concat()).await;
    assert!(wrong.status == 2 && wrong.messages.contains("with its zone"), "{}", wrong.messages);
    for never in ["2999-01-01T00:00:00Z", "1960-01-01T00:00:00Z"] {
        let wrong = desk.run_bare(&[&REBASE[..], &["--since", never]].concat()).await;
        assert!(wrong.status == 2 && wrong.messages.contains("between 1970 and now"), "{}", wrong.messages);
    }
    let connection = fs::read(desk.file("connection.json")).unwrap();
    let other = desk.run_bare(&["state", "rebase", "pollChangesTrigger", "--state", "connection.json"]).await;
    assert!(other.status == 2 && other.messages.contains("is no state of this trigger"), "{}", other.messages);
    assert_eq!(fs::read(desk.file("connection.json")).unwrap(), connection);
    fs::write(desk.file("poll.state"), "no state").unwrap();
    let no_time = desk.run_bare(&REBASE).await;
    assert!(no_time.status == 2 && no_time.messages.contains("is no state of this trigger"), "{}", no_time.messages);
    assert_eq!(fs::read_to_string(desk.file("poll.state")).unwrap(), "no state");
    assert!(!desk.file("poll.state.before-rebase").exists());
    assert_eq!(desk.sim.request_count(), 0);

    // What somebody wrote in its place by hand is taken or refused, and never guessed.
    fs::write(desk.file("poll.state"), "{\"since\":\"9999-01-01T00:00:00Z\"}").unwrap();
    assert_eq!(desk.run(&POLL).await.error_kind(), "invalid-state");
    fs::write(desk.file("poll.state"), "{\"since\":\"2001-01-01T00:00:00Z\"}").unwrap();
    let all = desk.run(&POLL).await.json();
    assert_eq!(ids(&all, "created").len(), desk.sim.records(Resource::Components).len());
}

/// Polls with deleted records until a round is over, and gives what was called deleted.
async fn round(desk: &Desk) -> Vec<String> {
    let mut deleted = Vec::new();
    for wait in [HOUR, MINUTES, MINUTES] {
        desk.sim.advance_clock(wait);
        let polled = desk.run(&[&POLL[..], &["--input", "showDeletedRecords=true"]].concat()).await;
        assert_eq!(polled.status, 0, "{}", polled.messages);
        deleted.extend(ids(&polled.json(), "deleted"));
    }
    deleted
}

#[tokio::test]
async fn what_was_deleted_before_a_move_is_reported_after_it_and_other_records_are_not_called_deleted() {
    let desk = Desk::new().await;
    assert!(round(&desk).await.is_empty());
    let gone = desk.sim.records(Resource::Components).remove(2).id;
    assert!(desk.sim.delete(Resource::Components, &gone));
    let connection = fs::read_to_string(desk.file("connection.json")).unwrap();
    fs::write(desk.file("connection.json"), connection.replace("127.0.0.1", "localhost")).unwrap();
    assert_eq!(desk.run_bare(&REBASE).await.status, 0);
    assert_eq!(round(&desk).await, [gone]);

    // A service with none of these records: all that was known seems to be gone.
    let other = Desk::with(DuroSim::builder().seed(4711)).await;
    assert!(other.sim.record(Resource::Components, &desk.sim.records(Resource::Components)[0].id).is_none());
    fs::copy(desk.file("poll.state"), other.file("poll.state")).unwrap();
    assert_eq!(other.run_bare(&REBASE).await.status, 0);
    for _ in 0..2 {
        assert!(round(&other).await.is_empty());
    }
    let gone = other.sim.records(Resource::Components).remove(2).id;
    assert!(other.sim.delete(Resource::Components, &gone));
    assert_eq!(round(&other).await, [gone]);
}
