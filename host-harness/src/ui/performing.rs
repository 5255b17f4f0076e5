//! Performs actions, each on a task of its own: what becomes of it does not depend on whether a page waits for it.

use std::sync::Arc;
use std::time::Instant;

use host::Connection;
use host::egress::Secrets;
use serde_json::Value;
use tokio::sync::Notify;

use super::forms::Values;
use super::history;
use super::run::{Failed, Run};
use super::runs::{Begun, Record};
use super::shared::Shared;

/// Begins a run, and gives its id; none if there are too many under way.
pub(super) fn start(shared: &Arc<Shared>, action: &str, values: Values, inputs: Value) -> Option<u64> {
    let Begun { record, cancel } = shared.runs.begin(action, values)?;
    let id = record.id;
    let held = shared.memory().connection.as_ref().map(|held| (held.connection.clone(), held.redactor().clone()));
    let (connection, secrets) = held.unzip();
    let (shared, action) = (shared.clone(), action.to_owned());
    tokio::spawn(async move {
        archive(&shared, record, secrets.clone()).await;
        let work = tokio::spawn(perform(shared.clone(), connection, action, inputs, cancel));
        let run = work.await.unwrap_or_else(|_| Run::refused(Failed::defect()));
        if let Some(record) = shared.runs.end(id, run) {
            archive(&shared, record, secrets).await;
        }
        history::trim(&shared);
    });
    Some(id)
}

async fn perform(
    shared: Arc<Shared>,
    connection: Option<Connection>,
    action: String,
    inputs: Value,
    cancel: Arc<Notify>,
) -> Run {
    let Some(connection) = connection else { return Run::refused(Failed::no_connection()) };
    let began = Instant::now();
    tokio::select! {
        outcome = shared.connector.perform(&action, &connection, &inputs, &shared.options) => Run::of(outcome, Into::into),
        () = cancel.notified() => Run::given_up(Failed::stopped(), began.elapsed()),
    }
}

/// Writes a run into the file that keeps them, if there is one, without the connection's secrets.
async fn archive(shared: &Arc<Shared>, record: Record, secrets: Option<Arc<Secrets>>) {
    let Some(archive) = shared.archive.clone() else { return };
    // The disk may be slow, and a task must not be.
    tokio::task::spawn_blocking(move || archive.keep(&record, secrets.as_deref())).await.ok();
}
