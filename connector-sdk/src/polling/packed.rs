//! Versions, marks and ids as base64: bytes of hashes, and times as differences, because most of them lie within the
//! same minute.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::entered::KEY_BYTES;
use super::memory::{Mark, Version};
use crate::time::{LATEST, Millis};

/// Of each version four bytes of id and three of content are written.
const HASH_BYTES: usize = 7;

/// The bytes of an id of 24 hexadecimal digits.
const HEX_BYTES: usize = 12;

/// Writes versions, the last changed last: each the difference of its time to the one before as a variable-length
/// number, four bytes of id, three of content.
pub(super) fn write_versions(versions: &[Version]) -> String {
    debug_assert!(versions.is_sorted_by_key(|version| version.modified), "a difference would be below zero");
    let mut bytes = Vec::with_capacity(versions.len() * 8);
    let mut before = 0;
    for version in versions {
        push_number(&mut bytes, version.modified - before);
        before = version.modified;
        bytes.extend(version.id.to_be_bytes());
        bytes.extend(version.content.to_be_bytes().iter().skip(1));
    }
    encode(&bytes)
}

/// How many bytes of text [`write_versions`] makes of them.
pub(super) fn versions_length(versions: &[Version]) -> usize {
    let mut before = 0;
    let mut bytes = 0;
    for version in versions {
        bytes += number_length(version.modified - before) + HASH_BYTES;
        before = version.modified;
    }
    length(bytes)
}

/// How many bytes of text so many bytes make.
pub(super) fn length(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

/// Reads versions, the last changed last; none if the text is not what was written.
pub(super) fn read_versions(text: &str) -> Option<Vec<Version>> {
    let bytes = decode(text)?;
    let mut rest = bytes.as_slice();
    let mut versions = Vec::with_capacity(rest.len() / 8);
    let mut before = 0;
    while !rest.is_empty() {
        let modified = take_time(&mut rest, before)?;
        before = modified;
        let id = u32::from_be_bytes(take(&mut rest)?);
        let [a, b, c] = take(&mut rest)?;
        versions.push(Version { id, modified, content: u32::from_be_bytes([0, a, b, c]) });
    }
    Some(versions)
}

/// Writes the keys of records that entered a state, five bytes each.
pub(super) fn write_keys(keys: &[u64]) -> String {
    let bytes: Vec<u8> = keys.iter().flat_map(|key| key.to_be_bytes().into_iter().skip(8 - KEY_BYTES)).collect();
    encode(&bytes)
}

/// Reads such keys; none if the text is not what was written.
pub(super) fn read_keys(text: &str) -> Option<Vec<u64>> {
    let bytes = decode(text)?;
    let (keys, []) = bytes.as_chunks::<KEY_BYTES>() else { return None };
    Some(keys.iter().map(|key| key.iter().fold(0, |key, byte| key << 8 | u64::from(*byte))).collect())
}

/// Writes ids: those of 24 hexadecimal digits in half their length, others as they are.
pub(super) fn write_ids<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let mut bytes = Vec::new();
    for id in ids {
        match hex(id) {
            Some(id) => {
                bytes.push(0);
                bytes.extend(id);
            }
            None => {
                bytes.push(u8::try_from(id.len()).unwrap_or_default());
                bytes.extend(id.as_bytes());
            }
        }
    }
    encode(&bytes)
}

/// How many bytes [`write_ids`] makes of an id, before they become text; none for one that it cannot write.
pub(super) fn id_length(id: &str) -> Option<usize> {
    let written = if hex(id).is_some() { HEX_BYTES } else { id.len() };
    (1..=usize::from(u8::MAX)).contains(&written).then_some(1 + written)
}

/// Reads ids; none if the text is not what was written.
pub(super) fn read_ids(text: &str) -> Option<Vec<String>> {
    let bytes = decode(text)?;
    let mut rest = bytes.as_slice();
    let mut ids = Vec::with_capacity(rest.len() / (1 + HEX_BYTES));
    while let [length, id @ ..] = rest {
        let (id, length) = match usize::from(*length) {
            0 => (id.get(..HEX_BYTES)?.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect(), HEX_BYTES),
            length => (std::str::from_utf8(id.get(..length)?).ok()?.to_owned(), length),
        };
        rest = rest.get(1 + length..)?;
        ids.push(id);
    }
    Some(ids)
}

