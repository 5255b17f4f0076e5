//! The shapes of a declaration, as constants can hold them; `wit/manifest.wit` says what each field means. Values that are
//! JSON in the contract are JSON text here.

/// The whole declaration.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "wit/manifest.wit documents every field, under the same name")]
pub struct Definition {
    pub key: &'static str,
    pub label: &'static str,
    pub description: &'static str,
    pub version: &'static str,
    pub documentation_url: Option<&'static str>,
    pub connections: &'static [Connection],
    pub actions: &'static [Action],
    pub data_sources: &'static [DataSource],
    pub triggers: &'static [Trigger],
}

/// One kind of connection.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "wit/manifest.wit documents every field, under the same name")]
pub struct Connection {
    pub key: &'static str,
    pub label: &'static str,
    pub description: &'static str,
    pub fields: &'static [ConnectionField],
}

/// One field of a connection.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "wit/manifest.wit documents every field, under the same name")]
pub struct ConnectionField {
    pub input: Input,
    pub secret: bool,
    pub endpoint: Option<Endpoint>,
    pub may_be_jwt: bool,
}

/// How a connection field decides which origin requests may reach.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "wit/manifest.wit documents every field, under the same name")]
pub struct Endpoint {
    pub precedence: u8,
    pub environments: &'static [Environment],
}

/// One named environment of the service.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "wit/manifest.wit documents every field, under the same name")]
pub struct Environment {
    pub value: &'static str,
    pub url: &'static str,
}

/// One input, or one field of a connection.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "wit/manifest.wit documents every field, under the same name")]
pub struct Input {
    pub key: &'static str,
    pub label: &'static str,
    pub kind: Kind,
    pub required: bool,
    pub default: Option<&'static str>,
    pub example: Option<&'static str>,
    pub placeholder: Option<&'static str>,
    pub help: &'static str,
    pub choices: &'static [Choice],
    pub data_source: Option<&'static str>,
}

impl Input {
    /// An optional input with nothing but the parts every input has; the rest is set with struct update syntax.
    pub const fn new(key: &'static str, label: &'static str, kind: Kind, help: &'static str) -> Self {
        Self {
            key,
            label,
            kind,
            required: false,
            default: None,
            example: None,
            placeholder: None,
            help,
            choices: &[],
            data_source: None,
        }
    }
}

/// The kind of an input: its control and its JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One line of text.
    Text,
    /// Several lines of text.
    MultiLine,
    /// Text that is hidden while it is typed.
    Password,
    /// A number.
    Number,
    /// A boolean.
    Boolean,
    /// One of the choices.
    Choice,
    /// Source text in the named language.
    Code(&'static str),
    /// Pairs of text.
    KeyValueList,
    /// An absolute http or https URL.
    EndpointUrl,
}

/// One value to choose from.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "wit/manifest.wit documents every field, under the same name")]
pub struct Choice {
    pub value: &'static str,
    pub label: &'static str,
}

/// What actions, data sources and triggers have in common.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "wit/manifest.wit documents every field, under the same name")]
pub struct About {
    pub key: &'static str,
    pub label: &'static str,
    pub description: &'static str,
    pub inputs: &'static [Input],
    pub input_schema: &'static str,
    pub result_schema: &'static str,
    pub example_payload: &'static str,
}

/// One action.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "wit/manifest.wit documents every field, under the same name")]
pub struct Action {
    pub about: About,
    pub changes_data: bool,
}

/// One data source.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "wit/manifest.wit documents every field, under the same name")]
pub struct DataSource {
    pub about: About,
    pub searchable: bool,
}

/// One trigger.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "wit/manifest.wit documents every field, under the same name")]
pub struct Trigger {
    pub about: About,
}
