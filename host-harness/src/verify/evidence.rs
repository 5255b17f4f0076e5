//! Where a service does not say what it has: what its answer to a query shows.

use std::collections::BTreeSet;

use graphql_parser::query::{self, OperationDefinition};
use host::text::cut;
use serde_json::{Map, Value, json};

use super::schema::{Kind, Schema, Type};
use super::{Finding, SERVICE_SAYS};

/// The most errors of one answer that are told.
const MOST_ERRORS: usize = 5;

/// The most bytes of one.
const LONGEST_ERROR: usize = 300;

/// Variables with which a query asks for as little as it can; none for one that would change something, or needs a
/// value that nobody knows.
pub(crate) fn variables(ours: &Schema, text: &str) -> Option<Value> {
    let document = query::parse_query::<&str>(text).ok()?;
    let [query::Definition::Operation(OperationDefinition::Query(query))] = document.definitions.as_slice() else {
        return None;
    };
    let mut variables = Map::new();
    for variable in &query.variable_definitions {
        let of = Type::of(&variable.var_type);
        let least = match (of.nullable(), ours.types.get(of.name())) {
            (Type::List(_), _) => json!([]),
            (_, Some(Kind::Enum(values))) => values.iter().next().map_or(Value::Null, |value| json!(value)),
            (Type::Named(name), _) => match name.as_str() {
                "Int" => json!(1),
                "Boolean" => json!(true),
                _ => Value::Null,
            },
            _ => Value::Null,
        };
        if least.is_null() && matches!(of, Type::NonNull(_)) {
            return None;
        }
        variables.insert(variable.name.to_owned(), least);
    }
    Some(Value::Object(variables))
}

/// What an answer shows: the service's errors, and values of another type than expected.
pub(crate) fn judge(ours: &Schema, operation: &str, text: &str, status: u16, answer: Option<&Value>) -> Vec<Finding> {
    let finding =
        |place: &str, problem: String| Finding { operation: operation.to_owned(), place: place.to_owned(), problem };
    let errors = answer.and_then(|answer| answer.get("errors")).and_then(Value::as_array);
    if let Some(errors) = errors.filter(|errors| !errors.is_empty()) {
        let messages: BTreeSet<&str> = errors.iter().filter_map(|error| error.get("message")?.as_str()).collect();
        let mut found: Vec<Finding> = messages
            .into_iter()
            .take(MOST_ERRORS)
            .map(|message| finding("the query", format!("{SERVICE_SAYS}{}", cut(message, LONGEST_ERROR))))
            .collect();
        if found.is_empty() {
            found.push(finding("the query", "the service refuses it without a word".to_owned()));
        }
        return found;
    }
    let Some(data) = answer.and_then(|answer| answer.get("data")) else {
        return vec![finding("the query", format!("the answer is no GraphQL (status {status})"))];
    };
    if data.is_null() {
        return vec![finding("the query", "the service gives nothing, and no error".to_owned())];
    }
    let mut found = BTreeSet::new();
    if let Ok(document) = query::parse_query::<&str>(text) {
        for definition in &document.definitions {
            if let query::Definition::Operation(OperationDefinition::Query(query)) = definition {
                look(ours, &Type::Named(ours.query.clone()), &query.selection_set, data, &mut |place, problem| {
                    found.insert(finding(place, problem));
                });
            }
        }
    }
    found.into_iter().collect()
}

fn look<'q>(
    ours: &Schema,
    of: &Type,
    selection: &query::SelectionSet<'q, &'q str>,
    value: &Value,
    find: &mut dyn FnMut(&str, String),
) {
    let Some(fields) = ours.fields(of.name()) else { return };
    match value {
        Value::Array(items) => items.iter().for_each(|item| look(ours, of, selection, item, find)),
        Value::Object(object) => {
            for item in &selection.items {
                let query::Selection::Field(field) = item else { continue };
                let Some(declared) = fields.get(field.name) else { continue };
                let place = || format!("{}.{}", of.name(), field.name);
                let Some(value) = object.get(field.alias.unwrap_or(field.name)) else {
                    find(&place(), "the answer leaves it out".to_owned());
                    continue;
                };
                if !fits(ours, &declared.of, value) {
                    let shown = match value {
                        Value::Array(_) => "a list",
                        Value::Object(_) => "an object",
                        Value::String(_) => "a text",
                        Value::Number(_) => "a number",
                        _ => "a boolean",
                    };
                    find(&place(), format!("it is {shown}, and {} is expected", declared.of));
                } else {
                    look(ours, &declared.of, &field.selection_set, value, find);
                }
            }
        }
        _ => {}
    }
}

fn fits(ours: &Schema, of: &Type, value: &Value) -> bool {
    if value.is_null() {
        return true;
    }
    match of.nullable() {
        Type::List(of) => value.as_array().is_some_and(|items| items.iter().all(|item| fits(ours, of, item))),
        Type::Named(name) => match ours.json_kind(name) {
            Some("text") => value.is_string(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some("object") => value.is_object(),
            _ => true,
        },
        Type::NonNull(_) => true,
    }
}
