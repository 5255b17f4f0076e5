//! A configured connection, split by the manifest into what the connector sees and the secrets that stay with the host,
//! with the origin that its endpoint fields allow.

mod credentials;
mod endpoint;
mod renewed;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use secrecy::SecretString;
use serde_json::{Map, Value};
use zeroize::Zeroize;

use crate::contract::{ConnectionDefinition, ConnectionField, ConnectorDefinition, InputProblem};
use crate::egress::Sockets;
use crate::network::ClientIdentity;
use crate::origin::{EndpointUrl, Origin};

use crate::secrets::{Secrets, expiry_of};
pub(crate) use renewed::Renewals;
pub use renewed::Renewed;

/// A configured connection. Cheap to clone; shows no secret in its debug output. Calls with it, or a clone of it, share
/// sockets to its service, which no other connection uses: keep it for as long as calls are made, and what a call
/// leaves open serves the next.
#[derive(Clone)]
pub struct Connection {
    key: String,
    /// The fields that are not secret, as JSON text: what the connector gets.
    public_fields: String,
    secrets: Arc<Secrets>,
    /// What is wrong with the fields that the host answers for, in the manifest's order: secrets, which the connector
    /// cannot see, and endpoints, which it gets resolved.
    problems: Vec<InputProblem>,
    /// The secret fields that hold a JSON Web Token with an end, and when that is.
    expiries: Vec<(String, SystemTime)>,
    /// None where the definition has no endpoint field; the error says why it could not be resolved.
    endpoint: Result<Option<EndpointUrl>, String>,
    sockets: Arc<Sockets>,
    renewals: Arc<Renewals>,
}

/// A connection that does not fit the connector's manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The value is not an object with `key` and `fields`.
    #[error("a connection is a JSON object {{\"key\": \"…\", \"fields\": {{…}}}}: {0}")]
    Shape(String),
    /// The connector has no connection of this key.
    #[error("the connector has no connection {key:?}; it has {}", .known.join(", "))]
    UnknownKey {
        /// The key that was asked for.
        key: String,
        /// The keys there are.
        known: Vec<String>,
    },
    /// Fields that the manifest does not have.
    #[error("the connection {key} has no field {}; it has {}", .unknown.join(", "), .known.join(", "))]
    UnknownFields {
        /// The connection's key.
        key: String,
        /// The fields that were given and are not in the manifest.
        unknown: Vec<String>,
        /// The fields there are.
        known: Vec<String>,
    },
}

impl Connection {
    /// Reads `{"key": …, "fields": {…}}` against a manifest.
    pub fn new(definition: &ConnectorDefinition, mut value: Value) -> Result<Self, ConnectionError> {
        let shape = |text: &str| ConnectionError::Shape(text.into());
        let object = value.as_object_mut().ok_or_else(|| shape("it is not an object"))?;
        if let Some(name) = object.keys().find(|name| !matches!(name.as_str(), "key" | "fields")) {
            return Err(shape(&format!("it has a member {name:?} that means nothing")));
        }
        let key = match object.remove("key") {
            Some(Value::String(key)) => key,
            _ => return Err(shape("\"key\" is missing or not a string")),
        };
        let fields = match object.remove("fields") {
            Some(Value::Object(fields)) => fields,
            None => Map::new(),
            Some(_) => return Err(shape("\"fields\" is not an object")),
        };
        match definition.connection(&key) {
            Some(definition) => Self::split(definition, fields),
            None => {
                let known = definition.connections.iter().map(|definition| definition.key.clone()).collect();
                Err(ConnectionError::UnknownKey { key, known })
            }
        }
    }

