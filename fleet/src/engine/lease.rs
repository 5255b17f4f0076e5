//! What a worker asks of an engine for its shards, and what it gets.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Record, Shard, TriggerId};

/// What a worker wants to hold from now on.
#[derive(Debug)]
pub(crate) struct LeaseRequest<'a> {
    /// Who asks: another name for each process that ever asks.
    pub(crate) worker: &'a str,
    /// For how long.
    pub(crate) ttl: Duration,
    /// The shards to take or to keep.
    pub(crate) wanted: &'a [Lease],
    /// The shards to give back.
    pub(crate) given_back: &'a [Shard],
}

/// What a worker knows of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Which one.
    pub(crate) shard: Shard,
    /// Up to which change of definitions it has heard of; none where it does not hold the shard yet.
    pub(crate) seen: Option<u64>,
}

/// A shard that is lent to the worker.
#[derive(Debug)]
pub(crate) struct Lent {
    /// Which one.
    pub(crate) shard: Shard,
    /// Grows whenever another worker takes the shard.
    pub(crate) epoch: u64,
    /// What to name next time as [`Lease::seen`].
    pub(crate) seen: u64,
    /// All triggers of the shard where nothing was seen before; else those that were changed since by their owners.
    pub(crate) changed: Vec<Record>,
    /// Triggers that were removed since.
    pub(crate) removed: Vec<TriggerId>,
}

/// What a list of triggers says of each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// Which one.
    pub(crate) id: TriggerId,
    /// The connector.
    pub(crate) connector: String,
    /// The key of the connector's trigger.
    pub(crate) trigger: String,
    /// Whether it is left alone.
    pub(crate) paused: bool,
    /// How often it was moved on.
    pub(crate) version: u64,
    /// The version of the connector that wrote its state; none before the first poll.
    pub(crate) polled_by: Option<String>,
    /// Payloads that are not delivered yet.
    pub(crate) undelivered: u32,
    /// Their size together.
    pub(crate) undelivered_bytes: u64,
}
