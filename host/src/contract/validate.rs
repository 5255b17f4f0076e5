//! Checks of a manifest that its types cannot make: a connector whose manifest contradicts itself is refused when it is
//! loaded, not when a flow first meets the contradiction.

use std::collections::HashSet;

use serde_json::Value;

use super::definition::{ConnectionDefinition, ConnectorDefinition, InputField, InputKind};
use crate::origin::EndpointUrl;
use crate::text::beginning;

impl ConnectorDefinition {
    /// Everything that is wrong with the manifest, a sentence each; empty when nothing is.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Problems(Vec::new());
        if !is_key(&self.key) {
            found.add(format!("the connector's key {:?} is not made of letters, digits, - and _", short(&self.key)));
        }
        if self.connections.is_empty() {
            found.add("no connection is defined".into());
        }
        found.unique("connection", self.connections.iter().map(|definition| definition.key.as_str()));
        found.unique("action", self.actions.iter().map(|definition| definition.key.as_str()));
        found.unique("data source", self.data_sources.iter().map(|definition| definition.key.as_str()));
        found.unique("trigger", self.triggers.iter().map(|definition| definition.key.as_str()));
        found.extensions("the connector", self.extensions.as_ref());

        let sources: HashSet<&str> = self.data_sources.iter().map(|definition| definition.key.as_str()).collect();
        for definition in &self.connections {
            found.connection(definition, &sources);
        }
        for definition in &self.actions {
            let place = format!("action {}", short(&definition.key));
            found.callable(&place, &definition.inputs, &sources, &definition.input_schema, &definition.result_schema);
            found.extensions(&place, definition.extensions.as_ref());
        }
        for definition in &self.data_sources {
            let place = format!("data source {}", short(&definition.key));
            found.callable(&place, &definition.inputs, &sources, &definition.input_schema, &definition.result_schema);
            found.extensions(&place, definition.extensions.as_ref());
        }
        for definition in &self.triggers {
            let place = format!("trigger {}", short(&definition.key));
            if let Err(problem) = definition.rebase() {
                found.add(format!("{place}: {problem}"));
            }
            found.callable(&place, &definition.inputs, &sources, &definition.input_schema, &definition.result_schema);
            found.extensions(&place, definition.extensions.as_ref());
        }
        found.0
    }
}

/// More problems than these are not listed: a manifest that has them was not written by anyone who wants to know.
const MOST_PROBLEMS: usize = 50;

/// The problems of a manifest that were found so far.
pub(crate) struct Problems(pub(crate) Vec<String>);

impl Problems {
    pub(crate) fn add(&mut self, problem: String) {
        if self.0.len() < MOST_PROBLEMS {
            self.0.push(problem);
        }
    }

