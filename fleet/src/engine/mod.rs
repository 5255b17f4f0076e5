//! The seam to what is durable. A fleet needs an engine that keeps a record for each trigger, moves it on under a
//! version, keeps payloads until they are delivered, and lends shards to workers for a time. Nothing else of an engine
//! is known outside of this folder.

mod error;
#[cfg(test)]
pub(crate) mod fake;
mod lease;
pub(crate) mod postgres;
pub(crate) mod restate;

use std::future::Future;
use std::time::Duration;

pub(crate) use error::EngineError;
pub(crate) use lease::{Lease, LeaseRequest, Lent, Summary};

use crate::model::{Commit, Definition, Name, Record, Rollout, TriggerId, Undelivered};

/// What an engine does. All of it may be called by several workers at a time.
pub(crate) trait Engine: Clone + Send + Sync + 'static {
    /// The engine's name, for people.
    const NAME: &'static str;

    /// Makes a trigger, or gives one that is there another definition. The state stays, and whether it is paused.
    fn configure(
        &self,
        id: &TriggerId,
        definition: &Definition,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Leaves a trigger alone, or polls it again.
    fn pause(&self, id: &TriggerId, paused: bool) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Forgets a trigger, and what waits for its delivery.
    fn remove(&self, id: &TriggerId) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Has a trigger polled now, and not when it is due.
    fn poll_now(&self, id: &TriggerId) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// A trigger as it is kept.
    fn record(&self, id: &TriggerId) -> impl Future<Output = Result<Option<Record>, EngineError>> + Send;

    /// All triggers, or a tenant's, by name.
    fn list(&self, tenant: Option<&Name>) -> impl Future<Output = Result<Vec<Summary>, EngineError>> + Send;

    /// Moves a trigger on: its state, and with it the payload, or neither. Gives the new version, and how many payloads
    /// of the trigger are not delivered. [`EngineError::Conflict`] where the trigger is no longer as the poll had found
    /// it.
    fn commit(&self, commit: Commit<'_>) -> impl Future<Output = Result<(u64, Undelivered), EngineError>> + Send;

    /// How many payloads are not delivered, of all triggers together.
    fn undelivered(&self) -> impl Future<Output = Result<u64, EngineError>> + Send;

    /// Says that a worker lives, for `ttl` from now on, and gives all that live, by name.
    fn beat(&self, worker: &str, ttl: Duration) -> impl Future<Output = Result<Vec<String>, EngineError>> + Send;

    /// Takes, keeps and gives back shards. Shards that another worker holds are left out of the answer.
    fn lease(&self, request: &LeaseRequest<'_>) -> impl Future<Output = Result<Vec<Lent>, EngineError>> + Send;

    /// How a connector's versions are rolled out, where somebody has said so.
    fn rollout(&self, connector: &Name) -> impl Future<Output = Result<Option<Rollout>, EngineError>> + Send;

    /// Says how a connector's versions are to be rolled out.
    fn roll_out(&self, connector: &Name, rollout: &Rollout) -> impl Future<Output = Result<(), EngineError>> + Send;

    /// Holds a version back. Nothing happens where it is held already or nobody has said how to roll out.
    fn hold(
        &self,
        connector: &Name,
        version: &str,
        reason: &str,
    ) -> impl Future<Output = Result<(), EngineError>> + Send;
}
