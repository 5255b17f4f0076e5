//! The JSON Schema of what a query selects.

use graphql_parser::query::{Definition, Field, OperationDefinition, Selection, SelectionSet, parse_query};
use graphql_parser::schema::{self, Type, TypeDefinition, parse_schema};
use serde_json::{Map, Value, json};

use crate::document::{Head, Step, head};

pub(crate) type Document<'a> = schema::Document<'a, &'a str>;

/// Reads a service's schema.
pub(crate) fn parse(service: &str) -> Result<Document<'_>, String> {
    parse_schema(service).map_err(|error| format!("the service's schema: {error}"))
}

/// JSON Schema (2020-12) of the result of a query, by the service's schema and the comment at the query's head. Any
/// value may be null, because a service that leaves one out or sends null should not stop a flow that does not use it;
/// but the result itself is there. The error says what is not understood.
pub fn result_schema(service: &str, query: &str) -> Result<Value, String> {
    let service = parse(service)?;
    let document = parse_query::<&str>(query).map_err(|error| error.to_string())?;
    let [Definition::Operation(operation)] = document.definitions.as_slice() else {
        return Err("expected one query or mutation, and no fragments".to_owned());
    };
    let (root, selection) = match operation {
        OperationDefinition::Query(query) => ("Query", &query.selection_set),
        OperationDefinition::Mutation(mutation) => ("Mutation", &mutation.selection_set),
        _ => return Err("expected `query` or `mutation` before the selection".to_owned()),
    };
    let Head { description, result } = head(query);
    let data = object(&service, root, selection)?;
    let mut schema = if result.is_empty() { whole(data)? } else { part(data, &result)? };
    let members = schema.as_object_mut().ok_or("the result has no schema")?;
    let mut all = Map::from_iter([("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"))]);
    // The head speaks of this result, the service's schema of the field that it is in.
    let told = members.remove("description").filter(|_| description.is_empty());
    all.insert("description".to_owned(), told.unwrap_or_else(|| json!(description)));
    all.append(members);
    Ok(Value::Object(all))
}

/// JSON Schema (2020-12) of one record of those that a query lists; `way` leads to it, as behind `Result:` at a query's
/// head, and ends in the list's items. The error says what is not understood.
pub fn record(service: &str, query: &str, way: &str) -> Result<Value, String> {
    let mut lines = query.lines().skip_while(|line| line.trim().is_empty() || line.trim().starts_with('#'));
    let headed = lines.by_ref().fold(format!("# Result: {way}\n"), |text, line| text + line + "\n");
    let mut list = result_schema(service, &headed)?;
    let record = list.get_mut("items").map(Value::take).ok_or_else(|| format!("{way} leads to no list's items"))?;
    let Value::Object(mut record) = record else { return Err(format!("{way} leads to no record")) };
    let mut schema =
        Map::from_iter([("$schema".to_owned(), list.get_mut("$schema").map(Value::take).unwrap_or_default())]);
    // A place of a list may be null; a record that was found is not.
    record.insert("type".to_owned(), json!("object"));
    schema.append(&mut record);
    Ok(Value::Object(schema))
}

/// JSON Schema of a trigger's payload whose records are the items of these lists; none if one of them is no list.
pub fn changes(lists: Vec<Value>) -> Option<Value> {
    let any: Vec<Value> =
        lists.into_iter().map(|mut list| list.get_mut("items").map(Value::take)).collect::<Option<_>>()?;
    let records = json!({ "type": "array", "items": { "anyOf": any } });
    let id = json!({ "type": "string", "description": "The id." });
    let id = json!({ "type": "object", "required": ["id"], "properties": { "id": id } });
    let lists = json!({
        "type": "object",
        "required": ["created", "updated", "deleted"],
        "properties": {
            "created": described(records.clone(), Some("Records that were created.")),
            "updated": described(records, Some("Records that existed before and were changed.")),
            "deleted": described(json!({ "type": "array", "items": id }), Some("Records that were deleted, by their ids.")),
        },
    });
    let body = json!({ "type": "object", "required": ["data"], "properties": { "data": lists } });
    Some(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": "What was created, what was updated and what was deleted since the last poll.",
        "type": "object",
        "required": ["body"],
        "properties": { "body": body },
    }))
}

