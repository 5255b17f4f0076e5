//! What it declares: a connection with a secret that may be a JSON Web Token and a URL, and one of each operation. Verbs are not listed: a
//! host passes any key on, and the component decides.

use crate::generated::exports::integration::connector::manifest::{
    ActionDefinition, ConnectionDefinition, ConnectionField, ConnectorDefinition, DataSourceDefinition, Endpoint,
    InputField, InputKind, TriggerDefinition,
};

const SCHEMA: &str = r#"{"type": "object"}"#;

pub(crate) fn describe() -> ConnectorDefinition {
    let text = |text: &str| text.to_owned();
    let secret = ConnectionField {
        input: field("apiKey", InputKind::Password),
        secret: true,
        endpoint: None,
        may_be_jwt: true,
        extensions: None,
    };
    let endpoint = ConnectionField {
        input: field("url", InputKind::EndpointUrl),
        secret: false,
        endpoint: Some(Endpoint { precedence: 1, environments: vec![], extensions: None }),
        may_be_jwt: false,
        extensions: None,
    };
    ConnectorDefinition {
        key: text("misbehaving"),
        label: text("Misbehaving"),
        description: text("Breaks every rule that a host has."),
        version: text("0.1.0"),
        documentation_url: None,
        connections: vec![ConnectionDefinition {
            key: text("key"),
            label: text("Key"),
            description: text("A key and a URL."),
            fields: vec![secret, endpoint],
            extensions: None,
        }],
        actions: vec![ActionDefinition {
            key: text("fine"),
            label: text("Fine"),
            description: text("Does nothing wrong."),
            changes_data: false,
            inputs: vec![],
            input_schema: text(SCHEMA),
            result_schema: text(SCHEMA),
            example_payload: text("{}"),
            extensions: None,
        }],
        data_sources: vec![DataSourceDefinition {
            key: text("fine"),
            label: text("Fine"),
            description: text("Lists nothing."),
            searchable: false,
            inputs: vec![],
            input_schema: text(SCHEMA),
            result_schema: text(SCHEMA),
            example_payload: text("[]"),
            extensions: None,
        }],
        triggers: vec![TriggerDefinition {
            key: text("fine"),
            label: text("Fine"),
            description: text("Finds nothing."),
            inputs: vec![],
            input_schema: text(SCHEMA),
            result_schema: text(SCHEMA),
            example_payload: text("{}"),
            extensions: None,
        }],
        extensions: None,
    }
}

fn field(key: &str, kind: InputKind) -> InputField {
    InputField {
        key: key.to_owned(),
        label: key.to_owned(),
        kind,
        required: false,
        default: None,
        example: None,
        placeholder: None,
        help: String::new(),
        choices: vec![],
        data_source: None,
        extensions: None,
    }
}
