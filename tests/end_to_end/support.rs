//! What the tests share: the loaded connector, a service of one's own, connections, and checks against the manifest.

use duro_sim::{DuroSim, DuroSimBuilder, Resource};
use host::contract::{Error, PollResult};
use host::{
    CallError, CallFailure, CallOptions, Connection, Connector, Grants, Limits, LogLevel, LogOptions, Runtime,
    RuntimeOptions,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file of `dist/`, which must have been built.
pub(crate) fn built(name: &str) -> PathBuf {
    let path = root().join("dist").join(name);
    assert!(
        path.exists(),
        "{} is not there: run `cargo xtask build`, or the tests with `cargo xtask test`",
        path.display()
    );
    path
}

/// Variables that change what the program does, and may be set for whoever runs the tests.
pub(crate) const OF_A_USER: [&str; 6] =
    ["HARNESS_COMPONENT", "HARNESS_CONNECTION", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "OTEL_RESOURCE_ATTRIBUTES"];

/// The component, loaded once for all tests.
pub(crate) async fn connector() -> &'static Connector {
    static CONNECTOR: OnceCell<Connector> = OnceCell::const_new();
    CONNECTOR
        .get_or_init(|| async {
            let runtime = Runtime::new(RuntimeOptions::default()).unwrap();
            runtime.load_file(built("duro_plm.wasm")).await.unwrap()
        })
        .await
}

/// A simulated service and what is needed to call the connector on it.
pub(crate) struct Bench {
    pub(crate) sim: DuroSim,
    pub(crate) connector: &'static Connector,
    pub(crate) connection: Connection,
    pub(crate) options: CallOptions,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(DuroSim::builder()).await
    }

    pub(crate) async fn with(builder: DuroSimBuilder) -> Self {
        let sim = builder.spawn().await.unwrap();
        let connector = connector().await;
        let connection = connection(&sim.url(), &sim.key()).await;
        Self { sim, connector, connection, options: options() }
    }

    /// Performs an action that succeeds, and holds its result against the manifest.
    pub(crate) async fn perform(&self, key: &str, inputs: Value) -> Value {
        let outcome = self.connector.perform(key, &self.connection, &inputs, &self.options).await;
        let result =
            serde_json::from_str(outcome.unwrap_or_else(|failure| panic!("{key}: {failure}")).value.get()).unwrap();
        let action = self.connector.definition().actions.iter().find(|action| action.key == key).unwrap();
        assert_valid(&result, &action.result_schema, key);
        result
    }

    /// Performs an action that fails in the connector's or the service's judgement.
    pub(crate) async fn fail(&self, key: &str, inputs: Value) -> Error {
        let failure = self.connector.perform(key, &self.connection, &inputs, &self.options).await.unwrap_err();
        connectors(*failure)
    }
}

/// The connector's own error.
pub(crate) fn connectors(failure: CallFailure) -> Error {
    match failure.error {
        CallError::Connector(error) => error,
        other => panic!("the host ended the call: {other:?}"),
    }
}

/// A connection to a service at this URL.
pub(crate) async fn connection(url: &str, key: &str) -> Connection {
    connection_of(connector().await, url, key)
}

/// The same for a connector that was loaded in another way.
pub(crate) fn connection_of(connector: &Connector, url: &str, key: &str) -> Connection {
    let fields = json!({ "apiKey": key, "customDuroEnvironment": url });
    Connection::new(connector.definition(), json!({ "key": "duroApiKey", "fields": fields })).unwrap()
}

/// The grants that a service on loopback needs, and the log at debug.
pub(crate) fn options() -> CallOptions {
    CallOptions {
        grants: Grants { allow_http: true, allow_private_network: true, ..Grants::default() },
        log: LogOptions { level: LogLevel::Debug, sink: None },
        ..CallOptions::default()
    }
}

/// Fails with every mismatch between the value and the schema.
pub(crate) fn assert_valid(value: &Value, schema: &Value, what: &str) {
    let validator = jsonschema::draft202012::new(schema).unwrap();
    let problems: Vec<String> =
        validator.iter_errors(value).map(|problem| format!("{}: {problem}", problem.instance_path())).collect();
    assert!(problems.is_empty(), "{what}: {problems:#?}");
}

/// The ids of the records in a list of a poll's payload.
pub(crate) fn ids_in(payload: &Value, list: &str) -> Vec<String> {
    let records = payload["body"]["data"][list].as_array().unwrap();
    records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

/// The same of a poll.
pub(crate) fn ids(result: &PollResult, list: &str) -> Vec<String> {
    ids_in(&serde_json::from_str(result.payload.get()).unwrap(), list)
}

/// Changes the component at this place so much later, and gives its id.
pub(crate) fn change(sim: &DuroSim, place: usize, later: Duration) -> String {
    sim.advance_clock(later);
    let id = sim.records(Resource::Components).remove(place).id;
    assert!(sim.touch(Resource::Components, &id));
    id
}

/// The component that breaks every rule, loaded once for all tests.
pub(crate) async fn misbehaving() -> &'static Connector {
    static CONNECTOR: OnceCell<Connector> = OnceCell::const_new();
    CONNECTOR
        .get_or_init(|| async {
            let runtime = Runtime::new(RuntimeOptions::default()).unwrap();
            runtime.load_file(built("test/misbehaving.wasm")).await.unwrap()
        })
        .await
}

/// The misbehaving component on a service, which it may reach.
pub(crate) struct Cage {
    pub(crate) sim: DuroSim,
    pub(crate) connector: &'static Connector,
    pub(crate) connection: Connection,
    pub(crate) options: CallOptions,
}

impl Cage {
    pub(crate) async fn new() -> Self {
        Self::with_key("key-of-the-cage-0815").await
    }

    pub(crate) async fn with_key(key: &str) -> Self {
        let sim = DuroSim::builder().key(key).spawn().await.unwrap();
        let connector = misbehaving().await;
        let fields = json!({ "apiKey": key, "url": sim.url() });
        let connection = Connection::new(connector.definition(), json!({ "key": "key", "fields": fields })).unwrap();
        Self { sim, connector, connection, options: options() }
    }

    /// Performs a verb with other limits.
    pub(crate) async fn perform_within(&self, limits: Limits, verb: &str, inputs: Value) -> Result<Value, CallFailure> {
        let options = CallOptions { limits: Arc::new(limits), ..self.options.clone() };
        let result = self.connector.perform(verb, &self.connection, &inputs, &options).await;
        result.map(|outcome| serde_json::from_str(outcome.value.get()).unwrap()).map_err(|failure| *failure)
    }

    pub(crate) async fn perform(&self, verb: &str, inputs: Value) -> Result<Value, CallFailure> {
        self.perform_within(Limits::default(), verb, inputs).await
    }

    /// That the process, the runtime and the component go on as if nothing had been.
    pub(crate) async fn assert_unharmed(&self) {
        let result = self.perform("fine", json!({})).await.unwrap();
        assert_eq!(result["calls"], 1, "something of an earlier call is left");
    }
}
