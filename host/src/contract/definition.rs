//! What a connector declares: the manifest, field by field as `wit/manifest.wit` states it. Written as JSON, field
//! names are in camelCase and cases in kebab-case; that document is a connector's `manifest.json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The whole description of a connector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorDefinition {
    /// Names the connector among others; stable for ever. Letters, digits, `-` and `_`.
    pub key: String,
    /// The connector's name for people.
    pub label: String,
    /// What the connector connects to, in one sentence.
    pub description: String,
    /// The connector's own version (semver).
    pub version: String,
    /// Where its documentation is: an absolute URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documentation_url: Option<String>,
    /// The kinds of connection that can be configured; at least one.
    pub connections: Vec<ConnectionDefinition>,
    /// What a flow can do.
    pub actions: Vec<ActionDefinition>,
    /// What fills a dropdown.
    pub data_sources: Vec<DataSourceDefinition>,
    /// What starts a flow.
    pub triggers: Vec<TriggerDefinition>,
    /// A JSON object for what later versions of the contract add. A reader ignores what it does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Value>,
}

/// One kind of connection: the fields a person fills in once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionDefinition {
    /// Names the kind; a configured connection repeats it.
    pub key: String,
    /// The kind's name for people.
    pub label: String,
    /// What it is for and where its values are found.
    pub description: String,
    /// The fields in the order to show them.
    pub fields: Vec<ConnectionField>,
    /// A JSON object for what later versions of the contract add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Value>,
}

/// One field of a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionField {
    /// The field as an input: key, label, kind and the rest.
    pub input: InputField,
    /// Whether the value is a credential. A secret is kept by the host and never enters the connector.
    pub secret: bool,
    /// Whether the value decides which origins the connector may reach, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// Whether the secret may be a JSON Web Token, whose `exp` a host can check before anything is sent.
    pub may_be_jwt: bool,
    /// A JSON object for what later versions of the contract add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Value>,
}

/// How a connection field decides the origin (scheme, host and port) that requests may reach. Of all endpoint fields of
/// a connection that are filled in, the one with the highest `precedence` counts, and its origin is allowed and no
/// other. Where none is filled in, the defaults count by the same order: a default never beats what was filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// The value that wins when several endpoint fields are filled in. No two fields of a connection share one.
    pub precedence: u8,
    /// Where the field is a choice of named environments, the URL of each choice. Empty where the value is itself the
    /// URL.
    pub environments: Vec<Environment>,
    /// A JSON object for what later versions of the contract add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Value>,
}

/// One named environment of the service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// The choice's value.
    pub value: String,
    /// The absolute URL that it stands for.
    pub url: String,
    /// A JSON object for what later versions of the contract add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Value>,
}

/// One input of an action, a data source or a trigger, or one field of a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InputField {
    /// The input's name in the `inputs` object; stable, because flows store it.
    pub key: String,
    /// The input's name for people.
    pub label: String,
    /// Which control asks for it and which JSON it becomes.
    pub kind: InputKind,
    /// Whether a call without it, or with a blank one, is `invalid-input`. A required input with a default is never
    /// missing.
    pub required: bool,
    /// The value that counts when none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// A value to learn from, shown beside the control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
    /// What an empty control shows, in grey.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
    /// What the input means, in a sentence or two.
    pub help: String,
    /// The values to choose from, in the order to show them; empty where any value goes.
    pub choices: Vec<Choice>,
    /// The key of the data source whose items can be picked for this input. A typed value goes as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_source: Option<String>,
    /// A JSON object for what later versions of the contract add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Value>,
}

/// The kind of an input: a control, and the JSON that its value becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InputKind {
    /// One line of text; a JSON string.
    Text,
    /// Several lines of text; a JSON string.
    MultiLine,
    /// Text that is hidden while it is typed; a JSON string.
    Password,
    /// A JSON number.
    Number,
    /// A JSON boolean.
    Boolean,
    /// One of the choices; the JSON string of its value.
    Choice,
    /// Source text in the named language, for example `graphql`; or `json`, which is any JSON value or a string of one.
    Code(String),
    /// Pairs of text; a JSON array of `{"key", "value"}` objects, or a JSON object from key to value.
    KeyValueList,
    /// An absolute http or https URL; a JSON string.
    EndpointUrl,
    /// A kind that a later contract adds; shown as text.
    Other(String),
}

/// One value to choose from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// What is stored and sent.
    pub value: String,
    /// What is shown.
    pub label: String,
    /// A JSON object for what later versions of the contract add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Value>,
}

/// One thing that a flow can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionDefinition {
    /// Names the action.
    pub key: String,
    /// The action's name for people.
    pub label: String,
    /// What it does, in a sentence or two.
    pub description: String,
    /// Whether it may change something in the service. A host can ask before it runs one that does.
    pub changes_data: bool,
    /// Its inputs in the order to show them.
    pub inputs: Vec<InputField>,
    /// JSON Schema (2020-12) of the `inputs` object.
    pub input_schema: Value,
    /// JSON Schema (2020-12) of the result.
    pub result_schema: Value,
    /// A result to build a flow against before the action has run; it satisfies the result schema.
    pub example_payload: Value,
    /// A JSON object for what later versions of the contract add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Value>,
}

/// One source of values for a dropdown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataSourceDefinition {
    /// Names the data source.
    pub key: String,
    /// The data source's name for people.
    pub label: String,
    /// What it lists.
    pub description: String,
    /// Whether it heeds a search text.
    pub searchable: bool,
    /// Its inputs in the order to show them.
    pub inputs: Vec<InputField>,
    /// JSON Schema (2020-12) of the `inputs` object.
    pub input_schema: Value,
    /// JSON Schema (2020-12) of the items as an array of `{"key", "label"}`.
    pub result_schema: Value,
    /// Items to build a flow against: a JSON array that satisfies the result schema.
    pub example_payload: Value,
    /// A JSON object for what later versions of the contract add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Value>,
}

/// One trigger: it is polled, and starts a flow when something changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggerDefinition {
    /// Names the trigger.
    pub key: String,
    /// The trigger's name for people.
    pub label: String,
    /// What it watches, in a sentence or two.
    pub description: String,
    /// Its inputs in the order to show them.
    pub inputs: Vec<InputField>,
    /// JSON Schema (2020-12) of the `inputs` object.
    pub input_schema: Value,
    /// JSON Schema (2020-12) of the payload.
    pub result_schema: Value,
    /// A payload to build a flow against; it satisfies the result schema.
    pub example_payload: Value,
    /// A JSON object for what later versions of the contract add.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Value>,
}

impl ConnectorDefinition {
    /// The connection definition of this key.
    pub fn connection(&self, key: &str) -> Option<&ConnectionDefinition> {
        self.connections.iter().find(|definition| definition.key == key)
    }

    /// The action of this key.
    pub fn action(&self, key: &str) -> Option<&ActionDefinition> {
        self.actions.iter().find(|definition| definition.key == key)
    }

    /// The data source of this key.
    pub fn data_source(&self, key: &str) -> Option<&DataSourceDefinition> {
        self.data_sources.iter().find(|definition| definition.key == key)
    }

    /// The trigger of this key.
    pub fn trigger(&self, key: &str) -> Option<&TriggerDefinition> {
        self.triggers.iter().find(|definition| definition.key == key)
    }
}
