//! The connector for Duro with a fault planted in it, one at a time. Which one is a number in the component's own data:
//! a test writes it into a copy of the file. With `00` it is the connector as it is.

use connector_sdk::contract::{Level, manifest};
use connector_sdk::{
    About, Account, ActionRow, Call, Connection, ConnectionKind, Connector, DataSourceRow, Error, GraphQl, Host, Page,
    PollResult, Query, TriggerRow,
};
use duro_plm::Duro;
use serde_json::{Value, json};

/// The number stands behind the colon.
static PLANTED: [u8; 16] = *b"planted-fault:00";

/// What can be wrong. The names are those of the checks that have to find it.
mod fault {
    pub(super) const NAIVE_TRIGGER: u8 = 1;
    pub(super) const DROPPED_KEY: u8 = 2;
    pub(super) const LYING_SCHEMA: u8 = 3;
    pub(super) const LEAKING_LOG: u8 = 4;
    pub(super) const SHRINKING_STATE: u8 = 5;
    pub(super) const FORGIVING_STATE: u8 = 6;
    pub(super) const ANOTHER_ERROR_FOR_UNKNOWN_KEYS: u8 = 7;
    pub(super) const FORGIVING_INPUTS: u8 = 8;
    pub(super) const SWALLOWED_TROUBLE: u8 = 9;
    pub(super) const WRONG_EXAMPLE: u8 = 10;
    pub(super) const OWN_STATES_ALONE: u8 = 11;
    pub(super) const EAGER_FIRST_POLL: u8 = 12;
    pub(super) const LYING_SECOND_POLL: u8 = 13;
    pub(super) const ENDLESS_REQUESTS: u8 = 14;
    pub(super) const GROWING_MEMORY: u8 = 15;
    pub(super) const LOGGED_KEY: u8 = 16;
    pub(super) const LOGGED_INPUTS: u8 = 17;
    pub(super) const EXAMPLE_OUT_OF_BOUNDS: u8 = 18;
    // A payload may leave out what it likes: no fault.
    pub(super) const RECORDS_WITHOUT_TEXTS: u8 = 19;
    pub(super) const RECORDS_OF_IDS_ALONE: u8 = 20;
    pub(super) const RECORDS_WITHOUT_IDS: u8 = 21;
    pub(super) const NAIVE_TRIGGER_WITHOUT_TEXTS: u8 = 22;
    pub(super) const NAIVE_TRIGGER_OF_IDS_ALONE: u8 = 23;
    pub(super) const SILENT_TRIGGER: u8 = 24;
    pub(super) const STATE_OF_ANY_ACCOUNT: u8 = 25;
    pub(super) const DOUBLED_KEY: u8 = 26;
    pub(super) const NO_DESCRIPTION: u8 = 27;
}

fn planted() -> u8 {
    // Read at run time: the number is written into the component after it was compiled.
    let [.., tens, ones] = *std::hint::black_box(&PLANTED);
    (tens - b'0') * 10 + (ones - b'0')
}

fn has(fault: u8) -> bool {
    planted() == fault
}

/// The members of a record that are passed on, where not all are.
fn passed_on() -> Option<&'static [&'static str]> {
    match planted() {
        fault::RECORDS_WITHOUT_TEXTS | fault::NAIVE_TRIGGER_WITHOUT_TEXTS => Some(&["id", "created", "lastModified"]),
        fault::RECORDS_OF_IDS_ALONE | fault::NAIVE_TRIGGER_OF_IDS_ALONE => Some(&["id"]),
        fault::RECORDS_WITHOUT_IDS => Some(&[]),
        _ => None,
    }
}

fn is_naive() -> bool {
    let naive = [fault::NAIVE_TRIGGER, fault::NAIVE_TRIGGER_WITHOUT_TEXTS, fault::NAIVE_TRIGGER_OF_IDS_ALONE];
    naive.into_iter().any(has)
}

/// The connector, with the fault.
#[derive(Debug)]
pub struct Planted;

