//! The engine on Restate: an object a trigger, which is the only writer of its state; one that delivers what the
//! trigger found, in order; one that lends the shards. Quiet polls come to none of them.

mod admin;
mod changes;
mod client;
mod delivery;
mod leases;
mod parts;
mod rollouts;
mod serve;
mod stored;
mod trigger;

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::time::Duration;

use restate_sdk::ingress::ClientError;
use restate_sdk::prelude::Json;
use url::Url;

use admin::Admin;
use changes::{CHANGES, Changed, ChangesIngressClient};
use client::{Executor, problem};
use leases::{LEASES, LeaseCall, LeasesIngressClient, LentShard};
pub(crate) use parts::Parts;
use rollouts::RolloutsIngressClient;
pub(crate) use serve::{Served, serve};
use stored::{Configure, Stored};
use trigger::TriggerIngressClient;

use super::{Engine, EngineError, LeaseRequest, Lent, Summary};
use crate::http::Trust;
use crate::model::{Commit, Definition, Incarnation, Name, Record, Rollout, Shard, TriggerId, Undelivered};

/// More records than these are read in one query, and not one by one.
const MOST_BY_ONE: usize = 50;

/// A Restate that keeps a fleet.
#[derive(Clone)]
pub(crate) struct Restate {
    client: restate_sdk::ingress::Client<Executor>,
    admin: Admin,
}

impl Restate {
    /// `ingress` is where its handlers are called, `admin` where it is asked what it keeps.
    pub(crate) fn new(ingress: &Url, admin: &Url, trust: &Trust) -> Result<Self, EngineError> {
        let executor = Executor::new(trust)?;
        let admin = Admin::new(admin.clone(), executor.clone());
        let wrong = |text: String| EngineError::Unusable(format!("Restate's URL {ingress} cannot be used: {text}"));
        let uri: http::Uri =
            ingress.as_str().parse().map_err(|error: http::uri::InvalidUri| wrong(error.to_string()))?;
        let client = restate_sdk::ingress::Client::new(uri, executor).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { client, admin })
    }

    /// Where it is asked what it keeps.
    pub(crate) fn admin(&self) -> &Admin {
        &self.admin
    }

    fn trigger(&self, id: &TriggerId) -> TriggerIngressClient<Executor> {
        TriggerIngressClient::from_client(self.client.clone(), id.to_string())
    }

    fn leases(&self) -> LeasesIngressClient<Executor> {
        LeasesIngressClient::from_client(self.client.clone(), LEASES)
    }

    fn changes(&self) -> ChangesIngressClient<Executor> {
        ChangesIngressClient::from_client(self.client.clone(), CHANGES)
    }

    fn rollouts(&self, connector: &Name) -> RolloutsIngressClient<Executor> {
        RolloutsIngressClient::from_client(self.client.clone(), connector.as_str())
    }
}

/// The body of what a handler answered.
async fn body<T: serde::de::DeserializeOwned + serde::Serialize>(
    call: impl Future<Output = Result<restate_sdk::ingress::CallResponse<Executor, Json<T>>, ClientError>>,
) -> Result<T, EngineError> {
    let Json(body) = call.await.map_err(problem)?.into_body().map_err(problem)?;
    Ok(body)
}

impl Engine for Restate {
    const NAME: &'static str = "Restate";

    async fn configure(&self, id: &TriggerId, definition: &Definition) -> Result<(), EngineError> {
        let incarnation = Incarnation::new().map_err(|error| EngineError::Unavailable(error.to_string()))?;
        let call = Configure { incarnation, definition: definition.clone() };
        body(self.trigger(id).configure(Json(call)).call()).await
    }

    async fn pause(&self, id: &TriggerId, paused: bool) -> Result<(), EngineError> {
        if paused { body(self.trigger(id).pause().call()).await } else { body(self.trigger(id).resume().call()).await }
    }

    async fn remove(&self, id: &TriggerId) -> Result<(), EngineError> {
        body(self.trigger(id).remove().call()).await
    }

    async fn poll_now(&self, id: &TriggerId) -> Result<(), EngineError> {
        body(self.trigger(id).poll().call()).await
    }