    fn split(definition: &ConnectionDefinition, mut fields: Map<String, Value>) -> Result<Self, ConnectionError> {
        let is_known = |name: &String| definition.fields.iter().any(|field| field.input.key == **name);
        let unknown: Vec<String> = fields.keys().filter(|name| !is_known(name)).cloned().collect();
        if !unknown.is_empty() {
            let known = definition.fields.iter().map(|field| field.input.key.clone()).collect();
            return Err(ConnectionError::UnknownFields { key: definition.key.clone(), unknown, known });
        }
        let mut secrets = Secrets::default();
        let mut problems = Vec::new();
        let mut expiries = Vec::new();
        for field in definition.fields.iter().filter(|field| field.secret) {
            let name = &field.input.key;
            if field.may_be_jwt {
                secrets.hide_tokens();
                let expiry = fields.get(name).and_then(Value::as_str).and_then(expiry_of);
                expiries.extend(expiry.map(|expiry| (name.clone(), expiry)));
            }
            if let Err(message) = take_secret(field, fields.remove(name), &mut secrets) {
                problems.push(InputProblem { input: name.clone(), message });
            }
        }
        let endpoint = endpoint::resolve(definition, &fields).map_err(|found| {
            let text = found.first().map(|first| format!("the connection's {}: {}", first.input, first.message));
            problems.extend(found);
            text.unwrap_or_default()
        });
        let place = |key: &str| definition.fields.iter().position(|field| field.input.key == key);
        problems.sort_by_key(|problem| place(&problem.input));
        Ok(Self {
            key: definition.key.clone(),
            endpoint,
            public_fields: Value::Object(fields).to_string(),
            secrets: Arc::new(secrets),
            problems,
            expiries,
            sockets: Arc::default(),
            renewals: Arc::default(),
        })
    }

    /// The same with a certificate that is shown to its service where that asks for one, in place of the runtime's
    /// ([`NetworkOptions::client_identity`](crate::NetworkOptions::client_identity)). It opens sockets of its own:
    /// those of the connection that it was made from were opened without it.
    pub fn with_client_identity(self, identity: ClientIdentity) -> Self {
        Self { sockets: Arc::new(Sockets::with_identity(identity)), ..self }
    }

    /// The key of the connection definition it was filled in for.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The absolute URL, in the spelling of the URL standard, that its endpoint fields name; empty where its definition
    /// has none. The error says why they name none: every call with this connection is then refused as `invalid-input`,
    /// and nothing is sent.
    pub fn endpoint(&self) -> Result<&str, &str> {
        match &self.endpoint {
            Ok(endpoint) => Ok(endpoint.as_ref().map_or("", EndpointUrl::url)),
            Err(problem) => Err(problem),
        }
    }

    /// The one origin that requests may reach, which is the endpoint's; the error says why there is none.
    pub fn origin(&self) -> Result<&Origin, &str> {
        match &self.endpoint {
            Ok(Some(endpoint)) => Ok(endpoint.origin()),
            Ok(None) => Err("the connection has no endpoint field"),
            Err(problem) => Err(problem),
        }
    }

    /// Where requests go, and which secrets they can take there, in words for whoever is about to make the first call.
    pub fn destination(&self) -> String {
        let certificate = self.sockets.have_identity().then_some("a client certificate");
        let secrets = match self.secrets.filled_in().chain(certificate).collect::<Vec<_>>() {
            names if names.is_empty() => "without a secret".to_owned(),
            names => format!("with {}", names.join(", ")),
        };
        match self.origin() {
            Ok(origin) => format!("requests go to {origin}, {secrets}, and nowhere else"),
            Err(problem) => format!("requests go nowhere: {problem}"),
        }
    }

    /// The secret fields that hold a token with an end, and when that is.
    pub fn expiries(&self) -> &[(String, SystemTime)] {
        &self.expiries
    }

    /// The fields that are not secret, as a JSON object: what the component sees of them.
    pub fn public_fields(&self) -> &str {
        &self.public_fields
    }

    pub(crate) fn secrets(&self) -> &Arc<Secrets> {
        &self.secrets
    }

    pub(crate) fn renewals(&self) -> &Renewals {
        &self.renewals
    }

    pub(crate) fn sockets(&self) -> &Arc<Sockets> {
        &self.sockets
    }