fn object<'a>(service: &Document<'a>, name: &str, selection: &SelectionSet<'a, &'a str>) -> Result<Value, String> {
    let declared = service.definitions.iter().find_map(|definition| match definition {
        schema::Definition::TypeDefinition(TypeDefinition::Object(object)) if object.name == name => Some(object),
        _ => None,
    });
    let declared = declared.ok_or_else(|| format!("the schema has no object type {name}"))?;
    let mut properties = Map::new();
    for item in &selection.items {
        let Selection::Field(field) = item else { return Err("fragments are not understood".to_owned()) };
        let of = declared.fields.iter().find(|declared| declared.name == field.name);
        let of = of.ok_or_else(|| format!("{name} has no field {}", field.name))?;
        let member = value(service, &of.field_type, &field.selection_set)?;
        properties.insert(shown(field).to_owned(), described(member, of.description.as_deref()));
    }
    Ok(json!({ "type": "object", "properties": properties }))
}

/// A schema with what is said of its value: before all else, because people read it.
fn described(schema: Value, description: Option<&str>) -> Value {
    let description = description.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    match schema {
        Value::Object(mut members) if !description.is_empty() => {
            let mut all = Map::from_iter([("description".to_owned(), json!(description))]);
            all.append(&mut members);
            Value::Object(all)
        }
        schema => schema,
    }
}

/// The name that the answer gives the field.
fn shown<'a>(field: &Field<'a, &'a str>) -> &'a str {
    field.alias.unwrap_or(field.name)
}

fn value<'a>(
    service: &Document<'a>,
    of: &Type<'a, &'a str>,
    selection: &SelectionSet<'a, &'a str>,
) -> Result<Value, String> {
    Ok(match of {
        Type::NonNullType(inner) => value(service, inner, selection)?,
        Type::ListType(inner) => json!({ "type": ["array", "null"], "items": value(service, inner, selection)? }),
        Type::NamedType("Int") => json!({ "type": ["integer", "null"] }),
        Type::NamedType("Float") => json!({ "type": ["number", "null"] }),
        Type::NamedType("Boolean") => json!({ "type": ["boolean", "null"] }),
        Type::NamedType("DateTime") => json!({ "type": ["string", "null"], "format": "date-time" }),
        Type::NamedType("ID" | "String") => json!({ "type": ["string", "null"] }),
        Type::NamedType(name) if is_enum(service, name) => json!({ "type": ["string", "null"] }),
        // A scalar of the service's own can be anything.
        Type::NamedType(name) if is_scalar(service, name) => json!({}),
        Type::NamedType(name) => {
            let mut object = object(service, name, selection)?;
            set(&mut object, "type", json!(["object", "null"]));
            object
        }
    })
}

fn is_enum(service: &Document<'_>, name: &str) -> bool {
    service.definitions.iter().any(|definition| {
        matches!(definition, schema::Definition::TypeDefinition(TypeDefinition::Enum(found)) if found.name == name)
    })
}

fn is_scalar(service: &Document<'_>, name: &str) -> bool {
    service.definitions.iter().any(|definition| {
        matches!(definition, schema::Definition::TypeDefinition(TypeDefinition::Scalar(found)) if found.name == name)
    })
}

/// The whole data: its fields are always there.
fn whole(mut data: Value) -> Result<Value, String> {
    let properties = data.get("properties").and_then(Value::as_object).ok_or("the data has no fields")?;
    let required: Vec<&String> = properties.keys().collect();
    let required = json!(required);
    set(&mut data, "required", required);
    Ok(data)
}

