//! What one poll leaves for the next. See `docs/polling.md` for what each part is for.

use super::bounds::Bounds;
use super::entered::Entered;
use super::inventory::Inventory;
use super::memory::{Mark, Order, Version, sort};
use super::packed;
use super::walk::Joint;
use crate::time::Millis;

/// What one poll leaves for the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// A hash of the id of whoever the records belong to, if the service ever said.
    pub owner: Option<u64>,
    /// A `lastModified` that the clock which stamps records had surely reached when the last complete pass began:
    /// nearly the newest. All times are the service's own.
    pub watermark: Millis,
    /// The service's clock when the watermark was first seen, if the service says.
    pub seen_at: Option<Millis>,
    /// The service's clock when the last deep pass began, if the service says: what became visible late until then was
    /// found.
    pub deep_at: Option<Millis>,
    /// Everything at or below this was delivered, and nothing becomes visible there any more.
    pub floor: Millis,
    /// What was created at or below this is not new; what was delivered above it is known. Usually the floor of the
    /// pass before: a record may have been created before the floor and have moved while that pass went by.
    pub new_above: Millis,
    /// What was delivered above `new_above`, or as much of it as may still be met; the last changed last. Before it the
    /// records without a time that polls came by.
    pub known: Vec<Version>,
    /// The pass that is not at its end.
    pub drain: Option<Drain>,
    /// Which records are known to be in the state that the trigger waits for; none where it waits for none.
    pub entered: Option<Entered>,
    /// Which records are known; none where deleted ones are not to be reported.
    pub inventory: Option<Inventory>,
}

/// A pass that a later poll goes on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drain {
    /// Where the watermark goes when the drain is done.
    pub reach: Reach,
    /// The newest time that the pass came by before it was left off.
    pub newest: Millis,
    /// The service's clock when the pass began, if the service says.
    pub began_at: Option<Millis>,
    /// What lies above `lowest` and at or below this was delivered.
    pub zone: Millis,
    /// How far down delivery got.
    pub lowest: Millis,
    /// If records of the time `lowest` were delivered that are no longer known: the last of them. A walk that comes
    /// from above has delivered what it meets before one of these. Empty if all are known.
    pub end_of_ties: Vec<Mark>,
    /// Where the walk goes on; from the top if none.
    pub joint: Option<Joint>,
}

/// Where a pass takes the watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// No record told yet.
    Unknown {
        /// How many were seen that did not tell.
        witnesses: usize,
    },
    /// There.
    Known {
        /// The time of a record that the clock which stamps records had surely reached.
        upper: Millis,
        /// The service's clock when that was first sure, if the service says.
        seen_at: Option<Millis>,
    },
}

impl Reach {
    /// The time, if it is known.
    pub fn upper(self) -> Option<Millis> {
        if let Self::Known { upper, .. } = self { Some(upper) } else { None }
    }
}

impl State {
    /// Whether the next pass, which begins at `now` by the service's clock, must go down to the floor. What has become
    /// visible late is found by such a pass alone; others end where the last one began. It is due when some time has
    /// passed since the last one, by the answers' `Date` or by the times of the records; always where there is no
    /// `Date`; and when the memory fills up, because only a deep pass lets it forget.
    pub(super) fn is_deep_pass_due(&self, now: Option<Millis>, bounds: &Bounds) -> bool {
        let since = now.zip(self.deep_at).map(|(now, deep_at)| now.saturating_sub(deep_at));
        since.is_none_or(|since| !(0..bounds.deep_every).contains(&since))
            || self.watermark.saturating_sub(self.floor) > bounds.overlap.saturating_add(bounds.deep_every)
            || self.known.len() >= bounds.remembered / 4 * 3
    }

    /// Takes everything at or below this time as delivered: what was changed until then is not asked for.
    pub(super) fn rise_to(&mut self, floor: Millis) {
        for mark in [&mut self.floor, &mut self.new_above, &mut self.watermark] {
            *mark = floor.max(*mark);
        }
    }

