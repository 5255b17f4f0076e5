//! The JSON Schema of an `inputs` object, made from the declarations of its inputs.

use super::{Input, Kind};
use crate::json::push_string;

/// JSON Schema (2020-12) of the `inputs` object that these inputs make up. An input that is required and has no default
/// is required in the object; a number, a boolean or JSON may also come as a string that holds it; blank is absent.
pub(crate) fn input_schema(inputs: &[Input]) -> String {
    let mut schema =
        String::from(r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"#);
    for (index, input) in inputs.iter().enumerate() {
        push_key(&mut schema, input.key, index == 0);
        property(&mut schema, input);
    }
    schema.push_str(r#"},"required":["#);
    for (index, input) in inputs.iter().filter(|input| input.must_be_given()).enumerate() {
        if index > 0 {
            schema.push(',');
        }
        push_string(&mut schema, input.key);
    }
    // What hosts pass beside the inputs, see `Reader::parse`; a form that is drawn from `properties` does not show it.
    schema.push_str(r#"],"patternProperties":{"^connection$":true},"additionalProperties":false}"#);
    schema
}

fn property(schema: &mut String, input: &Input) {
    schema.push_str(r#"{"type":"#);
    schema.push_str(match input.kind {
        // A required text cannot be absent, null or empty.
        _ if input.must_be_given() => r#""string","minLength":1"#,
        Kind::Text | Kind::MultiLine | Kind::Password | Kind::EndpointUrl => r#"["string","null"]"#,
        Kind::Number => r#"["number","string","null"]"#,
        Kind::Boolean => r#"["boolean","integer","string","null"]"#,
        // Choices are not an `enum` here: blank stands for the default, and a choice that is JSON may come parsed.
        Kind::Choice if input.choices.iter().any(|choice| choice.value.starts_with('{')) => {
            r#"["string","object","array","null"]"#
        }
        Kind::Choice => r#"["string","null"]"#,
        Kind::Code("json") => r#"["object","string","null"]"#,
        Kind::Code(_) => r#"["string","null"]"#,
        Kind::KeyValueList => {
            r#"["array","object","string","null"],"items":{"type":"object","required":["key"],"properties":{"key":{"type":"string"},"value":true}}"#
        }
    });
    if let Some((least, most)) = input.bounds {
        push_key(schema, "minimum", false);
        schema.push_str(&least.to_string());
        push_key(schema, "maximum", false);
        schema.push_str(&most.to_string());
    }
    push_key(schema, "title", false);
    push_string(schema, input.label);
    push_key(schema, "description", false);
    push_string(schema, input.help);
    if let Some(default) = input.default {
        push_key(schema, "default", false);
        schema.push_str(&default.to_json());
    }
    if let Some(example) = input.example {
        push_key(schema, "examples", false);
        schema.push('[');
        schema.push_str(&example.to_json());
        schema.push(']');
    }
    schema.push('}');
}

fn push_key(json: &mut String, key: &str, first: bool) {
    if !first {
        json.push(',');
    }
    push_string(json, key);
    json.push(':');
}
