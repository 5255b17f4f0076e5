//! Whole processes, from their start to their end.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::connection::connection_values;
use crate::options::Options;
use crate::recording::{INPUTS, Recording, TRIGGER};

/// Runs a command to its end: milliseconds by the clock, and what it printed.
pub(crate) fn timed(command: &mut Command) -> Result<(f64, Output)> {
    let clock = Instant::now();
    let output = command.output().with_context(|| format!("{command:?} could not be started"))?;
    Ok((clock.elapsed().as_secs_f64() * 1e3, output))
}

/// A steady poll by the `harness` command; with a cache, or compiling.
pub(crate) fn harness(options: &Options, url: &str, cached: bool) -> Result<f64> {
    let work = &options.files.work;
    let recording = Recording::read_start(work, "steady")?.at(url)?;
    let (state, connection) = (work.join("cold.state"), work.join("cold.connection.json"));
    fs::write(&state, &recording.state)?;
    fs::write(&connection, connection_values(url).to_string())?;
    let mut command = Command::new(&options.harness);
    command.arg("--component").arg(&options.files.component).args(["--allow-http", "--allow-private-network"]);
    if cached {
        command.arg("--cache-dir").arg(work.join("cache"));
    } else {
        command.arg("--no-cache");
    }
    command.args(["poll", TRIGGER, "--connection"]).arg(&connection).arg("--state").arg(&state);
    for (key, value) in serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(INPUTS)? {
        command.arg("--input").arg(format!("{key}={}", value.as_str().unwrap_or_default()));
    }
    let (time, output) = timed(&mut command)?;
    if !output.status.success() {
        bail!("the harness failed: {}{}", text(&output.stdout), text(&output.stderr));
    }
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let payload = printed.get("payload").context("the harness printed no payload")?;
    recording.check(&payload.to_string())?;
    Ok(time)
}

/// A steady poll by Node: the one whose payload the script checks.
pub(crate) fn node(options: &Options, script: &Path, url: &str) -> Result<f64> {
    let (time, output) = timed(&mut node_command(options, script, "steady", url, 0, 0))?;
    if !output.status.success() {
        bail!("the Node script failed: {}", text(&output.stderr));
    }
    Ok(time)
}

pub(crate) fn node_command(
    options: &Options,
    script: &Path,
    name: &str,
    url: &str,
    count: usize,
    warm_up: usize,
) -> Command {
    let mut command = Command::new("node");
    command.arg(script).arg(Recording::start_path(&options.files.work, name)).arg(url);
    command.args([count.to_string(), warm_up.to_string()]);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
