//! What starts a flow: one file a trigger.

mod poll_changes;

pub(crate) use poll_changes::PollChanges;
