//! What two values differ in, by what they mean: members by name, items of a list by their ids where they have some.
//! Pure.

use std::collections::HashMap;

use host::text::cut;
use serde::Serialize;
use serde_json::Value;

/// More differences than these say nothing new.
pub(super) const MOST: usize = 50;
/// A value is shown up to this many bytes.
const LONGEST: usize = 200;
/// Deeper, values are compared as wholes.
const DEEPEST: usize = 100;
/// By what items of a list are known, in this order.
const IDS: [&str; 3] = ["id", "key", "name"];

/// One place in which what was recorded and what is now differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// Where: `result.data[id=5f1e].status`, `request 2 body.variables.first`.
    pub(crate) place: String,
    /// What was there; none where nothing was.
    pub(crate) recorded: Option<String>,
    /// What is there now; none where nothing is.
    pub(crate) now: Option<String>,
}

impl Difference {
    pub(super) fn of(place: &str, recorded: Option<&str>, now: Option<&str>) -> Self {
        let shown = |text: Option<&str>| text.map(|text| cut(text, LONGEST).into_owned());
        Self { place: place.to_owned(), recorded: shown(recorded), now: shown(now) }
    }
}

/// What differs between two texts, which are JSON as a rule. Nothing where both are the same JSON, byte by byte but for
/// how it is spaced and escaped.
pub(super) fn between(place: &str, recorded: &str, now: &str, found: &mut Vec<Difference>) {
    if recorded == now {
        return;
    }
    let before = found.len();
    match (serde_json::from_str(recorded), serde_json::from_str(now)) {
        (Ok(recorded), Ok(now)) => values(place, &recorded, &now, 0, found),
        _ => found.push(Difference::of(place, Some(recorded), Some(now))),
    }
    // The same values in another order or spelling: somebody may count on the bytes.
    if found.len() == before {
        let same = recorded.bytes().zip(now.bytes()).take_while(|(one, other)| one == other).count();
        let from = |text: &str| {
            let start = (0..=same.min(text.len())).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0);
            text.get(start..).unwrap_or_default().to_owned()
        };
        let place = format!("{place}, from byte {same}, of the same meaning");
        found.push(Difference::of(&place, Some(&from(recorded)), Some(&from(now))));
    }
}

fn values(place: &str, recorded: &Value, now: &Value, depth: usize, found: &mut Vec<Difference>) {
    if recorded == now || found.len() >= MOST {
        return;
    }
    match (recorded, now) {
        (Value::Object(one), Value::Object(other)) if depth < DEEPEST => {
            let new = other.iter().filter(|(name, _)| !one.contains_key(*name));
            for (name, value) in one {
                pair(&member(place, name), Some(value), other.get(name), depth, found);
            }
            for (name, value) in new {
                pair(&member(place, name), None, Some(value), depth, found);
            }
        }
        (Value::Array(one), Value::Array(other)) if depth < DEEPEST => match (ids(one), ids(other)) {
            (Some(one), Some(other)) if one.field == other.field => by_ids(place, (&one, &other), depth, found),
            _ => {
                for index in 0..one.len().max(other.len()) {
                    pair(&format!("{place}[{index}]"), one.get(index), other.get(index), depth, found);
                }
            }
        },
        _ => found.push(Difference::of(place, Some(&recorded.to_string()), Some(&now.to_string()))),
    }
}

fn pair(place: &str, recorded: Option<&Value>, now: Option<&Value>, depth: usize, found: &mut Vec<Difference>) {
    if found.len() >= MOST {
        return;
    }
    match (recorded, now) {
        (Some(recorded), Some(now)) => values(place, recorded, now, depth + 1, found),
        (recorded, now) => {
            let text = |value: Option<&Value>| value.map(Value::to_string);
            found.push(Difference::of(place, text(recorded).as_deref(), text(now).as_deref()));
        }
    }
}

/// The items of a list by the member that each has another text in.
struct ById<'a> {
    field: &'static str,
    items: Vec<(&'a str, &'a Value)>,
}

