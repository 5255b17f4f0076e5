//! What checks are made with: the component, a connection and inputs as the manifest describes them, and a service.

use std::sync::Arc;

use host::contract::{
    ConnectionField, ConnectorDefinition, Error, InputField, InputKind, PollResult, TriggerDefinition,
};
use host::{
    CallError, CallFailure, CallOptions, Connection, Connector, Grants, Limits, LogLevel, LogOptions, Observers,
    OperationKind, Outcome,
};
use serde_json::{Map, Value, json};

use super::bounds::Used;
use super::payloads::Payloads;
use super::service::{Answering, Paging, Service, World};
use crate::operation::{Kind, Operation};
use crate::recording::{Answers, Recording, Redaction};
use crate::verify::Asked;

/// Records that the service of most checks has.
const RECORDS: u64 = 7;
/// Where the made-up service is said to be. Nothing is ever sent there.
pub(super) const ENDPOINT: &str = "https://service.example/graphql";
/// What stands in every secret field, and in every other one that is called like a secret.
pub(super) const SECRET: &str = "made-up-secret-of-the-check-7QzR";

/// Pages of two records, so that there are several.
const PAGING: Paging = Paging { most: 2, by_place: true };

/// What is checked of every call, whatever it is made for.
pub(super) struct Watched {
    limits: Arc<Limits>,
    pub(super) used: Used,
    pub(super) payloads: Payloads,
}

impl Watched {
    pub(super) fn of(connector: &Connector, limits: &Arc<Limits>) -> Arc<Self> {
        let payloads = Payloads::of(connector.definition());
        Arc::new(Self { limits: limits.clone(), used: Used::default(), payloads })
    }
}

/// The component with a service of its own.
pub(super) struct Bench {
    pub(super) connector: Connector,
    pub(super) service: Arc<Service>,
    pub(super) connection: Connection,
    watched: Arc<Watched>,
    /// The inputs of calls that were recorded, the first of each operation.
    recorded: Vec<(Kind, String, Map<String, Value>)>,
}

/// What an operation is called in what is found.
pub(super) fn name(operation: Operation<'_>) -> String {
    format!("the {} {}", operation.kind().noun(), operation.key())
}

impl Bench {
    /// The component on a made-up service. The error says what the manifest lacks for one.
    pub(super) fn new(connector: &Connector, watched: &Arc<Watched>) -> Result<Self, String> {
        Self::with(connector, watched, World::with(RECORDS), PAGING)
    }

    pub(super) fn with(
        connector: &Connector,
        watched: &Arc<Watched>,
        world: World,
        paging: Paging,
    ) -> Result<Self, String> {
        Self::on_service_of(connector.definition(), connector, watched, (world, paging))
    }

    /// The component on the service that another version's manifest describes.
    pub(super) fn described(
        connector: &Connector,
        watched: &Arc<Watched>,
        by: &ConnectorDefinition,
    ) -> Result<Self, String> {
        Self::on_service_of(by, connector, watched, (World::with(RECORDS), PAGING))
    }

    fn on_service_of(
        described: &ConnectorDefinition,
        connector: &Connector,
        watched: &Arc<Watched>,
        (world, paging): (World, Paging),
    ) -> Result<Self, String> {
        let schema = Asked::of(described)?.schema()?;
        let service = Service::new(Answering::MadeUp(schema), world, paging);
        Ok(Self::on(connector, watched, service, connection(connector, ENDPOINT)?))
    }

    /// The component on a recording in the place of its service. The error says why there can be no connection to it.
    pub(super) fn recorded(
        connector: &Connector,
        watched: &Arc<Watched>,
        recording: &Recording,
    ) -> Result<Self, String> {
        let connection = match recording.calls.first() {
            Some(call) => {
                let value = call.connection_value(|_| SECRET.to_owned());
                fit(connector.connection(value).map_err(|error| error.to_string())?)?
            }
            // What a browser wrote says where it was sent, and no more.
            None => {
                let url = recording.first_url().ok_or("the recording holds no request")?;
                connection(connector, &url)?
            }
        };
        let service = Service::new(Answering::Recorded(Answers::of(recording.clone())), World::with(RECORDS), PAGING);
        let mut bench = Self::on(connector, watched, service, connection);
        for call in &recording.calls {
            let kind = match call.operation() {
                OperationKind::Action => Kind::Action,
                OperationKind::DataSource => Kind::DataSource,
                OperationKind::Poll => Kind::Trigger,
                _ => continue,
            };
            let inputs = call.inputs().and_then(|inputs| serde_json::from_str(inputs.get()).ok());
            let (Some(key), Some(inputs)) = (call.key(), inputs) else { continue };
            if bench.recorded_inputs(kind, key).is_none() {
                bench.recorded.push((kind, key.to_owned(), inputs));
            }
        }
        Ok(bench)
    }

