//! The records of a simulated service: their versions, when each becomes visible, and the list of what is visible now.

use crate::history::{Change, Settings, Ties, Untimed, UntimedAt, What, Wrong};
use connector_sdk::time::Millis;
use std::cmp::Reverse;

/// When histories begin: late enough that nothing before it is before 1970.
pub const BEGINNING: Millis = 1_700_000_000_000;

/// The most records, unless a history begins with more, so that a poll's requests suffice to read all of them.
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
    untimed_at: UntimedAt,
    most_ahead: usize,
    most_records: usize,
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
    /// Whether it ever was null or without a readable `lastModified`, or is stamped as created in the future: the list
    /// tells little of it then.
    pub was_hidden: bool,
    /// Its versions, oldest first, from the one that is visible on.
    pub versions: Vec<Version>,
    /// The numbers of all its versions, of those that nobody sees any more too.
    pub numbers: Vec<u32>,
}

/// One version of a record.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// Counts over all versions of all records, in the order they were made.
    pub number: u32,
    /// Its `lastModified`.
    pub stamp: Millis,
    /// What the service says of its `lastModified`.
    pub shown: Shown,
    /// Whether its place in the list holds null.
    pub null: bool,
    /// When it becomes visible.
    pub visible_at: Millis,
}

/// What the service says of a `lastModified`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// What it is.
    Right,
    /// Null.
    Null,
    /// Something else, in this way.
    Wrong(Wrong),
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
            untimed_at: settings.untimed_at,
            most_ahead: settings.most_ahead,
            most_records: settings.initial.len().max(MOST_RECORDS),
        };
        for age in &settings.initial {
            world.create(BEGINNING - age, BEGINNING - age, true, Shown::Right);
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
        let (now, visible_at) = (self.now, self.now + change.lag);
        match change.what {
            What::Create => self.create(now, visible_at, true, Shown::Right),
            What::CreateMany(count) => {
                for _ in 0..count {
                    self.create(now, visible_at, true, Shown::Right);
                }
            }
            What::Edit(which) => self.edit(which, now, visible_at, Shown::Right),
            What::EditMany(first, count) => {
                for which in first..first + count.min(self.records.len()) {
                    self.edit(which, now, visible_at, Shown::Right);
                }
            }
            What::Delete(which) => {
                if !self.records.is_empty() {
                    self.records.remove(which % self.records.len());
                }
            }
            What::Nullify(which) => {
                if let Some(record) = self.pick(which) {
                    let visible = record.versions.iter_mut().rev().find(|version| version.visible_at <= now);
                    if let Some(version) = visible {
                        version.null = true;
                        record.was_hidden = true;
                    }
                }
            }
            What::CreateUntimed(untimed) => {
                let shown = if matches!(untimed, Untimed::Created) { Shown::Right } else { Shown::Null };
                self.create(now, visible_at, matches!(untimed, Untimed::Modified), shown);
            }
            What::EditUntimed(which) => self.edit(which, now, visible_at, Shown::Null),
            What::CreateWrong(wrong) => self.create(now, visible_at, true, Shown::Wrong(wrong)),
            What::EditWrong(which, wrong) => self.edit(which, now, visible_at, Shown::Wrong(wrong)),
            What::CreateAhead(by) => self.create(self.ahead(by), now, true, Shown::Right),
            What::EditAhead(which, by) => self.edit(which, self.ahead(by), now, Shown::Right),
        }
    }

    /// So far in the future, or now if too many records are there already.
    fn ahead(&self, by: Millis) -> Millis {
        let is_ahead = |record: &&Record| record.versions.iter().any(|version| version.stamp > self.now);
        if self.records.iter().filter(is_ahead).count() < self.most_ahead { self.now + by } else { self.now }
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
        let is_right = version.shown == Shown::Right;
        let rank = match self.untimed_at {
            UntimedAt::Top if !is_right => 0,
            UntimedAt::End if !is_right => 2,
            _ => 1,
        };
        let id = u64::from(record.id);
        let tie = match self.ties {
            Ties::Inserted => id,
            Ties::Reverse => u64::MAX - id,
            Ties::Scattered => (id + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
        };
        Place(rank, Reverse(if rank == 1 { version.stamp } else { 0 }), tie)
    }

    fn create(&mut self, stamp: Millis, visible_at: Millis, shows_created: bool, shown: Shown) {
        if self.records.len() >= self.most_records {
            return;
        }
        let version = self.version(stamp, visible_at, shown);
        let id = self.next_id;
        self.next_id += 1;
        // What was created in the future is not known to be new when it is edited now.
        let was_hidden = shown != Shown::Right || stamp > self.now;
        self.records.push(Record {
            id,
            created: stamp,
            shows_created,
            was_hidden,
            numbers: vec![version.number],
            versions: vec![version],
        });
    }

    fn edit(&mut self, which: usize, stamp: Millis, visible_at: Millis, shown: Shown) {
        if self.records.is_empty() {
            return;
        }
        let now = self.now;
        let version = self.version(stamp, visible_at, shown);
        if let Some(record) = self.pick(which) {
            // What another version hides for ever need not be kept.
            if let Some(visible) = record.versions.iter().rposition(|version| version.visible_at <= now) {
                record.versions.drain(..visible);
            }
            record.was_hidden |= shown != Shown::Right;
            record.numbers.push(version.number);
            record.versions.push(version);
        }
    }

    fn version(&mut self, stamp: Millis, visible_at: Millis, shown: Shown) -> Version {
        let number = self.next_version;
        self.next_version += 1;
        Version { number, stamp, shown, null: false, visible_at }
    }

    fn pick(&mut self, which: usize) -> Option<&mut Record> {
        let count = self.records.len();
        self.records.get_mut(which.checked_rem(count)?)
    }
}
