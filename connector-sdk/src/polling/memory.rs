//! What is remembered of delivered records: not the records, but short hashes that recognise a version of one. A false
//! match would lose a change, so what suppresses a delivery is compared by more than 80 bits: id, time and content.

use crate::time::{Millis, PLAUSIBLE};

/// How many bits of the hash of a record's text stand for its time where that cannot be known.
const STAND_IN_BITS: u32 = 14;

/// One version of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 32 bits of the hash of the id. First, so that sorted versions are searched by it.
    pub id: u32,
    /// When the record was changed to this, or what stands for it.
    pub modified: Millis,
    /// 24 bits of the hash of the record's text: two edits within one millisecond have the same time.
    pub content: u32,
}

/// A record at a place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// 32 bits of the hash of the id.
    pub id: u32,
    /// When the record was last changed, or what stands for it.
    pub modified: Millis,
}

/// What stands for the time of a record whose time cannot be known: a number made of the hash of its text, so that it
/// is recognised as long as it is not changed, and far below all times.
pub fn stand_in(content: u64) -> Millis {
    Millis::try_from(content >> (u64::BITS - STAND_IN_BITS)).unwrap_or_default()
}

impl Version {
    /// The version of a record, from the hashes of its id and of its text.
    pub fn new(id: u64, modified: Millis, content: u64) -> Self {
        Self { id: high_bits(id), modified, content: high_bits(content) >> 8 }
    }

    /// Whether `modified` is a time, and nothing that stands for one.
    pub fn is_timed(&self) -> bool {
        self.modified >= *PLAUSIBLE.start()
    }
}

impl Mark {
    /// The mark of a record, from the hash of its id.
    pub fn new(id: u64, modified: Millis) -> Self {
        Self { id: high_bits(id), modified }
    }
}

/// Versions that were delivered before this poll, to be searched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    sorted: Vec<Version>,
}

impl Known {
    /// Takes versions in any order.
    pub fn new(mut versions: Vec<Version>) -> Self {
        sort(&mut versions, Order::ByRecord);
        versions.dedup();
        Self { sorted: versions }
    }

    /// Whether this version was delivered.
    pub fn contains(&self, version: Version) -> bool {
        self.sorted.binary_search(&version).is_ok()
    }

    /// The oldest known version of the record, if any was delivered; the one without a time if there is one.
    pub fn first_of(&self, version: Version) -> Option<Version> {
        let first = self.sorted.partition_point(|known| known.id < version.id);
        self.sorted.get(first).copied().filter(|known| known.id == version.id)
    }
}

/// The orders in which versions are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By id, then time: to be searched.
    ByRecord,
    /// By time, the last changed last.
    OldestFirst,
}

/// Sorts versions. One function for both orders, because a sort is several kilobytes of code; and a stable one, which
/// takes hardly more than a look where the versions are nearly in order already.
#[inline(never)]
pub fn sort(versions: &mut [Version], order: Order) {
    versions.sort_by(|a, b| match order {
        Order::ByRecord => a.cmp(b),
        Order::OldestFirst => a.modified.cmp(&b.modified),
    });
}

/// A 64-bit hash that spreads short keys over all bits: FNV-1a, and the finishing steps of MurmurHash3.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    finish(hash)
}

/// A 64-bit hash of a whole record. Four words a step, each in a lane of its own: every byte of every page goes through
/// this, and in a component each turn of a loop costs a look at the deadline.
pub fn content_hash(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<32>();
    let mut lanes = [bytes.len() as u64, 1, 2, 3];
    for block in blocks {
        let (words, _) = block.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = mix(*lane, u64::from_le_bytes(*word));
        }
    }
    let [first, others @ ..] = lanes;
    let mut hash = others.into_iter().fold(first, mix);
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        hash = mix(hash, u64::from_le_bytes(*word));
    }
    for byte in rest {
        hash = mix(hash, u64::from(*byte));
    }
    finish(hash)
}

fn mix(hash: u64, word: u64) -> u64 {
    let product = (hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 29)
}

fn finish(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

fn high_bits(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Known, Version, content_hash, hash, stand_in};

    #[test]
    fn a_version_is_known_by_id_time_and_content() {
        let version = Version::new(hash(b"a"), 5, hash(b"text"));
        let known = Known::new(vec![version, version]);
        assert_eq!(known.sorted.len(), 1);
        assert!(known.contains(version));
        assert!(!known.contains(Version::new(hash(b"a"), 6, hash(b"text"))));
        assert!(!known.contains(Version::new(hash(b"a"), 5, hash(b"other text"))));
        assert_eq!(known.first_of(Version::new(hash(b"a"), 9, hash(b"whatever"))), Some(version));
        assert_eq!(known.first_of(Version::new(hash(b"b"), 5, hash(b"text"))), None);
    }

    #[test]
    fn what_stands_for_a_time_is_taken_for_none() {
        for content in [0, 1, hash(b"text"), u64::MAX] {
            assert!(!Version::new(hash(b"a"), stand_in(content), content).is_timed());
        }
        assert!(Version::new(hash(b"a"), 1_718_377_096_638, 0).is_timed());
    }

    #[test]
    fn a_change_of_any_one_byte_changes_the_content() {
        let record = br#"{"id":"5f1e00000000000000000001","name":"Bracket","revision":"A","mass":1.5}"#;
        let content = |bytes: &[u8]| Version::new(0, 0, content_hash(bytes)).content;
        let mut seen = std::collections::BTreeSet::from([content(record)]);
        for index in 0..record.len() {
            let mut changed = *record;
            changed[index] ^= 1;
            seen.insert(content(&changed));
        }
        seen.insert(content(&record[1..]));
        assert_eq!(seen.len(), record.len() + 2);
    }

    #[test]
    fn ids_that_count_up_spread_over_all_bits() {
        let ids: std::collections::BTreeSet<u32> =
            (0..20_000).map(|n| Version::new(hash(format!("{n:024x}").as_bytes()), 0, 0).id).collect();
        assert_eq!(ids.len(), 20_000);
    }
}
