//! Which worker polls which shards, as each works out for itself from who lives: the same answer everywhere, and when a
//! worker comes or goes, only its share moves. Pure.

use sha2::{Digest, Sha256};

use crate::model::Shard;

/// The shards that are this worker's while these live. Rendezvous hashing: of all workers, the one with the highest
/// number for a shard has it.
pub(super) fn share(worker: &str, alive: &[String]) -> Vec<Shard> {
    let is_mine = |shard: &Shard| {
        let mine = weight(worker, *shard);
        alive.iter().filter(|other| *other != worker).all(|other| mine > weight(other, *shard))
    };
    Shard::all().filter(is_mine).collect()
}

fn weight(worker: &str, shard: Shard) -> [u8; 32] {
    Sha256::new().chain_update(worker).chain_update([0]).chain_update(shard.0.to_be_bytes()).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SHARDS;

    fn workers(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("worker-{n}")).collect()
    }

    #[test]
    fn every_shard_is_one_workers_and_all_have_some() {
        for count in [1, 2, 3, 8] {
            let alive = workers(count);
            let shares: Vec<Vec<Shard>> = alive.iter().map(|worker| share(worker, &alive)).collect();
            let mut all: Vec<Shard> = shares.concat();
            all.sort();
            assert!(all.iter().copied().eq(Shard::all()));
            let even = usize::from(SHARDS) / count;
            assert!(shares.iter().all(|share| share.len() > even / 2 && share.len() < even * 3 / 2 + 1), "{count}");
        }
    }

    #[test]
    fn when_a_worker_goes_only_its_share_moves() {
        let (all, fewer) = (workers(4), workers(3));
        for worker in &fewer {
            let after = share(worker, &fewer);
            assert!(share(worker, &all).iter().all(|shard| after.contains(shard)), "{worker}");
        }
    }
}
