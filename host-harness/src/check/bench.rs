//! What checks are made with: the component, a connection and inputs as the manifest describes them, and a service.

use std::sync::Arc;

use host::contract::{ConnectorDefinition, Error, InputField, InputKind, PollResult, TriggerDefinition};
use host::{CallError, CallFailure, CallOptions, Connection, Connector, Grants, Limits, LogLevel, LogOptions, Outcome};
use serde_json::{Map, Value, json};

use super::service::{Paging, Service, World};
use crate::operation::{Kind, Operation};
use crate::verify::{Asked, Schema};

/// Records that the service of most checks has.
const RECORDS: u64 = 7;
/// Where the made-up service is said to be. Nothing is ever sent there.
pub(super) const ENDPOINT: &str = "https://service.example/graphql";
/// What stands in every secret field.
pub(super) const SECRET: &str = "made-up-secret-of-the-check-7QzR";

/// Pages of two records, so that there are several.
const PAGING: Paging = Paging { most: 2, by_place: true };

/// The component with a service of its own.
pub(super) struct Bench {
    pub(super) connector: Connector,
    pub(super) service: Arc<Service>,
    pub(super) connection: Connection,
    pub(super) limits: Arc<Limits>,
}

/// What an operation is called in what is found.
pub(super) fn name(operation: Operation<'_>) -> String {
    format!("the {} {}", operation.kind().noun(), operation.key())
}

impl Bench {
    /// The component on a made-up service. The error says what the manifest lacks for one.
    pub(super) fn new(connector: &Connector, limits: &Arc<Limits>) -> Result<Self, String> {
        Self::with(connector, limits, World::with(RECORDS), PAGING)
    }

    pub(super) fn with(
        connector: &Connector,
        limits: &Arc<Limits>,
        world: World,
        paging: Paging,
    ) -> Result<Self, String> {
        let schema: Schema = Asked::of(connector.definition())?.schema()?;
        let service = Service::new(schema, world, paging);
        let connection = connection(connector, ENDPOINT)?;
        let connector = connector.with_transport(service.clone());
        Ok(Self { connector, service, connection, limits: limits.clone() })
    }

    pub(super) fn definition(&self) -> &ConnectorDefinition {
        self.connector.definition()
    }

    pub(super) fn options(&self) -> CallOptions {
        CallOptions {
            grants: Grants::default(),
            limits: self.limits.clone(),
            log: LogOptions { level: LogLevel::Trace, ..LogOptions::default() },
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
        let mut given = self.inputs(inputs);
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
        Ok(outcome.value)
    }

    /// Inputs that an operation should take: its examples and defaults where it needs some, and a record that is there
    /// where one is named.
    pub(super) fn inputs(&self, inputs: &[InputField]) -> Map<String, Value> {
        let id = self.an_id();
        needed(inputs).map(|input| (input.key.clone(), good(input, &id))).collect()
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
    let connection = connector.connection(value).map_err(|error| error.to_string())?;
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
        if field.secret {
            fields.insert(field.input.key.clone(), SECRET.into());
        } else if is_url {
            fields.insert(field.input.key.clone(), endpoint.into());
        } else if field.input.required {
            fields.insert(field.input.key.clone(), good(&field.input, SECRET));
        }
    }
    Ok(json!({ "key": kind.key, "fields": fields }))
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
