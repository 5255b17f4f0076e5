//! What a connector says of itself and of the connections that it takes, as constants can hold it.

use crate::inputs::Input;

/// What a connector says of itself; `wit/manifest.wit` says what each part means.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Names it among other connectors.
    pub key: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What it connects to, in one sentence.
    pub description: &'static str,
    /// Its version; usually `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// Where its documentation is.
    pub documentation_url: Option<&'static str>,
    /// Where it belongs among other connectors, for example `Product lifecycle management`.
    pub category: Option<&'static str>,
    /// Its picture: a square PNG file of a few kilobytes. Usually `include_bytes!` of it.
    pub icon: Option<&'static [u8]>,
    /// What changed from version to version, as Markdown. Usually `include_str!` of a file.
    pub changelog: Option<&'static str>,
}

impl About {
    /// A connector of which no more is said.
    pub const fn new(key: &'static str, label: &'static str, description: &'static str, version: &'static str) -> Self {
        Self { key, label, description, version, documentation_url: None, category: None, icon: None, changelog: None }
    }
}

/// One kind of connection.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionKind {
    /// Its key.
    pub key: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// What it is for and where its values are found.
    pub description: &'static str,
    /// Its fields in the order to show them.
    pub fields: &'static [ConnectionField],
    /// How a host gets a new credential in place of the one it has, if the service gives one.
    pub renewal: Option<Renewal>,
}

/// What a connector asks of a GraphQL service, for hosts that hold it against a live one.
#[derive(Clone, Copy, Debug)]
pub struct GraphQl {
    /// The service's schema as far as it is known, in GraphQL's language; usually `include_str!` of the file that
    /// queries are compiled against.
    pub schema: &'static str,
    /// The secret field that authorises requests.
    pub secret: &'static str,
    /// The header that takes it.
    pub header: &'static str,
    /// Every query, with the key of what sends it: of an action, a data source, a trigger or a connection.
    pub queries: &'static [&'static [(&'static str, &'static str)]],
}

/// A request by which a host renews a credential: a GraphQL query, sent to the connection's endpoint with the
/// credential that is still good.
#[derive(Clone, Copy, Debug)]
pub struct Renewal {
    /// The secret field that is replaced.
    pub secret: &'static str,
    /// The header that takes the present credential.
    pub header: &'static str,
    /// The query.
    pub query: &'static str,
    /// Where in the answer the new credential stands: a JSON Pointer to a text.
    pub answer: &'static str,
}

/// One field of a connection.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionField {
    /// The field as an input.
    pub input: Input,
    /// What the host does with its value.
    pub role: Role,
}

/// What the host does with the value of a connection's field.
#[derive(Clone, Copy, Debug)]
pub enum Role {
    /// Hands it to the connector.
    Plain,
    /// Keeps it, and puts it into headers that name it.
    Secret {
        /// Whether it may be a JSON Web Token, whose end the host can check.
        may_be_jwt: bool,
    },
    /// Takes from it where requests go, if it is the one of highest precedence that is filled in.
    Endpoint {
        /// The one that wins.
        precedence: u8,
        /// The URL of each choice; none where the value is itself the URL.
        environments: &'static [Environment],
    },
}

/// One named environment of the service.
#[derive(Clone, Copy, Debug)]
pub struct Environment {
    /// The choice's value.
    pub value: &'static str,
    /// The URL that it stands for.
    pub url: &'static str,
}
