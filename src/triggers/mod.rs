//! What starts a flow: one file a trigger.

mod poll_changes;

#[cfg(test)]
mod pages_tests;
#[cfg(test)]
mod states_tests;

pub use poll_changes::NAMES;
pub(crate) use poll_changes::PollChanges;

/// What the trigger asks of Duro.
pub(crate) const QUERIES: &[(&str, &str)] = poll_changes::QUERIES;
