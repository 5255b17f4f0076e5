//! What all triggers of an origin share: a budget of requests, and whether the origin is left alone.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tracing::warn;

use super::circuit::Circuit;
use crate::model::Name;

/// What this worker may ask of each origin.
#[derive(Debug)]
pub(super) struct Origins {
    /// Requests a second, of all workers together.
    rate: NonZeroU32,
    /// Workers that share it.
    workers: u32,
    clock: DefaultClock,
    origins: HashMap<Arc<str>, Origin>,
}

#[derive(Debug)]
struct Origin {
    budget: DefaultDirectRateLimiter,
    /// Requests that were made and are not paid for: a poll makes as many as it needs.
    debt: u32,
    /// When there is budget again.
    not_before: Option<Instant>,
    circuit: Circuit,
}

impl Origins {
    pub(super) fn new(rate: NonZeroU32) -> Self {
        Self { rate, workers: 1, clock: DefaultClock::default(), origins: HashMap::new() }
    }

    /// Says how many workers share the budgets.
    pub(super) fn share_with(&mut self, workers: usize) {
        let workers = u32::try_from(workers).unwrap_or(u32::MAX).max(1);
        if workers != self.workers {
            self.workers = workers;
            let budget = budget(self.rate, workers);
            for origin in self.origins.values_mut() {
                origin.budget = RateLimiter::direct(budget);
            }
        }
    }

    /// Whether a poll may ask the origin now. If so, one request is paid for.
    pub(super) fn may(&mut self, origin: &Arc<str>, now: Instant) -> bool {
        let (rate, workers) = (self.rate, self.workers);
        let known = self.origins.entry(origin.clone()).or_insert_with(|| Origin {
            budget: RateLimiter::direct(budget(rate, workers)),
            debt: 0,
            not_before: None,
            circuit: Circuit::default(),
        });
        if known.circuit.open_until().is_some_and(|until| until > now) {
            return false;
        }
        // What was made before is paid first.
        while known.debt > 0 && known.budget.check().is_ok() {
            known.debt -= 1;
        }
        if let Err(not_until) = known.budget.check() {
            known.not_before = Some(now + not_until.wait_time_from(self.clock.now()));
            return false;
        }
        known.not_before = None;
        known.circuit.may(now)
    }

    /// Notes what a poll made of its turn: how many requests, and whether the origin failed, if that is known.
    pub(super) fn note(&mut self, origin: &Arc<str>, tenant: &Name, requests: u64, failed: Option<bool>, now: Instant) {
        let Some(known) = self.origins.get_mut(origin) else { return };
        let unpaid = u32::try_from(requests.saturating_sub(1)).unwrap_or(u32::MAX);
        known.debt = known.debt.saturating_add(unpaid);
        if known.circuit.note(tenant, failed, now) {
            warn!("{origin} fails for those who ask it, and is left alone for a while");
        }
    }

    /// When the first of these origins may be asked again, as far as is known.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        let next = self.origins.values().filter_map(|origin| {
            let times = [origin.not_before, origin.circuit.open_until()];
            times.into_iter().flatten().filter(|time| *time > now).max()
        });
        next.min()
    }

    /// The origins that are left alone.
    pub(super) fn left_alone(&self, now: Instant) -> impl Iterator<Item = (&Arc<str>, Duration)> {
        self.origins.iter().filter_map(move |(name, origin)| {
            let until = origin.circuit.open_until()?;
            Some((name, until.saturating_duration_since(now)))
        })
    }
}

/// A worker's part of an origin's budget: so many requests a second, and as many at once.
fn budget(rate: NonZeroU32, workers: u32) -> Quota {
    Quota::per_second(NonZeroU32::new(rate.get() / workers).unwrap_or(NonZeroU32::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(origins: &mut Origins, origin: &Arc<str>) -> usize {
        (0..1_000).take_while(|_| origins.may(origin, Instant::now())).count()
    }

    #[test]
    fn an_origin_is_asked_no_more_often_than_its_budget_allows_and_no_other_pays_for_it() {
        let mut origins = Origins::new(NonZeroU32::new(10).unwrap());
        let (one, two): (Arc<str>, Arc<str>) = ("https://one".into(), "https://two".into());
        assert!((10..13).contains(&taken(&mut origins, &one)));
        let next = origins.next(Instant::now()).unwrap();
        assert!(next <= Instant::now() + Duration::from_millis(150));
        assert!((10..13).contains(&taken(&mut origins, &two)));
        origins.share_with(5);
        assert!((2..5).contains(&taken(&mut origins, &one)));
    }

    #[test]
    fn requests_that_a_poll_made_beyond_its_first_are_paid_for_before_the_next_poll() {
        let mut origins = Origins::new(NonZeroU32::new(10).unwrap());
        let one: Arc<str> = "https://one".into();
        assert!(origins.may(&one, Instant::now()));
        origins.note(&one, &"acme".parse().unwrap(), 8, Some(false), Instant::now());
        assert!((2..5).contains(&taken(&mut origins, &one)));
    }
}
