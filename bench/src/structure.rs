//! A structure of five thousand lines: by `getBillOfMaterials`, and by asking for one part at a time, as flows do that
//! have nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Result, ensure};
use bytes::Bytes;
use host::contract::Failure;
use host::{Allocation, Runtime, Transport};
use serde::Serialize;
use serde_json::{Value, json};

use crate::connection::{NOWHERE, connection};
use crate::files::Files;
use crate::worker::{call_options, settings};

/// The root has so many assemblies, each of so many parts: 50 and 5,000 lines.
const ASSEMBLIES: usize = 50;
const PARTS: usize = 100;

/// What one way takes.
#[derive(Serialize)]
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) requests: usize,
    pub(crate) milliseconds: f64,
    /// The most memory of an instance, in bytes.
    pub(crate) instance_bytes: u64,
}

/// The service: made up, because what it costs is not to be measured.
struct Service {
    requests: AtomicUsize,
}

impl Transport for Service {
    fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Failure> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let body: Value = serde_json::from_slice(request.body()).map_err(|error| Failure::Other(error.to_string()))?;
        let ids = body.pointer("/variables/ids").and_then(Value::as_array).cloned().unwrap_or_default();
        let parts: Vec<Value> = ids.iter().filter_map(Value::as_str).map(part).collect();
        let answer = json!({ "data": { "componentsByIds": parts } }).to_string();
        http::Response::builder()
            .header("content-type", "application/json")
            .body(answer.into())
            .map_err(|error| Failure::Other(error.to_string()))
    }
}

/// A part by its id: `a` is the root, `a.7` an assembly, `a.7.12` a part of it.
fn part(id: &str) -> Value {
    let children = match id.matches('.').count() {
        0 => ASSEMBLIES,
        1 => PARTS,
        _ => 0,
    };
    let line = |number: usize| {
        json!({
            "quantity": number % 7 + 1, "itemNumber": number, "notes": null, "refDes": format!("R{number}"), "waste": 0,
            "component": { "id": format!("{id}.{number}") }, "assemblyRevision": null,
        })
    };
    json!({
        "id": id, "name": format!("Part {id}, 1/4\" steel"), "cpn": { "displayValue": format!("410-{id}") }, "revisionValue": "B",
        "status": "PRODUCTION", "children": (0..children).map(line).collect::<Vec<_>>(),
    })
}

/// Both ways.
pub(crate) fn measure(files: &Files, quick: bool) -> Result<Vec<Way>> {
    let rounds = if quick { 1 } else { 5 };
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio.block_on(async {
        let service = Arc::new(Service { requests: AtomicUsize::new(0) });
        let runtime = Runtime::with_transport(settings(files, Allocation::Pooled), service.clone())?;
        let connector = runtime.load_file(&files.component).await?;
        let (connection, options) = (connection(&connector, NOWHERE)?, call_options());
        let ask = async |key: &str, inputs: Value| {
            let outcome = connector.perform(key, &connection, &inputs, &options).await;
            let outcome = outcome.map_err(|failure| anyhow::anyhow!("{key}: {failure}"))?;
            anyhow::Ok((serde_json::from_str::<Value>(outcome.value.get())?, outcome.trace.memory_bytes))
        };
        let mut ways = [
            Way { name: "getBillOfMaterials", requests: 0, milliseconds: f64::MAX, instance_bytes: 0 },
            Way { name: "getComponentById for each part", requests: 0, milliseconds: f64::MAX, instance_bytes: 0 },
        ];
        for _ in 0..rounds {
            let [whole, single] = &mut ways;
            service.requests.store(0, Ordering::Relaxed);
            let clock = Instant::now();
            let (result, memory) = ask("getBillOfMaterials", json!({ "componentId": "a" })).await?;
            whole.took(clock, &service, memory);
            ensure!(result.pointer("/lines") == Some(&json!(ASSEMBLIES * (PARTS + 1))), "the structure is not whole");

            service.requests.store(0, Ordering::Relaxed);
            let (clock, mut lines, mut most, mut open) = (Instant::now(), 0, 0, vec!["a".to_owned()]);
            while let Some(id) = open.pop() {
                let (part, memory) = ask("getComponentById", json!({ "componentId": id })).await?;
                most = most.max(memory);
                let children = part.pointer("/componentsByIds/0/children").and_then(Value::as_array);
                let ids = children.into_iter().flatten().filter_map(|line| line.pointer("/component/id")?.as_str());
                let before = open.len();
                open.extend(ids.map(str::to_owned));
                lines += open.len() - before;
            }
            single.took(clock, &service, most);
            ensure!(lines == ASSEMBLIES * (PARTS + 1), "the walk is not whole");
        }
        Ok(Vec::from(ways))
    })
}

impl Way {
    /// The quickest of all rounds counts: everything runs on one thread, and the machine is not idle.
    fn took(&mut self, clock: Instant, service: &Service, memory: u64) {
        self.requests = service.requests.load(Ordering::Relaxed);
        self.milliseconds = self.milliseconds.min(clock.elapsed().as_secs_f64() * 1e3);
        self.instance_bytes = self.instance_bytes.max(memory);
    }
}
