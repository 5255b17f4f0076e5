//! What a manifest says of itself, looked at alone.

use host::contract::{ConnectorDefinition, InputField, InputKind};
use jsonschema::Validator;
use serde_json::Value;

use super::Verdict;
use super::bench::name;
use super::schemas::{misfits, misfits_as, validator};
use crate::operation::Operation;

/// The manifest's schema, as hosts in other languages read it.
const MANIFEST_SCHEMA: &str = include_str!("../../../manifest.schema.json");

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
        match validator(operation.input_schema()) {
            Ok(schema) => problems.extend(of_inputs(operation, &schema)),
            Err(why) => problems.push(format!("{key}: its input schema is no schema: {why}")),
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

/// Defaults and examples of an operation's inputs that its own input schema does not allow. What is of another kind is
/// said by [`wrong`].
fn of_inputs(operation: Operation<'_>, schema: &Validator) -> Vec<String> {
    let given = operation.inputs().iter().flat_map(|input| {
        let values = [("default", &input.default), ("example", &input.example)];
        values.into_iter().filter_map(move |(what, value)| Some((input, what, value.as_ref()?)))
    });
    let found = given.filter(|(input, _, value)| wrong(input, value).is_none()).flat_map(|(input, what, value)| {
        let place = format!("{}, {}", name(operation), input.key);
        let whys = misfits_as(schema, &input.key, value).into_iter();
        whys.map(move |why| format!("{place}: its {what} is none by the input schema: {why}"))
    });
    found.collect()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(change: impl Fn(&mut Value)) -> Vec<String> {
        let mut manifest: Value = serde_json::from_str(include_str!("../../../manifest.json")).unwrap();
        change(&mut manifest);
        match examples(&serde_json::from_value(manifest).unwrap()) {
            Verdict::Failed { problems } => problems,
            _ => Vec::new(),
        }
    }

    #[test]
    fn an_example_or_a_default_that_its_own_schema_does_not_allow_is_found() {
        let list = |manifest: &mut Value| {
            let actions = manifest["actions"].as_array_mut().unwrap();
            actions.iter_mut().position(|action| action["key"] == "listComponents").unwrap()
        };
        let input = |manifest: &mut Value, member: &str, value: Value| {
            let place = list(manifest);
            let inputs = manifest["actions"][place]["inputs"].as_array_mut().unwrap();
            inputs.iter_mut().find(|input| input["key"] == "first").unwrap()[member] = value;
        };
        assert_eq!(said(|_| {}), Vec::<String>::new());
        for (member, value) in [("example", 20_000), ("default", 0)] {
            let problems = said(|manifest| input(manifest, member, value.into()));
            assert!(problems.len() == 1 && problems[0].contains(member), "{problems:?}");
            assert!(problems[0].contains("listComponents, first"), "{problems:?}");
        }
        for (word, rule) in [("pattern", json!("^x")), ("enum", json!(["x"])), ("maxLength", json!(2))] {
            let problems = said(|manifest| {
                let place = list(manifest);
                manifest["actions"][place]["inputSchema"]["properties"]["libraryType"][word] = rule.clone();
            });
            assert_eq!(problems.len(), 2, "{word}: {problems:?}");
        }
    }
}
