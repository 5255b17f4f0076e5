//! Where a pass takes the watermark: to a time that the clock which stamps records has surely reached. What it stamps later lies above, and is found.
//! A time that is too low costs nothing but that what lies above it is looked at again; one that is too high loses every change until then. But there
//! are records stamped in the future, and nobody says what that clock shows: the `Date` of an answer is of the machine that answered, or
//! of one before it, may be hours off, or may be missing.
//!
//! So it takes witnesses: the time of a record counts if `Date` has reached it, and if a few records were changed at that time or later. Without a `Date`
//! it takes half a page of them. And a `Date` that so many records have passed that no pass could go on remembering them is not of this clock.

use super::bounds::Bounds;
use super::memory::Mark;
use super::page::Page;
use super::state::Drain;
use crate::time::Millis;

/// How much later than the service's clock, which ticks in seconds, a record of the same moment may be stamped.
const CLOCK_STEP: Millis = 1_000;

/// The search for the time to which a pass takes the watermark, from the newest record down.
#[derive(Debug, Default)]
pub(super) struct Upper {
    /// Whether the first page was seen.
    begun: bool,
    began_at: Option<Millis>,
    found: Option<Millis>,
    /// How many records were seen.
    witnesses: usize,
    /// Those by which they are recognised: pages begin with records of the page before.
    seen: Vec<Mark>,
}

impl Upper {
    /// Goes on with what an earlier poll found, or has not found yet.
    pub(super) fn resume(drain: &Drain) -> Self {
        let mut upper = Self { begun: true, began_at: drain.began_at, found: drain.upper, ..Self::default() };
        // Without one the walk begins at the top, and counts again.
        if let Some(joint) = &drain.joint {
            upper.witnesses = drain.witnesses;
            upper.seen.clone_from(&joint.tail);
        }
        upper
    }

    /// The time; none as long as no record tells.
    pub(super) fn found(&self) -> Option<Millis> {
        self.found
    }

    /// How many records were seen on the way to it.
    pub(super) fn witnesses(&self) -> usize {
        self.witnesses
    }

    /// The service's time when the pass began, if the service says.
    pub(super) fn began_at(&self) -> Option<Millis> {
        self.began_at
    }

    /// The walk begins again, at the top.
    pub(super) fn restart(&mut self) {
        self.witnesses = 0;
        self.seen.clear();
    }

    /// Looks at a page; `lowest` is how far down the pass came before it. What is later than that may have changed since the pass went by its place,
    /// and so may others of its time. Gives, once, the time up to which everything has come to pass: that of the watermark, or the
    /// service's clock if that is a little behind.
    pub(super) fn look(&mut self, page: &Page, lowest: Millis, bounds: &Bounds) -> Option<Millis> {
        if !self.begun {
            self.begun = true;
            self.began_at = page.served_at;
        }
        if self.found.is_some() {
            return None;
        }
        let reached = self.began_at.map(|now| now.saturating_add(CLOCK_STEP));
        let enough = if reached.is_some() { bounds.witnesses } else { bounds.witnesses_without_date() };
        for record in page.items.iter().filter_map(|item| item.record.as_ref()).filter(|record| record.in_order) {
            let mark = Mark::new(record.id, record.modified);
            if self.seen.contains(&mark) {
                continue;
            }
            self.seen.push(mark);
            self.witnesses += 1;
            let is_reached = reached.is_none_or(|reached| record.modified <= reached);
            let counts = self.witnesses >= enough && (is_reached || self.witnesses >= bounds.unreached);
            if counts && record.modified <= lowest {
                self.found = Some(record.modified);
                let now = self.began_at.filter(|_| is_reached);
                return Some(now.map_or(record.modified, |now| now.min(record.modified)));
            }
        }
        None
    }
}

#[cfg(test)]
#[path = "upper_tests.rs"]
mod tests;
