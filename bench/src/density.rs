//! How much memory an instance takes that waits: for a call, or in the middle of one for the service. A process of its
//! own, because memory that was used and freed would hide some of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use host::{Allocation, Runtime, RuntimeOptions};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::connection::connection;
use crate::files::Files;
use crate::machine;
use crate::recording::{INPUTS, Recording, TRIGGER};
use crate::worker::{call_options, settings};

/// Enough for what they share not to count.
const INSTANCES: u32 = 400;

#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    files: Files,
}

/// Bytes an instance, with the kernel's tables of its pages.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Density {
    /// Instantiated, and nothing called.
    pub(crate) idle: f64,
    /// In a steady poll whose request was sent and is not answered, with the host's side of it and its connection.
    pub(crate) in_flight: f64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let density = tokio.block_on(async {
        Ok::<_, anyhow::Error>(Density {
            idle: idle(&options.files).await?,
            in_flight: in_flight(&options.files).await?,
        })
    })?;
    println!("{}", serde_json::to_string(&density)?);
    Ok(())
}

fn runtime(files: &Files) -> Result<Runtime> {
    let options = settings(files, Allocation::Pooled);
    Ok(Runtime::new(RuntimeOptions { concurrent_calls: INSTANCES + 1, ..options })?)
}

async fn idle(files: &Files) -> Result<f64> {
    let runtime = runtime(files)?;
    let connector = runtime.load_file(&files.component).await?;
    let options = call_options();
    let start = || async { connector.start(&options).await.map_err(|error| anyhow::anyhow!("{error}")) };
    let mut instances = vec![start().await?];
    let before = machine::memory_kib();
    for _ in 0..INSTANCES {
        instances.push(start().await?);
    }
    Ok(each(before))
}

async fn in_flight(files: &Files) -> Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/graphql", listener.local_addr()?);
    let asked = Arc::new(AtomicUsize::new(0));
    // Hears every request, and never says a word.
    let server = tokio::spawn({
        let asked = asked.clone();
        async move {
            let mut connections = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 512];
                drop(stream.read(&mut request).await);
                asked.fetch_add(1, Ordering::Relaxed);
                connections.push(stream);
            }
        }
    });
    let runtime = runtime(files)?;
    let connector = runtime.load_file(&files.component).await?;
    let connection = Arc::new(connection(&connector, &url)?);
    let inputs: Arc<Value> = Arc::new(serde_json::from_str(INPUTS)?);
    let state: Arc<str> = Recording::read_start(&files.work, "steady")?.at(&url)?.state.into();
    let mut polls = Vec::new();
    let mut before = 0;
    for number in 0..=INSTANCES {
        if number == 1 {
            // The first brings what all share: the client, its threads, the code.
            until(&asked, 1).await?;
            before = machine::memory_kib();
        }
        let (connector, connection, inputs, state) =
            (connector.clone(), connection.clone(), inputs.clone(), state.clone());
        polls.push(tokio::spawn(async move {
            let options = call_options();
            drop(connector.poll(TRIGGER, &connection, &*inputs, Some(state.as_bytes()), &options).await);
        }));
    }
    until(&asked, INSTANCES as usize + 1).await?;
    let each = each(before);
    polls.iter().chain([&server]).for_each(tokio::task::JoinHandle::abort);
    Ok(each)
}

async fn until(asked: &AtomicUsize, count: usize) -> Result<()> {
    for _ in 0..500 {
        if asked.load(Ordering::Relaxed) >= count {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bail!("{} of {count} polls sent a request", asked.load(Ordering::Relaxed))
}

fn each(before_kib: u64) -> f64 {
    machine::memory_kib().saturating_sub(before_kib) as f64 * 1024.0 / f64::from(INSTANCES)
}

/// Measures in a process of its own.
pub(crate) fn measure(files: &Files) -> Result<Density> {
    let mut command = std::process::Command::new(std::env::current_exe().context("this program's own path")?);
    command.arg("density").arg("--component").arg(&files.component).arg("--work").arg(&files.work);
    let output = command.output().context("this program could not be started")?;
    if !output.status.success() {
        bail!("measuring the memory of instances failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("it printed something else than its measurement")
}