    /// The component without a service, for what is to be refused before anything is sent.
    pub(super) fn alone(connector: &Connector, watched: &Arc<Watched>) -> Result<Self, String> {
        let service = Service::new(Answering::Nobody, World::with(RECORDS), PAGING);
        Ok(Self::on(connector, watched, service, connection(connector, ENDPOINT)?))
    }

    fn on(connector: &Connector, watched: &Arc<Watched>, service: Arc<Service>, connection: Connection) -> Self {
        let connector = connector.with_transport(service.clone());
        Self { connector, service, connection, watched: watched.clone(), recorded: Vec::new() }
    }

    fn recorded_inputs(&self, kind: Kind, key: &str) -> Option<&Map<String, Value>> {
        let found = self.recorded.iter().find(|(of, known, _)| *of == kind && known == key);
        found.map(|(_, _, inputs)| inputs)
    }

    pub(super) fn definition(&self) -> &ConnectorDefinition {
        self.connector.definition()
    }

    /// What each call is made with; to be asked for before each.
    pub(super) fn options(&self) -> CallOptions {
        self.service.begin();
        let watched = self.watched.clone();
        // A recording may be of a service on this machine, and whatever is granted, nothing leaves.
        let is_recorded = self.service.is_recorded();
        let grants = Grants { allow_http: is_recorded, allow_private_network: is_recorded, ..Grants::default() };
        CallOptions {
            grants,
            limits: self.watched.limits.clone(),
            log: LogOptions { level: LogLevel::Trace, ..LogOptions::default() },
            observers: Observers { ended: Some(Arc::new(move |end| watched.used.note(end))), ..Observers::default() },
            ..CallOptions::default()
        }
    }

    /// Makes one call, and gives its result as JSON.
    pub(super) async fn call(
        &self,
        kind: Kind,
        key: &str,
        inputs: &Map<String, Value>,
    ) -> Result<Outcome<Value>, Box<CallFailure>> {
        let options = self.options();
        Ok(match kind {
            Kind::Action => {
                let outcome = self.connector.perform(key, &self.connection, inputs, &options).await?;
                as_json(outcome, |value| serde_json::from_str(value.get()).unwrap_or_default())
            }
            Kind::DataSource => {
                let outcome = self.connector.query(key, &self.connection, inputs, None, None, &options).await?;
                as_json(outcome, |page| json!(page.items))
            }
            Kind::Trigger => {
                let outcome = self.connector.poll(key, &self.connection, inputs, None, &options).await?;
                self.watched.payloads.note(key, true, &outcome.value);
                as_json(outcome, |poll| serde_json::from_str(poll.payload.get()).unwrap_or_default())
            }
        })
    }

    /// The same with inputs that the operation should take; gives them as well. Of inputs of which one is needed, the
    /// operation says which.
    pub(super) async fn call_well(
        &self,
        operation: Operation<'_>,
    ) -> (Map<String, Value>, Result<Outcome<Value>, Box<CallFailure>>) {
        let inputs = operation.inputs();
        let mut given = self.inputs(operation);
        let called = self.call(operation.kind(), operation.key(), &given).await;
        let named = match called.as_ref().map_err(|failure| kind(failure)) {
            Err((_, Some(Error::InvalidInput(problems)))) => {
                let is_left_out = |input: &&InputField| {
                    !given.contains_key(&input.key) && problems.iter().any(|problem| problem.input == input.key)
                };
                inputs.iter().find(is_left_out)
            }
            _ => None,
        };
        let Some(named) = named else { return (given, called) };
        given.insert(named.key.clone(), good(named, &self.an_id()));
        let called = self.call(operation.kind(), operation.key(), &given).await;
        (given, called)
    }

