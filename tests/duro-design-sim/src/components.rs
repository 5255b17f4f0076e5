//! The components of the library, and what a client gets to see of them.

use connector_sdk::time::{Millis, format, parse};
use serde_json::{Value, json};

/// A day, in milliseconds.
const DAY: Millis = 24 * 3_600_000;

/// The id of the first component: the example of the connector's own form.
const FIRST_ID: &str = "0d4f7a52-6f0e-4c58-9b1d-3a1f6f0b7c21";

/// One component.
#[derive(Clone, Debug)]
pub struct Component {
    /// A UUID.
    pub id: String,
    /// The part number.
    pub cpn: String,
    /// Its name.
    pub name: String,
    /// What it is: PART, ASSEMBLY or DOCUMENT.
    pub category_type: &'static str,
    /// Whether it is archived.
    pub is_archived: bool,
    /// When it was created.
    pub created_at: Millis,
    /// When it was last changed; never, if the service does not say.
    pub updated_at: Option<Millis>,
}

impl Component {
    /// The `number`-th component of a library.
    pub(crate) fn new(number: usize, name: &str, created_at: Millis) -> Self {
        let id = match number {
            0 => FIRST_ID.to_owned(),
            // Scattered, so that the order of ids tells nothing.
            number => format!("{:08x}-0000-4000-8000-{number:012x}", (number as u32).wrapping_mul(0x9e37_79b9)),
        };
        let category_type = if number % 5 == 4 { "ASSEMBLY" } else { "PART" };
        Self {
            id,
            cpn: format!("212-{:05}", number + 1),
            name: name.to_owned(),
            category_type,
            is_archived: number % 50 == 49,
            created_at,
            updated_at: Some(created_at),
        }
    }

    /// The library that a service has at first: of each day some, the last of them today.
    pub(crate) fn library(count: usize, now: Millis) -> Vec<Self> {
        const NAMES: [&str; 6] = ["Bracket, 1/4\" steel", "Screw M3 × 8", "Motor", "Housing", "Gasket", "Cable"];
        let name = |number: usize| {
            let name = NAMES.get(number % NAMES.len()).copied().unwrap_or_default();
            format!("{name} {}", number / NAMES.len() + 1)
        };
        let age = |number: usize| Millis::try_from(count - number).unwrap_or_default() * DAY / 8;
        (0..count).map(|number| Self::new(number, &name(number), now - age(number))).collect()
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "cpn": self.cpn,
            "name": self.name,
            "description": null,
            "eid": null,
            "revisionValue": "1.A",
            "state": "RELEASED",
            "status": { "id": "5b0c9f6e-1c1f-4a56-8f0a-2f3b6f5d9a10", "name": "Production" },
            "category": { "id": "9a7d1c3e-77c0-4a0b-8a55-0d5d9f2b6e44", "name": "Mechanical", "type": self.category_type },
            "createdAt": format(self.created_at),
            "updatedAt": self.updated_at.map(format),
        })
    }
}

/// What `findAll` leaves of the components.
pub(crate) fn find_all(components: &[Component], filter: &Value) -> Vec<Value> {
    let one_of = |key: &str, value: &str| {
        let wanted = filter.get(key).and_then(Value::as_array);
        wanted.is_none_or(|wanted| wanted.iter().any(|wanted| wanted.as_str() == Some(value)))
    };
    let text = |key: &str| filter.get(key).and_then(Value::as_str);
    let kept = components.iter().filter(|component| {
        one_of("ids", &component.id)
            && one_of("cpns", &component.cpn)
            && text("name").is_none_or(|name| component.name.to_lowercase().contains(&name.to_lowercase()))
            && text("categoryType").is_none_or(|kind| kind == component.category_type)
            && filter
                .get("isArchived")
                .and_then(Value::as_bool)
                .is_none_or(|archived| archived == component.is_archived)
    });
    kept.map(Component::to_json).collect()
}

/// What `filter` leaves of them: those that were changed after every day that it names, which does not count itself. In
/// the order of their ids.
pub(crate) fn filter(components: &[Component], input: &Value) -> Vec<Value> {
    let conditions = input.get("and").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let days = conditions.iter().filter_map(|condition| condition.pointer("/updatedAt/after")?.as_str());
    let from = days.filter_map(|day| parse(&format!("{day}T00:00:00Z"))).max().map_or(0, |day| day + DAY);
    let mut kept: Vec<&Component> =
        components.iter().filter(|component| component.updated_at.is_some_and(|updated| updated >= from)).collect();
    kept.sort_by(|one, other| one.id.cmp(&other.id));
    kept.into_iter().map(Component::to_json).collect()
}

/// One page of a list, with cursors that are positions.
pub(crate) fn page(records: &[Value], pagination: &Value, most: usize) -> Value {
    let number =
        |key: &str| pagination.get(key).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    let after = pagination.get("after").and_then(Value::as_str).and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let first = number("first").unwrap_or(most).min(most);
    let edges: Vec<Value> = records.iter().skip(after).take(first).map(|node| json!({ "node": node })).collect();
    let end = after + edges.len();
    json!({
        "edges": edges,
        "pageInfo": { "hasNextPage": end < records.len(), "endCursor": end.to_string() },
        "totalCount": records.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_that_is_asked_for_does_not_count_itself() {
        let at = |time: &str| Component { updated_at: parse(time), ..Component::new(1, "x", 0) };
        let components =
            [at("2026-11-01T23:59:59.999Z"), at("2026-11-02T00:00:00.000Z"), Component { updated_at: None, ..at("") }];
        let input = json!({ "and": [{ "updatedAt": { "after": "2026-11-01" } }] });
        let found = filter(&components, &input);
        assert_eq!(found.iter().map(|record| &record["updatedAt"]).collect::<Vec<_>>(), ["2026-11-02T00:00:00.000Z"]);
    }

    #[test]
    fn pages_follow_one_another_to_the_end() {
        let records: Vec<Value> = (0..5).map(|number| json!(number)).collect();
        let first = page(&records, &json!({ "first": 3 }), 100);
        assert_eq!((first["edges"].as_array().unwrap().len(), &first["pageInfo"]["hasNextPage"]), (3, &json!(true)));
        let last = page(&records, &json!({ "first": 3, "after": first["pageInfo"]["endCursor"] }), 100);
        assert_eq!((&last["edges"][1]["node"], &last["pageInfo"]["hasNextPage"]), (&json!(4), &json!(false)));
    }
}
