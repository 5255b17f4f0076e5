//! How many records an answer lists, for whoever waits: the elements of its `edges`, or of its `nodes`. That is how
//! lists that come in pages are written in GraphQL, whatever the service; of any other answer nothing is said.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The records of all lists that are reached through objects alone; none where there is no list. Nothing of the answer
/// is kept or built.
pub(super) fn records(body: &[u8]) -> Option<u64> {
    let mut json = serde_json::Deserializer::from_slice(body);
    Look { counts: false }.deserialize(&mut json).ok().flatten()
}

/// Looks at a value; `counts` where it counts as a list if it is one.
#[derive(Clone, Copy)]
struct Look {
    counts: bool,
}

impl<'de> DeserializeSeed<'de> for Look {
    type Value = Option<u64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look {
    type Value = Option<u64>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // A list that is there in both spellings is one list.
        let (mut own, mut inner) = (None, None);
        while let Some(counts) = map.next_key_seed(Name)? {
            let found = map.next_value_seed(Look { counts })?;
            if counts {
                own = own.max(found);
            } else {
                inner = sum(inner, found);
            }
        }
        Ok(sum(own, inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut length = 0_u64;
        while list.next_element::<IgnoredAny>()?.is_some() {
            length += 1;
        }
        Ok(self.counts.then_some(length))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Whether a name is one of a list.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(matches!(name, "edges" | "nodes"))
    }
}

fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::records;

    #[test]
    fn the_elements_of_a_paged_list_are_counted_wherever_it_lies_and_those_of_no_other() {
        for (answer, expected) in [
            (
                r#"{"data": {"parts": {"connection": {"edges": [{"node": {"edges": [1, 2]}}, {}], "pageInfo": {}}}}}"#,
                Some(2),
            ),
            (r#"{"data": {"parts": {"nodes": [1, 2, 3]}, "orders": {"edges": []}}}"#, Some(3)),
            (r#"{"edges": [1, 2], "nodes": [1, 2]}"#, Some(2)),
            (r#"{"data": {"parts": {"edges": []}}}"#, Some(0)),
            (r#"{"nodes": {"edges": [1.5, -1, null, "é", true]}}"#, Some(5)),
            (r#"{"data": {"parts": [{"id": 1, "edges": [1]}], "nodes": 12}}"#, None),
            (r#"[{"edges": [1]}]"#, None),
            ("\"edges\"", None),
            ("{\"edges\": [1, 2", None),
            ("<html>", None),
            ("", None),
        ] {
            assert_eq!(records(answer.as_bytes()), expected, "{answer}");
        }
    }

    #[test]
    fn an_answer_that_is_nested_without_end_is_no_list() {
        let deep = r#"{"a":"#.repeat(100_000);
        assert_eq!(records(deep.as_bytes()), None);
    }
}
