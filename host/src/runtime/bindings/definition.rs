//! A manifest from its generated types to the crate's own.

use serde_json::Value;

use super::manifest::{self, ConnectorDefinition};
use crate::contract::{self as own, Problems, short};

/// Reads a manifest; the errors name every JSON value in it that is not JSON.
pub(in crate::runtime) fn read_definition(
    definition: ConnectorDefinition,
) -> Result<own::ConnectorDefinition, Vec<String>> {
    let mut reader = Reader { problems: Problems(Vec::new()) };
    let own = own::ConnectorDefinition {
        connections: definition.connections.into_iter().map(|value| reader.connection(value)).collect(),
        actions: definition.actions.into_iter().map(|value| reader.action(value)).collect(),
        data_sources: definition.data_sources.into_iter().map(|value| reader.data_source(value)).collect(),
        triggers: definition.triggers.into_iter().map(|value| reader.trigger(value)).collect(),
        extensions: reader.optional("extensions of the connector", definition.extensions),
        key: definition.key,
        label: definition.label,
        description: definition.description,
        version: definition.version,
        documentation_url: definition.documentation_url,
    };
    if reader.problems.0.is_empty() { Ok(own) } else { Err(reader.problems.0) }
}

struct Reader {
    problems: Problems,
}

impl Reader {
    fn json(&mut self, place: &str, text: &str) -> Value {
        serde_json::from_str(text).unwrap_or_else(|error| {
            self.problems.add(format!("the {place} is not JSON: {error}"));
            Value::Null
        })
    }

    fn optional(&mut self, place: &str, text: Option<String>) -> Option<Value> {
        text.map(|text| self.json(place, &text))
    }

    fn connection(&mut self, value: manifest::ConnectionDefinition) -> own::ConnectionDefinition {
        let place = format!("connection {}", short(&value.key));
        own::ConnectionDefinition {
            fields: value.fields.into_iter().map(|field| self.field(&place, field)).collect(),
            extensions: self.optional(&format!("extensions of {place}"), value.extensions),
            key: value.key,
            label: value.label,
            description: value.description,
        }
    }

    fn field(&mut self, place: &str, value: manifest::ConnectionField) -> own::ConnectionField {
        let extensions =
            self.optional(&format!("extensions of {place}, field {}", short(&value.input.key)), value.extensions);
        let endpoint = value.endpoint.map(|endpoint| {
            let place = format!("{place}, field {}, its endpoint", short(&value.input.key));
            own::Endpoint {
                precedence: endpoint.precedence,
                extensions: self.optional(&format!("extensions of {place}"), endpoint.extensions),
                environments: endpoint.environments.into_iter().map(|value| self.environment(&place, value)).collect(),
            }
        });
        own::ConnectionField {
            input: self.input(place, value.input),
            secret: value.secret,
            endpoint,
            may_be_jwt: value.may_be_jwt,
            extensions,
        }
    }

    fn environment(&mut self, place: &str, value: manifest::Environment) -> own::Environment {
        let place = format!("extensions of {place}, environment {}", short(&value.value));
        let extensions = self.optional(&place, value.extensions);
        own::Environment { value: value.value, url: value.url, extensions }
    }

    fn choice(&mut self, place: &str, value: manifest::Choice) -> own::Choice {
        let place = format!("extensions of {place}, choice {}", short(&value.value));
        let extensions = self.optional(&place, value.extensions);
        own::Choice { value: value.value, label: value.label, extensions }
    }

    fn inputs(&mut self, place: &str, values: Vec<manifest::InputField>) -> Vec<own::InputField> {
        values.into_iter().map(|value| self.input(place, value)).collect()
    }

    fn input(&mut self, place: &str, value: manifest::InputField) -> own::InputField {
        let place = format!("{place}, input {}", short(&value.key));
        own::InputField {
            kind: match value.kind {
                manifest::InputKind::Text => own::InputKind::Text,
                manifest::InputKind::MultiLine => own::InputKind::MultiLine,
                manifest::InputKind::Password => own::InputKind::Password,
                manifest::InputKind::Number => own::InputKind::Number,
                manifest::InputKind::Boolean => own::InputKind::Boolean,
                manifest::InputKind::Choice => own::InputKind::Choice,
                manifest::InputKind::Code(language) => own::InputKind::Code(language),
                manifest::InputKind::KeyValueList => own::InputKind::KeyValueList,
                manifest::InputKind::EndpointUrl => own::InputKind::EndpointUrl,
                manifest::InputKind::Other(name) => own::InputKind::Other(name),
            },
            default: self.optional(&format!("default of {place}"), value.default),
            example: self.optional(&format!("example of {place}"), value.example),
            extensions: self.optional(&format!("extensions of {place}"), value.extensions),
            choices: value.choices.into_iter().map(|value| self.choice(&place, value)).collect(),
            key: value.key,
            label: value.label,
            required: value.required,
            placeholder: value.placeholder,
            help: value.help,
            data_source: value.data_source,
        }
    }

    fn action(&mut self, value: manifest::ActionDefinition) -> own::ActionDefinition {
        let place = format!("action {}", short(&value.key));
        own::ActionDefinition {
            inputs: self.inputs(&place, value.inputs),
            input_schema: self.json(&format!("input schema of {place}"), &value.input_schema),
            result_schema: self.json(&format!("result schema of {place}"), &value.result_schema),
            example_payload: self.json(&format!("example payload of {place}"), &value.example_payload),
            extensions: self.optional(&format!("extensions of {place}"), value.extensions),
            key: value.key,
            label: value.label,
            description: value.description,
            changes_data: value.changes_data,
        }
    }

    fn data_source(&mut self, value: manifest::DataSourceDefinition) -> own::DataSourceDefinition {
        let place = format!("data source {}", short(&value.key));
        own::DataSourceDefinition {
            inputs: self.inputs(&place, value.inputs),
            input_schema: self.json(&format!("input schema of {place}"), &value.input_schema),
            result_schema: self.json(&format!("result schema of {place}"), &value.result_schema),
            example_payload: self.json(&format!("example payload of {place}"), &value.example_payload),
            extensions: self.optional(&format!("extensions of {place}"), value.extensions),
            key: value.key,
            label: value.label,
            description: value.description,
            searchable: value.searchable,
        }
    }

    fn trigger(&mut self, value: manifest::TriggerDefinition) -> own::TriggerDefinition {
        let place = format!("trigger {}", short(&value.key));
        own::TriggerDefinition {
            inputs: self.inputs(&place, value.inputs),
            input_schema: self.json(&format!("input schema of {place}"), &value.input_schema),
            result_schema: self.json(&format!("result schema of {place}"), &value.result_schema),
            example_payload: self.json(&format!("example payload of {place}"), &value.example_payload),
            extensions: self.optional(&format!("extensions of {place}"), value.extensions),
            key: value.key,
            label: value.label,
            description: value.description,
        }
    }
}