    /// The id of a record that is there.
    fn an_id(&self) -> String {
        self.service.world(|world| world.an_id().map(str::to_owned)).unwrap_or_default()
    }

    /// Polls a trigger.
    pub(super) async fn poll(
        &self,
        trigger: &TriggerDefinition,
        inputs: &Map<String, Value>,
        state: Option<&[u8]>,
    ) -> Result<PollResult, Box<CallFailure>> {
        let outcome = self.connector.poll(&trigger.key, &self.connection, inputs, state, &self.options()).await?;
        self.watched.payloads.note(&trigger.key, state.is_none(), &outcome.value);
        Ok(outcome.value)
    }

    /// Inputs that an operation should take: those that were recorded, or its examples and defaults where it needs
    /// some, and a record that is there where one is named.
    pub(super) fn inputs(&self, operation: Operation<'_>) -> Map<String, Value> {
        if let Some(inputs) = self.recorded_inputs(operation.kind(), operation.key()) {
            return inputs.clone();
        }
        let id = self.an_id();
        needed(operation.inputs()).map(|input| (input.key.clone(), good(input, &id))).collect()
    }
}

fn as_json<T>(outcome: Outcome<T>, value: impl FnOnce(T) -> Value) -> Outcome<Value> {
    Outcome { value: value(outcome.value), trace: outcome.trace }
}

/// The inputs without which an operation does nothing.
pub(super) fn needed(inputs: &[InputField]) -> impl Iterator<Item = &InputField> {
    inputs.iter().filter(|input| input.required)
}

/// A value that an input should take.
fn good(input: &InputField, id: &str) -> Value {
    if input.data_source.is_some() || input.key.ends_with("Id") || input.key == "id" {
        return id.into();
    }
    if let Some(value) = input.example.as_ref().or(input.default.as_ref()) {
        return value.clone();
    }
    match &input.kind {
        InputKind::Number => 1.into(),
        InputKind::Boolean => true.into(),
        InputKind::Choice => input.choices.first().map(|choice| choice.value.clone()).into(),
        InputKind::EndpointUrl => ENDPOINT.into(),
        InputKind::KeyValueList => json!([]),
        _ => "a text".into(),
    }
}

/// A connection of the manifest's first kind, filled in.
pub(super) fn connection(connector: &Connector, endpoint: &str) -> Result<Connection, String> {
    let value = connection_value(connector.definition(), endpoint)?;
    fit(connector.connection(value).map_err(|error| error.to_string())?)
}

fn fit(connection: Connection) -> Result<Connection, String> {
    match connection.problems() {
        [] => Ok(connection),
        [first, ..] => Err(format!("no connection can be made up: {}: {}", first.input, first.message)),
    }
}

/// The same, as a connection file has it.
pub(super) fn connection_value(definition: &ConnectorDefinition, endpoint: &str) -> Result<Value, String> {
    let kind = definition.connections.first().ok_or("the manifest has no kind of connection")?;
    let mut fields = Map::new();
    for field in &kind.fields {
        let is_url = field.endpoint.as_ref().is_some_and(|endpoint| endpoint.environments.is_empty());
        if field.secret || (is_called_a_secret(field) && field.input.required) {
            fields.insert(field.input.key.clone(), SECRET.into());
        } else if is_url {
            fields.insert(field.input.key.clone(), endpoint.into());
        } else if field.input.required {
            fields.insert(field.input.key.clone(), good(&field.input, SECRET));
        }
    }
    Ok(json!({ "key": kind.key, "fields": fields }))
}

/// Whether a field has a name under which secrets stand.
pub(super) fn is_called_a_secret(field: &ConnectionField) -> bool {
    Redaction::default().names(&field.input.key)
}

/// The kind of an error, and the component's own part of it.
pub(super) fn kind(failure: &CallFailure) -> (&'static str, Option<&Error>) {
    (failure.error.kind(), failure.error.answer())
}

/// An error in a few words.
pub(super) fn words(failure: &CallFailure) -> String {
    let error: &CallError = &failure.error;
    format!("{}: {}", error.kind(), host::text::cut(&error.to_string(), 300))
}
