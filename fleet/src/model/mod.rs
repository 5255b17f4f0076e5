//! What a fleet is made of: tenants' triggers by name, their definitions, what is kept of each, and which version of a
//! connector polls it. Pure; everything here is checked when it is read, because it comes from files, from an engine's
//! ports and from a database.

mod definition;
mod destination;
mod names;
mod record;
mod rollout;
mod unique;

pub(crate) use definition::Definition;
pub(crate) use destination::{Destination, Handler};
pub(crate) use names::{Name, SHARDS, Shard, TriggerId};
pub(crate) use record::{Commit, Incarnation, Kept, Payload, Record, Undelivered, now};
pub(crate) use rollout::Rollout;
pub(crate) use unique::Unique;
