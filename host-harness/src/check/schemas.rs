//! Values held against JSON Schemas, and what is said where they do not fit. Pure.

use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};

/// More reasons why one value does not fit say nothing new.
const MOST_REASONS: usize = 3;

/// A schema, ready to hold values against. The error says why it is none.
pub(super) fn validator(schema: &Value) -> Result<Validator, String> {
    jsonschema::draft202012::new(schema).map_err(|error| error.to_string())
}

/// Why a value does not fit a schema; the first reasons, in words.
pub(super) fn misfits(schema: &Value, value: &Value) -> Result<Vec<String>, String> {
    Ok(misfits_of(&validator(schema)?, value))
}

/// The same of a schema that more values are held against.
pub(super) fn misfits_of(schema: &Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).take(MOST_REASONS).map(|error| in_words(&error)).collect()
}

fn in_words(error: &ValidationError<'_>) -> String {
    format!("{} (at {:?})", host::text::cut(&error.to_string(), 200), error.instance_path().to_string())
}

/// Why a value does not fit what a schema of inputs says of the input of this key, alone.
pub(super) fn misfits_as(inputs: &Validator, key: &str, value: &Value) -> Vec<String> {
    let given = json!({ key: value });
    let place = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
    // What is wrong at the root is that other inputs are missing.
    let is_of_it = |error: &ValidationError<'_>| {
        let at = error.instance_path().to_string();
        at.strip_prefix(&place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    inputs.iter_errors(&given).filter(is_of_it).take(MOST_REASONS).map(|error| in_words(&error)).collect()
}
