//! What a poll delivers: each record once, at the newest version that was read, as created or as updated.

use super::memory::Version;
use super::page::{Page, Record};
use crate::duro::Millis;
use std::collections::BTreeMap;
use std::ops::Range;

/// In which list of the payload a record belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Created since the watermark and not delivered before.
    Created,
    /// Any other.
    Updated,
}

impl Class {
    /// The class of a record. `floor` is the time at or below which everything was delivered before; `delivered_before`
    /// whether an earlier version of the record was delivered since.
    pub fn of(record: &Record, floor: Millis, delivered_before: bool) -> Self {
        // A record cannot have been created after it was last changed; where it says so, the change is the better witness.
        let created = record.created.map(|created| created.min(record.modified));
        if created.is_some_and(|created| created > floor) && !delivered_before { Self::Created } else { Self::Updated }
    }
}

/// What was found to deliver so far.
#[derive(Debug, Default)]
pub struct Deliveries {
    text: String,
    entries: Vec<Entry>,
    by_id: BTreeMap<u64, usize>,
}

/// One record to deliver.
#[derive(Debug)]
struct Entry {
    class: Class,
    version: Version,
    node: Range<usize>,
}

impl Deliveries {
    /// Takes a version to deliver, unless this poll has it already; gives whether it was news.
    pub fn offer(&mut self, page: &Page, record: &Record, version: Version, class: impl FnOnce() -> Class) -> bool {
        let known = self.by_id.get(&record.id).and_then(|index| self.entries.get_mut(*index));
        if known.as_ref().is_some_and(|known| known.version == version || known.version.modified > version.modified) {
            return false;
        }
        let start = self.text.len();
        self.text.push_str(page.node(record));
        let node = start..self.text.len();
        match known {
            // Whoever gets it sees one record, in the class it has for them.
            Some(known) => {
                known.version = version;
                known.node = node;
            }
            None => {
                self.by_id.insert(record.id, self.entries.len());
                self.entries.push(Entry { class: class(), version, node });
            }
        }
        true
    }

    /// The versions that will have been delivered.
    pub fn versions(&self) -> impl Iterator<Item = Version> {
        self.entries.iter().map(|entry| entry.version)
    }

    /// Whether there is nothing to deliver.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The records of one class as they were received, in the order of their discovery.
    pub fn of(&self, class: Class) -> impl Iterator<Item = &str> {
        let entries = self.entries.iter().filter(move |entry| entry.class == class);
        entries.filter_map(|entry| self.text.get(entry.node.clone()))
    }
}
