//! What a trigger is defined by: which connector polls what, for whom, how often, and where its payloads go.

use std::collections::BTreeMap;
use std::time::Duration;

use super::destination::Destination;
use super::names::Name;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The largest definition, in bytes of JSON.
const LARGEST: usize = 64 * 1024;
/// The shortest pause between two polls: no service is asked more often for one trigger.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// A trigger as its owner defines it. Secrets are named in it and never written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Definition {
    /// Which connector: the name of a folder of components.
    pub(crate) connector: Name,
    /// The version that polls it, and no other; by default the one that the connector's rollout says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// The key of the connector's trigger.
    pub(crate) trigger: String,
    /// The connection, as `connection.json` has it: `{"key": …, "fields": {…}}`, with `{"secret": NAME}` in place of
    /// each secret's value.
    pub(crate) connection: Value,
    /// What is shown to a service that asks for a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_identity: Option<ClientIdentityReference>,
    /// The trigger's inputs.
    #[serde(default)]
    pub(crate) inputs: Map<String, Value>,
    /// The pause between two polls, such as `"30s"` or `"5m"`.
    pub(crate) every: Every,
    /// Where payloads go.
    pub(crate) deliver: Destination,
}

/// A pause between two polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Every(pub(crate) Duration);

impl TryFrom<String> for Every {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{:?} is no pause: write one of 1s to 24h", text.chars().take(20).collect::<String>());
        let duration: SignedDuration = text.parse().map_err(|_| wrong())?;
        let duration = Duration::try_from(duration).map_err(|_| wrong())?;
        if (SHORTEST..=LONGEST).contains(&duration) { Ok(Self(duration)) } else { Err(wrong()) }
    }
}

impl From<Every> for String {
    fn from(every: Every) -> Self {
        SignedDuration::try_from(every.0).map_or_else(|_| String::new(), |duration| format!("{duration:#}"))
    }
}

/// A secret field of a connection, in a definition: which of the tenant's secrets it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretReference {
    /// The secret's name in the tenant's part of the secret store.
    pub(crate) secret: Name,
}

/// A client certificate with its key, in PEM form: two of the tenant's secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientIdentityReference {
    /// The name of the secret that holds the certificate, and those of the authorities up to one that the service
    /// knows.
    pub(crate) certificate: Name,
    /// The name of the secret that holds its key.
    pub(crate) key: Name,
}

/// Why a definition cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DefinitionError {
    /// It is not one.
    #[error("the definition cannot be read: {0}")]
    Unreadable(String),
    /// It is larger than any is.
    #[error("the definition has {0} bytes; no definition needs more than {LARGEST}")]
    TooLarge(usize),
    /// A secret stands in it, or might.
    #[error(
        "the connection's {0} is a secret, and a definition names secrets and never holds them: write {{\"secret\": \
         \"NAME\"}}, and put its value into the secret store"
    )]
    PlainSecret(String),
    /// A secret would be shown to the component.
    #[error("the connection's {0} is no secret of the connector's, and what stands in it is shown to the component")]
    SecretInTheOpen(String),
}

impl Definition {
    /// Reads a definition.
    pub(crate) fn read(json: &[u8]) -> Result<Self, DefinitionError> {
        if json.len() > LARGEST {
            return Err(DefinitionError::TooLarge(json.len()));
        }
        serde_json::from_slice(json).map_err(|error| DefinitionError::Unreadable(error.to_string()))
    }

    /// The connection's fields and the secrets among them by name.
    fn fields(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.connection.get("fields").and_then(Value::as_object).into_iter().flatten()
    }

    /// The fields of the connection that are references, with what they name.
    pub(crate) fn references(&self) -> BTreeMap<String, Name> {
        let references = self.fields().filter_map(|(field, value)| {
            // An object alone: a list of one would be read as the same, and could hold the secret itself.
            let reference: SecretReference = SecretReference::deserialize(value.as_object()?).ok()?;
            Some((field.clone(), reference.secret))
        });
        references.collect()
    }

