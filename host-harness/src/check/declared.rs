//! What a manifest says of itself, looked at alone.

use host::contract::{ConnectorDefinition, InputField, InputKind};
use serde_json::Value;

use super::Verdict;
use super::bench::name;
use crate::operation::Operation;

/// The manifest's schema, as hosts in other languages read it.
const MANIFEST_SCHEMA: &str = include_str!("../../../manifest.schema.json");

/// A value does not fit a schema; the first reasons, in words.
pub(super) fn misfits(schema: &Value, value: &Value) -> Result<Vec<String>, String> {
    let validator = jsonschema::draft202012::new(schema).map_err(|error| error.to_string())?;
    let found = validator.iter_errors(value).take(3);
    Ok(found
        .map(|error| {
            format!("{} (at {:?})", host::text::cut(&error.to_string(), 200), error.instance_path().to_string())
        })
        .collect())
}

pub(super) fn manifest(definition: &ConnectorDefinition) -> Verdict {
    let schema = serde_json::from_str(MANIFEST_SCHEMA);
    let value = serde_json::to_value(definition);
    let (Ok(schema), Ok(value)) = (schema, value) else {
        return Verdict::not_checked("the manifest cannot be written as JSON");
    };
    let mut problems = match misfits(&schema, &value) {
        Ok(problems) => problems,
        Err(problem) => return Verdict::not_checked(problem),
    };
    problems.extend(definition.problems());
    if definition.version.split('.').count() != 3 {
        problems.push(format!("its version, {:?}, is not of the form 1.2.3", definition.version));
    }
    Verdict::of(problems, format!("{} operations, version {}", Operation::all(definition).count(), definition.version))
}

/// Schemas are schemas, and what is given as an example or a default fits its own.
pub(super) fn examples(definition: &ConnectorDefinition) -> Verdict {
    let mut problems = Vec::new();
    let mut count = 0;
    for operation in Operation::all(definition) {
        let key = operation.key();
        count += 1;
        match misfits(operation.result_schema(), operation.example()) {
            Ok(found) => problems.extend(found.into_iter().map(|why| format!("{key}: its example is not one: {why}"))),
            Err(why) => problems.push(format!("{key}: its result schema is no schema: {why}")),
        }
        if let Err(why) = misfits(operation.input_schema(), &Value::Null) {
            problems.push(format!("{key}: its input schema is no schema: {why}"));
        }
    }
    let of_operations = Operation::all(definition).flat_map(|operation| {
        operation.inputs().iter().map(move |input| (format!("{}, {}", name(operation), input.key), input))
    });
    let of_connections = definition.connections.iter().flat_map(|kind| {
        kind.fields.iter().map(|field| (format!("the connection {}, {}", kind.key, field.input.key), &field.input))
    });
    for (place, input) in of_operations.chain(of_connections) {
        count += 1;
        for (what, value) in [("default", &input.default), ("example", &input.example)] {
            if let Some(why) = value.as_ref().and_then(|value| wrong(input, value)) {
                problems.push(format!("{place}: its {what} {why}"));
            }
        }
        if input.label.trim().is_empty() {
            problems.push(format!("{place}: it has no label"));
        }
        if let Some(source) = &input.data_source
            && definition.data_source(source).is_none()
        {
            problems.push(format!("{place}: there is no data source {source}"));
        }
    }
    Verdict::of(problems, format!("{count} operations and inputs"))
}

/// Why a value is none for an input.
fn wrong(input: &InputField, value: &Value) -> Option<String> {
    let fits = match &input.kind {
        InputKind::Number => value.is_number(),
        InputKind::Boolean => value.is_boolean(),
        InputKind::Choice => {
            let text = value.as_str();
            return text
                .is_none_or(|text| !input.choices.iter().any(|choice| choice.value == text))
                .then(|| format!("is {value}, which is none of its choices"));
        }
        InputKind::KeyValueList => value.is_array() || value.is_object(),
        InputKind::Code(_) | InputKind::Other(_) => true,
        _ => value.is_string(),
    };
    (!fits).then(|| format!("is {value}, which does not fit its kind"))
}
