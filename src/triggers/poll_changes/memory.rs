//! What is remembered of delivered records: not the records, but short hashes that recognise a version of one. A false match would
//! lose a change, so what suppresses a delivery is compared by more than 80 bits: id, time and content.

use crate::duro::Millis;

/// One version of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 32 bits of the hash of the id. First, so that sorted versions are searched by it.
    pub id: u32,
    /// When the record was changed to this.
    pub modified: Millis,
    /// 24 bits of the hash of the record's text: two edits within one millisecond have the same time.
    pub content: u32,
}

/// A record at a place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// 32 bits of the hash of the id.
    pub id: u32,
    /// When the record was last changed.
    pub modified: Millis,
}

impl Version {
    /// The version of a record, from the hashes of its id and of its text.
    pub fn new(id: u64, modified: Millis, content: u64) -> Self {
        Self { id: high_bits(id), modified, content: high_bits(content) >> 8 }
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

    /// Whether any version of the record was delivered.
    pub fn has_record(&self, version: Version) -> bool {
        let first = self.sorted.partition_point(|known| known.id < version.id);
        self.sorted.get(first).is_some_and(|known| known.id == version.id)
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

/// Sorts versions. One function for both orders, because a sort is several kilobytes of code; and a stable one, which takes hardly more than a
/// look where the versions are nearly in order already.
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

/// A 64-bit hash of a whole record. Four words a step, each in a lane of its own: every byte of every page goes through this, and in a
/// component each turn of a loop costs a look at the deadline.
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
    use super::{Known, Version, content_hash, hash};

    #[test]
    fn a_version_is_known_by_id_time_and_content() {
        let version = Version::new(hash(b"a"), 5, hash(b"text"));
        let known = Known::new(vec![version, version]);
        assert_eq!(known.sorted.len(), 1);
        assert!(known.contains(version));
        assert!(!known.contains(Version::new(hash(b"a"), 6, hash(b"text"))));
        assert!(!known.contains(Version::new(hash(b"a"), 5, hash(b"other text"))));
        assert!(known.has_record(Version::new(hash(b"a"), 9, hash(b"whatever"))));
        assert!(!known.has_record(Version::new(hash(b"b"), 5, hash(b"text"))));
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
