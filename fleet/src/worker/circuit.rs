//! Whether an origin is to be left alone for a while, because it fails for all who ask it. Pure.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use crate::model::Name;

/// So many of the last polls are looked at.
const WINDOW: usize = 20;
/// With fewer failures than these nothing is concluded.
const FEWEST: usize = 10;
/// How long an origin is left alone at first; doubled each time that it fails again.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// An origin's circuit.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    /// The last polls: whose they were, and whether the origin failed.
    last: VecDeque<(Name, bool)>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    pause: Duration,
    /// Whether one poll is under way that tries the origin.
    probing: bool,
}

impl Circuit {
    /// Whether the origin may be asked now. While it is tried again, by one poll at a time.
    pub(super) fn may(&mut self, now: Instant) -> bool {
        match &mut self.open {
            None => true,
            Some(open) if open.until <= now && !open.probing => {
                open.probing = true;
                true
            }
            Some(_) => false,
        }
    }

    /// Until when it is left alone, if it is.
    pub(super) fn open_until(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.until)
    }

    /// Notes whether the origin failed in a poll; none where the poll says nothing about it. True where it is left
    /// alone from now on.
    pub(super) fn note(&mut self, tenant: &Name, failed: Option<bool>, now: Instant) -> bool {
        if let Some(open) = &mut self.open {
            // Polls that were under way when it was left alone say nothing new; only the probe does.
            if open.probing {
                match failed {
                    Some(true) => {
                        open.pause = (open.pause * 2).min(LONGEST);
                        *open = Open { until: now + open.pause, pause: open.pause, probing: false };
                    }
                    Some(false) => *self = Self::default(),
                    None => open.probing = false,
                }
            }
            return false;
        }
        let Some(failed) = failed else { return false };
        self.last.push_back((tenant.clone(), failed));
        if self.last.len() > WINDOW {
            self.last.pop_front();
        }
        let failures: Vec<&Name> = self.last.iter().filter(|(_, failed)| *failed).map(|(tenant, _)| tenant).collect();
        let tenants = |all: &mut dyn Iterator<Item = &Name>| all.collect::<HashSet<_>>().len();
        let concerned = tenants(&mut failures.iter().copied());
        let asking = tenants(&mut self.last.iter().map(|(tenant, _)| tenant));
        // One tenant among several can have a service of its own behind the same origin, or a bad key.
        let is_everyones = concerned > 1 || asking == 1;
        if failures.len() < FEWEST || failures.len() * 5 < self.last.len() * 4 || !is_everyones {
            return false;
        }
        self.last.clear();
        self.open = Some(Open { until: now + FIRST, pause: FIRST, probing: false });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    /// Notes the same again and again; whether the circuit opened.
    fn note(circuit: &mut Circuit, tenants: &[&str], failed: bool, times: usize, now: Instant) -> bool {
        (0..times).any(|n| circuit.note(&name(tenants[n % tenants.len()]), Some(failed), now))
    }

    #[test]
    fn an_origin_that_fails_for_all_is_left_alone_and_tried_by_one_poll_at_a_time() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        assert!(note(&mut circuit, &["a", "b"], true, FEWEST, now));
        assert!(!circuit.may(now) && circuit.open_until() == Some(now + FIRST));
        let later = now + FIRST;
        assert!(circuit.may(later) && !circuit.may(later));
        circuit.note(&name("a"), Some(true), later);
        assert!(!circuit.may(later + FIRST) && circuit.may(later + FIRST * 2));
        circuit.note(&name("b"), Some(false), later + FIRST * 2);
        assert!(circuit.may(later) && circuit.may(later) && circuit.open_until().is_none());
    }

    #[test]
    fn one_tenant_among_several_leaves_nobody_else_alone() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        note(&mut circuit, &["good"], false, 1, now);
        assert!(!note(&mut circuit, &["bad"], true, WINDOW - 1, now));
        let mut alone = Circuit::default();
        assert!(note(&mut alone, &["only"], true, FEWEST, now));
        let mut half = Circuit::default();
        assert!((0..100).all(|n| !half.note(&name("a"), Some(n % 2 == 0), now)));
    }

    #[test]
    fn a_probe_that_says_nothing_lets_another_one_try() {
        let (mut circuit, now) = (Circuit::default(), Instant::now());
        note(&mut circuit, &["a", "b"], true, FEWEST, now);
        assert!(circuit.may(now + FIRST));
        circuit.note(&name("a"), None, now + FIRST);
        assert!(circuit.may(now + FIRST));
    }
}
