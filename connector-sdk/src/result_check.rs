//! Holds a result against the schema that the manifest promises for it, so that a flow never gets a value of a type it
//! was not told of. The schemas use a few keywords of JSON Schema, and this knows exactly those: [`KEYWORDS`].

use serde_json::Value;

use crate::contract::Error;

/// The keywords of JSON Schema that are understood or say nothing about a value's type.
#[cfg(not(target_family = "wasm"))]
pub(crate) const KEYWORDS: &[&str] =
    &["type", "properties", "items", "required", "$schema", "title", "description", "format"];

/// Holds a result against its schema.
#[inline(never)]
pub(crate) fn check(result: &str, schema: &str) -> Result<(), Error> {
    let parse = |text: &str| {
        serde_json::from_str::<Value>(text)
            .map_err(|error| Error::UnexpectedResponse(format!("the answer is not JSON: {error}")))
    };
    match mismatch(&parse(result)?, &parse(schema)?) {
        None => Ok(()),
        Some(problem) => Err(Error::UnexpectedResponse(format!("the answer is not of the shape asked for: {problem}"))),
    }
}

/// The first place at which the value is not what the schema says, in words; none if it fits.
pub(crate) fn mismatch(value: &Value, schema: &Value) -> Option<String> {
    mismatch_at(&mut String::from("data"), value, schema)
}

fn mismatch_at(path: &mut String, value: &Value, schema: &Value) -> Option<String> {
    let allowed = schema.get("type");
    if let Some(allowed) = allowed
        && !is_allowed(type_of(value), value, allowed)
    {
        return Some(format!("{path} is {}, not {}", type_of(value), names(allowed)));
    }
    match value {
        Value::Object(object) => {
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            for key in required.filter_map(Value::as_str) {
                if !object.contains_key(key) {
                    return Some(format!("{path}.{key} is missing"));
                }
            }
            let properties = schema.get("properties").and_then(Value::as_object)?;
            for (key, schema) in properties {
                let Some(value) = object.get(key) else { continue };
                let length = path.len();
                path.push('.');
                path.push_str(key);
                let found = mismatch_at(path, value, schema);
                if found.is_some() {
                    return found;
                }
                path.truncate(length);
            }
            None
        }
        Value::Array(items) => {
            let schema = schema.get("items")?;
            for (index, item) in items.iter().enumerate() {
                let length = path.len();
                path.push('[');
                path.push_str(&index.to_string());
                path.push(']');
                let found = mismatch_at(path, item, schema);
                if found.is_some() {
                    return found;
                }
                path.truncate(length);
            }
            None
        }
        _ => None,
    }
}

fn is_allowed(name: &str, value: &Value, allowed: &Value) -> bool {
    let fits = |allowed: &Value| match allowed.as_str() {
        // JSON Schema counts 1.0 among the integers.
        Some("integer") => {
            matches!(value, Value::Number(number) if !number.is_f64() || number.as_f64().is_some_and(|n| n.fract() == 0.0))
        }
        Some(allowed) => allowed == name,
        None => false,
    };
    match allowed {
        Value::Array(several) => several.iter().any(fits),
        one => fits(one),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn names(allowed: &Value) -> String {
    match allowed {
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        one => one.as_str().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_of_another_type_is_found_wherever_it_is() {
        let schema = json!({
            "type": "object",
            "required": ["parts"],
            "properties": { "parts": { "type": ["array", "null"], "items": {
                "type": ["object", "null"],
                "properties": { "mass": { "type": ["number", "null"] }, "size": { "type": ["integer", "null"] } },
            } } },
        });
        for good in [json!({ "parts": null }), json!({ "parts": [null, { "mass": 1, "size": 2.0, "new": "x" }, {}] })] {
            assert_eq!(mismatch(&good, &schema), None, "{good}");
        }
        for (bad, says) in [
            (json!([]), "data is array, not object"),
            (json!({}), "data.parts is missing"),
            (json!({ "parts": "none" }), "data.parts is string, not array or null"),
            (json!({ "parts": [{}, { "mass": "1" }] }), "data.parts[1].mass is string, not number or null"),
            (json!({ "parts": [{ "mass": 1, "size": 1.5 }] }), "data.parts[0].size is number, not integer or null"),
        ] {
            assert_eq!(mismatch(&bad, &schema).as_deref(), Some(says));
        }
    }
}