impl Connector for Planted {
    const ABOUT: About = Duro::ABOUT;
    const CONNECTIONS: &'static [ConnectionKind] = Duro::CONNECTIONS;
    const ACTIONS: &'static [ActionRow] = Duro::ACTIONS;
    const DATA_SOURCES: &'static [DataSourceRow] = Duro::DATA_SOURCES;
    const TRIGGERS: &'static [TriggerRow] = Duro::TRIGGERS;
    const GRAPHQL: Option<GraphQl> = Duro::GRAPHQL;

    fn account(call: &Call<'_>) -> Result<Account, Error> {
        Duro::account(call)
    }

    fn describe() -> manifest::ConnectorDefinition {
        if has(fault::NO_DESCRIPTION) {
            std::process::abort();
        }
        let mut definition = Duro::describe();
        if has(fault::DOUBLED_KEY)
            && let Some(action) = definition.actions.first().cloned()
        {
            definition.actions.push(action);
        }
        if has(fault::DROPPED_KEY) {
            definition.actions.retain(|action| action.key != "getCurrentUser");
        }
        if has(fault::WRONG_EXAMPLE)
            && let Some(action) = definition.actions.first_mut()
        {
            action.example_payload = "{\"createChangeOrder\": 7}".into();
        }
        if has(fault::LOGGED_KEY)
            && let Some(kind) = definition.connections.first_mut()
            && let Some(key) = kind.fields.first().cloned()
        {
            // As a text like any other, it is given to the component.
            let mut input = manifest::InputField { kind: manifest::InputKind::Text, ..key.input.clone() };
            input.key = "accessToken".into();
            kind.fields.push(manifest::ConnectionField { input, secret: false, may_be_jwt: false, ..key });
        }
        if has(fault::EXAMPLE_OUT_OF_BOUNDS) {
            let inputs = definition.actions.iter_mut().flat_map(|action| &mut action.inputs);
            if let Some(input) = inputs.into_iter().find(|input| input.key == "first") {
                input.example = Some("20000".into());
            }
        }
        definition
    }

    fn perform(host: &dyn Host, key: &str, connection: &Connection, inputs: &str) -> Result<String, Error> {
        let result = match Duro::perform(host, key, connection, inputs) {
            Err(Error::UnknownKey(text)) if has(fault::ANOTHER_ERROR_FOR_UNKNOWN_KEYS) => Err(Error::Other(text)),
            Err(Error::InvalidInput(_)) if has(fault::FORGIVING_INPUTS) => Ok("{}".into()),
            Err(Error::Service(_) | Error::UnexpectedResponse(_)) if has(fault::SWALLOWED_TROUBLE) => Ok("{}".into()),
            result => result,
        };
        let result = result?;
        if key == "getCurrentUser" && has(fault::ENDLESS_REQUESTS) {
            loop {
                Duro::perform(host, key, connection, inputs)?;
            }
        }
        if key == "getCurrentUser" && has(fault::GROWING_MEMORY) {
            let mut held: Vec<Vec<u8>> = Vec::new();
            loop {
                held.push(std::hint::black_box(vec![1; 1 << 20]));
            }
        }
        if has(fault::LOGGED_KEY) {
            host.log(Level::Trace, &format!("connected with {}", connection.fields));
        }
        if has(fault::LOGGED_INPUTS) {
            host.log(Level::Info, &format!("{key} is asked for {inputs}"));
        }
        if has(fault::LEAKING_LOG) {
            host.log(Level::Info, &format!("{key} gave {result}"));
        }
        if has(fault::LYING_SCHEMA) && key == "getCurrentUser" {
            return Ok("{\"id\": 5, \"firstName\": 6}".into());
        }
        Ok(result)
    }

    fn query(host: &dyn Host, key: &str, connection: &Connection, query: &Query<'_>) -> Result<Page, Error> {
        Duro::query(host, key, connection, query)
    }

