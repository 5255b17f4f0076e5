//! The result schemas are made from the queries and the service's schema, so that what an action promises is what it asks
//! for. This test holds the files against them; run it with `UPDATE_SCHEMAS=1` to rewrite the files.

use graphql_parser::query::{Definition, OperationDefinition, Selection, SelectionSet, parse_query};
use graphql_parser::schema::{self, Type, TypeDefinition, parse_schema};
use serde_json::{Map, Value, json};
use std::path::Path;

const SDL: &str = include_str!("../duro/duro-v1.graphql");

type Document<'a> = schema::Document<'a, &'a str>;

/// The JSON Schema of the `data` that the query selects.
fn data_schema(query: &'static str) -> Value {
    let sdl: Document<'_> = parse_schema(SDL).unwrap();
    let document = parse_query::<&str>(query).unwrap();
    let [Definition::Operation(operation)] = document.definitions.as_slice() else { panic!("one operation a file") };
    let (root, selection) = match operation {
        OperationDefinition::Query(query) => ("Query", &query.selection_set),
        OperationDefinition::Mutation(mutation) => ("Mutation", &mutation.selection_set),
        other => panic!("unexpected operation {other:?}"),
    };
    object(&sdl, root, selection)
}

fn object<'a>(sdl: &Document<'a>, name: &str, selection: &SelectionSet<'a, &'a str>) -> Value {
    let fields = sdl
        .definitions
        .iter()
        .find_map(|definition| match definition {
            schema::Definition::TypeDefinition(TypeDefinition::Object(object)) if object.name == name => {
                Some(&object.fields)
            }
            _ => None,
        })
        .unwrap();
    let mut properties = Map::new();
    for item in &selection.items {
        let Selection::Field(field) = item else { panic!("plain fields only") };
        let declared = fields.iter().find(|declared| declared.name == field.name).unwrap();
        properties.insert(field.name.to_owned(), value(sdl, &declared.field_type, &field.selection_set));
    }
    json!({ "type": "object", "properties": properties })
}

fn value<'a>(sdl: &Document<'a>, of: &Type<'a, &'a str>, selection: &SelectionSet<'a, &'a str>) -> Value {
    match of {
        Type::NonNullType(inner) => value(sdl, inner, selection),
        Type::ListType(inner) => json!({ "type": ["array", "null"], "items": value(sdl, inner, selection) }),
        Type::NamedType("Int") => json!({ "type": ["integer", "null"] }),
        Type::NamedType("Float") => json!({ "type": ["number", "null"] }),
        Type::NamedType("Boolean") => json!({ "type": ["boolean", "null"] }),
        Type::NamedType("DateTime") => json!({ "type": ["string", "null"], "format": "date-time" }),
        Type::NamedType("ID" | "String") => json!({ "type": ["string", "null"] }),
        Type::NamedType(name) => or_null(object(sdl, name, selection)),
    }
}

fn or_null(mut object: Value) -> Value {
    object["type"] = json!(["object", "null"]);
    object
}

fn not_null(mut object: Value) -> Value {
    object["type"] = json!("object");
    object
}

/// The whole `data`: its one field is always there. Fields further down are not demanded, because a service that leaves one
/// out instead of sending null should not stop a flow that does not use it.
fn whole(mut data: Value) -> Value {
    let fields: Vec<&String> = data["properties"].as_object().unwrap().keys().collect();
    data["required"] = json!(fields);
    data
}

/// Adds what every schema begins with.
fn document(mut schema: Value, description: &str) -> Value {
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["description"] = json!(description);
    schema
}

fn node(data: &Value, list: &str) -> Value {
    not_null(
        data["properties"][list]["properties"]["connection"]["properties"]["edges"]["items"]["properties"]["node"]
            .clone(),
    )
}

/// The files are written without blanks, because they are part of the component.
fn check(file: &str, expected: Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manifest/schemas").join(file);
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, expected.to_string() + "\n").unwrap();
    }
    // As values: the order of members depends on which other packages are compiled together with this one.
    let current: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(current, expected, "{file} is not what its query selects; UPDATE_SCHEMAS=1 rewrites it");
}

#[test]
fn schemas_of_whole_data_are_those_of_their_queries() {
    for (file, query, description) in [
        (
            "create_change_order.json",
            include_str!("../duro/queries/create_change_order.graphql"),
            "The change order that was made.",
        ),
        (
            "get_component_by_id.json",
            include_str!("../duro/queries/get_component_by_id.graphql"),
            "A list of the one component.",
        ),
        (
            "get_current_user.json",
            include_str!("../duro/queries/get_current_user.graphql"),
            "The API key's owner and the owner's company.",
        ),
        (
            "list_change_orders.json",
            include_str!("../duro/queries/list_change_orders.graphql"),
            "The change orders, as edges of one connection.",
        ),
    ] {
        check(file, document(whole(data_schema(query)), description));
    }
}

#[test]
fn schemas_of_a_part_of_the_data_are_that_part_of_their_queries() {
    let users = data_schema(include_str!("../duro/queries/list_company_users.graphql"));
    let company = not_null(users["properties"]["userById"]["properties"]["primaryCompany"].clone());
    check("list_company_users.json", document(company, "The company of the API key's owner, with its users."));

    let components = data_schema(include_str!("../duro/queries/list_components.graphql"));
    let list = json!({ "type": "array", "items": node(&components, "components") });
    check("list_components.json", document(list, "The components."));
}

#[test]
fn the_payload_of_the_trigger_holds_the_records_of_its_two_queries() {
    let component = node(&data_schema(include_str!("../duro/queries/poll_components.graphql")), "components");
    let change_order = node(&data_schema(include_str!("../duro/queries/poll_change_orders.graphql")), "changeOrders");
    let records = json!({ "type": "array", "items": { "anyOf": [change_order, component] } });
    let payload = json!({
        "type": "object",
        "required": ["body"],
        "properties": { "body": {
            "type": "object",
            "required": ["data"],
            "properties": { "data": {
                "type": "object",
                "required": ["created", "updated"],
                "properties": { "created": records, "updated": records },
            } },
        } },
    });
    check("poll_changes.json", document(payload, "What was created and what was updated since the last poll."));
}
