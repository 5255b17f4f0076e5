//! Whether the next poll of a trigger would take a state, asked of its connector without a request to the service.

use std::sync::Arc;

use host::contract::Error;
use host::{CallError, CallOptions, Connection, Connector, Limits};
use serde::Serialize;

/// Asks the connector. A poll that may send nothing reads its state before it finds that out: it costs one call of the
/// component, and nothing leaves. Whose the records are is known to the service alone, and is not checked.
pub(crate) async fn taken(
    connector: &Connector,
    key: &str,
    connection: &Connection,
    inputs: &(impl Serialize + Sync),
    state: &[u8],
    options: &CallOptions,
) -> Result<(), CallError> {
    let limits = Arc::new(Limits { requests: 0, ..*options.limits });
    // Nobody else hears of it: it is no poll.
    let options = CallOptions { limits, grants: options.grants, ..CallOptions::default() };
    match connector.poll(key, connection, inputs, Some(state), &options).await {
        // It needs no request to say that it takes it.
        Ok(_) => Ok(()),
        Err(failure) => match failure.error {
            CallError::Limit { answer: Some(Error::Transport(_)), .. } => Ok(()),
            error => Err(error),
        },
    }
}
