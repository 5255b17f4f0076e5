//! The manifest's own types, handed over as the contract's.

use super::generated::exports::integration::connector::manifest as wit;
use crate::manifest::{self, Definition};

impl From<Definition> for wit::ConnectorDefinition {
    fn from(definition: Definition) -> Self {
        Self {
            key: definition.key.to_owned(),
            label: definition.label.to_owned(),
            description: definition.description.to_owned(),
            version: definition.version.to_owned(),
            documentation_url: definition.documentation_url.map(str::to_owned),
            connections: definition.connections.iter().map(Into::into).collect(),
            actions: definition.actions.iter().map(Into::into).collect(),
            data_sources: definition.data_sources.iter().map(Into::into).collect(),
            triggers: definition.triggers.iter().map(Into::into).collect(),
            extensions: None,
        }
    }
}

impl From<&manifest::Connection> for wit::ConnectionDefinition {
    fn from(connection: &manifest::Connection) -> Self {
        Self {
            key: connection.key.to_owned(),
            label: connection.label.to_owned(),
            description: connection.description.to_owned(),
            fields: connection.fields.iter().map(Into::into).collect(),
            extensions: None,
        }
    }
}

impl From<&manifest::ConnectionField> for wit::ConnectionField {
    fn from(field: &manifest::ConnectionField) -> Self {
        Self {
            input: (&field.input).into(),
            secret: field.secret,
            endpoint: field.endpoint.as_ref().map(|endpoint| wit::Endpoint {
                precedence: endpoint.precedence,
                environments: endpoint
                    .environments
                    .iter()
                    .map(|environment| wit::Environment {
                        value: environment.value.to_owned(),
                        url: environment.url.to_owned(),
                    })
                    .collect(),
            }),
            may_be_jwt: field.may_be_jwt,
            extensions: None,
        }
    }
}

impl From<&manifest::Input> for wit::InputField {
    fn from(input: &manifest::Input) -> Self {
        Self {
            key: input.key.to_owned(),
            label: input.label.to_owned(),
            kind: input.kind.into(),
            required: input.required,
            default: input.default.map(str::to_owned),
            example: input.example.map(str::to_owned),
            placeholder: input.placeholder.map(str::to_owned),
            help: input.help.to_owned(),
            choices: input
                .choices
                .iter()
                .map(|choice| wit::Choice { value: choice.value.to_owned(), label: choice.label.to_owned() })
                .collect(),
            data_source: input.data_source.map(str::to_owned),
            extensions: None,
        }
    }
}

impl From<manifest::Kind> for wit::InputKind {
    fn from(kind: manifest::Kind) -> Self {
        match kind {
            manifest::Kind::Text => Self::Text,
            manifest::Kind::MultiLine => Self::MultiLine,
            manifest::Kind::Password => Self::Password,
            manifest::Kind::Number => Self::Number,
            manifest::Kind::Boolean => Self::Boolean,
            manifest::Kind::Choice => Self::Choice,
            manifest::Kind::Code(language) => Self::Code(language.to_owned()),
            manifest::Kind::KeyValueList => Self::KeyValueList,
            manifest::Kind::EndpointUrl => Self::EndpointUrl,
        }
    }
}

impl From<&manifest::Action> for wit::ActionDefinition {
    fn from(action: &manifest::Action) -> Self {
        Self {
            key: action.about.key.to_owned(),
            label: action.about.label.to_owned(),
            description: action.about.description.to_owned(),
            changes_data: action.changes_data,
            inputs: action.about.inputs.iter().map(Into::into).collect(),
            input_schema: manifest::input_schema(action.about.inputs),
            result_schema: action.about.result_schema.to_owned(),
            example_payload: action.about.example_payload.to_owned(),
            extensions: None,
        }
    }
}

impl From<&manifest::DataSource> for wit::DataSourceDefinition {
    fn from(source: &manifest::DataSource) -> Self {
        Self {
            key: source.about.key.to_owned(),
            label: source.about.label.to_owned(),
            description: source.about.description.to_owned(),
            searchable: source.searchable,
            inputs: source.about.inputs.iter().map(Into::into).collect(),
            input_schema: manifest::input_schema(source.about.inputs),
            result_schema: source.about.result_schema.to_owned(),
            example_payload: source.about.example_payload.to_owned(),
            extensions: None,
        }
    }
}

impl From<&manifest::Trigger> for wit::TriggerDefinition {
    fn from(trigger: &manifest::Trigger) -> Self {
        Self {
            key: trigger.about.key.to_owned(),
            label: trigger.about.label.to_owned(),
            description: trigger.about.description.to_owned(),
            inputs: trigger.about.inputs.iter().map(Into::into).collect(),
            input_schema: manifest::input_schema(trigger.about.inputs),
            result_schema: trigger.about.result_schema.to_owned(),
            example_payload: trigger.about.example_payload.to_owned(),
            extensions: None,
        }
    }
}