    /// Remembers those of the delivered versions that something still depends on, as many as fit. Of those of records
    /// without a time the last are kept.
    ///
    /// When they do not fit, what goes first is what tells new records from updates after a drain, then what only
    /// matters if a drain must begin again at the top. At last the overlap is shortened to what can be remembered,
    /// which means that a record which becomes visible late, among thousands that changed within the same minute, is
    /// missed. `end_of_ties` are the last records of the lowest time that were delivered.
    pub fn remember(
        &mut self,
        delivered: Vec<Version>,
        mut untimed: Vec<Version>,
        end_of_ties: &[Mark],
        bounds: &Bounds,
    ) {
        let (floor, watermark) = (self.floor, self.watermark);
        let lowest = self.drain.as_ref().map(|drain| drain.lowest);
        let zone = self.drain.as_ref().map_or(floor, |drain| drain.zone);
        let in_old_window = |version: &Version| version.modified > floor && version.modified <= watermark;
        let in_new_window = |version: &Version| version.modified > zone;
        let is_lowest = |version: &Version| Some(version.modified) == lowest;

        let surplus = untimed.len().saturating_sub(bounds.untimed);
        untimed.drain(..surplus);
        sort(&mut untimed, Order::OldestFirst);
        let room = Room {
            versions: bounds.remembered.saturating_sub(untimed.len()),
            bytes: bounds.remembered_bytes.saturating_sub(packed::versions_length(&untimed)),
        };
        let mut kept = delivered;
        sort(&mut kept, Order::OldestFirst);
        let new_above = self.new_above;
        kept.retain(|version| version.modified > new_above || in_old_window(version) || is_lowest(version));
        if !room.fits(&kept) {
            kept.retain(|version| in_new_window(version) || in_old_window(version) || is_lowest(version));
            self.new_above = zone;
        }
        if !room.fits(&kept) {
            let ties =
                kept.iter().any(|version| is_lowest(version) && !in_new_window(version) && !in_old_window(version));
            self.forget_ties(ties, end_of_ties);
            kept.retain(|version| in_new_window(version) || in_old_window(version));
        }
        if !room.fits(&kept) {
            let forgotten = kept.len() - room.how_many_fit(&kept);
            let forgotten = forgotten.checked_sub(1).and_then(|last| kept.get(last));
            let forgotten = forgotten.map_or(floor, |version| version.modified);
            kept.retain(|version| version.modified > forgotten);
            self.forget_ties(lowest.is_some_and(|lowest| lowest <= forgotten), end_of_ties);
            self.new_above = self.new_above.max(forgotten);
            match &mut self.drain {
                Some(drain) => {
                    self.floor = floor.max(watermark.min(forgotten));
                    // Above `upper` not everything was delivered.
                    drain.zone = zone.max(drain.reach.upper().map_or(zone, |upper| upper.min(forgotten)));
                }
                // What is stamped after the watermark, in the future, says nothing about what comes before it.
                None => self.floor = floor.max(watermark.min(forgotten)),
            }
        }
        untimed.append(&mut kept);
        self.known = untimed;
    }

    fn forget_ties(&mut self, forget: bool, end_of_ties: &[Mark]) {
        if let Some(drain) = self.drain.as_mut().filter(|_| forget) {
            drain.end_of_ties = end_of_ties.to_vec();
        }
    }
}

/// What is left for versions of records that have a time.
struct Room {
    versions: usize,
    bytes: usize,
}

impl Room {
    fn fits(&self, versions: &[Version]) -> bool {
        versions.len() <= self.versions && packed::versions_length(versions) <= self.bytes
    }

    /// How many of the versions fit, from the last on.
    fn how_many_fit(&self, versions: &[Version]) -> usize {
        let mut count = versions.len().min(self.versions);
        let last = |count: usize| versions.get(versions.len() - count..);
        while last(count).is_some_and(|some| packed::versions_length(some) > self.bytes) {
            // Their lengths differ by a few bytes at most, so this takes a few steps.
            count -= count.div_ceil(16);
        }
        count
    }
}
