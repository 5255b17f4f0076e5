//! A first query that a service's schema allows, for an action that somebody is about to write.

use anyhow::{Context, Result, bail};
use graphql_parser::schema::{self, Definition, Field, ObjectType, TypeDefinition, parse_schema};
use serde_json::{Value, json};

/// What an action begins with.
#[derive(Debug, PartialEq)]
pub(super) struct Beginning {
    /// The selection, from the field of `Query` on, without the braces around it.
    pub(super) selection: String,
    /// What the service could answer to it.
    pub(super) example: Value,
}

/// Names as strings of their own: nothing here is large.
type Document = schema::Document<'static, String>;
type Type = schema::Type<'static, String>;

/// How deep a selection may go to find something to select.
const MOST_LEVELS: usize = 6;

/// Chooses a field of `Query` that needs no argument, one without any before others, and in it one field that is a
/// plain value.
pub(super) fn beginning(schema: &str) -> Result<Beginning> {
    let schema: Document = parse_schema::<String>(schema).context("the service's schema is not GraphQL")?.into_static();
    let query = object(&schema, "Query").context("the service's schema has no type Query")?;
    let mut fields: Vec<&Field<'static, String>> = query.fields.iter().filter(|field| needs_nothing(field)).collect();
    fields.sort_by_key(|field| field.arguments.len());
    let chosen = fields.into_iter().find_map(|field| select(&schema, field, MOST_LEVELS));
    let Some((selection, example)) = chosen else {
        bail!("the service's schema has no query that needs no argument: write one by hand, as CONTRIBUTING.md says")
    };
    Ok(Beginning { selection, example: Value::Object(serde_json::Map::from_iter([example])) })
}

/// Whether a text is a service's schema and not a query.
pub(super) fn is_schema(text: &str) -> bool {
    parse_schema::<String>(text).is_ok_and(|schema| object(&schema.into_static(), "Query").is_some())
}

/// The selection of a field, and the member of the answer that belongs to it; none where nothing in it can be selected.
fn select(schema: &Document, field: &Field<'static, String>, levels: usize) -> Option<(String, (String, Value))> {
    let (of, is_list) = innermost(&field.field_type);
    let listed = |value: Value| if is_list { json!([value]) } else { value };
    let name = field.name.clone();
    let Some(object) = object(schema, of) else {
        let example = match of {
            "Int" => json!(1),
            "Float" => json!(1.5),
            "Boolean" => json!(true),
            "ID" | "String" => json!("an example"),
            // Scalars of the service's own, interfaces and unions take more than a name to select or to compile.
            of => json!(first_value(schema, of)?),
        };
        return Some((name.clone(), (name, listed(example))));
    };
    let inner = object.fields.iter().filter(|inner| needs_nothing(inner));
    let is_plain = |inner: &&Field<'static, String>| self::object(schema, innermost(&inner.field_type).0).is_none();
    let (plain, others): (Vec<_>, Vec<_>) = inner.partition(is_plain);
    let chosen = plain.into_iter().chain(others);
    let mut chosen = chosen.filter_map(|inner| select(schema, inner, levels.checked_sub(1)?));
    let (selection, member) = chosen.next()?;
    let example = Value::Object(serde_json::Map::from_iter([member]));
    Some((format!("{name} {{ {selection} }}"), (name, listed(example))))
}

fn object<'s>(schema: &'s Document, name: &str) -> Option<&'s ObjectType<'static, String>> {
    schema.definitions.iter().find_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(object)) if object.name == name => Some(object),
        _ => None,
    })
}

/// The first value of an enum.
fn first_value<'s>(schema: &'s Document, name: &str) -> Option<&'s str> {
    schema.definitions.iter().find_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Enum(found)) if found.name == name => {
            found.values.first().map(|value| value.name.as_str())
        }
        _ => None,
    })
}

fn needs_nothing(field: &Field<'static, String>) -> bool {
    field
        .arguments
        .iter()
        .all(|argument| argument.default_value.is_some() || !matches!(argument.value_type, Type::NonNullType(_)))
}

fn innermost(of: &Type) -> (&str, bool) {
    match of {
        Type::NamedType(name) => (name, false),
        Type::NonNullType(inner) => innermost(inner),
        Type::ListType(inner) => (innermost(inner).0, true),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::beginning;

    #[test]
    fn the_simplest_query_that_the_schema_allows_is_chosen() {
        let schema = "
            type Query { part(id: ID!): Part, parts(first: Int): [Part!], me: Person! }
            type Person { company: Company, id(of: ID!): ID }
            type Company { parts: [Part], size: Int }
            type Part { id: ID! }";
        let found = beginning(schema).unwrap();
        assert_eq!(found.selection, "me { company { size } }");
        assert_eq!(found.example, json!({ "me": { "company": { "size": 1 } } }));
        let passed_over = "
            type Query { node: Node, any: JSON, role: Role }
            interface Node { id: ID! }
            scalar JSON
            enum Role { ADMIN }";
        let found = beginning(passed_over).unwrap();
        assert_eq!((found.selection.as_str(), found.example), ("role", json!({ "role": "ADMIN" })));
        let lists = beginning("type Query { parts(first: Int): [Part!] } type Part { id: ID! }").unwrap();
        assert_eq!(lists.example, json!({ "parts": [{ "id": "an example" }] }));
    }

    #[test]
    fn a_schema_without_such_a_query_is_refused_and_one_that_turns_in_circles_ends() {
        for schema in
            ["type Query { part(id: ID!): Int }", "type Query { me: Me } type Me { me: Me }", "enum A { B }", "{"]
        {
            assert!(beginning(schema).is_err(), "{schema}");
        }
    }
}
