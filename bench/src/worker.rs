//! One case in a process of its own: polls a number of times and prints what each poll took.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use clap::ValueEnum;
use connector_sdk::Connector as _;
use duro_plm::Duro;
use host::contract::Failure;
use host::{Allocation, CallOptions, CompileCache, Grants, Runtime, RuntimeOptions, Transport};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::connection::{NOWHERE, connection, plain};
use crate::files::Files;
use crate::machine;
use crate::native::{HttpHost, ReplayHost};
use crate::recording::{INPUTS, Recording, TRIGGER};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// The component as the harness runs it
    Component,
    /// The component with memory on demand
    OnDemand,
    /// The connector's source compiled natively
    Native,
}

#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    #[command(flatten)]
    files: Files,
    #[arg(long)]
    case: Case,
    /// The recordings, in order
    #[arg(long, required = true)]
    recording: Vec<String>,
    /// How many of the recordings, from the first on, are polled and not measured
    #[arg(long, default_value_t = 0)]
    unmeasured: usize,
    /// Where the recording is served; in process without it
    #[arg(long)]
    url: Option<String>,
    /// How many polls are measured
    #[arg(long, default_value_t = 10)]
    count: usize,
    /// How many go before
    #[arg(long, default_value_t = 2)]
    warm_up: usize,
}

impl Options {
    /// Turns to warm up, turns that are measured, and one more whose payloads are checked: to read a payload takes more
    /// memory than to poll.
    fn turns(&self) -> usize {
        self.warm_up + self.count + 1
    }

    fn is_measured(&self, turn: usize, recording: usize) -> bool {
        (self.warm_up..self.warm_up + self.count).contains(&turn) && recording >= self.unmeasured
    }

    fn is_check(&self, turn: usize) -> bool {
        turn + 1 == self.turns()
    }
}

/// What a worker prints, in whatever language it is written.
#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Samples {
    /// Milliseconds by the clock, a poll each.
    pub(crate) wall: Vec<f64>,
    /// Milliseconds of CPU, a poll each.
    pub(crate) cpu: Vec<f64>,
    /// The most memory that the process had resident.
    pub(crate) peak_memory_kib: u64,
    /// What it had resident before the first poll.
    #[serde(default)]
    pub(crate) idle_memory_kib: u64,
    /// The largest memory of an instance, in bytes.
    #[serde(default)]
    pub(crate) instance_bytes: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    // Over HTTP the server has the answers; here they would only count as memory.
    let read = if options.url.is_some() { Recording::read_start } else { Recording::read };
    let url = options.url.as_deref().unwrap_or(NOWHERE);
    let recordings: Vec<Recording> =
        options.recording.iter().map(|name| read(&options.files.work, name)?.at(url)).collect::<Result<_>>()?;
    let mut samples = Samples::default();
    match options.case {
        Case::Native => native(options, &recordings, &mut samples)?,
        Case::Component | Case::OnDemand => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            // A task, as calls are in a host: what `block_on` itself waits for is woken through the kernel.
            samples = runtime.block_on(runtime.spawn(component(options.clone(), recordings)))??;
        }
    }
    println!("{}", serde_json::to_string(&samples)?);
    Ok(())
}

impl Samples {
    fn take(&mut self, measured: bool, work: impl FnOnce() -> Result<()>) -> Result<()> {
        let (clock, cpu) = (Instant::now(), machine::cpu_time());
        work()?;
        if measured {
            self.cpu.push((machine::cpu_time() - cpu).as_secs_f64() * 1e3);
            self.wall.push(clock.elapsed().as_secs_f64() * 1e3);
        }
        Ok(())
    }
}

fn native(options: &Options, recordings: &[Recording], samples: &mut Samples) -> Result<()> {
    let http = options.url.as_ref().map(|_| HttpHost::new("key")).transpose()?;
    let url = options.url.as_deref().unwrap_or(NOWHERE);
    let connection = plain(url);
    samples.idle_memory_kib = machine::memory_kib();
    for turn in 0..options.turns() {
        if options.is_check(turn) {
            samples.peak_memory_kib = machine::peak_memory_kib();
        }
        for (index, recording) in recordings.iter().enumerate() {
            let state = Some(recording.state.as_bytes());
            let mut payload = String::new();
            samples.take(options.is_measured(turn, index), || {
                let result = match &http {
                    Some(host) => Duro::poll(host, TRIGGER, &connection, INPUTS, state),
                    None => Duro::poll(&ReplayHost::new(recording), TRIGGER, &connection, INPUTS, state),
                };
                payload = result.map_err(|error| anyhow::anyhow!("{error:?}"))?.payload;
                Ok(())
            })?;
            if options.is_check(turn) {
                recording.check(&payload)?;
            }
        }
    }
    Ok(())
}

