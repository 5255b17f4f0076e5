//! What happens inside one process: compiling, loading, instantiating, a call that does nothing, all cores at once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use host::{Allocation, Runtime, RuntimeChoices, Transport};
use serde_json::{Value, json};
use wasmtime::component::Component;
use wasmtime::{Config, Engine};

use crate::connection::{NOWHERE, connection};
use crate::files::Files;
use crate::recording::{INPUTS, Recording, TRIGGER};
use crate::statistics::Summary;
use crate::worker::{self, Replay, call_options};

/// Times in microseconds.
pub(crate) struct Inside {
    pub(crate) compile: Summary,
    pub(crate) load: Summary,
    pub(crate) instantiate: Summary,
    pub(crate) instantiate_on_demand: Summary,
    pub(crate) empty_call: Summary,
    /// Polls a second.
    pub(crate) throughput: f64,
    pub(crate) workers: usize,
    pub(crate) compiled_bytes: u64,
    pub(crate) choices: RuntimeChoices,
}

pub(crate) fn measure(files: &Files, quick: bool) -> Result<Inside> {
    let (compile, load, compiled_bytes) = compile_and_load(files, if quick { 5 } else { 15 })?;
    let turns = if quick { 5_000 } else { 20_000 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (pooled, choices) = runtime.block_on(calls(files, Allocation::Pooled, turns))?;
    let (on_demand, _) = runtime.block_on(calls(files, Allocation::OnDemand, turns))?;
    let seconds = if quick { 1 } else { 4 };
    let (throughput, workers) = throughput(files, Duration::from_secs(seconds))?;
    Ok(Inside {
        compile,
        load,
        instantiate: pooled.0,
        instantiate_on_demand: on_demand.0,
        empty_call: pooled.1,
        throughput,
        workers,
        compiled_bytes,
        choices,
    })
}

/// Wasmtime's part of loading, with the settings that decide the code: from WebAssembly, and from a file of machine
/// code.
fn compile_and_load(files: &Files, turns: usize) -> Result<(Summary, Summary, u64)> {
    let mut config = Config::new();
    config.epoch_interruption(true).concurrency_support(false);
    let engine = Engine::new(&config).map_err(explained)?;
    let bytes = std::fs::read(&files.component)?;
    let path = files.work.join("component.cwasm");
    std::fs::write(&path, engine.precompile_component(&bytes).map_err(explained)?)?;
    let size = std::fs::metadata(&path)?.len();
    let mut compile = Vec::new();
    let mut load = Vec::new();
    for _ in 0..turns {
        compile.push(microseconds(|| Component::from_binary(&engine, &bytes).map(drop))?);
        for _ in 0..10 {
            load.push(microseconds(|| deserialize(&engine, &path).map(drop))?);
        }
    }
    Ok((Summary::of(&compile), Summary::of(&load), size))
}

fn deserialize(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: this process has just written the file, in a folder of its own.
    unsafe { Component::deserialize_file(engine, path) }
}

fn explained(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}

fn microseconds(work: impl FnOnce() -> wasmtime::Result<()>) -> Result<f64> {
    let clock = Instant::now();
    work().map_err(explained)?;
    Ok(clock.elapsed().as_secs_f64() * 1e6)
}

/// Instantiating, and a whole call that refuses at once because the key is unknown; in batches, because one is too
/// short to time.
async fn calls(files: &Files, allocation: Allocation, turns: usize) -> Result<((Summary, Summary), RuntimeChoices)> {
    const BATCH: usize = 100;
    let runtime = Runtime::new(worker::settings(files, allocation))?;
    let connector = runtime.load_file(&files.component).await?;
    let connection = connection(&connector, NOWHERE)?;
    let (options, inputs) = (call_options(), json!({}));
    let (mut starts, mut empty) = (Vec::new(), Vec::new());
    for _ in 0..turns / BATCH {
        let clock = Instant::now();
        for _ in 0..BATCH {
            drop(connector.start(&options).await.map_err(|error| anyhow::anyhow!("{error}"))?);
        }
        starts.push(clock.elapsed().as_secs_f64() * 1e6 / BATCH as f64);
        let clock = Instant::now();
        for _ in 0..BATCH {
            let refused = connector.query("none", &connection, &inputs, None, None, &options).await;
            refused.err().context("there is no such data source")?;
        }
        empty.push(clock.elapsed().as_secs_f64() * 1e6 / BATCH as f64);
    }
    Ok(((Summary::of(&starts), Summary::of(&empty)), runtime.choices()))
}

/// Steady polls on every core, each on a fresh instance.
fn throughput(files: &Files, time: Duration) -> Result<(f64, usize)> {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let recording = Recording::read(&files.work, "steady")?.at(NOWHERE)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    let rate = runtime.block_on(async {
        // One request a poll, so that any poll may take any answer.
        let transport: Arc<dyn Transport> = Arc::new(Replay::new(std::slice::from_ref(&recording)));
        let engine = Runtime::with_transport(worker::settings(files, Allocation::Pooled), transport)?;
        let connector = engine.load_file(&files.component).await?;
        let connection = Arc::new(connection(&connector, NOWHERE)?);
        let inputs: Arc<Value> = Arc::new(serde_json::from_str(INPUTS)?);
        let state: Arc<str> = recording.state.as_str().into();
        let polls = Arc::new(AtomicU64::new(0));
        let clock = Instant::now();
        let tasks: Vec<_> = (0..workers * 4)
            .map(|_| {
                let (connector, connection, inputs) = (connector.clone(), connection.clone(), inputs.clone());
                let (state, polls) = (state.clone(), polls.clone());
                tokio::spawn(async move {
                    let options = call_options();
                    while clock.elapsed() < time {
                        let polled =
                            connector.poll(TRIGGER, &connection, &*inputs, Some(state.as_bytes()), &options).await;
                        polled.map_err(|failure| anyhow::anyhow!("{failure}"))?;
                        polls.fetch_add(1, Ordering::Relaxed);
                        tokio::task::yield_now().await;
                    }
                    anyhow::Ok(())
                })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        anyhow::Ok(polls.load(Ordering::Relaxed) as f64 / clock.elapsed().as_secs_f64())
    })?;
    Ok((rate, workers))
}
