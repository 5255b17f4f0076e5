//! Everything else that a flow builder can call, once each: what it takes in process, as a component and natively, on
//! the answers that the simulated service gave.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use connector_sdk::contract::Error;
use connector_sdk::{Connection, Connector as _, Host, Query};
use duro_plm::Duro;
use duro_sim::{DuroSim, Resource};
use host::{Allocation, Runtime};
use serde::Serialize;
use serde_json::{Value, json};

use crate::connection::{NOWHERE, connection, plain};
use crate::files::Files;
use crate::native::{Recorder, ReplayHost};
use crate::recording::Recording;
use crate::statistics::Summary;
use crate::worker::{Replay, call_options, settings};

/// One kind of call, in microseconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Action {
    pub(crate) name: String,
    pub(crate) component: Summary,
    pub(crate) native: Summary,
    /// How much the service answered.
    pub(crate) answer_bytes: usize,
}

/// What is called.
enum Call {
    Test,
    Perform(&'static str, Value),
    Query(&'static str, &'static str),
}

impl Call {
    fn name(&self) -> String {
        match self {
            Self::Test => "test the connection".to_owned(),
            Self::Perform(key, _) => (*key).to_owned(),
            Self::Query(key, search) => format!("{key}, searching for {search:?}"),
        }
    }

    /// Calls it natively; gives what it returned, as far as that can be compared.
    fn native(&self, host: &impl Host, connection: &Connection) -> Result<String> {
        let failed = |error: Error| anyhow::anyhow!("{} failed: {error:?}", self.name());
        match self {
            Self::Test => Duro::test(host, connection).map(|account| account.user).map_err(failed),
            Self::Perform(key, inputs) => Duro::perform(host, key, connection, &inputs.to_string()).map_err(failed),
            Self::Query(key, search) => {
                let query = Query { inputs: "{}", search: Some(search), cursor: None };
                let page = Duro::query(host, key, connection, &query).map_err(failed)?;
                Ok(page.items.into_iter().map(|item| item.key).collect::<Vec<_>>().join(" "))
            }
        }
    }
}

pub(crate) fn measure(files: &Files, quick: bool) -> Result<Vec<Action>> {
    let count = if quick { 50 } else { 300 };
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sim = tokio.block_on(DuroSim::builder().components(500).change_orders(40).spawn())?;
    let id = sim.records(Resource::Components).first().context("the service has no component")?.id.clone();
    let change_order = sim.records(Resource::ChangeOrders).first().context("there is no change order")?.id.clone();
    let product = sim.products().first().context("the service has no product")?.id.clone();
    let query = "query ($ids: [ID]) { componentsByIds(ids: $ids) { id name } }";
    let calls = [
        Call::Test,
        Call::Perform("getCurrentUser", json!({})),
        Call::Perform("listCompanyUsers", json!({})),
        Call::Perform("getComponentById", json!({ "componentId": id })),
        Call::Perform("listComponents", json!({})),
        Call::Perform("listChangeOrders", json!({})),
        Call::Perform("listProducts", json!({})),
        Call::Perform("getProductById", json!({ "productId": product })),
        Call::Perform("getBillOfMaterials", json!({ "productId": product })),
        Call::Perform("findComponents", json!({ "name": "screw", "maxPages": 5 })),
        Call::Perform("getChangeOrder", json!({ "changeOrder": change_order })),
        Call::Perform("createChangeOrder", json!({ "name": "To be measured", "type": "ECO" })),
        Call::Perform("rawRequest", json!({ "query": query, "variablesObject": { "ids": [id] } })),
        Call::Query("selectComponent", "screw"),
    ];
    covers_all_actions(&calls)?;
    calls.iter().map(|call| one(files, &sim, &tokio, call, count)).collect()
}

/// An action that is not measured would not be missed otherwise.
fn covers_all_actions(calls: &[Call]) -> Result<()> {
    let measured: BTreeSet<&str> = calls
        .iter()
        .filter_map(|call| match call {
            Call::Perform(key, _) => Some(*key),
            _ => None,
        })
        .collect();
    let all: BTreeSet<&str> = Duro::ACTIONS.iter().map(|action| action.operation.key).collect();
    ensure!(measured == all, "the actions {all:?} are to be measured, and {measured:?} are");
    Ok(())
}

fn one(files: &Files, sim: &DuroSim, tokio: &tokio::runtime::Runtime, call: &Call, count: usize) -> Result<Action> {
    let recorder = Recorder::new(&sim.key())?;
    let expected = call.native(&recorder, &plain(&sim.url()))?;
    let (exchanges, date) = recorder.taken();
    let recording = Recording::of_exchanges(exchanges, date);

    let connected = plain(NOWHERE);
    let mut native = Vec::new();
    for _ in 0..count {
        let clock = Instant::now();
        let returned = call.native(&ReplayHost::new(&recording), &connected)?;
        native.push(clock.elapsed().as_secs_f64() * 1e6);
        ensure!(returned == expected, "{} does not return the same twice", call.name());
    }

    let replay = Arc::new(Replay::new(std::slice::from_ref(&recording)));
    let component = tokio.block_on(async {
        let runtime = Runtime::with_transport(settings(files, Allocation::Pooled), replay.clone())?;
        let connector = runtime.load_file(&files.component).await?;
        let connection = connection(&connector, NOWHERE)?;
        let (options, none) = (call_options(), json!({}));
        let mut times = Vec::new();
        for _ in 0..count {
            replay.rewind();
            let clock = Instant::now();
            let returned = match call {
                Call::Test => connector.test_connection(&connection, &options).await.map(|account| account.value.user),
                Call::Perform(key, inputs) => {
                    let result = connector.perform(key, &connection, inputs, &options).await;
                    result.map(|result| result.value.get().to_owned())
                }
                Call::Query(key, search) => {
                    let page = connector.query(key, &connection, &none, Some(search), None, &options).await;
                    page.map(|page| page.value.items.into_iter().map(|item| item.key).collect::<Vec<_>>().join(" "))
                }
            };
            times.push(clock.elapsed().as_secs_f64() * 1e6);
            let returned = returned.map_err(|failure| anyhow::anyhow!("{}: {failure}", call.name()))?;
            ensure!(returned == expected, "{} does not return what it returns natively", call.name());
        }
        anyhow::Ok(times)
    })?;
    Ok(Action {
        name: call.name(),
        component: Summary::of(&component),
        native: Summary::of(&native),
        answer_bytes: recording.received(),
    })
}