    /// Everything that is wrong with the fields that the host answers for, in the manifest's order: secrets that are
    /// missing or cannot be sent, and endpoint fields that name no endpoint. Every call with such a connection is
    /// refused as `invalid-input` with these, and nothing is sent.
    pub fn problems(&self) -> &[InputProblem] {
        &self.problems
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("key", &self.key)
            .field("fields", &self.public_fields)
            .field("secrets", &self.secrets)
            .finish()
    }
}

/// The token of a header's value that was pasted whole, `Bearer eyJ…`; any other text as it is.
fn token_of(mut text: String) -> String {
    let Some((scheme, token)) = text.trim_start().split_once(char::is_whitespace) else { return text };
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() || token.contains(char::is_whitespace) {
        return text;
    }
    let token = token.to_owned();
    text.zeroize();
    token
}

/// Moves one secret field into `secrets`. The error says what is wrong with it, and does not repeat it.
fn take_secret(field: &ConnectionField, value: Option<Value>, secrets: &mut Secrets) -> Result<(), String> {
    let name = &field.input.key;
    let text = match value {
        Some(Value::String(text)) => Some(SecretString::from(if field.may_be_jwt { token_of(text) } else { text })),
        None | Some(Value::Null) => None,
        Some(_) => {
            return secrets.declare(name, None).map_err(|problem| problem.to_string()).and(Err("must be text".into()));
        }
    };
    secrets.declare(name, text).map_err(|problem| problem.to_string())?;
    if field.input.required && !secrets.has_value(name) {
        return Err("is missing or blank: fill it in".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::definition;

    fn connection(fields: Value) -> Result<Connection, ConnectionError> {
        Connection::new(&definition(), json!({"key": "key", "fields": fields}))
    }

    #[test]
    fn secret_fields_are_kept_out_of_what_the_connector_sees() {
        let connection = connection(json!({"apiKey": "canary-key", "environment": "EU"})).unwrap();
        assert_eq!(connection.public_fields(), r#"{"environment":"EU"}"#);
        assert!(connection.secrets().has_value("apiKey"));
        assert!(!format!("{connection:?}").contains("canary"), "{connection:?}");
    }

    #[test]
    fn the_scheme_of_a_header_that_was_pasted_whole_is_dropped() {
        let key = |text: &str| {
            let connection = connection(json!({"apiKey": text, "environment": "EU"})).unwrap();
            let header = connection.secrets().header_value("apiKey").unwrap();
            header.to_str().unwrap().to_owned()
        };
        assert_eq!(key("Bearer canary.e30.x"), "canary.e30.x");
        assert_eq!(key("  bearer \t canary.e30.x \n"), "canary.e30.x");
        assert_eq!(key("Basic canary"), "Basic canary");
        assert_eq!(key("Bearer two words"), "Bearer two words");
        assert_eq!(key("Bearer"), "Bearer");
        let mut definition = definition();
        definition.connections[0].fields[0].may_be_jwt = false;
        let value = json!({"key": "key", "fields": {"apiKey": "Bearer canary", "environment": "EU"}});
        let connection = Connection::new(&definition, value).unwrap();
        assert_eq!(connection.secrets().header_value("apiKey").unwrap(), "Bearer canary");
    }

    #[test]
    fn where_the_key_will_go_is_said_in_words() {
        let connection = connection(json!({"apiKey": "canary-key", "environment": "EU"})).unwrap();
        assert_eq!(connection.destination(), "requests go to https://eu.example, with apiKey, and nowhere else");
        let nowhere = self::connection(json!({"environment": "Mars"})).unwrap();
        assert!(nowhere.destination().starts_with("requests go nowhere: "), "{}", nowhere.destination());
    }

    #[test]
    fn a_client_certificate_has_sockets_of_its_own_and_is_named_where_requests_go() {
        let identity = ClientIdentity::from_pem(
            include_bytes!("../network/test_pem/client_one.pem"),
            include_bytes!("../network/test_pem/client_one_key.pem"),
        );
        let without = connection(json!({"apiKey": "canary-key", "environment": "EU"})).unwrap();
        let with = without.clone().with_client_identity(identity.unwrap());
        assert!(!Arc::ptr_eq(without.sockets(), with.sockets()) && !without.sockets().have_identity());
        assert!(Arc::ptr_eq(with.sockets(), with.clone().sockets()));
        let expected = "requests go to https://eu.example, with apiKey, a client certificate, and nowhere else";
        assert_eq!(with.destination(), expected);
    }

    #[test]
    fn a_field_that_the_manifest_does_not_have_is_named() {
        let error = connection(json!({"apiKye": "canary-key"})).unwrap_err().to_string();
        assert_eq!(error, "the connection key has no field apiKye; it has apiKey, environment, customUrl");
    }

    #[test]
    fn a_connection_of_an_unknown_key_or_shape_is_an_error_that_shows_the_way_out() {
        let error = |value| Connection::new(&definition(), value).unwrap_err().to_string();
        assert!(error(json!({"key": "nope"})).contains("it has key"));
        assert!(error(json!([])).contains("it is not an object"));
        assert!(error(json!({"fields": {}})).contains("\"key\" is missing"));
        assert!(error(json!({"key": "key", "fields": 1})).contains("\"fields\" is not an object"));
        assert!(error(json!({"key": "key", "field": {}})).contains("\"field\""));
    }

    #[test]
    fn secrets_and_endpoints_that_cannot_be_used_are_reported_together_in_the_manifests_order() {
        let connection = connection(json!({"customUrl": "own.example", "environment": 1, "apiKey": 5})).unwrap();
        let named: Vec<&str> = connection.problems().iter().map(|problem| problem.input.as_str()).collect();
        assert_eq!(named, ["apiKey", "environment", "customUrl"]);
    }

    #[test]
    fn a_required_secret_that_is_missing_or_unusable_is_an_input_problem() {
        let mut definition = definition();
        definition.connections[0].fields[0].input.required = true;
        for value in [json!(null), json!(""), json!("  "), json!(5), json!("line\nbreak")] {
            let value = json!({"key": "key", "fields": {"apiKey": value, "environment": "EU"}});
            let connection = Connection::new(&definition, value.clone()).unwrap();
            assert_eq!(connection.problems().len(), 1, "{value}");
            assert_eq!(connection.problems()[0].input, "apiKey");
            assert!(!connection.secrets().has_value("apiKey"), "{value}");
        }
    }

    #[test]
    fn a_token_that_has_ended_is_expired_and_one_that_ends_this_week_is_warned_of() {
        let token = |exp: u64| {
            let payload = base64::Engine::encode(
                &base64::engine::general_purpose::URL_SAFE_NO_PAD,
                format!(r#"{{"exp": {exp}}}"#),
            );
            connection(json!({"apiKey": format!("e30.{payload}.c2ln"), "environment": "EU"})).unwrap()
        };
        let now = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_718_377_096);
        let day = 24 * 3600;
        for exp in [0, 1_718_377_095, 1_718_377_096] {
            let message = token(exp).expired(now).unwrap();
            assert!(message.contains("apiKey expired on") && message.contains("GMT"), "{message}");
        }
        for (left, soon) in [(1, true), (3 * day, true), (7 * day - 1, true), (7 * day, false), (400 * day, false)] {
            let connection = token(1_718_377_096 + left);
            assert_eq!(connection.expired(now), None, "{left}");
            assert_eq!(connection.expiring_soon(now).len(), usize::from(soon), "{left}");
        }
        // A field that the manifest does not call a possible token is not read as one.
        let mut definition = definition();
        definition.connections[0].fields[0].may_be_jwt = false;
        let value = json!({"key": "key", "fields": {"apiKey": "e30.eyJleHAiOjF9.c2ln"}});
        assert_eq!(Connection::new(&definition, value).unwrap().expired(now), None);
    }
}
