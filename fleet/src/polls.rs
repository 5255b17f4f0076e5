//! What a poll needs beside the engine's record: the component, the connection with its secrets as they are now, and
//! what the poll may do and use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use host::{CallOptions, ClientIdentity, Connection, Connector, Grants, Limits, Observers};
use secrecy::ExposeSecret;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::connectors::{Chosen, Connectors};
use crate::flags::Flags;
use crate::model::{Definition, Kept, Record, TriggerId};
use crate::secrets::Secrets;

/// A connection that nobody used for so long is made anew when it is needed: its sockets are closed by then.
const IDLE: Duration = Duration::from_secs(600);

/// Makes polls.
pub(crate) struct Polls {
    connectors: Arc<Connectors>,
    secrets: Secrets,
    grants: Grants,
    limits: Arc<Limits>,
    observers: Observers,
    connections: Mutex<HashMap<ConnectionKey, Held>>,
    /// Secrets are compared by a hash that means nothing outside of this process.
    salt: [u8; 32],
}

/// Triggers of one tenant with the same connection share its sockets.
#[derive(PartialEq, Eq, Hash)]
struct ConnectionKey {
    tenant: String,
    connector: String,
    version: Arc<str>,
    connection: String,
    has_identity: bool,
}

struct Held {
    secrets: [u8; 32],
    connection: Connection,
    used: Instant,
}

/// All that a poll of a trigger is made with.
pub(crate) struct Prepared {
    /// The component and its version.
    pub(crate) chosen: Chosen,
    /// The connection, with secrets.
    pub(crate) connection: Connection,
}

/// What one poll found.
pub(crate) struct Once {
    pub(crate) kept: Kept,
    pub(crate) no_changes: bool,
    pub(crate) body: Box<RawValue>,
}

impl Polls {
    pub(crate) fn new(
        connectors: Arc<Connectors>,
        secrets: Secrets,
        grants: Grants,
        limits: Limits,
        observers: Observers,
    ) -> Result<Self, String> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|error| format!("this machine gives no random numbers: {error}"))?;
        Ok(Self {
            connectors,
            secrets,
            grants,
            limits: Arc::new(limits),
            observers,
            connections: Mutex::default(),
            salt,
        })
    }

    /// The connectors that it polls with.
    pub(crate) fn connectors(&self) -> &Arc<Connectors> {
        &self.connectors
    }

    /// How calls are made.
    pub(crate) fn options(&self) -> CallOptions {
        CallOptions {
            grants: self.grants,
            limits: self.limits.clone(),
            observers: self.observers.clone(),
            ..CallOptions::default()
        }
    }

    /// Checks a definition against the component that would poll it.
    pub(crate) fn check(&self, definition: &Definition) -> Result<(), String> {
        // Any trigger's: where versions are side by side, they take the same.
        let id = TriggerId { tenant: definition.connector.clone(), name: definition.connector.clone() };
        let Chosen { connector, .. } = self.connectors.choose(&id, definition)?;
        check_against(&connector, definition).map(|_| ())
    }

    /// The origin that a trigger's requests go to, which needs no secret.
    pub(crate) fn origin(&self, id: &TriggerId, definition: &Definition) -> Result<String, String> {
        let Chosen { connector, .. } = self.connectors.choose(id, definition)?;
        let connection = check_against(&connector, definition)?;
        connection.origin().map(ToString::to_string).map_err(str::to_owned)
    }

    /// What a poll of this trigger is made with now.
    pub(crate) fn prepare(&self, id: &TriggerId, definition: &Definition) -> Result<Prepared, String> {
        let chosen = self.connectors.choose(id, definition)?;
        let connection = self.connection(id, definition, &chosen)?;
        Ok(Prepared { chosen, connection })
    }

    fn connection(&self, id: &TriggerId, definition: &Definition, chosen: &Chosen) -> Result<Connection, String> {
        let mut values = Vec::new();
        let mut hash = Sha256::new_with_prefix(self.salt);
        for (field, name) in definition.references() {
            let secret = self.secrets.secret(&id.tenant, &name).map_err(|error| error.to_string())?;
            let digest = Sha256::digest(secret.expose_secret());
            hash.update(digest);
            values.push((field, secret));
        }
        let identity = match &definition.client_identity {
            Some(reference) => {
                let secret = |name| self.secrets.secret(&id.tenant, name).map_err(|error| error.to_string());
                let (certificate, key) = (secret(&reference.certificate)?, secret(&reference.key)?);
                hash.update(Sha256::digest(certificate.expose_secret()));
                hash.update(Sha256::digest(key.expose_secret()));
                Some((certificate, key))
            }
            None => None,
        };
        let secrets: [u8; 32] = hash.finalize().into();
        let key = ConnectionKey {
            tenant: id.tenant.to_string(),
            connector: definition.connector.to_string(),
            version: chosen.version.clone(),
            connection: definition.connection.to_string(),
            has_identity: identity.is_some(),
        };
        let now = Instant::now();
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = connections.get_mut(&key).filter(|held| held.secrets == secrets) {
            held.used = now;
            return Ok(held.connection.clone());
        }
        check_against(&chosen.connector, definition)?;
        let mut filled = definition.connection.clone();
        for (field, secret) in values {
            if let Some(place) = filled.get_mut("fields").and_then(|fields| fields.get_mut(&field)) {
                *place = Value::String(secret.expose_secret().to_owned());
            }
        }
        let mut connection = chosen.connector.connection(filled).map_err(|error| error.to_string())?;
        if let Some((certificate, key)) = identity {
            let identity =
                ClientIdentity::from_pem(certificate.expose_secret().as_bytes(), key.expose_secret().as_bytes());
            connection = connection.with_client_identity(identity.map_err(|error| error.to_string())?);
        }
        connections.insert(key, Held { secrets, connection: connection.clone(), used: now });
        Ok(connection)
    }

    /// Lets go of connections that nobody uses.
    pub(crate) fn tidy(&self) {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.retain(|_, held| held.used.elapsed() < IDLE);
    }

    /// Polls a trigger once, from what is kept of it, and keeps nothing.
    pub(crate) async fn once(&self, record: &Record) -> Result<Once, String> {
        let Prepared { chosen, connection } = self.prepare(&record.id, &record.definition)?;
        let definition = &record.definition;
        let poll = |state| {
            let (chosen, connection) = (&chosen, &connection);
            async move {
                let options = self.options();
                chosen.connector.poll(&definition.trigger, connection, &definition.inputs, state, &options).await
            }
        };
        let state = record.state.as_ref().map(|kept| kept.state.as_slice());
        let mut polled = poll(state).await;
        if let Some(before) = fallback(record.before.as_ref(), &chosen.version)
            && polled.as_ref().is_err_and(|failure| is_unreadable(&failure.error))
        {
            polled = poll(Some(before)).await;
        }
        let found = polled.map_err(|failure| failure.error.told(&Flags).to_string())?.value;
        let kept = Kept { state: found.state, written_by: chosen.version.to_string() };
        Ok(Once { kept, no_changes: found.no_changes, body: found.payload })
    }
}

