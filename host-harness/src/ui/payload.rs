//! What a poll delivered, read from its payload without knowing the connector: the named lists of records in it.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use serde_json::Value;

/// Titles that the timeline shows of each list.
const MOST_TITLES: usize = 3;
/// Where a record's name may stand, the best first.
const TITLE_KEYS: [&str; 6] = ["name", "title", "label", "displayName", "key", "id"];
/// A title longer than this is cut, in characters.
const LONGEST_TITLE: usize = 80;

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
pub(super) fn delivery(payload: &Value, delivered: &mut HashSet<u64>) -> Delivery {
    // Not the hash of a set, which differs from one set to the next.
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut found = Delivery::default();
    for (name, records) in lists(payload) {
        for record in records {
            if !delivered.insert(hasher.hash_one(record.to_string())) {
                found.repeats += 1;
            }
        }
        let titles = records.iter().take(MOST_TITLES).filter_map(title).collect();
        found.lists.push(List { name: name.to_owned(), length: records.len(), titles });
    }
    found
}

/// The members that are lists, of the outermost object that has any; on the way down there is one object in each.
fn lists(value: &Value) -> Vec<(&str, &Vec<Value>)> {
    let Some(object) = value.as_object() else { return Vec::new() };
    let lists: Vec<_> = object.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_array()?))).collect();
    if !lists.is_empty() {
        return lists;
    }
    let mut inner = object.values().filter(|value| value.is_object());
    match (inner.next(), inner.next()) {
        (Some(one), None) => self::lists(one),
        _ => Vec::new(),
    }
}

fn title(record: &Value) -> Option<String> {
    let found = TITLE_KEYS.iter().filter_map(|key| record.get(key)?.as_str()).find(|text| !text.trim().is_empty())?;
    let mut title: String = found.chars().take(LONGEST_TITLE).collect();
    if title.len() < found.len() {
        title.push('…');
    }
    Some(title)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_list_is_counted_and_named_by_its_first_records() {
        let payload = json!({"body": {"data": {
            "created": [{"id": "1", "name": "Screw"}],
            "updated": [{"id": "2", "name": ""}, {"id": "3"}, {"x": 1}, {"id": "5"}],
        }}});
        let found = delivery(&payload, &mut HashSet::new());
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
        delivery(&json!({"created": [{"id": 1, "at": 1}], "updated": []}), &mut delivered);
        let again =
            delivery(&json!({"created": [], "updated": [{"id": 1, "at": 1}, {"id": 1, "at": 2}]}), &mut delivered);
        assert_eq!(again.repeats, 1);
    }

    #[test]
    fn a_payload_without_lists_delivers_nothing_that_can_be_counted() {
        for payload in [json!([1]), json!({"a": {"b": 1}, "c": {"d": []}}), json!("x")] {
            assert_eq!(delivery(&payload, &mut HashSet::new()), Delivery::default(), "{payload}");
        }
    }
}
