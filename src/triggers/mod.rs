//! What starts a flow: one folder a trigger.

pub mod poll_changes;

use crate::connection::Configured;
use crate::error::Error;
use crate::host::Host;
use crate::manifest::TRIGGERS;

/// What one poll found.
#[derive(Debug)]
pub struct PollResult {
    /// The payload to start a flow with, JSON.
    pub payload: String,
    /// Whether the payload holds no change.
    pub no_changes: bool,
    /// What the next poll needs.
    pub state: Vec<u8>,
    /// Whether more changes are known to wait.
    pub more: bool,
}

/// Polls the trigger of this key once.
pub fn poll(
    host: &impl Host,
    key: &str,
    configured: Configured<'_>,
    inputs: &str,
    state: Option<&[u8]>,
) -> Result<PollResult, Error> {
    match key {
        "pollChangesTrigger" => poll_changes::poll(host, configured, inputs, state),
        _ => {
            let known: Vec<&str> = TRIGGERS.iter().map(|trigger| trigger.about.key).collect();
            Err(Error::UnknownKey(format!("there is no trigger {key:?}; there are {}", known.join(", "))))
        }
    }
}