    fn poll(
        host: &dyn Host,
        key: &str,
        connection: &Connection,
        inputs: &str,
        state: Option<&[u8]>,
    ) -> Result<PollResult, Error> {
        if is_naive() {
            let mut polled = naive(host, connection, state)?;
            polled.payload = shortened(polled.payload);
            return Ok(polled);
        }
        if has(fault::OWN_STATES_ALONE) {
            let own = state.map(|state| state.strip_prefix(b"next:").ok_or_else(|| invalid("of another version")));
            let mut polled = Duro::poll(host, key, connection, inputs, own.transpose()?)?;
            polled.state = [b"next:", polled.state.as_slice()].concat();
            return Ok(polled);
        }
        let mut polled = match Duro::poll(host, key, connection, inputs, state) {
            Err(Error::InvalidState(_)) if has(fault::FORGIVING_STATE) => {
                Duro::poll(host, key, connection, inputs, None)
            }
            Err(Error::InvalidState(text)) if has(fault::STATE_OF_ANY_ACCOUNT) && text.contains("another company") => {
                Duro::poll(host, key, connection, inputs, None)
            }
            polled => polled,
        }?;
        polled.payload = shortened(polled.payload);
        if has(fault::SILENT_TRIGGER) {
            let payload = json!({ "body": { "data": { "created": [], "updated": [], "deleted": [] } } });
            (polled.payload, polled.no_changes) = (payload.to_string(), true);
        }
        if has(fault::EAGER_FIRST_POLL) && state.is_none() {
            polled.no_changes = false;
        }
        if has(fault::LYING_SECOND_POLL) && state.is_some() {
            polled.payload = polled.payload.replacen("\"deleted\":[", "\"deleted\":7,\"others\":[", 1);
        }
        if has(fault::SHRINKING_STATE) {
            polled.state.truncate(polled.state.len() / 2);
        }
        Ok(polled)
    }
}

fn invalid(text: &str) -> Error {
    Error::InvalidState(format!("the state is {text}"))
}

/// The trigger that everybody writes first: whatever is newer than the newest so far, on the first page of the list.
fn naive(host: &dyn Host, connection: &Connection, state: Option<&[u8]>) -> Result<PollResult, Error> {
    let query = "query { components(orderBy: [{lastModified: desc}]) { connection(first: 100) { edges { node { id name \
                 created lastModified } } } } }";
    let answer = Duro::perform(host, "rawRequest", connection, &json!({ "query": query }).to_string())?;
    let answer: Value = serde_json::from_str(&answer).map_err(|error| Error::Other(error.to_string()))?;
    let newest = |state: &[u8]| String::from_utf8(state.to_vec()).map_err(|_| invalid("no text"));
    let since = state.map(newest).transpose()?;
    if since.as_ref().is_some_and(|since| !since.starts_with("20")) {
        return Err(invalid("no time"));
    }
    let edges = find(&answer, "edges").and_then(Value::as_array).cloned().unwrap_or_default();
    let nodes: Vec<Value> = edges.into_iter().filter_map(|mut edge| edge.get_mut("node").map(Value::take)).collect();
    let time = |node: &Value| node.get("lastModified").and_then(Value::as_str).unwrap_or_default().to_owned();
    let last = nodes.iter().map(time).max().max(since.clone()).unwrap_or_else(|| "2000".to_owned());
    let is_new = |node: &&Value| since.as_ref().is_some_and(|since| time(node) > *since);
    let updated: Vec<&Value> = nodes.iter().filter(is_new).collect();
    let payload = json!({ "body": { "data": { "created": [], "updated": updated, "deleted": [] } } });
    Ok(PollResult {
        no_changes: updated.is_empty(),
        payload: payload.to_string(),
        state: last.into_bytes(),
        more: false,
        extensions: None,
    })
}

/// The payload with records of which no more is passed on than the fault says.
fn shortened(payload: String) -> String {
    let (Some(members), Ok(mut value)) = (passed_on(), serde_json::from_str::<Value>(&payload)) else { return payload };
    for list in ["created", "updated"] {
        let records = value.pointer_mut(&format!("/body/data/{list}")).and_then(Value::as_array_mut);
        for record in records.into_iter().flatten().filter_map(Value::as_object_mut) {
            record.iter_mut().filter(|(name, _)| !members.contains(&name.as_str())).for_each(|(_, value)| {
                *value = Value::Null;
            });
        }
    }
    value.to_string()
}

/// The member of this name, wherever it is.
fn find<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    object.get(name).or_else(|| object.values().find_map(|value| find(value, name)))
}

connector_sdk::export!(crate::Planted);
