//! The JSON Schema of an `inputs` object, made from the declarations of its inputs. The files in `input_schemas/` hold what this
//! makes, because making it takes eleven kilobytes of the component's code; a test sees to it that the two do not differ.

use super::{Input, Kind};
use serde_json::{Map, Value, json};

/// JSON Schema (2020-12) of the `inputs` object that these inputs make up. An input that is required and has no default is
/// required in the object; a number, a boolean or JSON may also come as a string that holds it; blank is absent.
pub(super) fn input_schema(inputs: &[Input]) -> String {
    let mut properties = Map::new();
    for input in inputs {
        properties.insert(input.key.to_owned(), property(input));
    }
    let required: Vec<&str> =
        inputs.iter().filter(|input| input.required && input.default.is_none()).map(|input| input.key).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
    .to_string()
}

fn property(input: &Input) -> Value {
    let mut property = match input.kind {
        Kind::Text | Kind::MultiLine | Kind::Password | Kind::EndpointUrl => json!({ "type": ["string", "null"] }),
        Kind::Number => json!({ "type": ["number", "string", "null"] }),
        Kind::Boolean => json!({ "type": ["boolean", "string", "null"] }),
        // Choices are not an `enum` here: blank stands for the default, and a choice that is JSON may come parsed.
        Kind::Choice if input.choices.iter().any(|choice| choice.value.starts_with('{')) => {
            json!({ "type": ["string", "object", "array", "null"] })
        }
        Kind::Choice => json!({ "type": ["string", "null"] }),
        Kind::Code("json") => json!({ "type": ["object", "string", "null"] }),
        Kind::Code(_) => json!({ "type": ["string", "null"] }),
        Kind::KeyValueList => json!({
            "type": ["array", "object", "string", "null"],
            "items": { "type": "object", "required": ["key"], "properties": { "key": { "type": "string" }, "value": true } },
        }),
    };
    if input.required && input.default.is_none() {
        // A required text cannot be absent, null or empty.
        property = json!({ "type": "string", "minLength": 1 });
    }
    if let Some(object) = property.as_object_mut() {
        object.insert("title".to_owned(), input.label.into());
        object.insert("description".to_owned(), input.help.into());
        for (name, text) in [("default", input.default), ("examples", input.example)] {
            let Some(value) = text.and_then(|text| serde_json::from_str::<Value>(text).ok()) else { continue };
            object.insert(name.to_owned(), if name == "examples" { json!([value]) } else { value });
        }
    }
    property
}
