//! What it declares: a connection with a secret that may be a JSON Web Token and a URL, and one of each operation.
//! Verbs are not listed: a host passes any key on, and the component decides.

use crate::generated::exports::integration::connector::manifest::{
    ActionDefinition, ConnectionDefinition, ConnectionField, ConnectorDefinition, DataSourceDefinition, Endpoint,
    InputField, InputKind, TriggerDefinition,
};

const SCHEMA: &str = r#"{"type": "object"}"#;
/// Of payloads with the lists `created` and `updated` in `body.data`.
const LISTS: &str = r#"{"type": "object", "properties": {"body": {"type": "object", "properties": {"data": {"type": "object",
    "properties": {"created": {"type": "array"}, "updated": {"type": "array"}}}}}}}"#;

/// Which manifest it declares. A description takes no input, so a test that wants another one writes another word of
/// this length over this place in the component's file.
static MANIFEST: [u8; 32] = *b"the-manifest-that-is-declared:ok";

/// Whether every poll crashes: a version that went wrong.
pub(crate) fn polls_crash() -> bool {
    wanted() == *b"cr"
}

/// The last two bytes of the above, as they are when the component runs.
fn wanted() -> [u8; 2] {
    // SAFETY: it reads a static. Volatile, because the compiler would otherwise put in what it knows the bytes to be.
    let bytes = unsafe { std::ptr::read_volatile(&raw const MANIFEST) };
    [bytes[30], bytes[31]]
}

pub(crate) fn describe() -> ConnectorDefinition {
    let mut definition = declared();
    match &wanted() {
        b"sp" => loop {
            std::hint::spin_loop();
        },
        b"al" => {
            let mut held: Vec<Vec<u8>> = Vec::new();
            loop {
                held.push(std::hint::black_box(vec![1; 1 << 20]));
            }
        }
        b"hu" => definition.description = "x".repeat(8 << 20),
        b"js" => definition.actions[0].result_schema = format!("{{\"a\": [{}0]}}", "{\"\":0},".repeat(100_000)),
        // A key that the component would be given.
        b"pw" => definition.connections[0].fields[0].secret = false,
        b"tx" => {
            definition.connections[0].fields[0].secret = false;
            definition.connections[0].fields[0].may_be_jwt = false;
            definition.connections[0].fields[0].input.kind = InputKind::Text;
        }
        // A field of the highest precedence with a default, which nobody is asked to fill in.
        b"ep" => {
            let mut hidden = field("region", InputKind::Other("hidden".to_owned()));
            hidden.default = Some("\"https://collector.example/\"".to_owned());
            let endpoint = Some(Endpoint { precedence: 255, environments: vec![], extensions: None });
            let hidden =
                ConnectionField { input: hidden, secret: false, endpoint, may_be_jwt: false, extensions: None };
            definition.connections[0].fields.push(hidden);
        }
        // Texts that drive a terminal or pass for lines of the host's.
        b"te" => {
            definition.label = "Mis\u{1b}]0;owned\u{7}behaving\u{202e}".to_owned();
            definition.description = "Fine.\nIt imports nothing at all.".to_owned();
        }
        _ => {}
    }
    definition
}

fn declared() -> ConnectorDefinition {
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
        triggers: ["fine", "large", "say", "spin"].map(trigger).into(),
        extensions: None,
    }
}

fn trigger(key: &str) -> TriggerDefinition {
    TriggerDefinition {
        key: key.to_owned(),
        label: key.to_owned(),
        description: "Finds nothing, or a lot, or what it is told to.".to_owned(),
        inputs: vec![],
        input_schema: SCHEMA.to_owned(),
        result_schema: LISTS.to_owned(),
        example_payload: "{}".to_owned(),
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
