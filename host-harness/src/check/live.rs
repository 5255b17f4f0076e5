//! The same on a real service, as far as that can be done by reading: what a made-up service cannot show is whether the
//! real one answers as the manifest says.

use host::contract::{ConnectorDefinition, InputField, Item};
use host::{CallFailure, CallOptions, Connection, Connector, Grants};
use serde_json::{Map, Value};

use super::Verdict;
use super::bench::{kind, name, needed, words};
use super::schemas::misfits;
use crate::operation::{Kind, Operation};

/// A real service, and what may be done there.
pub(crate) struct Live {
    connector: Connector,
    connection: Connection,
    options: CallOptions,
}

impl Live {
    /// Calls are made with these options, and may read, whatever else was granted.
    pub(crate) fn new(connector: Connector, connection: Connection, options: CallOptions) -> Self {
        let options = CallOptions { grants: Grants { read_only: true, ..options.grants }, ..options };
        Self { connector, connection, options }
    }

    fn definition(&self) -> &ConnectorDefinition {
        self.connector.definition()
    }

    /// The first item of a data source.
    async fn first_item(&self, key: &str) -> Result<Option<Item>, Box<CallFailure>> {
        let page = self.connector.query(key, &self.connection, &Map::new(), None, None, &self.options).await?;
        Ok(page.value.items.into_iter().next())
    }

    /// Inputs that the operation should take: what the service's own lists offer, else examples and defaults. The error
    /// names the input for which there is nothing.
    async fn inputs(&self, operation: Operation<'_>) -> Result<Map<String, Value>, String> {
        let mut given = Map::new();
        for input in needed(operation.inputs()) {
            given.insert(input.key.clone(), self.value(input).await.ok_or_else(|| input.key.clone())?);
        }
        Ok(given)
    }

    async fn value(&self, input: &InputField) -> Option<Value> {
        if let Some(source) = &input.data_source {
            return self.first_item(source).await.ok().flatten().map(|item| item.key.into());
        }
        let choice = || input.choices.first().map(|choice| choice.value.clone());
        input.default.clone().or_else(|| choice().map(Value::from)).or_else(|| input.example.clone())
    }
}

/// The connection is good, and says whose it is.
pub(super) async fn connection(live: &Live) -> Verdict {
    match live.connector.test_connection(&live.connection, &live.options).await {
        Ok(tested) if tested.value.user.trim().is_empty() => Verdict::of(vec!["nobody's name is said".into()], ""),
        Ok(_) => Verdict::passed("the test of the connection"),
        Err(failure) => Verdict::of(vec![words(&failure)], ""),
    }
}

/// Every action that only reads, and every data source, gives what its schema says.
pub(super) async fn calls(live: &Live) -> Verdict {
    let (mut problems, mut answered, mut left_out) = (Vec::new(), 0, Vec::new());
    for operation in Operation::all(live.definition()) {
        let changes = matches!(operation, Operation::Action(action) if action.changes_data);
        if changes || operation.kind() == Kind::Trigger {
            continue;
        }
        let name = name(operation);
        let inputs = match live.inputs(operation).await {
            Ok(inputs) => inputs,
            Err(input) => {
                left_out.push(format!("{name} (nothing is known for {input})"));
                continue;
            }
        };
        let called = match operation.kind() {
            Kind::DataSource => {
                let called =
                    live.connector.query(operation.key(), &live.connection, &inputs, None, None, &live.options).await;
                called.map(|outcome| serde_json::json!(outcome.value.items))
            }
            _ => {
                let called = live.connector.perform(operation.key(), &live.connection, &inputs, &live.options).await;
                called.map(|outcome| serde_json::from_str(outcome.value.get()).unwrap_or_default())
            }
        };
        match called {
            Ok(value) => {
                answered += 1;
                let found = misfits(operation.result_schema(), &value).unwrap_or_else(|why| vec![why]);
                problems.extend(found.into_iter().map(|why| format!("{name}: {why}")));
            }
            // An example of the manifest's names nothing of this account.
            Err(failure) if matches!(kind(&failure).0, "not-found" | "invalid-input") => {
                left_out.push(format!("{name} ({})", kind(&failure).0));
            }
            Err(failure) => problems.push(format!("{name}: {}", words(&failure))),
        }
    }
    let left_out = if left_out.is_empty() { String::new() } else { format!("; left out: {}", left_out.join(", ")) };
    Verdict::of(problems, format!("{answered} operations{left_out}"))
}

/// A trigger's first poll sets where it begins, and the next goes on from there.
pub(super) async fn triggers(live: &Live) -> Verdict {
    let (mut problems, mut polls) = (Vec::new(), 0);
    for trigger in &live.definition().triggers {
        let operation = Operation::Trigger(trigger);
        let name = name(operation);
        let Ok(inputs) = live.inputs(operation).await else {
            problems.push(format!("{name}: nothing is known for an input that it needs"));
            continue;
        };
        let mut state: Option<Vec<u8>> = None;
        for poll in ["the first poll", "the second poll"] {
            let polled = live.connector.poll(&trigger.key, &live.connection, &inputs, state.as_deref(), &live.options);
            match polled.await {
                Ok(outcome) => {
                    polls += 1;
                    let payload = serde_json::from_str(outcome.value.payload.get()).unwrap_or_default();
                    let found = misfits(&trigger.result_schema, &payload).unwrap_or_else(|why| vec![why]);
                    problems.extend(found.into_iter().map(|why| format!("{name}, {poll}: {why}")));
                    if state.is_none() && !outcome.value.no_changes {
                        problems.push(format!("{name}: {poll} delivers what was there before"));
                    }
                    state = Some(outcome.value.state);
                }
                Err(failure) => {
                    problems.push(format!("{name}, {poll}: {}", words(&failure)));
                    break;
                }
            }
        }
    }
    Verdict::of(problems, format!("{polls} polls"))
}