/// The part of the data to which the steps lead.
fn part(data: Value, steps: &[Step]) -> Result<Value, String> {
    let Some((step, rest)) = steps.split_first() else { return Ok(not_null(data)) };
    let inside = |key: &str| data.get("properties")?.get(key).cloned();
    let found = inside(&step.field).ok_or_else(|| {
        let selected = data.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        let selected: Vec<&str> = selected.map(String::as_str).collect();
        format!("Result: the query selects no {:?} there, but {}", step.field, selected.join(", "))
    })?;
    if !step.each {
        return part(found, rest);
    }
    let item = found.get("items").cloned().ok_or_else(|| format!("Result: {} is no list", step.field))?;
    Ok(json!({ "type": "array", "items": part(item, rest)? }))
}

fn not_null(mut value: Value) -> Value {
    let types = value.get("type").and_then(Value::as_array).and_then(|types| types.first()).cloned();
    if let Some(only) = types {
        set(&mut value, "type", only);
    }
    value
}

fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "
        enum Role { ADMIN }
        scalar Anything
        type Query { me: Person, people: [Person!] }
        type Person { id: ID!, age: Int, role: Role, friends: [Person], more: Anything }";

    #[test]
    fn the_whole_data_has_its_fields_and_any_value_in_it_may_be_null() {
        let schema = result_schema(SERVICE, "# Me.\nquery { me { id age role more } }").unwrap();
        let person = json!({
            "type": ["object", "null"],
            "properties": {
                "id": { "type": ["string", "null"] },
                "age": { "type": ["integer", "null"] },
                "role": { "type": ["string", "null"] },
                "more": {},
            },
        });
        let expected = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "description": "Me.",
            "type": "object",
            "properties": { "me": person },
            "required": ["me"],
        });
        assert_eq!(schema, expected);
    }

    #[test]
    fn a_part_of_the_data_is_there_and_a_list_is_one_of_its_items() {
        let schema = |result: &str| {
            let query = format!("# Result: {result}\nquery {{ people {{ friends {{ name: id }} }} me {{ id }} }}");
            result_schema(SERVICE, &query)
        };
        let friend = json!({ "type": "object", "properties": { "name": { "type": ["string", "null"] } } });
        let friends = schema("people[].friends[]").unwrap();
        assert_eq!(friends["items"]["items"], friend);
        assert_eq!(schema("me").unwrap()["type"], "object");
        assert_eq!(schema("me.id").unwrap()["type"], "string");
        assert!(schema("me.name").unwrap_err().contains("selects no \"name\" there, but id"));
        assert!(schema("me[]").unwrap_err().contains("no list"));
        assert_eq!(changes(vec![schema("me").unwrap()]), None);
        let payload = changes(vec![schema("people[]").unwrap()]).unwrap();
        let records = &payload["properties"]["body"]["properties"]["data"]["properties"]["created"];
        assert_eq!(records["items"]["anyOf"][0]["type"], "object");
    }

    #[test]
    fn what_the_services_schema_says_of_a_field_is_its_description_and_the_head_says_what_the_result_is() {
        let service = "type Query { \"\"\"Whoever asks.\"\"\" me: Person }
            type Person { \"The id.\" id: ID! \"\"\"
              Those who are
              known. \"\"\" friends: [Person] age: Int }";
        let schema = |head: &str| {
            result_schema(service, &format!("{head}# Result: me\nquery {{ me {{ id age friends {{ id }} }} }}"))
                .unwrap()
        };
        let me = schema("# Me.\n");
        assert_eq!((&me["description"], &schema("")["description"]), (&json!("Me."), &json!("Whoever asks.")));
        assert_eq!(me["properties"]["id"], json!({ "type": ["string", "null"], "description": "The id." }));
        assert_eq!(me["properties"]["age"], json!({ "type": ["integer", "null"] }));
        let friends = &me["properties"]["friends"];
        assert_eq!((&friends["description"], &friends["type"][0]), (&json!("Those who are known."), &json!("array")));
        assert_eq!(friends["items"]["properties"]["id"]["description"], "The id.");
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (query, says) in [
            ("query { nobody }", "has no field nobody"),
            ("query { me { ...x } } fragment x on Person { id }", "no fragments"),
            ("query {", "query parse error"),
            ("{ me { id } }", "before the selection"),
        ] {
            let problem = result_schema(SERVICE, query).unwrap_err();
            assert!(problem.contains(says), "{query}: {problem}");
        }
    }
}
