//! What the page keeps of the past, in memory and in the file, and how much: one bound in bytes for the results,
//! payloads, requests, logs and states of all runs and polls together. Where they are more, the oldest lose their
//! contents; what they did stays in view.

use std::sync::Arc;
use std::time::Instant;

use host::egress::Secrets;

use super::archive::Archive;
use super::forms;
use super::shared::Shared;

/// What all runs and polls may hold, in bytes: as much as the largest call may leave behind.
pub(super) const MOST_HELD: u64 = 96 * 1024 * 1024;

/// A run or a poll that still has its contents.
struct Held {
    finished: Instant,
    bytes: u64,
    place: Place,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// The run of this id.
    Run(u64),
    /// The event of this id of this trigger.
    Event(String, u64),
}

/// Takes contents from the oldest until what is left is within the bound. To be called after every run and poll.
pub(super) fn trim(shared: &Shared) {
    for place in too_much(held(shared), MOST_HELD) {
        match &place {
            Place::Run(id) => shared.runs.empty(*id),
            Place::Event(key, id) => {
                if let Some(trigger) = shared.triggers.get(key) {
                    trigger.empty(*id);
                }
            }
        }
    }
}

/// Those that are to lose their contents, so that the newest together hold no more than this many bytes.
fn too_much(mut all: Vec<Held>, most: u64) -> Vec<Place> {
    all.sort_by_key(|held| held.finished);
    let mut total: u128 = all.iter().map(|held| u128::from(held.bytes)).sum();
    let mut places = Vec::new();
    for oldest in all {
        if total <= u128::from(most) {
            break;
        }
        total -= u128::from(oldest.bytes);
        places.push(oldest.place);
    }
    places
}

/// Forgets what was done with a connection that is given up, whose secrets nothing is searched for any more. What a
/// file keeps stays, because it was searched before it was written.
pub(super) fn forget(shared: &Shared) {
    let is_in_file = shared.archive.is_some();
    shared.recordings.forget();
    shared.runs.forget(is_in_file);
    for trigger in shared.triggers.values() {
        trigger.forget(is_in_file);
    }
}

/// Writes what is new on a trigger's timeline into the file that keeps it, if there is one, with the state that it left
/// and without the connection's secrets. It is done as a whole although whoever waits for it may be stopped.
pub(super) async fn keep(shared: &Shared, key: &str) {
    let (Some(archive), Some(trigger)) = (shared.archive.clone(), shared.triggers.get(key)) else { return };
    let Some(unwritten) = trigger.unwritten() else { return };
    let key = key.to_owned();
    let secrets = shared.memory().connection.as_ref().map(|held| held.redactor().clone());
    // The disk may be slow, and a task must not be.
    tokio::task::spawn_blocking(move || archive.keep_events(&key, &unwritten, secrets.as_deref())).await.ok();
}

/// Deletes the run of this id of an action, in the file too; false if there is none, or it is under way.
pub(super) async fn delete(shared: &Shared, action: &str, id: u64) -> bool {
    if !shared.runs.delete(action, id) {
        return false;
    }
    let action = action.to_owned();
    on_file(shared, move |archive| archive.delete(&action, id)).await;
    true
}

/// Deletes all runs of an action that are over, in the file too.
pub(super) async fn clear_action(shared: &Shared, action: &str) {
    shared.runs.clear(Some(action));
    let action = action.to_owned();
    on_file(shared, move |archive| archive.clear_runs(Some(&action))).await;
}

/// Deletes what is on a trigger's timeline, in the file too. Its state stays.
pub(super) async fn clear_trigger(shared: &Shared, key: &str) {
    let Some(trigger) = shared.triggers.get(key) else { return };
    let (key, last) = (key.to_owned(), trigger.clear());
    on_file(shared, move |archive| archive.clear_events(&key, last)).await;
}

/// Deletes all runs that are over and all that is on timelines, in the file too. States stay.
pub(super) async fn clear_all(shared: &Shared) {
    shared.runs.clear(None);
    on_file(shared, |archive| archive.clear_runs(None)).await;
    for key in shared.triggers.keys() {
        clear_trigger(shared, key).await;
    }
}

async fn on_file(shared: &Shared, work: impl FnOnce(&Archive) + Send + 'static) {
    let Some(archive) = shared.archive.clone() else { return };
    tokio::task::spawn_blocking(move || work(&archive)).await.ok();
}

/// Takes secrets out of all that is kept: what was typed somewhere before it was a connection's secret is one from now
/// on, and what was one must not turn up again.
pub(super) async fn take_out(shared: &Shared, secrets: Arc<Secrets>) {
    for values in shared.memory().forms.values_mut() {
        *values = forms::scrubbed(values, &secrets);
    }
    shared.runs.scrub(&secrets);
    for trigger in shared.triggers.values() {
        trigger.scrub(&secrets);
    }
    let Some(archive) = shared.archive.clone() else { return };
    // All of a file is read, and a task must not wait for that.
    tokio::task::spawn_blocking(move || archive.scrub(&secrets)).await.ok();
}

fn held(shared: &Shared) -> Vec<Held> {
    let runs = shared.runs.held().into_iter();
    let mut all: Vec<Held> =
        runs.map(|(id, finished, bytes)| Held { finished, bytes, place: Place::Run(id) }).collect();
    for (key, trigger) in &shared.triggers {
        let polls = trigger.held().into_iter();
        all.extend(polls.map(|(id, finished, bytes)| Held { finished, bytes, place: Place::Event(key.clone(), id) }));
    }
    all
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_oldest_lose_their_contents_until_the_bytes_are_within_the_bound_and_none_more_than_that() {
        let now = Instant::now();
        let held =
            |age: u64, bytes: u64| Held { finished: now - Duration::from_secs(age), bytes, place: Place::Run(age) };
        let gone = |most: u64| {
            // Not in the order of their ends, and polls among them.
            let mut all = vec![held(2, 30), held(9, 10), held(1, 50)];
            all.push(Held { place: Place::Event("t".into(), 7), ..held(5, 20) });
            too_much(all, most)
        };
        assert_eq!(gone(110), []);
        assert_eq!(gone(109), [Place::Run(9)]);
        assert_eq!(gone(100), [Place::Run(9)]);
        assert_eq!(gone(99), [Place::Run(9), Place::Event("t".into(), 7)]);
        assert_eq!(gone(0), [Place::Run(9), Place::Event("t".into(), 7), Place::Run(2), Place::Run(1)]);
        // No sum of lengths turns over.
        assert_eq!(too_much(vec![held(2, u64::MAX), held(1, u64::MAX)], 1).len(), 2);
    }
}
