//! Tests the connection, on a task of its own: what it comes to does not depend on whether a page waits for it.

use std::sync::Arc;
use std::time::Duration;

use host::Connection;
use host::contract::Account;

use super::progress::Purpose;
use super::refused;
use super::run::Failed;
use super::shared::Shared;

/// Begins to test the connection that there is, if there is one. The handle is for whoever wants to wait for the end.
pub(super) fn start(shared: &Arc<Shared>) -> tokio::task::JoinHandle<()> {
    let begun = shared.memory().begin_test();
    let shared = shared.clone();
    tokio::spawn(async move {
        let Some((used, cancel)) = begun else { return };
        let (testing, stopped, connection) = (shared.clone(), cancel.clone(), used.connection);
        let work = tokio::spawn(async move {
            tokio::select! {
                biased;
                () = stopped.notified() => None,
                said = test(&testing, &connection) => Some(said),
            }
        });
        let said = work.await.unwrap_or_else(|_| Some(Err(Failed::defect())));
        shared.memory().end_test(used.number, &cancel, said);
        shared.tested.send_modify(|tests| *tests += 1);
    })
}

async fn test(shared: &Arc<Shared>, connection: &Connection) -> Result<Account, Failed> {
    let (options, _watched) = shared.progress.watch(Purpose::Test, &shared.options);
    let mut tested = match shared.connector.test_connection(connection, &options).await {
        Ok(outcome) => Ok(outcome.value),
        Err(failure) => Err(Failed::from(&failure.error)),
    };
    if let Err(failed) = &mut tested {
        refused::complete(shared, failed).await;
    }
    tested
}

/// Waits until no test is under way, at most this long.
pub(super) async fn wait(shared: &Shared, at_most: Duration) {
    let mut tested = shared.tested.subscribe();
    // Both ends mean the same: show what there is.
    tokio::time::timeout(at_most, tested.wait_for(|_| shared.memory().testing().is_none())).await.ok();
}
