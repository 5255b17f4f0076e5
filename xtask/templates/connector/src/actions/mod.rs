//! What a flow can do: one file an action, beside its query and an example of its result.

mod list_things;

pub(crate) use list_things::ListThings;
