//! What starts a flow: one file a trigger.

mod poll_changes;

#[cfg(test)]
mod tests;

pub use poll_changes::NAMES;
pub(crate) use poll_changes::PollChanges;

/// What the trigger asks of the service.
pub(crate) const QUERIES: &[(&str, &str)] = poll_changes::QUERIES;
