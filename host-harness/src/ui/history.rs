//! How much of the past the page keeps: one bound in bytes for the results, payloads, requests, logs and states of all
//! runs and polls together. Where they are more, the oldest lose their contents; what they did stays in view.

use std::sync::Arc;
use std::time::Instant;

use host::egress::Secrets;

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

enum Place {
    /// The run of this id.
    Run(u64),
    /// The event of this id of this trigger.
    Event(String, u64),
}

/// Takes contents from the oldest until what is left is within the bound. To be called after every run and poll.
pub(super) fn trim(shared: &Shared) {
    let mut all = held(shared);
    all.sort_by_key(|held| held.finished);
    let mut total: u64 = all.iter().map(|held| held.bytes).sum();
    for oldest in all {
        if total <= MOST_HELD {
            return;
        }
        match &oldest.place {
            Place::Run(id) => shared.runs.empty(*id),
            Place::Event(key, id) => {
                if let Some(trigger) = shared.triggers.get(key) {
                    trigger.empty(*id);
                }
            }
        }
        total = total.saturating_sub(oldest.bytes);
    }
}

/// Forgets what was done with a connection that is given up, whose secrets nothing is searched for any more. What a file
/// keeps stays, because it was searched before it was written.
pub(super) fn forget(shared: &Shared) {
    shared.recordings.forget();
    shared.runs.forget(shared.archive.is_some());
    for trigger in shared.triggers.values() {
        trigger.forget();
    }
}

/// Takes secrets out of all that is kept: what was typed somewhere before it was a connection's secret is one from now
/// on, and what was one must not turn up again.
pub(super) async fn take_out(shared: &Shared, secrets: Arc<Secrets>) {
    for values in shared.memory().forms.values_mut() {
        *values = forms::scrubbed(values, &secrets);
    }
    shared.runs.scrub(&secrets);
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