    /// That each of these fields, the connector's secrets, is a reference where it is there at all, and that no other
    /// is. Nothing of a value is repeated.
    pub(crate) fn check_secrets<'a>(
        &self,
        secret_fields: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), DefinitionError> {
        let mut references = self.references();
        for secret in secret_fields {
            let is_given = self.fields().any(|(field, value)| field == secret && !value.is_null());
            if references.remove(secret).is_none() && is_given {
                return Err(DefinitionError::PlainSecret(secret.to_owned()));
            }
        }
        match references.into_keys().next() {
            Some(field) => Err(DefinitionError::SecretInTheOpen(field)),
            None => Ok(()),
        }
    }

    /// The pause between two polls.
    pub(crate) fn every(&self) -> Duration {
        self.every.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition() -> Value {
        json!({
            "connector": "duro-plm", "trigger": "pollChangesTrigger",
            "connection": {"key": "duroApiKey", "fields": {"apiKey": {"secret": "duro"}, "duroEnvironment": "EU"}},
            "every": "30s", "deliver": {"url": "https://flows.example/1", "secret": "signing"},
        })
    }

    fn read(value: &Value) -> Result<Definition, DefinitionError> {
        Definition::read(value.to_string().as_bytes())
    }

    fn with(member: &str, value: Value) -> Value {
        let mut definition = definition();
        definition[member] = value;
        definition
    }

    #[test]
    fn a_definition_is_read_and_written_the_same() {
        let read = self::read(&definition()).unwrap();
        assert_eq!(read.every(), Duration::from_secs(30));
        assert_eq!(read.references(), BTreeMap::from([("apiKey".to_owned(), "duro".parse().unwrap())]));
        let again = Definition::read(&serde_json::to_vec(&read).unwrap()).unwrap();
        assert_eq!(again, read);
        let handler = with("deliver", json!({"restateHandler": "Flows/start"}));
        assert!(matches!(self::read(&handler).unwrap().deliver, Destination::Handler { .. }));
    }

    #[test]
    fn what_is_wrong_with_a_definition_is_named() {
        let error = |member: &str, value| read(&with(member, value)).unwrap_err().to_string();
        assert!(error("every", json!("0s")).contains("is no pause: write one of 1s to 24h"));
        assert!(error("every", json!("25h")).contains("is no pause"));
        assert!(error("evry", json!("1s")).contains("evry"));
        assert!(error("deliver", json!({"url": "ftp://x.example", "secret": "s"})).contains("https://"));
        assert!(error("deliver", json!({"url": "https://a:b@x.example", "secret": "s"})).contains("password"));
        assert!(error("deliver", json!({"restateHandler": "Flows"})).contains("SERVICE/HANDLER"));
        assert!(error("connector", json!("../x")).contains("no name"));
        let large = with("inputs", json!({"text": "x".repeat(LARGEST)}));
        assert!(read(&large).unwrap_err().to_string().contains("no definition needs more than"));
    }

    #[test]
    fn a_secret_that_stands_in_a_definition_is_refused_without_being_repeated() {
        let secrets = ["apiKey"];
        assert_eq!(read(&definition()).unwrap().check_secrets(secrets), Ok(()));
        for value in [json!("canary-key"), json!({"secret": "../x"}), json!({"secret": "a", "b": 1}), json!(["canary"])]
        {
            let definition = with("connection", json!({"key": "duroApiKey", "fields": {"apiKey": value}}));
            let error = read(&definition).unwrap().check_secrets(secrets).unwrap_err().to_string();
            assert!(error.contains("the connection's apiKey is a secret") && !error.contains("canary"), "{error}");
        }
        let open = with("connection", json!({"key": "duroApiKey", "fields": {"duroEnvironment": {"secret": "duro"}}}));
        let error = read(&open).unwrap().check_secrets(secrets).unwrap_err().to_string();
        assert!(error.contains("duroEnvironment is no secret"), "{error}");
        let none = with("connection", json!({"key": "duroApiKey", "fields": {"apiKey": null}}));
        assert_eq!(read(&none).unwrap().check_secrets(secrets), Ok(()));
    }
}
