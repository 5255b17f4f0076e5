//! The connection that is filled in, with its secrets, and what its test said.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use host::contract::{Account, ConnectionDefinition, ConnectorDefinition, InputProblem};
use host::egress::Secrets;
use host::{Connection, Origin};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use super::forms::{self, Typed, Values};
use super::run::Failed;
use crate::variable::{self, FromFile};

/// Shorter secrets are words that any page holds by chance.
const SHORTEST_SCRUBBED: usize = 12;

/// A test of the connection that is under way.
pub(super) struct Test {
    pub(super) since: Instant,
    pub(super) started: SystemTime,
    /// Told when somebody wants it to stop.
    pub(super) cancel: Arc<Notify>,
}

/// The configured connection. Its secrets are here and in the host's own type, and nothing of them is ever sent to a
/// page.
pub(super) struct Held {
    pub(super) connection: Connection,
    /// The fields that are not secret, as they were typed.
    pub(super) shown: Values,
    secrets: BTreeMap<String, SecretString>,
    /// How a file spells the fields that it reads from the environment, for as long as they hold what it read.
    references: BTreeMap<String, String>,
    scrubber: Arc<Secrets>,
    redactor: Arc<Secrets>,
    /// What the last test said, or a later call whose key was refused.
    pub(super) tested: Option<Result<Account, Failed>>,
    /// Whether a call has succeeded since.
    pub(super) works: bool,
    /// The test that is under way.
    pub(super) testing: Option<Test>,
}

impl Held {
    /// Reads the connection's form. A secret that is left blank is the one of `before`, so long as the address is the
    /// same: a key is sent only where its owner meant it to go.
    pub(super) fn read(
        connector: &ConnectorDefinition,
        definition: &ConnectionDefinition,
        mut values: Values,
        before: Option<&Self>,
    ) -> Result<Self, Vec<InputProblem>> {
        let mut secrets = BTreeMap::new();
        for field in definition.fields.iter().filter(|field| field.secret) {
            if let Some(typed) = values.remove(&field.input.key).filter(|typed| !typed.text().is_empty()) {
                secrets.insert(field.input.key.clone(), SecretString::from(typed.text().to_owned()));
            }
        }
        let shown = forms::keepable(definition.fields.iter().map(|field| &field.input), values);
        let public = definition.fields.iter().filter(|field| !field.secret).map(|field| &field.input);
        let fields = forms::read(public, &shown);
        let build = |fields: Map<String, Value>, secrets: &BTreeMap<String, SecretString>| {
            let mut fields = fields;
            for (key, secret) in secrets {
                fields.insert(key.clone(), secret.expose_secret().into());
            }
            Connection::new(connector, json!({"key": definition.key, "fields": fields}))
        };
        let before = before.filter(|before| before.connection.key() == definition.key);
        let origin = build(fields.clone(), &BTreeMap::new()).ok();
        let is_same_address = before.zip(origin.as_ref()).is_some_and(|(before, connection)| {
            matches!((before.connection.origin(), connection.origin()), (Ok(before), Ok(now)) if before == now)
        });
        let (mut was_elsewhere, mut references) = (Vec::new(), BTreeMap::new());
        for field in definition.fields.iter().filter(|field| field.secret) {
            let key = &field.input.key;
            let Some(kept) = before.and_then(|before| before.secrets.get(key)) else { continue };
            if secrets.contains_key(key) {
                continue;
            }
            if is_same_address {
                secrets.insert(key.clone(), kept.clone());
                references.extend(before.and_then(|before| before.references.get_key_value(key)));
            } else {
                was_elsewhere.push(key.as_str());
            }
        }
        for (key, typed) in &shown {
            let is_same = |before: &&Self| before.shown.get(key).is_some_and(|before| before.text() == typed.text());
            references.extend(before.filter(is_same).and_then(|before| before.references.get_key_value(key)));
        }
        let references = references.into_iter().map(|(key, written)| (key.clone(), written.clone())).collect();
        let connection = match build(fields, &secrets) {
            Ok(connection) => connection,
            Err(error) => return Err(vec![InputProblem { input: String::new(), message: error.to_string() }]),
        };
        let mut problems = connection.problems().to_vec();
        for problem in problems.iter_mut().filter(|problem| was_elsewhere.contains(&problem.input.as_str())) {
            problem.message = "was entered for another address: enter it again".into();
        }
        if problems.is_empty() { Ok(Self::new(connection, shown, secrets, references)) } else { Err(problems) }
    }