fn ids(items: &[Value]) -> Option<ById<'_>> {
    IDS.into_iter().find_map(|field| {
        let items: Option<Vec<(&str, &Value)>> =
            items.iter().map(|item| Some((item.get(field)?.as_str()?, item))).collect();
        let items = items.filter(|items| !items.is_empty())?;
        let by_id: HashMap<&str, &Value> = items.iter().copied().collect();
        (by_id.len() == items.len()).then_some(ById { field, items })
    })
}

fn by_ids(place: &str, (one, other): (&ById<'_>, &ById<'_>), depth: usize, found: &mut Vec<Difference>) {
    let field = one.field;
    let (before, after): (HashMap<&str, &Value>, HashMap<&str, &Value>) =
        (one.items.iter().copied().collect(), other.items.iter().copied().collect());
    for (id, item) in &one.items {
        pair(&format!("{place}[{field}={id}]"), Some(item), after.get(id).copied(), depth, found);
    }
    for (id, item) in other.items.iter().filter(|(id, _)| !before.contains_key(id)) {
        pair(&format!("{place}[{field}={id}]"), None, Some(item), depth, found);
    }
    let order = |items: &[(&str, &Value)]| items.iter().map(|(id, _)| (*id).to_owned()).collect::<Vec<_>>().join(", ");
    let same = one.items.len() == other.items.len() && one.items.iter().all(|(id, _)| after.contains_key(id));
    let (before, after) = (order(&one.items), order(&other.items));
    if same && before != after && found.len() < MOST {
        found.push(Difference::of(&format!("{place}, order"), Some(&before), Some(&after)));
    }
}

fn member(place: &str, name: &str) -> String {
    let is_plain = !name.is_empty() && name.chars().all(|character| character.is_alphanumeric() || character == '_');
    if is_plain { format!("{place}.{name}") } else { format!("{place}[{}]", Value::from(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(recorded: &str, now: &str) -> Vec<String> {
        let mut found = Vec::new();
        between("result", recorded, now, &mut found);
        let text = |value: Option<String>| value.unwrap_or_else(|| "-".into());
        found.into_iter().map(|one| format!("{}: {} > {}", one.place, text(one.recorded), text(one.now))).collect()
    }

    #[test]
    fn members_are_compared_by_name_and_items_by_id() {
        assert_eq!(found(r#"{"a":1,"b":2}"#, r#"{"a":1,"c":3}"#), ["result.b: 2 > -", "result.c: - > 3"]);
        assert_eq!(
            found(r#"[{"id":"x","n":1},{"id":"y","n":2}]"#, r#"[{"id":"y","n":2},{"id":"z","n":1}]"#),
            [r#"result[id=x]: {"id":"x","n":1} > -"#, r#"result[id=z]: - > {"id":"z","n":1}"#]
        );
        assert_eq!(found(r#"[{"id":"x"},{"id":"y"}]"#, r#"[{"id":"y"},{"id":"x"}]"#), ["result, order: x, y > y, x"]);
        assert_eq!(found("[1,2]", "[1]"), ["result[1]: 2 > -"]);
    }

    #[test]
    fn the_same_values_in_other_bytes_are_a_difference_that_says_so() {
        let differences = found(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#);
        assert_eq!(differences.len(), 1);
        assert!(differences[0].starts_with("result, from byte 2, of the same meaning"), "{differences:?}");
        assert_eq!(found(r#"{"a":1}"#, r#"{"a":1}"#), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_json_is_compared_as_text_and_there_is_a_most_of_it() {
        assert_eq!(found("a", "b"), ["result: a > b"]);
        let long = |value: u8| format!("[{}]", vec![value.to_string(); 500].join(","));
        assert_eq!(found(&long(1), &long(2)).len(), MOST);
        let deep = |value: u8| format!("{}{value}{}", "[".repeat(120), "]".repeat(120));
        assert_eq!(found(&deep(1), &deep(2)).len(), 1);
    }
}
