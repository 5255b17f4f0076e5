//! What the names of fields and arguments say, where their types leave it open. Pure.

use std::time::SystemTime;

use graphql_parser::query as ql;
use serde_json::{Map, Value, json};

use super::world::{Record, written};

/// Deeper arguments are not looked into.
const DEEPEST: usize = 40;

/// The records that the field's own arguments name: by `id`, or any name that ends so.
pub(super) fn wanted(field: &ql::Field<'static, String>, arguments: &Map<String, Value>) -> Vec<String> {
    let names = |name: &str| {
        let name = name.to_lowercase();
        name == "id" || name == "ids" || name.ends_with("_id") || name.ends_with("_ids")
    };
    let is_id = |name: &str| names(name) || name.ends_with("Id") || name.ends_with("Ids");
    let mut ids = Vec::new();
    for (name, _) in field.arguments.iter().filter(|(name, _)| is_id(name)) {
        match arguments.get(name) {
            Some(Value::String(id)) => ids.push(id.clone()),
            Some(Value::Array(items)) => ids.extend(items.iter().filter_map(Value::as_str).map(str::to_owned)),
            _ => {}
        }
    }
    ids
}

/// The argument of one of these names, or the member of an argument.
pub(super) fn nested<'v>(name: &str, value: &'v Value, names: &[&str], depth: usize) -> Option<&'v Value> {
    if names.contains(&name) && (value.is_string() || value.is_number()) {
        return Some(value);
    }
    let members = value.as_object().filter(|_| depth < DEEPEST)?;
    members.iter().find_map(|(name, value)| nested(name, value, names, depth + 1))
}

/// By what a list is to be ordered, and whether the last comes first: of an argument whose name says order or sort, the
/// first direction that stands in it, with the name beside it.
pub(super) fn order(arguments: &Map<String, Value>) -> Option<(String, bool)> {
    let is_order = |name: &str| name.to_lowercase().contains("order") || name.to_lowercase().contains("sort");
    arguments.iter().filter(|(name, _)| is_order(name)).find_map(|(_, value)| direction(value))
}

fn direction(value: &Value) -> Option<(String, bool)> {
    match value {
        Value::Array(items) => items.iter().find_map(direction),
        Value::Object(members) => {
            let is_descending = |value: &Value| {
                let text = value.as_str()?.to_lowercase();
                (text.starts_with("asc") || text.starts_with("desc")).then(|| text.starts_with("desc"))
            };
            let (name, descends) = members.iter().find_map(|(name, value)| Some((name, is_descending(value)?)))?;
            // {field: X, direction: DESC}, or {X: desc}.
            let field = members.iter().find(|(other, value)| *other != name && value.is_string());
            Some((field.and_then(|(_, value)| value.as_str()).unwrap_or(name).to_owned(), descends))
        }
        Value::String(text) => {
            let descends = text.to_lowercase().ends_with("desc") || text.starts_with('-');
            Some((text.clone(), descends))
        }
        _ => None,
    }
}

/// When a record was made or changed, if that is what the field's name says.
pub(super) fn time_of(field: &str, record: &Record) -> Option<SystemTime> {
    let name = field.to_lowercase();
    let has = |part: &str| name.contains(part);
    if has("modif") || has("updat") || has("chang") {
        return Some(record.changed);
    }
    has("creat").then_some(record.created)
}

pub(super) fn leaf(field: &str, of: &str, record: &Record) -> Value {
    match of {
        "ID" => record.id.clone().into(),
        "Int" => 1.into(),
        "Float" => 1.5.into(),
        "Boolean" => true.into(),
        "String" => match field {
            "id" => record.id.clone().into(),
            _ => match time_of(field, record).filter(|_| !field.to_lowercase().ends_with("by")) {
                Some(time) => written(time).into(),
                None => record.text(field).into(),
            },
        },
        other => {
            let name = other.to_lowercase();
            if name.contains("date") || name.contains("time") {
                return written(time_of(field, record).unwrap_or(record.created)).into();
            }
            if name.contains("json") || name.contains("object") {
                return json!({});
            }
            if name.contains("decimal") || name.contains("number") || name.contains("money") {
                return 1.5.into();
            }
            time_of(field, record).map_or_else(|| record.text(field).into(), |time| written(time).into())
        }
    }
}
