//! The records of a service that is made up: what there is, when it changed, and what time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// When the made-up time begins: 2026-01-05 08:00:00 UTC.
const BEGINNING: Duration = Duration::from_secs(1_767_600_000);
/// Parts of parts end here.
const DEEPEST: u8 = 2;

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) id: String,
    /// How often it was changed. Each text of it says so, by which what was delivered is recognised.
    pub(super) version: usize,
    pub(super) created: SystemTime,
    pub(super) changed: SystemTime,
    /// When it got each of its versions, the first first.
    pub(super) times: Vec<SystemTime>,
    /// How far below a record of the list it is.
    pub(super) depth: u8,
}

/// How a record went from version to version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::check) struct Course {
    pub(in crate::check) id: String,
    /// When it got each of its versions, the first first.
    pub(in crate::check) times: Vec<SystemTime>,
}

impl Course {
    /// The version that it has now.
    pub(in crate::check) fn version(&self) -> usize {
        self.times.len()
    }
}

/// What there is.
#[derive(Debug, Clone)]
pub(in crate::check) struct World {
    records: Vec<Record>,
    now: SystemTime,
    made: u64,
    /// Whose records they are, by a number.
    owner: u64,
}

/// Whose records they are at first, and who else may ask.
const OWNERS: [u64; 2] = [0, u64::MAX];

impl World {
    /// An empty one.
    pub(in crate::check) fn new() -> Self {
        let [owner, _] = OWNERS;
        Self { records: Vec::new(), now: UNIX_EPOCH + BEGINNING, made: 0, owner }
    }

    /// One with so many records, each an hour after the one before.
    pub(in crate::check) fn with(records: u64) -> Self {
        let mut world = Self::new();
        for _ in 0..records {
            world.advance(Duration::from_secs(3600));
            world.create();
        }
        world.advance(Duration::from_secs(24 * 3600));
        world
    }

    pub(in crate::check) fn now(&self) -> SystemTime {
        self.now
    }

    pub(in crate::check) fn advance(&mut self, time: Duration) {
        self.now = self.now.checked_add(time).unwrap_or(self.now);
    }

    /// Makes a record, and gives its place.
    pub(in crate::check) fn create(&mut self) -> usize {
        self.made += 1;
        let id = id_of(self.made);
        let now = self.now;
        self.records.push(Record { id, version: 1, created: now, changed: now, times: vec![now], depth: 0 });
        self.records.len() - 1
    }

    /// Changes the record at this place.
    pub(in crate::check) fn touch(&mut self, place: usize) {
        let now = self.now;
        if let Some(record) = self.records.get_mut(place) {
            record.version += 1;
            record.changed = now;
            record.times.push(now);
        }
    }

    pub(in crate::check) fn len(&self) -> usize {
        self.records.len()
    }

    /// Each record, and how it came to its version.
    pub(in crate::check) fn courses(&self) -> Vec<Course> {
        let course = |record: &Record| Course { id: record.id.clone(), times: record.times.clone() };
        self.records.iter().map(course).collect()
    }

    /// The id of a record that is there.
    pub(in crate::check) fn an_id(&self) -> Option<&str> {
        self.records.first().map(|record| record.id.as_str())
    }

    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// The record of this id, in the list or below it.
    pub(super) fn find(&self, id: &str) -> Option<Record> {
        if let Some(record) = self.records.iter().find(|record| record.id == id) {
            return Some(record.clone());
        }
        // A part's id says whose part it is.
        let depth = id.bytes().take_while(|byte| *byte == PART).count();
        let below = self.records.iter().find(|record| part_of(&record.id, depth) == id)?;
        (depth > 0 && depth <= usize::from(DEEPEST)).then(|| Record {
            id: id.to_owned(),
            depth: u8::try_from(depth).unwrap_or(DEEPEST),
            ..below.clone()
        })
    }

    /// Lets whoever asks be another one, with the same records; and back.
    pub(in crate::check) fn change_owner(&mut self) {
        let [first, other] = OWNERS;
        self.owner = if self.owner == first { other } else { first };
    }

    /// What a service says of itself and of whoever asks: always the same, as long as that is the same one.
    pub(super) fn own(&self) -> Record {
        let began = UNIX_EPOCH + BEGINNING;
        let id = id_of(self.owner);
        Record { id, version: 1, created: began, changed: began, times: vec![began], depth: DEEPEST }
    }
}

/// What the ids of parts begin with, once for each level.
const PART: u8 = b'e';

impl Record {
    /// The one record below this, if any is.
    pub(super) fn part(&self) -> Option<Self> {
        let depth = self.depth + 1;
        let whole = self.id.get(usize::from(self.depth)..).unwrap_or_default();
        let is_deep = depth > DEEPEST;
        (!is_deep).then(|| Self { id: part_of_tail(whole, usize::from(depth)), depth, ..self.clone() })
    }

    /// A text of this record.
    pub(super) fn text(&self, field: &str) -> String {
        format!("{field} {}", mark(&self.id, self.version))
    }
}

fn part_of(id: &str, depth: usize) -> String {
    part_of_tail(id.get(depth..).unwrap_or_default(), depth)
}

/// The last characters of the whole's id, with a mark before them for each level.
fn part_of_tail(tail: &str, depth: usize) -> String {
    let length = ID_LENGTH.saturating_sub(depth);
    let tail = tail.get(tail.len().saturating_sub(length)..).unwrap_or_default();
    format!("{}{tail}", char::from(PART).to_string().repeat(depth))
}

const ID_LENGTH: usize = 24;

/// Ids look like those of services: 24 hexadecimal digits.
fn id_of(number: u64) -> String {
    format!("5f{:022x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// By what a record's version is recognised.
pub(in crate::check) fn mark(id: &str, version: usize) -> String {
    format!("{id} v{version}.")
}

/// A time as services write it.
pub(super) fn written(time: SystemTime) -> String {
    format!("{:.3}", Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_by_its_id_and_so_is_what_is_below_it() {
        let world = World::with(3);
        let record = world.records()[1].clone();
        assert_eq!(world.find(&record.id), Some(record.clone()));
        let part = record.part().unwrap();
        assert_ne!(part.id, record.id);
        assert_eq!((part.id.len(), world.find(&part.id)), (record.id.len(), Some(part.clone())));
        let below = part.part().unwrap();
        assert_eq!(world.find(&below.id), Some(below.clone()));
        assert_eq!(below.part(), None);
        assert_eq!(world.find("nothing"), None);
    }
}
