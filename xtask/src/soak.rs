//! `cargo xtask soak`: plays histories of a simulated service against the polling trigger, as many as asked for.

use std::ffi::OsString;

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use crate::{build, progress};

/// Play random histories against the polling trigger, replay one, or rewrite the table in docs/polling.md.
///
/// A failing history is named by its seed, and replayed, as small as it can be made, by the command that is then shown.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask soak --histories 1000000\n  cargo xtask soak --histories 50000 --seed \
                  7000000\n  cargo xtask soak --replay 4711\n  cargo xtask soak --table"
)]
pub(crate) struct Options {
    /// How many histories to play; with --table, how many a row
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    histories: Option<u64>,
    /// The seed of the first history; each further one counts up
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Part of a weather's name in docs/polling.md: what may happen in the histories
    #[arg(long, value_name = "NAME")]
    weather: Option<String>,
    /// What is tried: ours, waiting, wired, naive, or ours without a part of its design (no-deep, no-overlap, no-proof,
    /// …)
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,
    /// Print the history of this seed step by step
    #[arg(long, value_name = "SEED", conflicts_with_all = ["seed", "table"])]
    replay: Option<u64>,
    /// Rewrite the table in docs/polling.md
    #[arg(long, conflicts_with = "seed")]
    table: bool,
}

/// Builds the player of histories and starts it.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let program = progress::step("Build the player of histories", || build::native_binary(workspace, "histories"))?;
    let status = std::process::Command::new(program).args(arguments(workspace, options)).status()?;
    if !status.success() {
        bail!("the histories found something ({status})");
    }
    Ok(())
}

fn arguments(workspace: &Workspace, options: &Options) -> Vec<OsString> {
    let numbers = [("--histories", options.histories), ("--seed", options.seed), ("--replay", options.replay)];
    let mut arguments: Vec<OsString> = Vec::new();
    for (name, value) in numbers {
        if let Some(value) = value {
            arguments.extend([name.into(), value.to_string().into()]);
        }
    }
    for (name, value) in [("--weather", &options.weather), ("--subject", &options.subject)] {
        if let Some(value) = value {
            arguments.extend([name.into(), value.into()]);
        }
    }
    if options.table {
        arguments.extend(["--table".into(), workspace.root.join("docs/polling.md").into()]);
    }
    arguments
}
