//! Says to the engine that this worker lives, works out its share of the shards, and takes, keeps and gives them back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::holding::Holding;
use super::share::share;
use crate::engine::{Engine, EngineError, Lease, LeaseRequest};
use crate::model::{Record, Shard, TriggerId};

/// A worker among others.
pub(super) struct Membership<E> {
    engine: E,
    worker: String,
    ttl: Duration,
    held: BTreeMap<Shard, HeldShard>,
}

struct HeldShard {
    holding: Arc<Holding>,
    seen: u64,
    until: Instant,
}

/// What a worker hears when it renews its leases.
#[derive(Default)]
pub(super) struct News {
    /// How many workers live, this one among them.
    pub(super) workers: usize,
    /// Payloads of all triggers that are not delivered.
    pub(super) undelivered: Option<u64>,
    /// Triggers of shards that were taken: all of them.
    pub(super) taken: Vec<(Record, Arc<Holding>)>,
    /// Triggers that their owners changed.
    pub(super) changed: Vec<(Record, Arc<Holding>)>,
    /// Triggers that were asked for because they waited.
    pub(super) looked_at: Vec<(Record, Arc<Holding>)>,
    /// Triggers that their owners removed.
    pub(super) removed: Vec<TriggerId>,
    /// Shards that are no longer this worker's.
    pub(super) lost: Vec<Shard>,
}

impl<E: Engine> Membership<E> {
    pub(super) fn new(engine: E, worker: String, ttl: Duration) -> Self {
        Self { engine, worker, ttl, held: BTreeMap::new() }
    }

    /// Renews what is held, takes what is due to this worker, gives back what is another's by now.
    pub(super) async fn renew(&mut self) -> Result<News, EngineError> {
        let mut news = News::default();
        let renewed = self.try_to_renew(&mut news).await;
        let now = Instant::now();
        let over: Vec<Shard> =
            self.held.iter().filter(|(_, held)| held.until <= now).map(|(shard, _)| *shard).collect();
        for shard in over {
            warn!("the lease of shard {shard} is over: it could not be renewed in time");
            self.let_go(shard, &mut news);
        }
        match renewed {
            // What was lost must be heard of all the same.
            Err(error) if news.lost.is_empty() => Err(error),
            Err(error) => {
                warn!("leases could not be renewed: {error}");
                Ok(news)
            }
            Ok(()) => Ok(news),
        }
    }

    async fn try_to_renew(&mut self, news: &mut News) -> Result<(), EngineError> {
        let alive = self.engine.beat(&self.worker, self.ttl).await?;
        news.workers = alive.len().max(1);
        let mine = share(&self.worker, &alive);
        // From before it is asked for: over here no later than over there.
        let until = Instant::now() + self.ttl;
        let given_back: Vec<Shard> =
            self.held.keys().filter(|shard| mine.binary_search(shard).is_err()).copied().collect();
        // Not polled any more before another may.
        for shard in &given_back {
            self.let_go(*shard, news);
        }
        let wanted: Vec<Lease> = mine
            .iter()
            .map(|shard| Lease { shard: *shard, seen: self.held.get(shard).map(|held| held.seen) })
            .collect();
        let request = LeaseRequest { worker: &self.worker, ttl: self.ttl, wanted: &wanted, given_back: &given_back };
        let lent = self.engine.lease(&request).await?;
        let lost: Vec<Shard> =
            self.held.keys().filter(|shard| !lent.iter().any(|lent| lent.shard == **shard)).copied().collect();
        for shard in lost {
            info!("shard {shard} went to another worker");
            self.let_go(shard, news);
        }
        for lent in lent {
            let held = self.held.get_mut(&lent.shard);
            let (holding, records) = match held {
                Some(held) => {
                    held.holding.renew(lent.epoch, until);
                    (held.seen, held.until) = (lent.seen, until);
                    (held.holding.clone(), &mut news.changed)
                }
                None => {
                    let holding = Arc::new(Holding::new(lent.epoch, until));
                    self.held.insert(lent.shard, HeldShard { holding: holding.clone(), seen: lent.seen, until });
                    (holding, &mut news.taken)
                }
            };
            records.extend(lent.changed.into_iter().map(|record| (record, holding.clone())));
            news.removed.extend(lent.removed);
        }
        Ok(())
    }

    fn let_go(&mut self, shard: Shard, news: &mut News) {
        if let Some(held) = self.held.remove(&shard) {
            held.holding.end();
            news.lost.push(shard);
        }
    }

    /// Gives everything back, and says that this worker ends.
    pub(super) async fn leave(mut self) -> Result<(), EngineError> {
        let given_back: Vec<Shard> = std::mem::take(&mut self.held).into_keys().collect();
        self.engine.beat(&self.worker, Duration::ZERO).await?;
        let request = LeaseRequest { worker: &self.worker, ttl: self.ttl, wanted: &[], given_back: &given_back };
        self.engine.lease(&request).await.map(|_| ())
    }
}
