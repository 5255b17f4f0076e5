//! Delivers what waits in PostgreSQL's outbox. Several processes may do it at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tracing::warn;

use super::{Claimed, Postgres};
use crate::delivery::{PATIENCE, Sender};
use crate::model::Name;
use crate::seen::{Seen, Whose};

/// So many are delivered at a time.
const AT_ONCE: usize = 64;
/// And so many of one tenant's.
const OF_A_TENANT: usize = 4;
/// What a dead process had claimed is tried again after this time: longer than a delivery may take.
const CLAIM: Duration = Duration::from_secs(PATIENCE.as_secs() + 5);
/// How often is looked for what other processes left behind.
const LOOK: Duration = Duration::from_secs(1);
/// The first pause after a delivery that was not accepted; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Delivers until it is dropped. `committed` says that something new waits; `longest` is the longest pause between two
/// tries.
pub(crate) async fn deliver_from(
    postgres: Postgres,
    sender: Sender,
    committed: Arc<Notify>,
    longest: Duration,
    seen: Arc<Seen>,
) {
    // Tasks of their own: each holds a connection at times, and must get on while this one waits for another.
    let mut under_way = JoinSet::new();
    let mut of_tenants: HashMap<Name, usize> = HashMap::new();
    loop {
        let room = AT_ONCE.saturating_sub(under_way.len());
        let claimed = match room {
            0 => Ok(Vec::new()),
            room => postgres.claim(room, OF_A_TENANT, &of_tenants, CLAIM).await,
        };
        match claimed {
            Ok(claimed) => {
                for claimed in claimed {
                    *of_tenants.entry(claimed.id.tenant.clone()).or_default() += 1;
                    let (postgres, sender, seen) = (postgres.clone(), sender.clone(), seen.clone());
                    under_way.spawn(async move {
                        let tenant = claimed.id.tenant.clone();
                        settle(&postgres, &sender, claimed, longest, &seen).await;
                        tenant
                    });
                }
            }
            Err(error) => warn!("the outbox cannot be read: {error}"),
        }
        let mut ended = tokio::select! {
            // What follows the one that was accepted may be due.
            Some(ended) = under_way.join_next() => Some(ended),
            () = committed.notified() => None,
            () = tokio::time::sleep(LOOK) => None,
        };
        // As many as have ended, before the database is asked again.
        while let Some(one) = ended {
            match one {
                Ok(tenant) => {
                    if let Some(count) = of_tenants.get_mut(&tenant) {
                        *count = count.saturating_sub(1);
                    }
                }
                Err(error) => warn!("a delivery came to no end, and is made again: {error}"),
            }
            ended = under_way.try_join_next();
        }
        of_tenants.retain(|_, count| *count > 0);
        if under_way.is_empty() {
            // One that came to no end is not counted for ever.
            of_tenants.clear();
        }
    }
}

/// Delivers one, and says in the database what became of it. Where that fails, it is tried again under the same id.
async fn settle(postgres: &Postgres, sender: &Sender, claimed: Claimed, longest: Duration, seen: &Seen) {
    let sent = sender.send(&claimed.id, &claimed.definition, &claimed.payload).await;
    let whose = Whose { id: &claimed.id, definition: &claimed.definition };
    let done = match &sent {
        Ok(()) => {
            seen.delivered(whose, claimed.payload.waited());
            postgres.settle(&claimed).await
        }
        Err(error) => {
            seen.not_delivered(whose, &error.to_string(), claimed.payload.waited(), !claimed.removed);
            if claimed.removed {
                postgres.settle(&claimed).await
            } else {
                let doubled = FIRST_PAUSE.saturating_mul(1 << claimed.attempts.saturating_sub(1).min(20));
                postgres.postpone(&claimed, doubled.min(longest)).await
            }
        }
    };
    if let Err(error) = done {
        warn!("the outbox cannot be written: {error}");
    }
}
