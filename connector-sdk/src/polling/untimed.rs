//! Records whose time cannot be known: `lastModified` is missing, is no time, or is one at which nothing can have
//! happened. Their place in the list tells nothing, so they neither end a pass nor move the watermark. What tells
//! whether one was delivered is its text alone, and for as long as passes come by it, because there is no time below
//! which it would be settled.

use super::memory::{Order, Version, sort};

/// The records without a time that a pass came by.
#[derive(Debug, Default)]
pub(super) struct Untimed {
    /// Of each the version that was read last, in the order of their ids.
    met: Vec<Version>,
    /// The ids of those that have a time now.
    timed: Vec<u32>,
    /// How often there was no room for another.
    passed_over: usize,
}

impl Untimed {
    /// What a pass came by already: none at its beginning.
    pub(super) fn new(met: &[Version]) -> Self {
        let mut met: Vec<Version> = met.iter().copied().filter(|version| !version.is_timed()).collect();
        sort(&mut met, Order::ByRecord);
        Self { met, ..Self::default() }
    }

    /// Takes note of a version, and gives whether it will be remembered. More than `most` records are not: to deliver
    /// one that cannot be remembered would be to deliver it with every poll from now on.
    pub(super) fn meet(&mut self, version: Version, most: usize) -> bool {
        match self.met.binary_search_by_key(&version.id, |known| known.id) {
            Ok(at) => self.met.get_mut(at).into_iter().for_each(|known| *known = version),
            Err(at) if self.met.len() < most => self.met.insert(at, version),
            Err(_) => {
                self.passed_over += 1;
                return false;
            }
        }
        true
    }

    /// Forgets a record that has a time now: if it loses it again, that is a change, even to the text that it had
    /// before.
    pub(super) fn forget(&mut self, version: Version) {
        self.met.retain(|known| known.id != version.id);
        self.timed.push(version.id);
    }

    /// How often a record was passed over, because there was no room for it.
    pub(super) fn passed_over(&self) -> usize {
        self.passed_over
    }

    /// What is known of records without a time: what earlier polls remembered, and then what this pass came by.
    pub(super) fn after(&self, remembered: &[Version]) -> Vec<Version> {
        let is_stale = |version: &Version| {
            self.timed.contains(&version.id) || self.met.binary_search_by_key(&version.id, |known| known.id).is_ok()
        };
        let earlier = remembered.iter().copied().filter(|version| !version.is_timed() && !is_stale(version));
        let mut after: Vec<Version> = earlier.collect();
        after.extend_from_slice(&self.met);
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: u32, content: u32) -> Version {
        Version { id, modified: 5, content }
    }

    #[test]
    fn what_was_met_replaces_what_was_remembered_of_the_same_record() {
        let timed = Version { id: 9, modified: 1_718_377_096_638, content: 0 };
        let remembered = [version(1, 10), version(2, 20), timed];
        let mut untimed = Untimed::default();
        for met in [version(3, 30), version(2, 21), version(2, 22)] {
            assert!(untimed.meet(met, 2));
        }
        assert_eq!(untimed.after(&remembered), [version(1, 10), version(2, 22), version(3, 30)]);
    }

    #[test]
    fn a_record_that_has_a_time_now_is_forgotten_unless_it_loses_it_again() {
        let remembered = [version(1, 10), version(2, 20)];
        let mut untimed = Untimed::default();
        untimed.meet(version(2, 21), 9);
        untimed.forget(version(1, 11));
        untimed.forget(version(2, 22));
        assert_eq!(untimed.after(&remembered), []);
        untimed.meet(version(1, 10), 9);
        assert_eq!(untimed.after(&remembered), [version(1, 10)]);
    }

    #[test]
    fn no_more_are_met_than_can_be_remembered() {
        let mut untimed = Untimed::new(&[version(7, 70)]);
        assert!(untimed.meet(version(1, 10), 2));
        assert!(!untimed.meet(version(2, 20), 2));
        assert!(untimed.meet(version(7, 71), 2), "a record that is remembered needs no room");
        assert_eq!(untimed.passed_over(), 1);
    }
}
