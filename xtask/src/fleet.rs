//! `cargo xtask fleet`: builds the fleet and its trial, installs the engines, and starts it all on this machine.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::workspace::Workspace;
use crate::{build, cargo, progress};

/// The version of Restate's server: the one that the figures in docs/scale.md are of.
const RESTATE: &str = "1.7.12";

/// Which engine keeps the triggers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Restate,
    Postgres,
    Both,
}

/// Start a fleet on a real engine: many triggers of many tenants, their services, and a flow that receives.
///
/// The engine, the workers, the flow and the simulated services run on loopback, below the target directory, and end
/// with this command. Records are changed all the time; a table shows what is delivered. In the end every change is
/// looked for in what the flow has written down, and every secret in all that the engine and the workers have written:
/// the command fails if a change is missing or a secret is found. Restate is installed with npm; PostgreSQL must be on
/// the machine (Debian: postgresql).
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask fleet\n  cargo xtask fleet --engine postgres --triggers 10000 --workers 1\n  \
                  cargo xtask fleet --engine both --kill"
)]
pub(crate) struct Options {
    /// Which engine keeps the triggers
    #[arg(long, value_enum, default_value = "restate")]
    engine: Engine,
    /// Kill the engine, the workers and the flow at random all the while (kill -9), until each was killed --kills times
    #[arg(long)]
    kill: bool,
    /// How often each is killed
    #[arg(long, value_name = "COUNT", default_value_t = 20, requires = "kill")]
    kills: u64,
    /// How many triggers [default: 1000; with --kill 100]
    #[arg(long, value_name = "COUNT")]
    triggers: Option<u64>,
    /// How many tenants, each with a service of its own [default: 50; with --kill 10]
    #[arg(long, value_name = "COUNT")]
    tenants: Option<u64>,
    /// How many workers
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    workers: u64,
    /// For how many seconds, without --kill
    #[arg(long, value_name = "COUNT", default_value_t = 30)]
    seconds: u64,
    /// Let some tenants misbehave: services that answer 429, refuse the key, answer without end, answer late
    #[arg(long, conflicts_with = "kill")]
    bad_tenants: bool,
    /// Roll versions of a connector out, among them one that crashes
    #[arg(long)]
    rollout: bool,
}

/// All that a trial is started with.
pub(crate) struct Programs {
    trial: PathBuf,
    fleet: PathBuf,
    restate: Option<PathBuf>,
    postgres: Option<PathBuf>,
}

/// Builds, installs, and starts the trial.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let engines: &[Engine] = match options.engine {
        Engine::Both => &[Engine::Restate, Engine::Postgres],
        Engine::Restate => &[Engine::Restate],
        Engine::Postgres => &[Engine::Postgres],
    };
    let programs = Programs::ready(workspace, engines)?;
    let (triggers, tenants) = if options.kill { (100, 10) } else { (1_000, 50) };
    let mut arguments: Vec<String> = Vec::new();
    fn number(arguments: &mut Vec<String>, flag: &str, value: u64) {
        arguments.extend([flag.to_owned(), value.to_string()]);
    }
    number(&mut arguments, "--triggers", options.triggers.unwrap_or(triggers));
    number(&mut arguments, "--tenants", options.tenants.unwrap_or(tenants));
    number(&mut arguments, "--workers", options.workers);
    number(&mut arguments, "--seconds", options.seconds);
    if options.kill {
        number(&mut arguments, "--kills", options.kills);
        number(&mut arguments, "--every", 1_000);
        number(&mut arguments, "--changes", 5);
    }
    if options.bad_tenants {
        arguments.push("--bad-tenants".into());
        // So that a delay would be seen.
        number(&mut arguments, "--every", 2_000);
        number(&mut arguments, "--changes", 10);
    }
    if options.rollout {
        arguments.push("--rollout".into());
    }
    for engine in engines {
        programs.trial(workspace, *engine, &arguments)?;
    }
    Ok(())
}

impl Programs {
    /// Builds and installs what these engines need.
    pub(crate) fn ready(workspace: &Workspace, engines: &[Engine]) -> Result<Self> {
        build::duro(workspace)?;
        build::misbehaving_component(workspace)?;
        let fleet = progress::step("Compile the fleet", || build::native_binary(workspace, "fleet"))?;
        let trial = progress::step("Compile its trial", || build::native_binary(workspace, "fleet-trial"))?;
        let restate = engines.contains(&Engine::Restate).then(|| install_restate(workspace)).transpose()?;
        let postgres = engines.contains(&Engine::Postgres).then(find_postgres).transpose()?;
        Ok(Self { trial, fleet, restate, postgres })
    }

    /// Runs one trial.
    pub(crate) fn trial(&self, workspace: &Workspace, engine: Engine, arguments: &[String]) -> Result<()> {
        let (name, program) = match engine {
            Engine::Restate => ("restate", &self.restate),
            _ => ("postgres", &self.postgres),
        };
        let program = program.as_ref().with_context(|| format!("{name} was not installed"))?;
        eprintln!("A fleet on {name}:");
        let mut command = Command::new(&self.trial);
        command.args(["run", "--engine", name, "--engine-program"]).arg(program);
        command.arg("--fleet").arg(&self.fleet).arg("--component").arg(workspace.component());
        command.arg("--misbehaving").arg(workspace.misbehaving_component());
        command.arg("--work").arg(folder(workspace).join(name)).args(arguments);
        cargo::hand_over(&mut command)
    }
}

impl Programs {
    /// Measures what one process a poll takes.
    pub(crate) fn baseline(&self, workspace: &Workspace, figures: &Path) -> Result<()> {
        let mut command = Command::new(&self.trial);
        command.args(["baseline", "--harness"]).arg(workspace.harness()).arg("--component").arg(workspace.component());
        command.arg("--work").arg(folder(workspace).join("baseline")).arg("--figures").arg(figures);
        cargo::hand_over(&mut command)
    }
}

/// Where a trial keeps everything.
fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("fleet")
}

/// Restate's server, which npm brings.
fn install_restate(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("tools").join(format!("restate-{RESTATE}"));
    if let Some(found) = server_in(&folder) {
        return Ok(found);
    }
    progress::step("Install Restate's server with npm", || {
        fs::create_dir_all(&folder)?;
        let mut command = Command::new("npm");
        let package = format!("@restatedev/restate-server@{RESTATE}");
        // Without scripts: the package's only one reports to its makers.
        command.arg("install").arg("--prefix").arg(&folder).args([
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--silent",
        ]);
        cargo::run(command.arg(package))
    })?;
    server_in(&folder).context("npm installed no server of Restate's for this kind of machine")
}

/// The package for this machine's kind has the program.
fn server_in(folder: &Path) -> Option<PathBuf> {
    let packages = fs::read_dir(folder.join("node_modules/@restatedev")).ok()?.flatten();
    packages.map(|package| package.path().join("bin/restate-server")).find(|program| program.is_file())
}

/// The folder of PostgreSQL's programs: the newest of Debian's, else the one on the path.
fn find_postgres() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| folder.join("postgres").is_file())
        .collect();
    found.sort();
    let on_path = || {
        let path: OsString = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("postgres").is_file() && folder.join("initdb").is_file())
    };
    match found.pop().map(|(_, folder)| folder).or_else(on_path) {
        Some(folder) => Ok(folder),
        None => bail!("there is no PostgreSQL on this machine: install it (Debian: apt-get install postgresql)"),
    }
}