/// The bytes of an id that is 24 hexadecimal digits, in small letters.
fn hex(id: &str) -> Option<[u8; HEX_BYTES]> {
    let (pairs, []) = id.as_bytes().as_chunks::<2>() else { return None };
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; HEX_BYTES];
    if pairs.len() != HEX_BYTES {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}

fn digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0')
}

/// Writes marks in their order: each its time as a variable-length number and four bytes of id.
pub(super) fn write_marks(marks: &[Mark]) -> String {
    let mut bytes = Vec::new();
    for mark in marks {
        push_number(&mut bytes, mark.modified);
        bytes.extend(mark.id.to_be_bytes());
    }
    encode(&bytes)
}

/// Reads marks; none if the text is not what was written.
pub(super) fn read_marks(text: &str) -> Option<Vec<Mark>> {
    let bytes = decode(text)?;
    let mut rest = bytes.as_slice();
    let mut marks = Vec::new();
    while !rest.is_empty() {
        let modified = take_time(&mut rest, 0)?;
        marks.push(Mark { id: u32::from_be_bytes(take(&mut rest)?), modified });
    }
    Some(marks)
}

fn number_length(number: Millis) -> usize {
    let bits = Millis::BITS - number.max(1).leading_zeros();
    usize::try_from(bits.div_ceil(7)).unwrap_or_default()
}

fn push_number(bytes: &mut Vec<u8>, number: Millis) {
    let mut rest = u64::try_from(number).unwrap_or_default();
    while rest >= 0x80 {
        bytes.push(low_byte(rest) | 0x80);
        rest >>= 7;
    }
    bytes.push(low_byte(rest));
}

fn take_time(bytes: &mut &[u8], before: Millis) -> Option<Millis> {
    let mut number = 0_u64;
    for shift in (0..49).step_by(7) {
        let [byte] = take(bytes)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let time = before.checked_add(i64::try_from(number).ok()?)?;
            return (time <= LATEST).then_some(time);
        }
    }
    None
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

fn low_byte(number: u64) -> u8 {
    u8::try_from(number & 0xff).unwrap_or_default()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_are_read_back(bytes in proptest::collection::vec(any::<u8>(), 0..50)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn text_with_any_other_character_is_refused(text in "[A-Za-z0-9_-]{0,20}", other in "[^A-Za-z0-9_-]", at in 0..21_usize) {
            let (before, after) = text.split_at(at.min(text.len()));
            prop_assert_eq!(decode(&format!("{before}{other}{after}")), None);
        }

        #[test]
        fn versions_are_read_back(
            versions in proptest::collection::vec((any::<u32>(), 0..=LATEST, 0..1_u32 << 24), 0..50)
        ) {
            let mut versions: Vec<Version> =
                versions.into_iter().map(|(id, modified, content)| Version { id, modified, content }).collect();
            versions.sort_by_key(|version| version.modified);
            let text = write_versions(&versions);
            prop_assert_eq!(versions_length(&versions), text.len());
            prop_assert_eq!(read_versions(&text), Some(versions));
        }

        #[test]
        fn marks_are_read_back(marks in proptest::collection::vec((any::<u32>(), 0..=LATEST), 0..20)) {
            let marks: Vec<Mark> = marks.into_iter().map(|(id, modified)| Mark { id, modified }).collect();
            prop_assert_eq!(read_marks(&write_marks(&marks)), Some(marks));
        }

        #[test]
        fn ids_are_read_back(ids in proptest::collection::vec("[0-9a-f]{24}|[0-9a-fA-F]{22,26}|\\PC{1,60}", 0..20)) {
            let text = write_ids(ids.iter().map(String::as_str));
            prop_assert_eq!(ids.iter().map(|id| id_length(id)).sum::<Option<usize>>().map(length), Some(text.len()));
            prop_assert_eq!(read_ids(&text), Some(ids));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[A-Za-z0-9_-]{0,60}|\\PC*") {
            read_versions(&text);
            read_marks(&text);
            read_ids(&text);
        }
    }
}
