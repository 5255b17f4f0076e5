//! A result in parts that a model can take in: whole records, as many as fit into a number of bytes. The text is looked
//! at as it is; only what a part shows becomes a tree of values. Pure.

use std::ops::Range;

use serde::Serialize;
use serde_json::Value;

use super::clean;
use crate::json_parts::{items, members};

/// Lists lie within an object or two.
const DEEPEST: usize = 8;
/// What the members around a part take beside it: its place in the list and the cursor. In bytes.
const AROUND: usize = 512;

/// A result, with the list in it that is given in parts.
pub(super) struct Paged {
    text: Box<str>,
    list: Option<List>,
}

struct List {
    /// Where it is, as a JSON Pointer into the result.
    pointer: String,
    range: Range<usize>,
    /// Where its items are in the text. Half of what ranges take; a result is never as large.
    items: Vec<(u32, u32)>,
}

/// A part of a result.
#[derive(Debug, PartialEq)]
pub(super) struct Part {
    pub(super) data: Value,
    /// The records that it shows, of a list.
    pub(super) place: Option<Place>,
}

/// Which records of a list a part shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Place {
    /// The list in the result, as a JSON Pointer.
    pub(super) list: String,
    /// How many records stand before these.
    pub(super) from: usize,
    pub(super) records: usize,
    pub(super) of: usize,
}

impl Place {
    /// Where the next part begins, if one follows.
    pub(super) fn next(&self) -> Option<usize> {
        let next = self.from.saturating_add(self.records);
        (next < self.of).then_some(next)
    }
}

/// Why there is no part: something that is not to be cut is larger than a part may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TooLarge {
    /// The result without its list.
    Rest { bytes: usize },
    /// One record, by its number from 0, of so many.
    Record { at: usize, of: usize, bytes: usize },
}

impl Paged {
    /// A result; the error says that it is no JSON.
    pub(super) fn of(text: Box<str>) -> Self {
        let mut largest: Option<(String, Range<usize>)> = None;
        find(&text, &text, &mut String::new(), DEEPEST, &mut largest);
        let list = largest.and_then(|(pointer, range)| {
            let parts = items(text.get(range.clone())?)?;
            let place = |part: &str| {
                let start = offset(&text, part)?;
                Some((u32::try_from(start).ok()?, u32::try_from(start + part.len()).ok()?))
            };
            let items = parts.map(place).collect::<Option<Vec<_>>>()?;
            Some(List { pointer, range, items })
        });
        Self { text, list }
    }

    /// What it holds in memory, in bytes.
    pub(super) fn held_bytes(&self) -> usize {
        let items = self.list.as_ref().map_or(0, |list| list.items.len() * size_of::<(u32, u32)>());
        self.text.len() + items
    }

    /// The part that begins with this record, of at most so many bytes as JSON.
    pub(super) fn part(&self, from: usize, most: usize) -> Result<Part, TooLarge> {
        // Most results fit, and are read once.
        if from == 0 && self.text.len() <= most {
            let data = read(&self.text);
            if size(&data) <= most {
                return Ok(Part { data, place: None });
            }
        }
        let Some(list) = &self.list else {
            return Err(TooLarge::Rest { bytes: size(&read(&self.text)) });
        };
        let rest = [self.text.get(..list.range.start), Some("[]"), self.text.get(list.range.end..)];
        let mut data = read(&rest.into_iter().flatten().collect::<String>());
        let mut bytes = size(&data).saturating_add(AROUND.min(most / 4));
        if bytes > most {
            return Err(TooLarge::Rest { bytes });
        }
        let of = list.items.len();
        let mut shown = Vec::new();
        for (start, end) in list.items.iter().skip(from) {
            let record = read(self.text.get(*start as usize..*end as usize).unwrap_or("null"));
            let record_bytes = size(&record).saturating_add(1);
            if bytes.saturating_add(record_bytes) > most {
                if shown.is_empty() {
                    return Err(TooLarge::Record { at: from, of, bytes: record_bytes });
                }
                break;
            }
            bytes = bytes.saturating_add(record_bytes);
            shown.push(record);
        }
        let place = Place { list: list.pointer.clone(), from, records: shown.len(), of };
        match data.pointer_mut(&list.pointer) {
            Some(list) => *list = Value::Array(shown),
            None => return Err(TooLarge::Rest { bytes: size(&data) }),
        }
        Ok(Part { data, place: Some(place) })
    }

