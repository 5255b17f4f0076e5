//! The records of a simulated service: their versions, when each becomes visible, and the list of what is visible now.

use crate::history::{Change, Settings, Ties, Untimed, What};
use duro_plm::duro::Millis;
use std::cmp::Reverse;

/// When histories begin: late enough that nothing before it is before 1970.
pub const BEGINNING: Millis = 1_700_000_000_000;

/// The most records, so that a poll's requests suffice to read all of them.
const MOST_RECORDS: usize = 60;

/// All records.
#[derive(Debug)]
pub struct World {
    /// The service's time.
    pub now: Millis,
    /// Every record that was not deleted, in the order of creation.
    pub records: Vec<Record>,
    next_id: u32,
    next_version: u32,
    ties: Ties,
    untimed_first: bool,
}

/// One record.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its number; ids are written from it.
    pub id: u32,
    /// When it was created.
    pub created: Millis,
    /// Whether the service says when it was created.
    pub shows_created: bool,
    /// Whether it ever was null, or without a `lastModified`: the list told nothing of it then.
    pub was_hidden: bool,
    /// Its versions, oldest first, from the one that is visible on.
    pub versions: Vec<Version>,
}

/// One version of a record.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// Counts over all versions of all records, in the order they were made.
    pub number: u32,
    /// Its `lastModified`.
    pub stamp: Millis,
    /// Whether the service says its `lastModified`.
    pub timed: bool,
    /// Whether its place in the list holds null.
    pub null: bool,
    /// When it becomes visible.
    pub visible_at: Millis,
}

/// A record as it is visible now.
#[derive(Clone, Copy, Debug)]
pub struct Visible<'a> {
    /// The record.
    pub record: &'a Record,
    /// Its version.
    pub version: Version,
}

/// A place in the order of the list. Smaller is further up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u8, Reverse<Millis>, u64);

impl Place {
    /// The place as numbers, for a cursor.
    pub fn to_numbers(self) -> (u8, Millis, u64) {
        (self.0, self.1.0, self.2)
    }

    /// The place that those numbers were made from.
    pub fn from_numbers((rank, stamp, tie): (u8, Millis, u64)) -> Self {
        Self(rank, Reverse(stamp), tie)
    }
}

impl World {
    /// The records before the first poll.
    pub fn new(settings: &Settings) -> Self {
        let mut world = Self {
            now: BEGINNING,
            records: Vec::new(),
            next_id: 0,
            next_version: 0,
            ties: settings.ties,
            untimed_first: settings.untimed_first,
        };
        for age in &settings.initial {
            world.create(BEGINNING - age, BEGINNING - age, true, true);
        }
        world
    }

    /// The number that the next version gets.
    pub fn next_version(&self) -> u32 {
        self.next_version
    }

    /// Applies a change.
    pub fn apply(&mut self, change: &Change) {
        self.now += change.after;
        let visible_at = self.now + change.lag;
        match change.what {
            What::Create => self.create(self.now, visible_at, true, true),
            What::CreateMany(count) => {
                for _ in 0..count {
                    self.create(self.now, visible_at, true, true);
                }
            }
            What::Edit(which) => self.edit(which, visible_at, true),
            What::EditMany(first, count) => {
                for which in first..first + count.min(self.records.len()) {
                    self.edit(which, visible_at, true);
                }
            }
            What::Delete(which) => {
                if !self.records.is_empty() {
                    self.records.remove(which % self.records.len());
                }
            }
            What::Nullify(which) => {
                let now = self.now;
                if let Some(record) = self.pick(which) {
                    let visible = record.versions.iter_mut().rev().find(|version| version.visible_at <= now);
                    if let Some(version) = visible {
                        version.null = true;
                        record.was_hidden = true;
                    }
                }
            }
            What::CreateUntimed(untimed) => self.create(
                self.now,
                visible_at,
                matches!(untimed, Untimed::Modified),
                matches!(untimed, Untimed::Created),
            ),
            What::EditUntimed(which) => self.edit(which, visible_at, false),
            What::CreateAhead(by) => self.create(self.now + by, self.now, true, true),
        }
    }

    /// What is visible now, in the order of the list.
    pub fn list(&self) -> Vec<(Place, Visible<'_>)> {
        let mut list: Vec<(Place, Visible<'_>)> = self
            .records
            .iter()
            .filter_map(|record| {
                let version = *record.versions.iter().rev().find(|version| version.visible_at <= self.now)?;
                Some((self.place(record, version), Visible { record, version }))
            })
            .collect();
        list.sort_unstable_by_key(|(place, _)| *place);
        list
    }

    fn place(&self, record: &Record, version: Version) -> Place {
        let rank = match (version.timed, self.untimed_first) {
            (true, _) => 1,
            (false, true) => 0,
            (false, false) => 2,
        };
        let id = u64::from(record.id);
        let tie = match self.ties {
            Ties::Inserted => id,
            Ties::Reverse => u64::MAX - id,
            Ties::Scattered => (id + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        };
        Place(rank, Reverse(if version.timed { version.stamp } else { 0 }), tie)
    }

    fn create(&mut self, stamp: Millis, visible_at: Millis, shows_created: bool, timed: bool) {
        if self.records.len() >= MOST_RECORDS {
            return;
        }
        let version = self.version(stamp, visible_at, timed);
        let id = self.next_id;
        self.next_id += 1;
        self.records.push(Record { id, created: stamp, shows_created, was_hidden: !timed, versions: vec![version] });
    }

    fn edit(&mut self, which: usize, visible_at: Millis, timed: bool) {
        if self.records.is_empty() {
            return;
        }
        let now = self.now;
        let version = self.version(now, visible_at, timed);
        if let Some(record) = self.pick(which) {
            // What another version hides for ever need not be kept.
            if let Some(visible) = record.versions.iter().rposition(|version| version.visible_at <= now) {
                record.versions.drain(..visible);
            }
            record.was_hidden |= !timed;
            record.versions.push(version);
        }
    }

    fn version(&mut self, stamp: Millis, visible_at: Millis, timed: bool) -> Version {
        let number = self.next_version;
        self.next_version += 1;
        Version { number, stamp, timed, null: false, visible_at }
    }

    fn pick(&mut self, which: usize) -> Option<&mut Record> {
        let count = self.records.len();
        self.records.get_mut(which.checked_rem(count)?)
    }
}
