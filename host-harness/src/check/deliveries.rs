//! What a trigger delivered in a history, as far as it can be recognised: which record it was, and of which version. A
//! text of the made-up service says both. Where none is passed on, the time of the last change tells the version; and
//! where that is not passed on either, a record that is named is at most of the version that it had by then. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use host::contract::RecordList;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::service::{Course, mark};
use crate::json_parts::items;
use crate::records::found;

/// What was delivered.
pub(super) struct Deliveries<'l> {
    lists: &'l [RecordList],
    /// Of each record, the last version that was told.
    told: BTreeMap<String, usize>,
    /// The lists in which versions are told.
    telling: BTreeSet<String>,
    /// Records that were named in a list and nothing more, by list and id.
    named: BTreeMap<(String, String), Named>,
    /// All that was delivered, recognised or not.
    pub(super) records: u64,
}

/// A record that was delivered without a word of its version.
struct Named {
    /// The version that it had when that poll had ended.
    at_most: usize,
    /// Whether it came with the time of its creation, as a record does that was never changed.
    is_dated: bool,
}

/// What a delivered record says of its version.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    Version(usize),
    Dated,
    Nothing,
}

impl<'l> Deliveries<'l> {
    pub(super) fn new(lists: &'l [RecordList]) -> Self {
        let (told, telling, named) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { lists, told, telling, named, records: 0 }
    }

    /// Looks at the payload of a poll. `known` is what there is now that it has ended.
    pub(super) fn take(&mut self, payload: &str, known: &[Course]) {
        for (list, records) in found(payload, self.lists).unwrap_or_default() {
            for record in items(records).into_iter().flatten() {
                self.records += 1;
                for course in known.iter().filter(|course| record.contains(&course.id)) {
                    self.note(list, course, word(record, course));
                }
            }
        }
    }

    fn note(&mut self, list: &str, course: &Course, word: Word) {
        let is_dated = match word {
            Word::Version(version) => {
                self.told.insert(course.id.clone(), version);
                self.telling.insert(list.to_owned());
                return;
            }
            Word::Dated => true,
            Word::Nothing => false,
        };
        let named = Named { at_most: course.version(), is_dated };
        self.named.insert((list.to_owned(), course.id.clone()), named);
    }

    /// Whether any record was recognised.
    pub(super) fn names_some(&self) -> bool {
        !self.told.is_empty() || !self.named.is_empty()
    }

    /// Whether anything told the version of a record.
    pub(super) fn tells_versions(&self) -> bool {
        !self.told.is_empty()
    }

    /// How a record was delivered, in words, if that is not as it is at the end; none if it was, or may have been.
    pub(super) fn lost(&self, course: &Course) -> Option<String> {
        let told = self.told.get(&course.id).copied();
        if told == Some(course.version()) {
            return None;
        }
        // Nobody can tell apart what was changed twice at one time.
        let last = course.times.last();
        let least = course.times.iter().take_while(|time| Some(*time) != last).count() + 1;
        let of_it = self.named.iter().filter(|((list, id), _)| *id == course.id && !is_of_gone(list));
        let mut at_most = None;
        for ((list, _), named) in of_it {
            // Where others tell their versions, one that does not has been passed on as it was made.
            let reaches = if !self.telling.contains(list) {
                named.at_most
            } else if named.is_dated {
                1
            } else {
                continue;
            };
            if reaches >= least {
                return None;
            }
            at_most = at_most.max(Some(reaches));
        }
        Some(match (told, at_most) {
            (Some(version), _) => format!("as version {version}"),
            (None, Some(version)) => format!("last when it was of version {version}"),
            (None, None) => "never".to_owned(),
        })
    }
}

/// Whether a list is called as one of records that are gone: being named there says nothing of a change.
fn is_of_gone(list: &str) -> bool {
    let name = list.to_lowercase();
    name.contains("delet") || name.contains("remov")
}

/// What a record that was delivered says of the version of the one whose id it holds.
fn word(record: &str, course: &Course) -> Word {
    if let Some(version) = (1..=course.version()).rev().find(|version| record.contains(&mark(&course.id, *version))) {
        return Word::Version(version);
    }
    let mut moments = Vec::new();
    moments_of(&serde_json::from_str(record).unwrap_or_default(), &mut moments);
    let times: Vec<i64> = course.times.iter().map(|time| milliseconds(*time)).collect();
    let Some(created) = times.first() else { return Word::Nothing };
    let holds = |time: i64| moments.iter().any(|moment| is_that(*moment, time));
    // The time of its creation may be that alone: it says nothing of a change.
    let is_told = |time: &i64| moments.iter().any(|moment| is_that(*moment, *time) && !is_that(*moment, *created));
    match times.iter().rposition(is_told) {
        Some(place) => Word::Version(place + 1),
        None if holds(*created) => Word::Dated,
        None => Word::Nothing,
    }
}

/// Whether a moment that was delivered is that time; it may have been cut to whole seconds.
fn is_that(moment: i64, time: i64) -> bool {
    moment == time || moment == time - time.rem_euclid(1_000)
}

fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Whatever in a record can be a time, in milliseconds since 1970: texts with and without an offset, and the numbers
/// that programs count in.
fn moments_of(value: &Value, moments: &mut Vec<i64>) {
    match value {
        Value::String(text) => {
            let without_offset = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
            let time = text.parse::<Timestamp>().ok().or_else(|| Some(without_offset()?.timestamp()));
            moments.extend(time.map(Timestamp::as_millisecond));
        }
        Value::Number(number) => {
            let whole = number.as_i64();
            moments.extend(whole.into_iter().chain(whole.and_then(|seconds| seconds.checked_mul(1_000))));
        }
        Value::Array(items) => items.iter().for_each(|item| moments_of(item, moments)),
        Value::Object(members) => members.values().for_each(|member| moments_of(member, moments)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use host::contract::TriggerDefinition;
    use serde_json::json;

    use super::*;

    const ID: &str = "5f0123456789abcdef012345";
    const CREATED: u64 = 1_767_600_000_250;

    /// A record that was changed so many milliseconds after its creation.
    fn course(changes: &[u64]) -> Course {
        let at = |after: &u64| UNIX_EPOCH + Duration::from_millis(CREATED + after);
        Course { id: ID.into(), times: [0].iter().chain(changes).map(at).collect() }
    }

    fn lists() -> Vec<RecordList> {
        let list = json!({"type": "array"});
        let trigger = json!({
            "key": "t", "label": "", "description": "", "inputs": [], "inputSchema": {}, "examplePayload": {},
            "resultSchema": {"properties": {"updated": list, "created": list, "deleted": list}},
        });
        serde_json::from_value::<TriggerDefinition>(trigger).unwrap().record_lists()
    }

    #[test]
    fn a_version_is_told_by_a_text_or_else_by_the_time_of_the_last_change_however_that_is_written() {
        let course = course(&[1_500, 90_000]);
        let said = |record: Value| word(&record.to_string(), &course);
        assert_eq!(said(json!({"id": ID, "name": format!("name {ID} v2."), "kind": "A"})), Word::Version(2));
        let created = "2026-01-05T08:00:00.250Z";
        for (version, times) in [
            (2, ["2026-01-05T08:00:01.750Z", "2026-01-05T09:00:01.750+01:00", "2026-01-05T08:00:01.750"]),
            (3, ["2026-01-05T08:01:30.250Z", "2026-01-05 08:01:30Z", "2026-01-05T08:01:30"]),
        ] {
            for time in times {
                let record = json!({"id": ID, "created": created, "in": {"modified": time}, "count": 1, "is": true});
                assert_eq!(said(record), Word::Version(version), "{time}");
            }
        }
        assert_eq!(said(json!({"id": ID, "modified": CREATED + 90_000})), Word::Version(3));
        assert_eq!(said(json!({"id": ID, "modified": (CREATED + 90_000) / 1_000})), Word::Version(3));
        for record in [json!({"id": ID, "created": created}), json!({"id": ID, "created": "2026-01-05T08:00:00Z"})] {
            assert_eq!(said(record), Word::Dated);
        }
        assert_eq!(said(json!({"id": ID, "kind": "A", "count": 7, "at": "2020-01-01T00:00:00Z"})), Word::Nothing);
        // Within the second of its creation, whole seconds tell nothing.
        let soon = self::course(&[300]);
        assert_eq!(word(&json!({"id": ID, "modified": "2026-01-05T08:00:00Z"}).to_string(), &soon), Word::Dated);
    }

    #[test]
    fn a_record_is_lost_that_was_never_named_or_last_before_it_was_changed() {
        let lists = lists();
        let now = course(&[1_500]);
        let after = |payloads: &[(Value, &[u64])]| {
            let mut deliveries = Deliveries::new(&lists);
            payloads.iter().for_each(|(payload, changes)| deliveries.take(&payload.to_string(), &[course(changes)]));
            deliveries.lost(&now)
        };
        let named = |list: &str| json!({ list: [{"id": ID}] });
        let dated = |time: &str| json!({"updated": [{"id": ID, "modified": time}]});
        let (first, second) = (dated("2026-01-05T08:00:00.250Z"), dated("2026-01-05T08:00:01.750Z"));
        assert_eq!(after(&[]).as_deref(), Some("never"));
        assert_eq!(after(&[(named("updated"), &[])]).as_deref(), Some("last when it was of version 1"));
        assert_eq!(after(&[(named("updated"), &[1_500])]), None);
        assert_eq!(after(&[(json!({"updated": [ID]}), &[1_500])]), None);
        // That it is said to be gone is no word of its change.
        assert_eq!(after(&[(named("deleted"), &[1_500])]).as_deref(), Some("never"));
        assert_eq!(after(&[(first.clone(), &[])]).as_deref(), Some("last when it was of version 1"));
        assert_eq!(after(&[(second, &[1_500])]), None);
        // Where others tell their versions, the time of its creation is that of its last change.
        let other = json!({"updated": [{"id": "6f", "modified": "2026-01-05T08:00:03.250Z"}]});
        let others = [course(&[1_500]), Course { id: "6f".into(), ..course(&[3_000]) }];
        let mut deliveries = Deliveries::new(&lists);
        deliveries.take(&other.to_string(), &others);
        deliveries.take(&first.to_string(), &others);
        assert_eq!(deliveries.lost(&now).as_deref(), Some("last when it was of version 1"));
        // A version that was told and is not the last, whatever else was named.
        let marked = json!({"updated": [{"id": ID, "name": format!("name {ID} v1.")}]});
        assert_eq!(after(&[(marked, &[1_500]), (named("updated"), &[1_500])]).as_deref(), Some("as version 1"));
    }
}
