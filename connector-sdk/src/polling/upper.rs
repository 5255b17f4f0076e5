//! Where a pass takes the watermark: to a time that the clock which stamps records has surely reached. What it stamps
//! later lies above, and is found. A time that is too low costs nothing but that what lies above it is looked at again;
//! one that is too high loses every change until then. But there are records stamped in the future, and nobody says
//! what that clock shows: the `Date` of an answer is of the machine that answered, or of one before it, may be hours
//! off, or may be missing.
//!
//! So it takes witnesses: the time of a record counts if `Date` has reached it, and if a few records were changed at
//! that time or later. Without a `Date` it takes half a page of them. And a `Date` that so many records have passed
//! that no pass could go on remembering them is not of this clock.

use super::bounds::Bounds;
use super::memory::Mark;
use super::page::ChangePage;
use super::state::{Drain, Reach};
use crate::time::Millis;

/// How much later than the service's clock, which ticks in seconds, a record of the same moment may be stamped.
const CLOCK_STEP: Millis = 1_000;

/// The search for the time to which a pass takes the watermark, from the newest record down.
#[derive(Debug, Default)]
pub(super) struct Upper {
    begun: Begun,
    progress: Progress,
}

/// Whether the first page was seen.
#[derive(Clone, Copy, Debug, Default)]
enum Begun {
    #[default]
    NotYet,
    /// At this time by the service's clock, if the service says.
    At(Option<Millis>),
}

#[derive(Debug)]
enum Progress {
    /// No record told yet.
    Seeking {
        /// How many were seen.
        witnesses: usize,
        /// Those by which they are recognised: pages begin with records of the page before.
        seen: Vec<Mark>,
    },
    /// The time, and the service's clock when it was first sure.
    Found { upper: Millis, seen_at: Option<Millis> },
}

impl Default for Progress {
    fn default() -> Self {
        Self::Seeking { witnesses: 0, seen: Vec::new() }
    }
}

impl Upper {
    /// Goes on with what an earlier poll found, or has not found yet.
    pub(super) fn resume(drain: &Drain) -> Self {
        let progress = match (drain.reach, &drain.joint) {
            (Reach::Known { upper, seen_at }, _) => Progress::Found { upper, seen_at },
            (Reach::Unknown { witnesses }, Some(joint)) => Progress::Seeking { witnesses, seen: joint.tail.clone() },
            // Without a joint the walk begins at the top, and counts again.
            (Reach::Unknown { .. }, None) => Progress::default(),
        };
        Self { begun: Begun::At(drain.began_at), progress }
    }

    /// What a later poll must know to go on.
    pub(super) fn reach(&self) -> Reach {
        match self.progress {
            Progress::Seeking { witnesses, .. } => Reach::Unknown { witnesses },
            Progress::Found { upper, seen_at } => Reach::Known { upper, seen_at },
        }
    }

    /// The time; none as long as no record tells.
    pub(super) fn found(&self) -> Option<Millis> {
        self.reach().upper()
    }

    /// Whether what was seen is enough for a pass that goes no further: the time was found, or there are as many
    /// witnesses.
    pub(super) fn has(&self, enough: usize) -> bool {
        match self.progress {
            Progress::Seeking { witnesses, .. } => witnesses >= enough,
            Progress::Found { .. } => true,
        }
    }

    /// The service's clock when it was first sure that the time was reached, if the service says.
    pub(super) fn seen_at(&self) -> Option<Millis> {
        if let Progress::Found { seen_at, .. } = self.progress { seen_at } else { self.began_at() }
    }

    /// The service's time when the pass began, if the service says.
    pub(super) fn began_at(&self) -> Option<Millis> {
        if let Begun::At(time) = self.begun { time } else { None }
    }

    /// The walk begins again, at the top.
    pub(super) fn restart(&mut self) {
        if let Progress::Seeking { .. } = self.progress {
            self.progress = Progress::default();
        }
    }

    /// Looks at a page; `lowest` is how far down the pass came before it. What is later than that may have changed
    /// since the pass went by its place, and so may others of its time. Gives, once, the time up to which everything
    /// has come to pass: that of the watermark, or the service's clock if that is a little behind.
    pub(super) fn look(&mut self, page: &ChangePage, lowest: Millis, bounds: &Bounds) -> Option<Millis> {
        if let Begun::NotYet = self.begun {
            self.begun = Begun::At(page.served_at);
        }
        let began_at = self.began_at();
        let Progress::Seeking { witnesses, seen } = &mut self.progress else { return None };
        let reached = began_at.map(|now| now.saturating_add(CLOCK_STEP));
        let enough = if reached.is_some() { bounds.witnesses } else { bounds.witnesses_without_date() };
        for record in page.items.iter().filter_map(|item| item.record.as_ref()).filter(|record| record.in_order) {
            let mark = Mark::new(record.id, record.modified);
            if seen.contains(&mark) {
                continue;
            }
            seen.push(mark);
            *witnesses += 1;
            let is_reached = reached.is_none_or(|reached| record.modified <= reached);
            let counts = *witnesses >= enough && (is_reached || *witnesses >= bounds.unreached);
            if counts && record.modified <= lowest {
                // A record that was stamped after the pass began was not there at its beginning: what is stamped like
                // it can become visible as long after this page as otherwise after that.
                let seen_at = if is_reached { began_at } else { page.served_at.max(began_at) };
                self.progress = Progress::Found { upper: record.modified, seen_at };
                let now = began_at.filter(|_| is_reached);
                return Some(now.map_or(record.modified, |now| now.min(record.modified)));
            }
        }
        None
    }
}

#[cfg(test)]
#[path = "upper_tests.rs"]
mod tests;
