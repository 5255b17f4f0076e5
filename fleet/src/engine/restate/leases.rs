//! The object that lends shards and knows which workers live. There is one of it: a worker comes every few seconds,
//! whatever number of triggers it polls, and nobody else does.

use std::collections::BTreeMap;

use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::model::Shard;

/// The one object's key.
pub(super) const LEASES: &str = "fleet";

/// The longest lease, in milliseconds, whatever somebody asks for.
const LONGEST: u64 = 10 * 60 * 1_000;
/// The longest name of a worker, in bytes.
const LONGEST_NAME: usize = 64;

/// Which workers live, and who holds what.
const TABLE: &str = "table";
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

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Beat {
    pub(super) worker: String,
    pub(super) milliseconds: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LeaseCall {
    pub(super) worker: String,
    pub(super) milliseconds: u64,
    pub(super) wanted: Vec<Shard>,
    pub(super) given_back: Vec<Shard>,
}

/// A shard that is lent.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LentShard {
    pub(super) shard: Shard,
    pub(super) epoch: u64,
}

impl Table {
    fn beat(&mut self, beat: Beat, now: u64) -> Vec<String> {
        self.workers.insert(beat.worker, now.saturating_add(beat.milliseconds.min(LONGEST)));
        self.workers.retain(|_, until| *until > now);
        self.workers.keys().cloned().collect()
    }

    /// Lends what is wanted and free.
    fn lend(&mut self, call: &LeaseCall, now: u64) -> Vec<LentShard> {
        for shard in &call.given_back {
            if let Some(holder) = self.shards.get_mut(&shard.0).filter(|holder| holder.worker == call.worker) {
                holder.until = 0;
            }
        }
        let until = now.saturating_add(call.milliseconds.min(LONGEST));
        let mut lent = Vec::with_capacity(call.wanted.len());
        for shard in &call.wanted {
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
            lent.push(LentShard { shard: *shard, epoch: holder.epoch });
        }
        lent
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
        is_worker(&beat.worker)?;
        let now = now(&ctx).await?;
        let mut table = table(&ctx).await?;
        let alive = table.beat(beat, now);
        ctx.set(TABLE, Json(table));
        Ok(Json(alive))
    }

    /// Lends shards.
    #[handler]
    async fn lease(&self, ctx: ObjectContext<'_>, Json(call): Json<LeaseCall>) -> HandlerResult<Json<Vec<LentShard>>> {
        is_worker(&call.worker)?;
        let now = now(&ctx).await?;
        let mut table = table(&ctx).await?;
        let lent = table.lend(&call, now);
        ctx.set(TABLE, Json(table));
        Ok(Json(lent))
    }
}

fn is_worker(name: &str) -> Result<(), TerminalError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    match (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_plain) {
        true => Ok(()),
        false => {
            Err(TerminalError::new_with_code(400, "this is no worker's name: letters, digits and \"-\", up to 64"))
        }
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
        let wanted = wanted.iter().copied().map(Shard).collect();
        LeaseCall { worker: worker.into(), milliseconds: 10, wanted, given_back: Vec::new() }
    }

    fn lend(table: &mut Table, call: &LeaseCall, now: u64) -> Vec<(u16, u64)> {
        table.lend(call, now).into_iter().map(|lent| (lent.shard.0, lent.epoch)).collect()
    }

    #[test]
    fn a_shard_is_held_by_one_worker_until_it_is_given_back_or_its_time_is_over() {
        let mut table = Table::default();
        assert_eq!(lend(&mut table, &call("a", &[1, 2]), 100), [(1, 1), (2, 1)]);
        assert_eq!(lend(&mut table, &call("b", &[2, 3]), 109), [(3, 1)]);
        assert_eq!(lend(&mut table, &call("a", &[1]), 109), [(1, 1)]);
        // Shard 2 was not renewed.
        assert_eq!(lend(&mut table, &call("b", &[1, 2]), 110), [(2, 2)]);
        let back = LeaseCall { given_back: vec![Shard(1), Shard(2)], ..call("a", &[]) };
        assert_eq!(lend(&mut table, &back, 111), [] as [(u16, u64); 0]);
        assert_eq!(lend(&mut table, &call("b", &[1]), 111), [(1, 2)]);
        // Nobody else gives back what is held.
        assert_eq!(lend(&mut table, &call("a", &[2]), 112), [] as [(u16, u64); 0]);
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
}