/// The state to go back to where this version cannot read the newer one's: its own last.
pub(crate) fn fallback<'a>(before: Option<&'a Kept>, version: &str) -> Option<&'a [u8]> {
    before.filter(|kept| kept.written_by == version).map(|kept| kept.state.as_slice())
}

/// Whether a poll failed because it cannot read the state.
pub(crate) fn is_unreadable(error: &host::CallError) -> bool {
    matches!(error, host::CallError::Connector(host::contract::Error::InvalidState(_)))
}

/// The connection of a definition without its secrets, where all of it is of this component.
fn check_against(connector: &Connector, definition: &Definition) -> Result<Connection, String> {
    let manifest = connector.definition();
    if !manifest.triggers.iter().any(|trigger| trigger.key == definition.trigger) {
        let known = manifest.triggers.iter().map(|trigger| trigger.key.as_str()).collect::<Vec<_>>().join(", ");
        return Err(format!(
            "the connector {} has no trigger {:?}; it has {known}",
            definition.connector, definition.trigger
        ));
    }
    let kind = definition.connection.get("key").and_then(Value::as_str).and_then(|key| manifest.connection(key));
    let secrets = kind.iter().flat_map(|kind| &kind.fields).filter(|field| field.secret);
    definition.check_secrets(secrets.map(|field| field.input.key.as_str())).map_err(|error| error.to_string())?;
    let mut open = definition.connection.clone();
    if let Some(fields) = open.get_mut("fields").and_then(Value::as_object_mut) {
        for field in definition.references().keys() {
            fields.remove(field);
        }
    }
    if let Some(trigger) = manifest.triggers.iter().find(|trigger| trigger.key == definition.trigger) {
        let is_known = |name: &&String| trigger.inputs.iter().any(|input| input.key == **name);
        if let Some(unknown) = definition.inputs.keys().find(|name| !is_known(name)) {
            let known = trigger.inputs.iter().map(|input| input.key.as_str()).collect::<Vec<_>>().join(", ");
            return Err(format!("the trigger has no input {unknown:?}; it has {known}"));
        }
    }
    let connection = connector.connection(open).map_err(|error| error.to_string())?;
    // Secrets were left out above; what else is wrong is so for ever.
    let references = definition.references();
    match connection.problems().iter().find(|problem| !references.contains_key(&problem.input)) {
        Some(problem) => Err(format!("the connection's {}: {}", problem.input, problem.message)),
        None => Ok(connection),
    }
}
