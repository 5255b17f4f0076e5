//! Where a connection's requests go: its endpoint fields, resolved once when it is made.

use serde_json::{Map, Value};

use crate::contract::{ConnectionDefinition, ConnectionField, Endpoint, InputProblem, short};
use crate::origin::EndpointUrl;

/// What an example of a URL is where the manifest has none.
const EXAMPLE: &str = "https://service.example/path";

/// The contract's rule: of all endpoint fields that are filled in, the one with the highest precedence counts, and no
/// other. Defaults count, by the same order, where none is filled in: what a manifest presets must not beat what a
/// person has chosen. None where the definition has no endpoint field; the error names every field that is wrong.
pub(super) fn resolve(
    definition: &ConnectionDefinition,
    fields: &Map<String, Value>,
) -> Result<Option<EndpointUrl>, Vec<InputProblem>> {
    let endpoints: Vec<(&ConnectionField, &Endpoint)> =
        definition.fields.iter().filter_map(|field| Some((field, field.endpoint.as_ref()?))).collect();
    if endpoints.is_empty() {
        return Ok(None);
    }
    let problem = |field: &ConnectionField, message: String| InputProblem { input: field.input.key.clone(), message };
    let mut problems = Vec::new();
    // One that cannot be used still wins over the others: to fall back would send the key elsewhere.
    let mut filled_in = Vec::new();
    for (field, endpoint) in &endpoints {
        match fields.get(&field.input.key) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.trim().is_empty() => {}
            Some(Value::String(text)) => filled_in.push((*field, *endpoint, Some(text.trim()))),
            Some(_) => {
                problems.push(problem(field, "expected text".into()));
                filled_in.push((*field, *endpoint, None));
            }
        }
    }
    if filled_in.is_empty() {
        filled_in.extend(endpoints.iter().filter_map(|(field, endpoint)| preset(field, endpoint)));
    }
    let Some((field, endpoint, text)) = filled_in.into_iter().max_by_key(|(_, endpoint, _)| endpoint.precedence) else {
        let keys: Vec<&str> = endpoints.iter().map(|(field, _)| field.input.key.as_str()).collect();
        if let Some((field, _)) = endpoints.iter().find(|(field, _)| field.input.required).or(endpoints.first()) {
            let message = format!("says where the service is, and is missing or blank: fill in {}", listed(&keys));
            problems.push(problem(field, message));
        }
        return Err(problems);
    };
    let resolved = match text {
        Some(text) => url_of(definition, field, endpoint, text),
        None => return Err(problems),
    };
    match resolved {
        Ok(url) if problems.is_empty() => Ok(Some(url)),
        Ok(_) => Err(problems),
        Err(message) => {
            problems.push(problem(field, message));
            Err(problems)
        }
    }
}

type FilledIn<'a> = (&'a ConnectionField, &'a Endpoint, Option<&'a str>);

fn preset<'a>(field: &'a ConnectionField, endpoint: &'a Endpoint) -> Option<FilledIn<'a>> {
    let text = field.input.default.as_ref()?.as_str()?.trim();
    (!text.is_empty()).then_some((field, endpoint, Some(text)))
}

/// The URL that a field's text stands for; the error is for the person who filled it in.
fn url_of(
    definition: &ConnectionDefinition,
    field: &ConnectionField,
    endpoint: &Endpoint,
    text: &str,
) -> Result<EndpointUrl, String> {
    if endpoint.environments.is_empty() {
        return parse(field, text);
    }
    if let Some(environment) = endpoint.environments.iter().find(|environment| environment.value == text) {
        return parse(field, &environment.url);
    }
    let choices: Vec<&str> = match field.input.choices.as_slice() {
        [] => endpoint.environments.iter().map(|known| known.value.as_str()).collect(),
        choices => choices.iter().map(|choice| choice.value.as_str()).collect(),
    };
    let takes_any_url = |other: &&ConnectionField| {
        let other = other.endpoint.as_ref();
        other.is_some_and(|other| other.environments.is_empty() && other.precedence > endpoint.precedence)
    };
    let way_out = match definition.fields.iter().find(takes_any_url) {
        Some(other) => format!("; for another environment fill in {}", other.input.key),
        None => String::new(),
    };
    Err(format!("expected {}, got {:?}{way_out}", listed(&choices), short(text)))
}

fn parse(field: &ConnectionField, text: &str) -> Result<EndpointUrl, String> {
    EndpointUrl::parse(text).map_err(|problem| {
        if !problem.is_shown_by_example() {
            return problem.to_string();
        }
        let example = field.input.example.as_ref().and_then(Value::as_str);
        let example = example.filter(|example| EndpointUrl::parse(example).is_ok()).unwrap_or(EXAMPLE);
        format!("{problem}, for example {example}")
    })
}

/// `a, b or c`.
fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [names @ .., last] => format!("{} or {last}", names.join(", ")),
    }
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
