//! A result's schema as a list of its fields: name, type, meaning.

use host::text::cut;
use maud::{Markup, html};
use serde_json::Value;

/// Fields that are shown; the whole schema is beside them.
const MOST_FIELDS: usize = 500;
/// How deep they are followed: references and alternatives count, so that a schema which refers to itself has an end.
const DEEPEST: usize = 14;
/// A description is shown up to this many bytes.
const LONGEST_TEXT: usize = 500;

struct Field<'a> {
    depth: usize,
    name: &'a str,
    kind: String,
    text: &'a str,
}

/// The fields of a result.
pub(super) fn fields(schema: &Value) -> Markup {
    let mut walk = Walk { root: schema, fields: Vec::new() };
    walk.members(schema, 0, DEEPEST);
    let fields = walk.fields;
    let has_meanings = fields.iter().any(|field| !field.text.is_empty());
    html! {
        p .quiet {
            "The result: " (kind(schema)) "."
            @if let Some(text) = text(schema, "description") { " " (cut(text, LONGEST_TEXT)) }
        }
        @if fields.is_empty() { p .quiet { "The schema names no fields." } }
        @else {
            div .fields tabindex="0" role="group" aria-label="Fields of the result" {
                table {
                    thead { tr { th scope="col" { "Field" } th scope="col" { "Type" } @if has_meanings { th scope="col" { "Meaning" } } } }
                    tbody {
                        @for field in &fields {
                            tr data-depth=(field.depth.min(8)) {
                                th scope="row" { code .breakable { (cut(field.name, 200)) } }
                                td { (field.kind) }
                                @if has_meanings { td { (cut(field.text, LONGEST_TEXT)) } }
                            }
                        }
                    }
                }
            }
            @if fields.len() >= MOST_FIELDS { p .quiet { "The first " (MOST_FIELDS) " fields; the JSON Schema has all." } }
        }
    }
}

struct Walk<'a> {
    root: &'a Value,
    fields: Vec<Field<'a>>,
}

impl<'a> Walk<'a> {
    /// Notes the members of an object, or of the items of a list.
    fn members(&mut self, schema: &'a Value, depth: usize, deepest: usize) {
        let Some(left) = deepest.checked_sub(1) else { return };
        if let Some(target) = self.target(schema) {
            self.members(target, depth, left);
        }
        for alternatives in ["allOf", "anyOf", "oneOf"] {
            for alternative in schema.get(alternatives).and_then(Value::as_array).into_iter().flatten() {
                self.members(alternative, depth, left);
            }
        }
        if let Some(items) = schema.get("items") {
            self.members(items, depth, left);
        }
        for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if self.fields.len() >= MOST_FIELDS {
                return;
            }
            let target = self.target(field).unwrap_or(field);
            let text = text(field, "description").or_else(|| text(target, "description")).unwrap_or_default();
            self.fields.push(Field { depth, name, kind: kind(target), text });
            self.members(field, depth + 1, left);
        }
    }

    fn target(&self, schema: &'a Value) -> Option<&'a Value> {
        self.root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
    }
}

fn text<'a>(schema: &'a Value, key: &str) -> Option<&'a str> {
    schema.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A type in a person's words.
fn kind(schema: &Value) -> String {
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let may_be_null = types.contains(&"null");
    let one = |name: &str| match (name, text(schema, "format")) {
        ("string", Some("date-time")) => "time".to_owned(),
        ("string", Some("date")) => "day".to_owned(),
        ("string", _) => "text".to_owned(),
        ("integer", _) => "whole number".to_owned(),
        ("boolean", _) => "true or false".to_owned(),
        ("array", _) => match schema.get("items").map(kind).as_deref() {
            Some("object" | "object, or null") => "list of objects".to_owned(),
            Some(items) if items != "anything" => format!("list of {}", items.trim_end_matches(", or null")),
            _ => "list".to_owned(),
        },
        (name, _) => cut(name, 40).into_owned(),
    };
    let named: Vec<String> = types.into_iter().filter(|name| *name != "null").take(4).map(one).collect();
    let named = if named.is_empty() { "anything".to_owned() } else { named.join(" or ") };
    if may_be_null { format!("{named}, or null") } else { named }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_said_in_words() {
        for (schema, expected) in [
            (json!({"type": "string"}), "text"),
            (json!({"type": ["string", "null"], "format": "date-time"}), "time, or null"),
            (json!({"type": ["integer", "string", "null"]}), "whole number or text, or null"),
            (json!({"type": "array", "items": {"type": ["object", "null"]}}), "list of objects"),
            (json!({"type": "array", "items": {"type": "string"}}), "list of text"),
            (json!({}), "anything"),
        ] {
            assert_eq!(kind(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn fields_stand_below_what_holds_them_with_their_meaning() {
        let schema = json!({
            "type": "array",
            "items": {"type": "object", "properties": {
                "name": {"type": "string", "description": "What it is <called>."},
                "owner": {"$ref": "#/$defs/person"},
            }},
            "$defs": {"person": {"type": "object", "properties": {"email": {"type": "string"}}}},
        });
        let html = fields(&schema).into_string();
        assert!(html.contains("list of objects") && html.contains("What it is &lt;called&gt;."), "{html}");
        let owner = html.find("owner").unwrap();
        assert!(html[owner..].contains("data-depth=\"1\"><th scope=\"row\"><code class=\"breakable\">email"), "{html}");
    }

    #[test]
    fn a_schema_that_refers_to_itself_or_has_too_many_fields_has_an_end() {
        let itself = json!({"properties": {"again": {"$ref": "#"}}});
        assert!(fields(&itself).into_string().matches("again").count() <= DEEPEST);
        let many: serde_json::Map<String, Value> = (0..2_000).map(|n| (format!("f{n}"), json!({}))).collect();
        let html = fields(&json!({ "properties": many })).into_string();
        assert_eq!(html.matches("<tr data-depth").count(), MOST_FIELDS);
    }
}
