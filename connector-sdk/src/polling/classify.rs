//! What a poll delivers: each record once, at the newest version that was read, as created or as updated.

use super::memory::Version;
use super::page::Record;
use crate::time::{LATEST, Millis};
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
        // A record cannot have been created after it was last changed; where it says so, the change is the better
        // witness.
        let latest = if record.in_order { record.modified } else { LATEST };
        let created = record.created.map(|created| created.min(latest));
        if created.is_some_and(|created| created > floor) && !delivered_before { Self::Created } else { Self::Updated }
    }
}

/// A page is kept as it came if at least one part in this many of it is to be delivered: to copy nearly all records out
/// of their pages would take as much memory again, and longer. Of another page only the records are kept, so that what
/// a poll holds is bounded by what it delivers.
const PARTS_WORTH_KEEPING: usize = 4;

/// What was found to deliver so far.
#[derive(Debug, Default)]
pub struct Deliveries {
    /// The texts of the pages that hold something to deliver, or what is to be delivered of them.
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
    /// Takes what a page has to deliver, except versions that this poll has already, or has newer ones of. Gives
    /// whether any of it was news.
    pub fn take(&mut self, page: String, offers: Vec<Offer>) -> bool {
        let (page, offers) = without_the_rest(page, offers);
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
                    // Without a time, what was read later is newer: a record is read twice because it moved, or at a
                    // boundary of pages.
                    let is_older = version.is_timed() && known.version.modified > version.modified;
                    if known.version == version || is_older {
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

    /// Keeps those of the records to deliver, by the hash of the id and the text, that are to be kept.
    pub fn retain(&mut self, mut keep: impl FnMut(u64, &str) -> bool) {
        let mut ids: Vec<(usize, u64)> = self.by_id.drain().map(|(id, place)| (place, id)).collect();
        ids.sort_unstable();
        let mut ids = ids.into_iter();
        let pages = &self.pages;
        self.entries.retain(|entry| {
            let node = pages.get(entry.page).and_then(|page| page.get(entry.node.clone()));
            ids.next().zip(node).is_some_and(|((_, id), node)| keep(id, node))
        });
    }

    /// Whether there is nothing to deliver.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The records of all classes as they were received, in the order of their discovery.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| self.node(entry))
    }

    fn node(&self, entry: &Entry) -> Option<&str> {
        self.pages.get(entry.page)?.get(entry.node.clone())
    }

    /// The records of one class as they were received, in the order of their discovery.
    pub fn of(&self, class: Class) -> impl Iterator<Item = &str> {
        let entries = self.entries.iter().filter(move |entry| entry.class == class);
        entries.filter_map(|entry| self.node(entry))
    }
}

/// The page, or the records on offer alone if they are a small part of it.
fn without_the_rest(page: String, mut offers: Vec<Offer>) -> (String, Vec<Offer>) {
    let length = offers.iter().map(|offer| offer.node.len()).sum::<usize>();
    if length >= page.len() / PARTS_WORTH_KEEPING {
        return (page, offers);
    }
    let mut records = String::with_capacity(length);
    for offer in &mut offers {
        let start = records.len();
        records.push_str(page.get(offer.node.clone()).unwrap_or_default());
        offer.node = start..records.len();
    }
    (records, offers)
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

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Millis = 1_718_377_096_638;

    fn offer(id: u64, modified: Millis, class: Class, node: Range<usize>) -> Offer {
        Offer { id, version: Version { id: id as u32, modified, content: 0 }, class, node }
    }

    #[test]
    fn what_is_held_is_bounded_by_what_is_delivered() {
        let mut deliveries = Deliveries::default();
        let page = format!("{}[1][2]{}", " ".repeat(10_000), " ".repeat(10_000));
        let offers = vec![offer(1, 5, Class::Created, 10_000..10_003), offer(2, 5, Class::Updated, 10_003..10_006)];
        assert!(deliveries.take(page, offers));
        assert!(deliveries.take("[3][4]".to_owned(), vec![offer(3, 5, Class::Updated, 0..3)]));
        assert!(!deliveries.take(" ".repeat(10_000), Vec::new()));
        assert_eq!(deliveries.pages, ["[1][2]", "[3][4]"]);
        assert_eq!(deliveries.of(Class::Created).collect::<Vec<_>>(), ["[1]"]);
        assert_eq!(deliveries.of(Class::Updated).collect::<Vec<_>>(), ["[2]", "[3]"]);
    }

    #[test]
    fn a_record_is_delivered_once_at_its_newest_version_in_the_class_it_had() {
        let mut deliveries = Deliveries::default();
        assert!(deliveries.take("[old]".to_owned(), vec![offer(1, TIME, Class::Created, 0..5)]));
        assert!(!deliveries.take("[old]".to_owned(), vec![offer(1, TIME, Class::Updated, 0..5)]));
        assert!(deliveries.take("[new]".to_owned(), vec![offer(1, TIME + 1, Class::Updated, 0..5)]));
        assert!(!deliveries.take("[old]".to_owned(), vec![offer(1, TIME - 1, Class::Updated, 0..5)]));
        assert_eq!(deliveries.of(Class::Created).collect::<Vec<_>>(), ["[new]"]);
        assert_eq!(deliveries.of(Class::Updated).count(), 0);
    }

    #[test]
    fn of_a_record_without_a_time_the_version_that_was_read_last_is_the_newest() {
        let mut deliveries = Deliveries::default();
        for (text, modified) in [("[one]", TIME), ("[two]", 7), ("[six]", 3), ("[ten]", TIME)] {
            assert!(deliveries.take(text.to_owned(), vec![offer(1, modified, Class::Updated, 0..5)]));
            assert!(!deliveries.take(text.to_owned(), vec![offer(1, modified, Class::Updated, 0..5)]));
            assert_eq!(deliveries.of(Class::Updated).collect::<Vec<_>>(), [text]);
        }
    }
}
