//! What a poll delivered, read from its payload without knowing the connector: the named lists of records in it. Read as the text it is: a payload
//! of the largest size would take a gigabyte as a tree of values.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Titles that the timeline shows of each list.
const MOST_TITLES: usize = 3;
/// Where a record's name may stand, the best first.
const TITLE_KEYS: [&str; 6] = ["name", "title", "label", "displayName", "key", "id"];
/// A title longer than this is cut, in characters. So is a list's name.
const LONGEST_TITLE: usize = 80;
/// An object with more members than these holds records of its own shape, and no lists that the timeline could name.
const MOST_MEMBERS: usize = 200;
/// Lists lie in an object or two within the payload.
const DEEPEST: usize = 8;
/// Lists that are counted.
const MOST_LISTS: usize = 20;
/// Records that are remembered for telling a repeat, in all.
const MOST_REMEMBERED: usize = 200_000;

/// What one poll delivered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Delivery {
    /// Each list of the payload with how much it held.
    pub(super) lists: Vec<List>,
    /// Records that an earlier poll delivered already, just as they are now.
    pub(super) repeats: usize,
}

/// A list of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct List {
    pub(super) name: String,
    pub(super) length: usize,
    /// The names of the first few.
    pub(super) titles: Vec<String>,
}

/// Reads a payload, and remembers its records.
pub(super) fn delivery(payload: &RawValue, delivered: &mut HashSet<u64>) -> Delivery {
    // Not the hash of a set, which differs from one set to the next.
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut found = Delivery::default();
    for (name, list) in lists(payload, DEEPEST).into_iter().take(MOST_LISTS) {
        let (mut length, mut repeats, mut titles) = (0, 0, Vec::new());
        let whole = each(list, |record| {
            length += 1;
            if delivered.len() >= MOST_REMEMBERED {
                delivered.clear();
            }
            if !delivered.insert(hasher.hash_one(record.get())) {
                repeats += 1;
            }
            if length <= MOST_TITLES {
                titles.extend(title(record));
            }
        });
        if whole {
            found.repeats += repeats;
            found.lists.push(List { name: cut(&name), length, titles });
        }
    }
    found
}

/// The members that are lists, of the outermost object that has any; on the way down there is one object in each.
fn lists(value: &RawValue, deepest: usize) -> Vec<(String, &RawValue)> {
    let Some(members) = members(value) else { return Vec::new() };
    let begins = |value: &RawValue, with: char| value.get().starts_with(with);
    let (lists, others): (Vec<_>, Vec<_>) = members.into_iter().partition(|(_, value)| begins(value, '['));
    if !lists.is_empty() {
        return lists;
    }
    let mut inner = others.into_iter().filter(|(_, value)| begins(value, '{'));
    match (inner.next(), inner.next()) {
        (Some((_, one)), None) if deepest > 0 => self::lists(one, deepest - 1),
        _ => Vec::new(),
    }
}

fn title(record: &RawValue) -> Option<String> {
    let members = members(record)?;
    let text = |key: &&str| {
        let (_, value) = members.iter().find(|(name, _)| name == key)?;
        serde_json::from_str::<String>(value.get()).ok().filter(|text| !text.trim().is_empty())
    };
    TITLE_KEYS.iter().find_map(text).map(|title| cut(&title))
}

fn cut(text: &str) -> String {
    let mut start: String = text.chars().take(LONGEST_TITLE).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// The members of an object, in order; none of what is no object or has too many.
fn members(value: &RawValue) -> Option<Vec<(String, &RawValue)>> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of few members")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = object.next_entry()? {
                if members.len() == MOST_MEMBERS {
                    return Err(serde::de::Error::custom("too many members"));
                }
                members.push(member);
            }
            Ok(members)
        }
    }
    serde_json::Deserializer::from_str(value.get()).deserialize_map(Members).ok()
}

/// Shows every element of a list, one after the other. False for what is no list.
fn each<'a>(list: &'a RawValue, shown: impl FnMut(&'a RawValue)) -> bool {
    struct Each<F>(F);
    impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Each<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
            while let Some(element) = list.next_element()? {
                (self.0)(element);
            }
            Ok(())
        }
    }
    impl<'de, F: FnMut(&'de RawValue)> DeserializeSeed<'de> for Each<F> {
        type Value = ();

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_seq(self)
        }
    }
    Each(shown).deserialize(&mut serde_json::Deserializer::from_str(list.get())).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(payload: &Value, delivered: &mut HashSet<u64>) -> Delivery {
        delivery(&RawValue::from_string(payload.to_string()).unwrap(), delivered)
    }

    #[test]
    fn each_list_is_counted_and_named_by_its_first_records() {
        let payload = json!({"body": {"data": {
            "created": [{"id": "1", "name": "Screw"}],
            "updated": [{"id": "2", "name": ""}, {"id": "3"}, {"x": 1}, {"id": "5"}],
        }}});
        let found = read(&payload, &mut HashSet::new());
        assert_eq!(
            found.lists.iter().map(|list| (list.name.as_str(), list.length)).collect::<Vec<_>>(),
            [("created", 1), ("updated", 4)]
        );
        assert_eq!(found.lists[0].titles, ["Screw"]);
        assert_eq!(found.lists[1].titles, ["2", "3"]);
    }

    #[test]
    fn a_record_that_comes_again_unchanged_is_a_repeat_whatever_the_list() {
        let mut delivered = HashSet::new();
        read(&json!({"created": [{"id": 1, "at": 1}], "updated": []}), &mut delivered);
        let again = read(&json!({"created": [], "updated": [{"id": 1, "at": 1}, {"id": 1, "at": 2}]}), &mut delivered);
        assert_eq!(again.repeats, 1);
    }

    #[test]
    fn a_payload_without_lists_delivers_nothing_that_can_be_counted() {
        let wide: serde_json::Map<String, Value> = (0..1000).map(|number| (number.to_string(), json!([1]))).collect();
        let deep = (0..100).fold(json!({"a": [1]}), |inner, _| json!({ "a": inner }));
        for payload in [json!([1]), json!({"a": {"b": 1}, "c": {"d": []}}), json!("x"), wide.into(), deep] {
            assert_eq!(read(&payload, &mut HashSet::new()), Delivery::default(), "{payload:.60}");
        }
    }

    #[test]
    fn names_titles_and_what_is_remembered_stay_bounded() {
        let mut delivered = HashSet::new();
        let records: Vec<Value> = (0..MOST_REMEMBERED + 5).map(|number| json!(number)).collect();
        read(&json!({ "l".repeat(1000): records }), &mut delivered);
        assert!(delivered.len() <= MOST_REMEMBERED, "{}", delivered.len());
        let found = read(&json!({ "l".repeat(1000): [{"name": "n".repeat(1000)}] }), &mut delivered);
        assert!(found.lists[0].name.len() < 100 && found.lists[0].titles[0].len() < 100, "{found:?}");
    }
}
