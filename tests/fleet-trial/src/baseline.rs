//! What one process a poll takes: `harness poll`, as cron would start it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::services::Services;

/// So many polls are measured.
const POLLS: u32 = 200;

/// Measure one process a poll
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The program harness
    #[arg(long, value_name = "FILE")]
    harness: PathBuf,
    /// The connector for Duro
    #[arg(long, value_name = "FILE")]
    component: PathBuf,
    /// Where everything is kept; made anew
    #[arg(long, value_name = "DIR")]
    work: PathBuf,
    /// Where the figures are written, as a line of JSON
    #[arg(long)]
    figures: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if options.work.exists() {
        fs::remove_dir_all(&options.work)?;
    }
    fs::create_dir_all(&options.work)?;
    let services = Services::start(1)?;
    let tenant = services.tenants.first().context("there is no tenant")?;
    let connection = options.work.join("connection.json");
    let fields = json!({"apiKey": "${KEY}", "customDuroEnvironment": tenant.sim.url()});
    fs::write(&connection, json!({"key": "duroApiKey", "fields": fields}).to_string())?;
    let poll = || -> Result<()> {
        let mut command = Command::new(&options.harness);
        command.arg("--component").arg(&options.component).args(["--allow-http", "--allow-private-network", "poll"]);
        command.args(["pollChangesTrigger", "--input", "pollResourceType=components", "--connection"]).arg(&connection);
        command.arg("--state").arg(options.work.join("state")).env("KEY", &tenant.key).stdout(Stdio::null());
        ensure!(command.status().context("the harness cannot be started")?.success(), "a poll failed");
        Ok(())
    };
    // The first compiles, the second is the first from the cache.
    poll()?;
    poll()?;
    let (before, began) = (used_by_children()?, Instant::now());
    for _ in 0..POLLS {
        poll()?;
    }
    let cpu = (used_by_children()? - before) * 1_000.0 / f64::from(POLLS);
    let wall = began.elapsed().as_secs_f64() * 1_000.0 / f64::from(POLLS);
    println!("One process a poll: {cpu:.2} ms of CPU, {wall:.2} ms");
    let line = json!({"baseline": "one process a poll", "cpuMilliseconds": cpu, "wallMilliseconds": wall});
    writeln!(fs::File::options().create(true).append(true).open(&options.figures)?, "{line}")?;
    Ok(())
}

/// CPU time of this process's children that have ended, in seconds.
fn used_by_children() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = stat.rsplit_once(") ").context("the kernel's words for a process")?;
    let ticks = rest.split(' ').skip(13).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(ticks as f64 / crate::processes::TICKS)
}