    fn new(
        connection: Connection,
        shown: Values,
        secrets: BTreeMap<String, SecretString>,
        references: BTreeMap<String, String>,
    ) -> Self {
        let (mut scrubber, mut redactor) = (Secrets::default(), Secrets::default());
        for (key, secret) in &secrets {
            redactor.hide(secret.expose_secret());
            if secret.expose_secret().len() >= SHORTEST_SCRUBBED {
                // What cannot be sent in a header was refused when the connection was made, and is reported when it is
                // used.
                scrubber.declare(key, Some(secret.clone())).ok();
            }
        }
        let (scrubber, redactor) = (Arc::new(scrubber), Arc::new(redactor));
        Self { connection, shown, secrets, references, scrubber, redactor, tested: None, works: false, testing: None }
    }

    /// Takes over a connection file that was read already.
    pub(super) fn from_file(connector: &ConnectorDefinition, file: FromFile) -> Result<Self, String> {
        let FromFile { value, written } = file;
        let connection = Connection::new(connector, value.clone()).map_err(|error| error.to_string())?;
        let definition = connector.connection(connection.key()).ok_or("the connector has no such connection")?;
        let (mut shown, mut secrets, mut references) = (Values::new(), BTreeMap::new(), BTreeMap::new());
        for field in &definition.fields {
            let key = &field.input.key;
            let spelled = written.get("fields").and_then(|fields| fields.get(key)?.as_str());
            // What stands beside a variable in a secret's field may be a part of the secret.
            if let Some(spelled) = spelled.filter(|text| variable::reads(text, field.secret)) {
                references.insert(key.clone(), spelled.to_owned());
            }
            let text = match value.get("fields").and_then(|fields| fields.get(key)) {
                None | Some(Value::Null) => continue,
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            if field.secret {
                secrets.insert(key.clone(), SecretString::from(text));
            } else {
                shown.insert(key.clone(), Typed::Text(text));
            }
        }
        Ok(Self::new(connection, shown, secrets, references))
    }

    /// Whether another connection holds the same secrets, so that what was done with one may be shown with the other.
    pub(super) fn has_same_secrets(&self, other: Option<&Self>) -> bool {
        let Some(other) = other else { return false };
        let is_same = |key: &String, secret: &SecretString| {
            other.secrets.get(key).is_some_and(|others| others.expose_secret() == secret.expose_secret())
        };
        self.secrets.len() == other.secrets.len() && self.secrets.iter().all(|(key, secret)| is_same(key, secret))
    }

    /// Whether a value is held for this secret field.
    pub(super) fn has_secret(&self, key: &str) -> bool {
        self.secrets.contains_key(key)
    }

    /// The connection as a file for `--connection`: what the environment gave under the names that it was read by, and
    /// each other secret as the variable that it is to be read from.
    pub(super) fn file(&self) -> Value {
        let kind = self.connection.key();
        let shown = self.shown.iter().filter(|(_, typed)| !typed.text().is_empty());
        let reference = |key: &String| self.references.get(key).cloned();
        let shown = shown.map(|(key, typed)| {
            let written = reference(key).unwrap_or_else(|| typed.text().replace("${", "$${"));
            (key.clone(), Value::from(written))
        });
        let secrets = self.secrets.keys().map(|key| {
            let named = || format!("${{{}}}", variable::of_secret(kind, key));
            (key.clone(), Value::from(reference(key).unwrap_or_else(named)))
        });
        json!({"key": kind, "fields": secrets.chain(shown).collect::<Map<String, Value>>()})
    }

    /// Finds the secrets in what is about to be sent to the browser.
    pub(super) fn scrubber(&self) -> &Arc<Secrets> {
        &self.scrubber
    }

    /// Finds the secrets in what is about to be written into a file: short ones too, because nobody looks again.
    pub(super) fn redactor(&self) -> &Arc<Secrets> {
        &self.redactor
    }
}

/// Where a connection of these values would send its secrets; the error says why nowhere. Secrets have no part in it.
pub(super) fn origin(
    connector: &ConnectorDefinition,
    definition: &ConnectionDefinition,
    values: Values,
) -> Result<Origin, String> {
    let shown = forms::keepable(definition.fields.iter().map(|field| &field.input), values);
    let public = definition.fields.iter().filter(|field| field.endpoint.is_some()).map(|field| &field.input);
    let fields = forms::read(public, &shown);
    let value = json!({"key": definition.key, "fields": fields});
    let connection = Connection::new(connector, value).map_err(|error| error.to_string())?;
    connection.origin().cloned().map_err(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "canary-key-4711-long-enough";

    fn definition() -> ConnectorDefinition {
        let input = |key: &str, kind: &str, required: bool| json!({"key": key, "label": key, "kind": kind, "required": required, "help": "", "choices": []});
        let field = |input: Value, secret: bool, endpoint: Value| json!({"input": input, "secret": secret, "mayBeJwt": false, "endpoint": endpoint});
        let url = json!({"precedence": 1, "environments": []});
        let fields = [
            field(input("apiKey", "password", true), true, Value::Null),
            field(input("url", "endpoint-url", true), false, url),
        ];
        let connection = json!({"key": "k", "label": "K", "description": "", "fields": fields});
        let text = json!({
            "key": "c", "label": "C", "description": "", "version": "1.0.0", "connections": [connection],
            "actions": [], "dataSources": [], "triggers": [],
        });
        serde_json::from_value(text).unwrap()
    }

    fn read(key: &str, url: &str, before: Option<&Held>) -> Result<Held, Vec<InputProblem>> {
        let definition = definition();
        let values = [("apiKey", key), ("url", url)].map(|(key, text)| (key.to_owned(), Typed::Text(text.into())));
        Held::read(&definition, &definition.connections[0], Values::from(values), before)
    }

    #[test]
    fn the_key_is_held_and_never_among_the_values_that_are_shown() {
        let held = read(CANARY, "https://plm.example", None).ok().unwrap();
        assert!(held.has_secret("apiKey"));
        assert!(!format!("{:?} {:?}", held.shown, held.connection).contains("canary"));
    }

    #[test]
    fn a_blank_key_keeps_the_one_that_is_held_while_the_address_is_the_same() {
        let held = read(CANARY, "https://plm.example/graphql", None).ok().unwrap();
        assert!(read("", "https://plm.example/other", Some(&held)).ok().unwrap().has_secret("apiKey"));
        let problems = read("", "https://elsewhere.example", Some(&held)).err().unwrap();
        assert_eq!(problems[0].input, "apiKey");
        assert!(problems[0].message.contains("another address"), "{problems:?}");
    }

    #[test]
    fn what_is_missing_or_cannot_be_used_is_placed_at_its_field() {
        let problems = read("", "plm.example", None).err().unwrap();
        assert_eq!(problems.iter().map(|problem| problem.input.as_str()).collect::<Vec<_>>(), ["apiKey", "url"]);
    }

    #[test]
    fn a_saved_connection_names_the_variable_of_each_secret_and_holds_none() {
        let file = read(CANARY, "https://plm.example", None).ok().unwrap().file();
        assert_eq!(file, json!({"key": "k", "fields": {"apiKey": "${K_API_KEY}", "url": "https://plm.example"}}));
        assert!(Held::from_file(&definition(), FromFile { value: file.clone(), written: file }).is_ok());
    }

    #[test]
    fn what_a_file_reads_from_the_environment_is_saved_by_its_name_for_as_long_as_it_is_what_was_read() {
        let definition = definition();
        let given = |key: &str, url: &str| json!({"key": "k", "fields": {"apiKey": key, "url": url}});
        let url = "https://plm.example/?token=canary";
        let load = |key: &str, spelled: &str| {
            let file = FromFile { value: given(CANARY, url), written: given(key, spelled) };
            Held::from_file(&definition, file).unwrap()
        };
        let held = load("${MY_KEY}", "https://${HOST}/?token=${URLTOK}");
        assert_eq!(held.file(), given("${MY_KEY}", "https://${HOST}/?token=${URLTOK}"));
        // The form once more, as it is shown, and then with another address and another key.
        let again = read("", url, Some(&held)).ok().unwrap();
        assert_eq!(again.file(), held.file());
        let other = read("", "https://plm.example/", Some(&held)).ok().unwrap();
        assert_eq!(other.file(), given("${MY_KEY}", "https://plm.example/"));
        assert_eq!(read(CANARY, url, Some(&held)).ok().unwrap().file()["fields"]["apiKey"], "${K_API_KEY}");
        // A secret that stands in the file itself, and text that only looks like a variable.
        let file = load("canary-${MY_KEY}", "https://plm.example/$${URLTOK}").file();
        assert_eq!(file["fields"]["apiKey"], "${K_API_KEY}");
    }

    #[test]
    fn a_connection_file_fills_the_form_without_its_secrets() {
        let value = json!({"key": "k", "fields": {"apiKey": CANARY, "url": "https://plm.example"}});
        let held = Held::from_file(&definition(), FromFile { written: value.clone(), value }).unwrap();
        assert!(held.has_secret("apiKey"));
        assert_eq!(held.shown.into_keys().collect::<Vec<_>>(), ["url"]);
    }
}
