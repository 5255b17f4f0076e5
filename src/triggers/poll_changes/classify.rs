//! What a poll delivers: each record once, at the newest version that was read, as created or as updated.

use super::memory::Version;
use super::page::Record;
use crate::duro::Millis;
use std::collections::{HashMap, hash_map};
use std::hash::{BuildHasherDefault, Hasher};
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
    /// The texts of the pages that hold something to deliver. Kept as they came: to copy each record out of its page would take as much
    /// memory again, and longer.
    pages: Vec<String>,
    entries: Vec<Entry>,
    by_id: HashMap<u64, usize, BuildHasherDefault<AsItIs>>,
}

/// One record to deliver.
#[derive(Debug)]
struct Entry {
    class: Class,
    version: Version,
    page: usize,
    node: Range<usize>,
}

/// A version to deliver, in the page that it was read from.
#[derive(Debug)]
pub struct Offer {
    /// The hash of the record's id.
    pub id: u64,
    /// Which version it is.
    pub version: Version,
    /// As what to deliver it, unless this poll delivers the record already.
    pub class: Class,
    /// Where the record, a JSON object, stands in the page's text.
    pub node: Range<usize>,
}

impl Deliveries {
    /// Takes what a page has to deliver, except versions that this poll has already, or has newer ones of. Gives whether any of it was news.
    pub fn take(&mut self, page: String, offers: Vec<Offer>) -> bool {
        let number = self.pages.len();
        let mut news = false;
        for Offer { id, version, class, node } in offers {
            match self.by_id.entry(id) {
                hash_map::Entry::Vacant(place) => {
                    place.insert(self.entries.len());
                    self.entries.push(Entry { class, version, page: number, node });
                }
                hash_map::Entry::Occupied(place) => {
                    let Some(known) = self.entries.get_mut(*place.get()) else { continue };
                    if known.version == version || known.version.modified > version.modified {
                        continue;
                    }
                    // Whoever gets it sees one record, in the class it has for them.
                    *known = Entry { class: known.class, version, page: number, node };
                }
            }
            news = true;
        }
        if news {
            self.pages.push(page);
        }
        news
    }

    /// The versions that will have been delivered, in the order of their discovery: mostly the last changed first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = Version> {
        self.entries.iter().map(|entry| entry.version)
    }

    /// Whether there is nothing to deliver.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The records of one class as they were received, in the order of their discovery.
    pub fn of(&self, class: Class) -> impl Iterator<Item = &str> {
        let entries = self.entries.iter().filter(move |entry| entry.class == class);
        entries.filter_map(|entry| self.pages.get(entry.page)?.get(entry.node.clone()))
    }
}

/// The hash of what is a hash.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash << 8 | u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