    /// How many records the list has.
    pub(super) fn records(&self) -> Option<usize> {
        self.list.as_ref().map(|list| list.items.len())
    }
}

/// Finds the largest list that is reached through objects alone: the result's records are in it.
fn find(whole: &str, json: &str, pointer: &mut String, deepest: usize, largest: &mut Option<(String, Range<usize>)>) {
    if items(json).is_some() {
        let is_larger = largest.as_ref().is_none_or(|(_, known)| json.len() > known.len());
        if let Some(start) = offset(whole, json).filter(|_| is_larger) {
            *largest = Some((pointer.clone(), start..start + json.len()));
        }
        return;
    }
    let Some(left) = deepest.checked_sub(1) else { return };
    for (name, value) in members(json).into_iter().flatten() {
        let length = pointer.len();
        // As it is called once it is read.
        let name = clean::text(crate::json_parts::text(name).into_owned());
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        find(whole, value, pointer, left, largest);
        pointer.truncate(length);
    }
}

/// Where a slice of a text begins in it.
fn offset(whole: &str, part: &str) -> Option<usize> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (start + part.len() <= whole.len()).then_some(start)
}

/// Reads JSON that was checked to be some, and cleans it.
fn read(json: &str) -> Value {
    clean::value(serde_json::from_str(json).unwrap_or_default())
}

/// What a value takes as JSON, in bytes.
pub(super) fn size(value: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.saturating_add(bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).ok();
    count.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paged(value: &Value) -> Paged {
        Paged::of(serde_json::to_string_pretty(value).unwrap().into())
    }

    /// All parts, put together again.
    fn walked(paged: &Paged, most: usize) -> (Vec<Value>, usize) {
        let (mut all, mut parts, mut from) = (Vec::new(), 0, Some(0));
        while let Some(start) = from {
            let part = paged.part(start, most).unwrap();
            assert!(size(&part.data) <= most, "{} bytes", size(&part.data));
            let place = part.place.unwrap();
            assert_eq!(place.from, start);
            let shown = part.data.pointer(&place.list).unwrap().as_array().unwrap();
            assert_eq!(shown.len(), place.records);
            all.extend(shown.iter().cloned());
            from = place.next();
            parts += 1;
        }
        (all, parts)
    }

    #[test]
    fn what_fits_is_given_whole() {
        let value = json!({"id": "1", "children": [1, 2]});
        let part = paged(&value).part(0, 1000).unwrap();
        assert_eq!(part, Part { data: value, place: None });
    }

    #[test]
    fn a_list_wherever_it_is_comes_in_whole_records_and_each_once() {
        let records: Vec<Value> = (0..500).map(|n| json!({"id": n, "name": "x".repeat(n % 50)})).collect();
        for value in [
            json!(records),
            json!({"a~/b": {"count": 500, "edges": records}, "small": [1, 2, 3]}),
            json!({"id": "root", "children": records, "deep": {"deep": {"other": [json!({"y": 1})]}}}),
        ] {
            for most in [700, 2_000, 10_000] {
                let (all, parts) = walked(&paged(&value), most);
                assert!(all == records && parts > 1, "{parts} parts of {most} bytes");
            }
        }
    }

    #[test]
    fn the_bound_holds_after_cleaning_too() {
        let records: Vec<Value> = (0..100).map(|_| json!("\u{202e}".repeat(20))).collect();
        let (all, parts) = walked(&paged(&json!(records)), 1_000);
        assert!(all.len() == 100 && parts >= 16, "{parts}");
    }

    #[test]
    fn what_cannot_be_cut_is_said_by_its_place() {
        let value = json!(["a", "b".repeat(900), "c"]);
        let paged = paged(&value);
        let first = paged.part(0, 500).unwrap();
        assert_eq!(first.place.unwrap().next(), Some(1));
        assert!(matches!(paged.part(1, 500), Err(TooLarge::Record { at: 1, of: 3, bytes: 903 })));
        assert_eq!(paged.part(2, 500).unwrap().place.unwrap().next(), None);
        assert!(matches!(self::paged(&json!("x".repeat(900))).part(0, 500), Err(TooLarge::Rest { .. })));
        assert!(matches!(
            self::paged(&json!({"n": "x".repeat(900), "l": []})).part(0, 500),
            Err(TooLarge::Rest { .. })
        ));
    }
}
