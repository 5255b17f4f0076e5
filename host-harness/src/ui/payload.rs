//! What a poll delivered, for the timeline: the lists of records in its payload that the trigger's result schema
//! declares.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use host::contract::RecordList;
use host::text::cut;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json_parts::{items, members, text};
use crate::records;

/// Titles that the timeline shows of each list.
pub(super) const MOST_TITLES: usize = 3;
/// Where a record's name may stand, the best first.
const TITLE_KEYS: [&str; 6] = ["name", "title", "label", "displayName", "key", "id"];
/// A title longer than this is cut, in bytes. So is a list's name.
const LONGEST_TITLE: usize = 80;
/// A record's name is looked for among so many members.
const MOST_MEMBERS: usize = 200;
/// Lists that are counted.
pub(super) const MOST_LISTS: usize = 20;
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct List {
    pub(super) name: String,
    pub(super) length: usize,
    /// The names of the first few.
    pub(super) titles: Vec<String>,
}

/// Reads a payload, and remembers its records.
pub(super) fn delivery(payload: &RawValue, declared: &[RecordList], delivered: &mut HashSet<u64>) -> Delivery {
    // Not the hash of a set, which differs from one set to the next.
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut found = Delivery::default();
    for (name, list) in records::found(payload.get(), declared).unwrap_or_default().into_iter().take(MOST_LISTS) {
        let (mut length, mut titles) = (0, Vec::new());
        for record in items(list).into_iter().flatten() {
            length += 1;
            if delivered.len() >= MOST_REMEMBERED {
                delivered.clear();
            }
            if !delivered.insert(hasher.hash_one(record)) {
                found.repeats += 1;
            }
            if length <= MOST_TITLES {
                titles.extend(title(record));
            }
        }
        found.lists.push(List { name: cut(name, LONGEST_TITLE).into_owned(), length, titles });
    }
    found
}

fn title(record: &str) -> Option<String> {
    let members = || members(record).into_iter().flatten().take(MOST_MEMBERS);
    let said = |key: &&str| {
        let (_, value) = members().find(|(spelled, _)| text(spelled) == *key)?;
        serde_json::from_str::<String>(value).ok().filter(|text| !text.trim().is_empty())
    };
    TITLE_KEYS.iter().find_map(said).map(|title| cut(&title, LONGEST_TITLE).into_owned())
}

#[cfg(test)]
mod tests {
    use host::contract::TriggerDefinition;
    use serde_json::{Value, json};

    use super::*;

    /// With lists declared in the payload and in `body.data` in it.
    fn read(payload: &Value, delivered: &mut HashSet<u64>) -> Delivery {
        let list = json!({"type": "array"});
        let long = "l".repeat(1000);
        let mut lists = json!({"properties": {"created": list, "updated": list, (long): list}});
        lists["properties"]["body"] = json!({ "properties": {"data": lists} });
        let trigger = json!({
            "key": "t", "label": "", "description": "", "inputs": [], "inputSchema": {}, "examplePayload": {},
            "resultSchema": lists,
        });
        let declared = serde_json::from_value::<TriggerDefinition>(trigger).unwrap().record_lists();
        delivery(&RawValue::from_string(payload.to_string()).unwrap(), &declared, delivered)
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
        for payload in [json!([1]), json!({"a": {"b": 1}, "c": {"d": []}}), json!("x"), json!({"created": 1})] {
            assert_eq!(read(&payload, &mut HashSet::new()), Delivery::default(), "{payload}");
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
