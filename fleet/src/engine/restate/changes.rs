//! The object that knows which triggers were changed by their owners of late. Apart from the leases, so that whoever
//! configures ten thousand triggers keeps no worker from its own.

use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::model::TriggerId;

/// The one object's key.
pub(super) const CHANGES: &str = "fleet";

const STATE: &str = "changes";
/// So many changes are remembered. Whoever has not heard of an older one reads all triggers anew.
const MOST: usize = 64;

pub(super) struct Changes;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Noted {
    count: u64,
    recent: Vec<Changed>,
}

/// A trigger that its owner changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Changed {
    /// Which change of all it was.
    pub(super) number: u64,
    /// Which trigger.
    pub(super) id: TriggerId,
}

/// What changed since somebody last heard of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Since {
    /// What to name next time.
    pub(super) count: u64,
    /// What was changed, the oldest first; none where that is no longer known.
    pub(super) changed: Option<Vec<Changed>>,
}

impl Noted {
    fn note(&mut self, id: TriggerId) {
        self.count = self.count.saturating_add(1);
        self.recent.retain(|changed| changed.id != id);
        self.recent.push(Changed { number: self.count, id });
        let too_many = self.recent.len().saturating_sub(MOST);
        self.recent.drain(..too_many);
    }

    fn since(&self, seen: u64) -> Since {
        let forgotten = self.recent.first().map_or(self.count, |oldest| oldest.number.saturating_sub(1));
        // A full list may have dropped what came between; one that is not full has all there ever was.
        let is_known = self.recent.len() < MOST || seen >= forgotten;
        let changed = || self.recent.iter().filter(|changed| changed.number > seen).cloned().collect();
        Since { count: self.count, changed: is_known.then(changed) }
    }
}

#[object(
    name = "FleetChanges",
    journal_retention = "0s",
    client_visibility = "pub(super)",
    invocation_retry_policy(initial_interval = "50ms", factor = 2.0, max_interval = "2s", max_attempts = 1000000)
)]
impl Changes {
    /// Notes that a trigger was changed by its owner.
    #[handler(ingress_private = true)]
    async fn changed(&self, ctx: ObjectContext<'_>, Json(id): Json<TriggerId>) -> HandlerResult<()> {
        let mut noted = ctx.get::<Json<Noted>>(STATE).await?.map(Json::into_inner).unwrap_or_default();
        noted.note(id);
        ctx.set(STATE, Json(noted));
        Ok(())
    }

    /// What changed since; reads what is there now, and waits for nothing.
    #[handler]
    async fn since(&self, ctx: SharedObjectContext<'_>, seen: u64) -> HandlerResult<Json<Since>> {
        let noted = ctx.get::<Json<Noted>>(STATE).await?.map(Json::into_inner).unwrap_or_default();
        Ok(Json(noted.since(seen)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_to_each_who_has_not_heard_of_them_and_all_is_read_where_some_were_forgotten() {
        let mut noted = Noted::default();
        let id: TriggerId = "acme/parts".parse().unwrap();
        let since = |noted: &Noted, seen| noted.since(seen).changed.map(|changed| changed.len());
        assert_eq!(since(&noted, 0), Some(0));
        noted.note(id.clone());
        noted.note(id);
        assert_eq!((since(&noted, 0), since(&noted, 1), since(&noted, 2)), (Some(1), Some(1), Some(0)));
        for n in 0..MOST {
            noted.note(format!("acme/p{n}").parse().unwrap());
        }
        assert_eq!((since(&noted, 1), since(&noted, 2), since(&noted, 66)), (None, Some(MOST), Some(0)));
    }
}