    async fn record(&self, id: &TriggerId) -> Result<Option<Record>, EngineError> {
        let stored: Option<Stored> = body(self.trigger(id).record().call()).await?;
        Ok(stored.map(|stored| stored.into_record(id.clone())))
    }

    async fn list(&self, tenant: Option<&Name>) -> Result<Vec<Summary>, EngineError> {
        let records = self.admin.records(tenant).await?;
        Ok(records.into_iter().map(|(id, stored)| stored.summary(id)).collect())
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<(u64, Undelivered), EngineError> {
        let trigger = self.trigger(commit.id);
        let moved: Option<(u64, Undelivered)> = body(trigger.commit(Json(commit.into())).call()).await?;
        moved.ok_or(EngineError::Conflict)
    }

    async fn undelivered(&self) -> Result<u64, EngineError> {
        self.admin.waiting().await
    }

    async fn beat(&self, worker: &str, ttl: Duration) -> Result<Vec<String>, EngineError> {
        let call = leases::Beat { worker: worker.to_owned(), milliseconds: milliseconds(ttl) };
        body(self.leases().beat(Json(call)).call()).await
    }

    async fn lease(&self, request: &LeaseRequest<'_>) -> Result<Vec<Lent>, EngineError> {
        let call = LeaseCall {
            worker: request.worker.to_owned(),
            milliseconds: milliseconds(request.ttl),
            wanted: request.wanted.iter().map(|lease| lease.shard).collect(),
            given_back: request.given_back.to_vec(),
        };
        let lent = body(self.leases().lease(Json(call)).call()).await?;
        let seen: HashMap<Shard, Option<u64>> = request.wanted.iter().map(|lease| (lease.shard, lease.seen)).collect();
        let seen = |shard: Shard| seen.get(&shard).copied().flatten();
        let oldest = lent.iter().filter_map(|lent| seen(lent.shard)).min();
        // Asked before any record is read: what changes after it is heard of next time.
        let since = body(self.changes().since(oldest.unwrap_or(u64::MAX)).call()).await?;
        let is_new = |shard: Shard| seen(shard).is_none() || since.changed.is_none();
        let mut changed: Vec<TriggerId> = Vec::new();
        for Changed { number, id } in since.changed.iter().flatten() {
            if lent.iter().any(|lent| lent.shard == id.shard()) && seen(id.shard()).is_some_and(|seen| *number > seen) {
                changed.push(id.clone());
            }
        }
        let reads_all = lent.iter().any(|lent| is_new(lent.shard)) || changed.len() > MOST_BY_ONE;
        let mut shards: BTreeMap<Shard, Lent> = lent
            .into_iter()
            .map(|LentShard { shard, epoch }| {
                (shard, Lent { shard, epoch, seen: since.count, changed: Vec::new(), removed: Vec::new() })
            })
            .collect();
        if reads_all {
            // One query for all of them, however many there are.
            for (id, stored) in self.admin.records(None).await? {
                let Some(lent) = shards.get_mut(&id.shard()) else { continue };
                let was_changed = changed.iter().position(|changed| *changed == id);
                if let Some(place) = was_changed {
                    changed.swap_remove(place);
                }
                if was_changed.is_some() || is_new(id.shard()) {
                    lent.changed.push(stored.into_record(id));
                }
            }
            // What is not among the records is not there.
            for id in changed {
                if let Some(lent) = shards.get_mut(&id.shard()) {
                    lent.removed.push(id);
                }
            }
        } else {
            for id in changed {
                let Some(lent) = shards.get_mut(&id.shard()) else { continue };
                match self.record(&id).await? {
                    Some(record) => lent.changed.push(record),
                    None => lent.removed.push(id),
                }
            }
        }
        Ok(shards.into_values().collect())
    }

    async fn rollout(&self, connector: &Name) -> Result<Option<Rollout>, EngineError> {
        body(self.rollouts(connector).get().call()).await
    }

    async fn roll_out(&self, connector: &Name, rollout: &Rollout) -> Result<(), EngineError> {
        body(self.rollouts(connector).set(Json(rollout.clone())).call()).await
    }

    async fn hold(&self, connector: &Name, version: &str, reason: &str) -> Result<(), EngineError> {
        let call = rollouts::Hold { version: version.to_owned(), reason: reason.to_owned() };
        body(self.rollouts(connector).hold(Json(call)).call()).await
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