    fn unique<'a>(&mut self, what: &str, keys: impl Iterator<Item = &'a str>) {
        let mut seen = HashSet::new();
        for key in keys {
            if key.trim().is_empty() {
                self.add(format!("a {what} has a blank key"));
            } else if !seen.insert(key) {
                self.add(format!("the {what} key {} is used twice", short(key)));
            }
        }
    }

    fn callable(
        &mut self,
        place: &str,
        inputs: &[InputField],
        sources: &HashSet<&str>,
        input_schema: &Value,
        result_schema: &Value,
    ) {
        self.inputs(place, inputs.iter(), sources);
        for (name, schema) in [("input", input_schema), ("result", result_schema)] {
            if !schema.is_object() {
                self.add(format!("{place}: the {name} schema is not a JSON object"));
            }
        }
    }

    fn inputs<'a>(
        &mut self,
        place: &str,
        inputs: impl Iterator<Item = &'a InputField> + Clone,
        sources: &HashSet<&str>,
    ) {
        self.unique(&format!("input of {place},"), inputs.clone().map(|input| input.key.as_str()));
        for input in inputs {
            let place = format!("{place}, input {}", short(&input.key));
            if input.kind == InputKind::Choice && input.choices.is_empty() {
                self.add(format!("{place}: it is a choice without choices"));
            }
            if let Some(source) = &input.data_source
                && !sources.contains(source.as_str())
            {
                self.add(format!("{place}: there is no data source {}", short(source)));
            }
            self.extensions(&place, input.extensions.as_ref());
            for choice in &input.choices {
                self.extensions(&format!("{place}, choice {}", short(&choice.value)), choice.extensions.as_ref());
            }
        }
    }

    fn connection(&mut self, definition: &ConnectionDefinition, sources: &HashSet<&str>) {
        let place = format!("connection {}", short(&definition.key));
        self.inputs(&place, definition.fields.iter().map(|field| &field.input), sources);
        self.extensions(&place, definition.extensions.as_ref());
        if let Err(problem) = definition.renewal() {
            self.add(format!("{place}: {problem}"));
        }
        let mut precedences = HashSet::new();
        for field in &definition.fields {
            let place = format!("{place}, field {}", short(&field.input.key));
            self.extensions(&place, field.extensions.as_ref());
            if field.input.kind == InputKind::Password && !field.secret {
                self.add(format!(
                    "{place}: it is a password that is not marked as a secret, so that the component would be given it"
                ));
            }
            if field.may_be_jwt && !field.secret {
                self.add(format!("{place}: only a secret can be marked as a possible JWT"));
            }
            let Some(endpoint) = &field.endpoint else { continue };
            if field.secret {
                self.add(format!("{place}: a secret cannot be an endpoint, because endpoints are shown"));
            }
            if !precedences.insert(endpoint.precedence) {
                self.add(format!("{place}: another endpoint field has the precedence {} too", endpoint.precedence));
            }
            self.unique(
                &format!("environment of {place},"),
                endpoint.environments.iter().map(|environment| environment.value.as_str()),
            );
            self.extensions(&format!("{place}, its endpoint"), endpoint.extensions.as_ref());
            for environment in &endpoint.environments {
                self.extensions(
                    &format!("{place}, environment {}", short(&environment.value)),
                    environment.extensions.as_ref(),
                );
                if let Err(problem) = EndpointUrl::parse(&environment.url) {
                    self.add(format!(
                        "{place}: the URL of the environment {} cannot be used: {}",
                        short(&environment.value),
                        problem
                    ));
                }
            }
            for choice in field.input.choices.iter().filter(|_| !endpoint.environments.is_empty()) {
                if !endpoint.environments.iter().any(|environment| environment.value == choice.value) {
                    self.add(format!("{place}: the choice {} has no environment and so no URL", short(&choice.value)));
                }
            }
        }
    }

    fn extensions(&mut self, place: &str, extensions: Option<&Value>) {
        if extensions.is_some_and(|value| !value.is_object()) {
            self.add(format!("{place}: its extensions are not a JSON object"));
        }
    }
}

/// A name as a problem repeats it: a manifest is as long as its author likes, and names stand in every problem with
/// what they hold.
pub(crate) fn short(name: &str) -> &str {
    beginning(name, 100)
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_alphanumeric() || "-_".contains(character))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::definition;

    #[test]
    fn a_sound_manifest_has_no_problem() {
        assert_eq!(definition().problems(), Vec::<String>::new());
    }

    #[test]
    fn a_manifest_of_long_names_and_many_problems_is_reported_shortly() {
        let mut definition = definition();
        definition.actions[0].key = "a".repeat(1 << 20);
        let input = definition.actions[0].inputs[0].clone();
        definition.actions[0].inputs = vec![input; 10_000];
        let problems = definition.problems();
        assert!(problems.len() == MOST_PROBLEMS && problems.iter().all(|problem| problem.len() < 500));
    }

    #[test]
    fn every_contradiction_is_named_at_once() {
        let mut definition = definition();
        definition.key = "not a key".into();
        definition.actions.push(definition.actions[0].clone());
        definition.actions[0].inputs[0].data_source = Some("nowhere".into());
        definition.actions[0].inputs[0].kind = InputKind::Choice;
        definition.actions[0].result_schema = json!("text");
        definition.triggers[0].extensions = Some(json!([1]));
        let endpoint = definition.connections[0].fields[2].endpoint.clone();
        definition.connections[0].fields[0].endpoint = endpoint;
        definition.connections[0].fields[1].endpoint.as_mut().unwrap().environments[0].url = "plm.example".into();
        definition.connections[0].fields[1].input.choices[1].value = "elsewhere".into();
        definition.connections[0].fields[2].input.kind = InputKind::Password;
        let problems = definition.problems().join("\n");
        for expected in [
            "\"not a key\"",
            "the action key act is used twice",
            "no data source nowhere",
            "a choice without choices",
            "action act: the result schema is not a JSON object",
            "trigger watch: its extensions are not a JSON object",
            "a secret cannot be an endpoint",
            "has the precedence 2 too",
            "URL of the environment Main cannot be used",
            "the choice elsewhere has no environment",
            "field customUrl: it is a password that is not marked as a secret",
        ] {
            assert!(problems.contains(expected), "{expected} is not in\n{problems}");
        }
    }
}
