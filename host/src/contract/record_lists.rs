//! Where the records are in a trigger's payload, by its result schema.

use std::collections::BTreeSet;

use serde_json::Value;

use super::definition::TriggerDefinition;

/// Lists lie in an object or two within the payload. References and alternatives of the schema count as levels too, so
/// that a schema which refers to itself has an end.
const DEEPEST: usize = 12;
/// A payload is created, updated and the like; a schema with more lists than these is of another kind.
const MOST_LISTS: usize = 100;

/// A list of records in a payload: an array that is reached through objects alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordList {
    path: Vec<String>,
}

impl RecordList {
    /// The keys that lead to it from the payload, at least one: for example `body`, `data`, `created`.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// What it is called: the last key.
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

impl TriggerDefinition {
    /// The lists of records that its result schema declares, at most the first hundred by path; none where it declares
    /// none.
    pub fn record_lists(&self) -> Vec<RecordList> {
        let mut found = BTreeSet::new();
        Walk { root: &self.result_schema, found: &mut found }.schema(&self.result_schema, &mut Vec::new(), DEEPEST);
        found.into_iter().collect()
    }
}

struct Walk<'a> {
    root: &'a Value,
    found: &'a mut BTreeSet<RecordList>,
}

impl Walk<'_> {
    fn schema(&mut self, schema: &Value, path: &mut Vec<String>, deepest: usize) {
        let Some(left) = deepest.checked_sub(1).filter(|_| self.found.len() < MOST_LISTS) else { return };
        if has_type(schema, "array") && !path.is_empty() {
            self.found.insert(RecordList { path: path.clone() });
            return;
        }
        if let Some(pointer) = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'))
            && let Some(target) = self.root.pointer(pointer)
        {
            self.schema(target, path, left);
        }
        for alternatives in ["allOf", "anyOf", "oneOf"] {
            for alternative in schema.get(alternatives).and_then(Value::as_array).into_iter().flatten() {
                self.schema(alternative, path, left);
            }
        }
        for (key, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            path.push(key.clone());
            self.schema(property, path, left);
            path.pop();
        }
    }
}

/// Whether the schema names the type, alone or among others.
fn has_type(schema: &Value, wanted: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == wanted,
        Some(Value::Array(names)) => names.iter().any(|name| name == wanted),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::definition;

    fn paths(schema: Value) -> Vec<String> {
        let mut trigger = definition().triggers.remove(0);
        trigger.result_schema = schema;
        trigger.record_lists().iter().map(|list| list.path().join(".")).collect()
    }

    #[test]
    fn lists_are_found_through_objects_references_and_alternatives_and_not_within_lists() {
        let records = json!({"type": "array", "items": {"properties": {"children": {"type": "array"}}}});
        let schema = json!({
            "$defs": {"lists": {"properties": {"created": records, "updated": {"type": ["array", "null"]}}}},
            "properties": {
                "body": {"properties": {"data": {"$ref": "#/$defs/lists"}}},
                "also": {"anyOf": [{"type": "null"}, {"properties": {"deleted": {"type": "array"}}}]},
                "count": {"type": "number"},
            },
        });
        assert_eq!(paths(schema), ["also.deleted", "body.data.created", "body.data.updated"]);
        for without in [json!({}), json!({"type": "array"}), json!({"properties": {"a": {"type": "object"}}})] {
            assert_eq!(paths(without), [""; 0]);
        }
    }

    #[test]
    fn a_schema_without_end_has_lists_up_to_a_bound() {
        let round = json!({"properties": {"next": {"$ref": "#"}, "list": {"type": "array"}}});
        assert!(paths(round).len() < DEEPEST);
        let wide: serde_json::Map<_, _> = (0..1_000).map(|n| (n.to_string(), json!({"type": "array"}))).collect();
        assert_eq!(paths(json!({ "properties": wide })).len(), MOST_LISTS);
        let branching = json!({"allOf": vec![json!({"$ref": "#"}); 3]});
        assert_eq!(paths(branching), [""; 0]);
    }
}