async fn component(options: Options, recordings: Vec<Recording>) -> Result<Samples> {
    let mut samples = Samples::default();
    let allocation = if options.case == Case::OnDemand { Allocation::OnDemand } else { Allocation::Pooled };
    let url = options.url.as_deref().unwrap_or(NOWHERE);
    let settings = settings(&options.files, allocation);
    let replay = Arc::new(Replay::new(&recordings));
    let runtime = match options.url {
        Some(_) => Runtime::new(settings)?,
        None => Runtime::with_transport(settings, replay.clone())?,
    };
    let connector = runtime.load_file(&options.files.component).await?;
    let connection = connection(&connector, url)?;
    let inputs: Value = serde_json::from_str(INPUTS)?;
    let call = call_options();
    samples.idle_memory_kib = machine::memory_kib();
    for turn in 0..options.turns() {
        if options.is_check(turn) {
            samples.peak_memory_kib = machine::peak_memory_kib();
        }
        replay.rewind();
        for (index, recording) in recordings.iter().enumerate() {
            let state = Some(recording.state.as_bytes());
            let (clock, cpu) = (Instant::now(), machine::cpu_time());
            let polled = connector.poll(TRIGGER, &connection, &inputs, state, &call).await;
            let polled = polled.map_err(|failure| anyhow::anyhow!("{failure}"))?;
            if options.is_measured(turn, index) {
                samples.cpu.push((machine::cpu_time() - cpu).as_secs_f64() * 1e3);
                samples.wall.push(clock.elapsed().as_secs_f64() * 1e3);
            }
            samples.instance_bytes = samples.instance_bytes.max(polled.trace.memory_bytes);
            if options.is_check(turn) {
                recording.check(polled.value.payload.get())?;
            }
        }
    }
    Ok(samples)
}

/// The runtime's settings in every case: what the harness uses.
pub(crate) fn settings(files: &Files, allocation: Allocation) -> RuntimeOptions {
    RuntimeOptions {
        concurrent_calls: 64,
        allocation,
        cache: CompileCache::Folder(files.work.join("cache")),
        ..RuntimeOptions::default()
    }
}

/// The limits are the defaults, and the policy is on.
pub(crate) fn call_options() -> CallOptions {
    CallOptions {
        grants: Grants { allow_http: true, allow_private_network: true, ..Grants::default() },
        ..CallOptions::default()
    }
}

/// Answers from recordings, one after the other and each in its order.
pub(crate) struct Replay {
    answers: Vec<(Bytes, Bytes, http::HeaderValue)>,
    next: AtomicUsize,
}

impl Replay {
    pub(crate) fn new(recordings: &[Recording]) -> Self {
        let mut answers = Vec::new();
        for recording in recordings {
            let date = http::HeaderValue::from_str(&recording.date).unwrap_or(http::HeaderValue::from_static(""));
            for (asked, answer) in &recording.exchanges {
                answers.push((asked.clone().into(), answer.clone().into(), date.clone()));
            }
        }
        Self { answers, next: AtomicUsize::new(0) }
    }

    pub(crate) fn rewind(&self) {
        self.next.store(0, Ordering::Relaxed);
    }
}

impl Transport for Replay {
    fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Failure> {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.answers.len().max(1);
        match self.answers.get(index) {
            Some((asked, answer, date)) if *asked == *request.body() => {
                let mut response = http::Response::new(answer.clone());
                response.headers_mut().insert(http::header::DATE, date.clone());
                Ok(response)
            }
            _ => Err(Failure::Unreachable("a request that was not recorded".to_owned())),
        }
    }
}

/// Reads what a worker printed.
pub(crate) fn samples(output: &std::process::Output) -> Result<Samples> {
    if !output.status.success() {
        bail!("a worker failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("a worker printed something else than its samples")
}
