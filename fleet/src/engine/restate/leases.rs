//! The object that lends shards, and knows which workers live and which triggers were changed by their owners. There is
//! one of it: a worker comes every few seconds, whatever number of triggers it polls.

use std::collections::BTreeMap;

use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::engine::Lent;
use crate::model::{Shard, TriggerId};

/// The one object's key.
pub(super) const LEASES: &str = "fleet";

/// Which workers live, and who holds what.
const TABLE: &str = "table";
/// What owners changed of late.
const CHANGES: &str = "changes";
/// So many changes are remembered. Whoever has not heard of an older one reads all triggers anew.
const MOST_CHANGES: usize = 64;

pub(super) struct Leases;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Table {
    /// Until when each worker is taken for alive, in milliseconds since 1970.
    workers: BTreeMap<String, u64>,
    shards: BTreeMap<u16, Holder>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    worker: String,
    until: u64,
    epoch: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Changes {
    count: u64,
    recent: Vec<Changed>,
}

/// A trigger that its owner changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Changed {
    /// Which change of all it was.
    number: u64,
    pub(super) id: TriggerId,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Beat {
    pub(super) worker: String,
    pub(super) milliseconds: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LeaseCall {
    pub(super) worker: String,
    pub(super) milliseconds: u64,
    pub(super) wanted: Vec<Wanted>,
    pub(super) given_back: Vec<Shard>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Wanted {
    pub(super) shard: Shard,
    pub(super) seen: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LentShard {
    shard: Shard,
    epoch: u64,
    seen: u64,
    /// Whether all of the shard's triggers have to be read.
    all: bool,
    changed: Vec<Changed>,
}

impl LentShard {
    /// Whether all are to be read, else which, and the rest.
    pub(super) fn split(self) -> (bool, Vec<Changed>, Lent) {
        let lent = Lent {
            shard: self.shard,
            epoch: self.epoch,
            seen: self.seen,
            changed: Vec::new(),
            removed: Vec::new(),
        };
        (self.all, self.changed, lent)
    }
}

impl Table {
    fn beat(&mut self, beat: Beat, now: u64) -> Vec<String> {
        self.workers.insert(beat.worker, now.saturating_add(beat.milliseconds));
        self.workers.retain(|_, until| *until > now);
        self.workers.keys().cloned().collect()
    }

    /// Lends what is wanted and free. Gives the shards with their epochs.
    fn lend(&mut self, call: &LeaseCall, now: u64) -> Vec<(Shard, u64)> {
        for shard in &call.given_back {
            if let Some(holder) = self.shards.get_mut(&shard.0).filter(|holder| holder.worker == call.worker) {
                holder.until = 0;
            }
        }
        let until = now.saturating_add(call.milliseconds);
        let mut lent = Vec::with_capacity(call.wanted.len());
        for Wanted { shard, .. } in &call.wanted {
            let holder = self.shards.entry(shard.0);
            let holder = holder.or_insert_with(|| Holder { worker: String::new(), until: 0, epoch: 0 });
            let is_free = holder.until <= now;
            if !is_free && holder.worker != call.worker {
                continue;
            }
            if is_free {
                holder.epoch = holder.epoch.saturating_add(1);
                holder.worker.clone_from(&call.worker);
            }
            holder.until = until;
            lent.push((*shard, holder.epoch));
        }
        lent
    }
}

impl Changes {
    fn note(&mut self, id: TriggerId) {
        self.count = self.count.saturating_add(1);
        self.recent.retain(|changed| changed.id != id);
        self.recent.push(Changed { number: self.count, id });
        let too_many = self.recent.len().saturating_sub(MOST_CHANGES);
        self.recent.drain(..too_many);
    }

    /// What changed in a shard since; none where that is no longer known.
    fn since(&self, shard: Shard, seen: Option<u64>) -> Option<Vec<Changed>> {
        let seen = seen?;
        let forgotten = self.recent.first().map_or(self.count, |oldest| oldest.number.saturating_sub(1));
        // A full list may have dropped what came between; one that is not full has all there ever was.
        if self.recent.len() >= MOST_CHANGES && seen < forgotten {
            return None;
        }
        let changed = self.recent.iter().filter(|changed| changed.number > seen && changed.id.shard() == shard);
        Some(changed.cloned().collect())
    }
}

#[object(
    name = "FleetLeases",
    journal_retention = "0s",
    client_visibility = "pub(super)",
    invocation_retry_policy(initial_interval = "50ms", factor = 2.0, max_interval = "2s", max_attempts = 1000000)
)]
impl Leases {
    /// Says that a worker lives, and gives all that live.
    #[handler]
    async fn beat(&self, ctx: ObjectContext<'_>, Json(beat): Json<Beat>) -> HandlerResult<Json<Vec<String>>> {
        let now = now(&ctx).await?;
        let mut table = table(&ctx).await?;
        let alive = table.beat(beat, now);
        ctx.set(TABLE, Json(table));
        Ok(Json(alive))
    }

    /// Lends shards.
    #[handler]
    async fn lease(&self, ctx: ObjectContext<'_>, Json(call): Json<LeaseCall>) -> HandlerResult<Json<Vec<LentShard>>> {
        let now = now(&ctx).await?;
        let mut table = table(&ctx).await?;
        let changes = ctx.get::<Json<Changes>>(CHANGES).await?.map(Json::into_inner).unwrap_or_default();
        let lent = table.lend(&call, now);
        ctx.set(TABLE, Json(table));
        let seen: BTreeMap<Shard, Option<u64>> = call.wanted.iter().map(|wanted| (wanted.shard, wanted.seen)).collect();
        let lent = lent.into_iter().map(|(shard, epoch)| {
            let changed = changes.since(shard, seen.get(&shard).copied().flatten());
            let all = changed.is_none();
            LentShard { shard, epoch, seen: changes.count, all, changed: changed.unwrap_or_default() }
        });
        Ok(Json(lent.collect()))
    }

    /// Notes that a trigger was changed by its owner.
    #[handler(ingress_private = true)]
    async fn changed(&self, ctx: ObjectContext<'_>, Json(id): Json<TriggerId>) -> HandlerResult<()> {
        let mut changes = ctx.get::<Json<Changes>>(CHANGES).await?.map(Json::into_inner).unwrap_or_default();
        changes.note(id);
        ctx.set(CHANGES, Json(changes));
        Ok(())
    }
}

async fn table(ctx: &ObjectContext<'_>) -> Result<Table, TerminalError> {
    Ok(ctx.get::<Json<Table>>(TABLE).await?.map(Json::into_inner).unwrap_or_default())
}

/// Milliseconds since 1970, the same each time that the handler is run.
async fn now(ctx: &ObjectContext<'_>) -> Result<u64, TerminalError> {
    ctx.run(|| async {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(super::milliseconds(since))
    })
    .name("now")
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(worker: &str, wanted: &[u16]) -> LeaseCall {
        let wanted = wanted.iter().map(|shard| Wanted { shard: Shard(*shard), seen: None }).collect();
        LeaseCall { worker: worker.into(), milliseconds: 10, wanted, given_back: Vec::new() }
    }

    #[test]
    fn a_shard_is_held_by_one_worker_until_it_is_given_back_or_its_time_is_over() {
        let mut table = Table::default();
        assert_eq!(table.lend(&call("a", &[1, 2]), 100), [(Shard(1), 1), (Shard(2), 1)]);
        assert_eq!(table.lend(&call("b", &[2, 3]), 109), [(Shard(3), 1)]);
        assert_eq!(table.lend(&call("a", &[1]), 109), [(Shard(1), 1)]);
        // Shard 2 was not renewed.
        assert_eq!(table.lend(&call("b", &[1, 2]), 110), [(Shard(2), 2)]);
        let back = LeaseCall { given_back: vec![Shard(1), Shard(2)], ..call("a", &[]) };
        assert_eq!(table.lend(&back, 111), []);
        assert_eq!(table.lend(&call("b", &[1]), 111), [(Shard(1), 2)]);
        // Nobody else gives back what is held.
        assert_eq!(table.lend(&call("a", &[2]), 112), []);
    }

    #[test]
    fn workers_live_until_they_are_silent_or_say_that_they_end() {
        let mut table = Table::default();
        let beat = |worker: &str, milliseconds| Beat { worker: worker.into(), milliseconds };
        assert_eq!(table.beat(beat("a", 10), 100), ["a"]);
        assert_eq!(table.beat(beat("b", 10), 105), ["a", "b"]);
        assert_eq!(table.beat(beat("b", 10), 110), ["b"]);
        assert_eq!(table.beat(beat("b", 0), 111), [] as [&str; 0]);
    }

    #[test]
    fn changes_are_told_once_to_each_who_has_not_heard_of_them_and_all_is_read_where_some_were_forgotten() {
        let mut changes = Changes::default();
        let id: TriggerId = "acme/parts".parse().unwrap();
        let since = |changes: &Changes, seen| changes.since(id.shard(), seen).map(|changed| changed.len());
        assert_eq!((since(&changes, None), since(&changes, Some(0))), (None, Some(0)));
        changes.note(id.clone());
        changes.note(id.clone());
        assert_eq!((since(&changes, Some(0)), since(&changes, Some(1)), since(&changes, Some(2))), (Some(1), Some(1), Some(0)));
        assert_eq!(changes.since(Shard(0), Some(0)).map(|changed| changed.len()), Some(0));
        for n in 0..MOST_CHANGES {
            changes.note(format!("acme/p{n}").parse().unwrap());
        }
        assert_eq!((since(&changes, Some(1)), since(&changes, Some(2)).is_some()), (None, true));
    }
}
