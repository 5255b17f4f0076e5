//! The triggers that are due and wait for their turn: fair between origins, and within an origin between tenants, so
//! that one with thousands of triggers, or with a service that hardly answers, delays nobody but itself. Pure.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::model::{Name, TriggerId};

/// What is due, in order.
#[derive(Debug)]
pub(super) struct Ready {
    /// So many of a tenant's are polled at a time, once they end well.
    most_of_a_tenant: usize,
    /// How many of each tenant's may be polled at a time now; one where nothing stands here.
    allowed: HashMap<Name, usize>,
    origins: VecDeque<Arc<str>>,
    queues: HashMap<Arc<str>, OriginQueue>,
    under_way: HashMap<Name, usize>,
    waiting: usize,
}

#[derive(Debug, Default)]
struct OriginQueue {
    tenants: VecDeque<Name>,
    triggers: HashMap<Name, VecDeque<TriggerId>>,
}

impl Ready {
    pub(super) fn new(most_of_a_tenant: usize) -> Self {
        Self {
            most_of_a_tenant: most_of_a_tenant.max(1),
            allowed: HashMap::new(),
            origins: VecDeque::new(),
            queues: HashMap::new(),
            under_way: HashMap::new(),
            waiting: 0,
        }
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Puts a trigger behind what waits of its tenant at this origin.
    pub(super) fn push(&mut self, origin: &Arc<str>, id: TriggerId) {
        let queue = self.queues.entry(origin.clone()).or_default();
        if queue.tenants.is_empty() {
            self.origins.push_back(origin.clone());
        }
        let triggers = queue.triggers.entry(id.tenant.clone()).or_default();
        if triggers.is_empty() {
            queue.tenants.push_back(id.tenant.clone());
        }
        triggers.push_back(id);
        self.waiting += 1;
    }

    /// The next trigger to poll: of the first origin in turn that `may` be asked, the first tenant in turn that has not
    /// too many polls under way. It counts as under way until [`Ready::done`].
    pub(super) fn pop(&mut self, mut may: impl FnMut(&Arc<str>) -> bool) -> Option<TriggerId> {
        for _ in 0..self.origins.len() {
            let origin = self.origins.pop_front()?;
            let Some(queue) = self.queues.get_mut(&origin) else { continue };
            let (allowed, under_way) = (&self.allowed, &self.under_way);
            let has_room = |tenant: &Name| {
                let allowed = allowed.get(tenant).copied().unwrap_or(1);
                under_way.get(tenant).is_none_or(|count| *count < allowed)
            };
            let place = queue.tenants.iter().position(has_room);
            let taken = match place {
                // Asked last, because asking takes from the origin's budget.
                Some(place) if may(&origin) => queue.take(place),
                _ => None,
            };
            if queue.tenants.is_empty() {
                self.queues.remove(&origin);
            } else {
                self.origins.push_back(origin);
            }
            if let Some(id) = taken {
                *self.under_way.entry(id.tenant.clone()).or_default() += 1;
                self.waiting = self.waiting.saturating_sub(1);
                return Some(id);
            }
        }
        None
    }

    /// Says that a tenant's poll has ended, and whether it ended well and soon: then one more of them may be polled at
    /// a time. Else one alone: a tenant whose polls compute without end, or wait without end, has no more than that.
    pub(super) fn done(&mut self, tenant: &Name, well: bool) {
        let allowed = if well { self.allowed.get(tenant).copied().unwrap_or(1) + 1 } else { 1 };
        self.allowed.insert(tenant.clone(), allowed.min(self.most_of_a_tenant));
        if let Some(count) = self.under_way.get_mut(tenant) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.under_way.remove(tenant);
            }
        }
    }
}

impl OriginQueue {
    /// The first trigger of the tenant at this place, which goes to the end of the line.
    fn take(&mut self, place: usize) -> Option<TriggerId> {
        let tenant = self.tenants.remove(place)?;
        let triggers = self.triggers.get_mut(&tenant)?;
        let id = triggers.pop_front();
        if triggers.is_empty() {
            self.triggers.remove(&tenant);
        } else {
            self.tenants.push_back(tenant);
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(ready: &mut Ready, origin: &str, id: &str) {
        ready.push(&origin.into(), id.parse().unwrap());
    }

    /// With tenants all of whose polls may run at once.
    fn trusting(tenants: &[&str]) -> Ready {
        let mut ready = Ready::new(9);
        for tenant in tenants {
            (0..9).for_each(|_| ready.done(&tenant.parse().unwrap(), true));
        }
        ready
    }

    fn all(ready: &mut Ready) -> Vec<String> {
        std::iter::from_fn(|| ready.pop(|_| true)).map(|id| id.to_string()).collect()
    }

    #[test]
    fn tenants_of_an_origin_take_turns_however_many_triggers_each_has() {
        let mut ready = trusting(&["big", "small"]);
        for n in 0..4 {
            push(&mut ready, "https://one", &format!("big/p{n}"));
        }
        push(&mut ready, "https://one", "small/p0");
        assert_eq!(all(&mut ready), ["big/p0", "small/p0", "big/p1", "big/p2", "big/p3"]);
        assert_eq!(ready.waiting(), 0);
    }

    #[test]
    fn origins_take_turns_and_one_that_may_not_be_asked_delays_no_other() {
        let mut ready = trusting(&["a", "b"]);
        for n in 0..2 {
            push(&mut ready, "https://one", &format!("a/p{n}"));
            push(&mut ready, "https://two", &format!("b/p{n}"));
        }
        assert_eq!(ready.pop(|origin| &**origin == "https://two").unwrap().to_string(), "b/p0");
        assert_eq!(ready.waiting(), 3);
        assert_eq!(all(&mut ready), ["a/p0", "b/p1", "a/p1"]);
    }

    #[test]
    fn a_tenant_whose_polls_do_not_end_has_one_of_them_and_one_whose_polls_end_well_more_and_more() {
        let mut ready = Ready::new(2);
        for n in 0..9 {
            push(&mut ready, "https://one", &format!("slow/p{n}"));
        }
        push(&mut ready, "https://one", "quick/p0");
        assert_eq!(all(&mut ready), ["slow/p0", "quick/p0"]);
        let slow = "slow".parse().unwrap();
        ready.done(&slow, false);
        assert_eq!(all(&mut ready), ["slow/p1"]);
        ready.done(&slow, true);
        assert_eq!(all(&mut ready), ["slow/p2", "slow/p3"]);
        ready.done(&slow, true);
        assert_eq!(all(&mut ready), ["slow/p4"]);
        ready.done(&slow, false);
        assert_eq!(all(&mut ready), [] as [&str; 0]);
        // An origin is not charged for a tenant that has no room.
        let mut asked = 0;
        assert_eq!(
            ready.pop(|_| {
                asked += 1;
                true
            }),
            None
        );
        assert_eq!(asked, 0);
    }
}
