//! `cargo xtask fuzz`: feeds mutations of the corpus to everything that reads what others wrote.

use std::process::Command;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{build, cargo};

/// Fuzz the decoders of answers, the inputs, the polling state, the egress policy, the read-only check and the manifest
/// reader.
///
/// Runs natively on every core. An input that panics, breaks a promise or takes over a second is written to
/// tests/fuzz/found/, and the status is 1. tests/fuzz/README.md says what the targets promise and what was found.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  cargo xtask fuzz --seconds 60\n  cargo xtask fuzz --seconds 600 --target read-only\n  \
                        cargo xtask fuzz --seconds 60 --save 20    adds inputs with new outcomes to the corpus"
)]
pub(crate) struct Options {
    /// How long in all, shared by the targets
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// One target: response, inputs, state, egress, read-only or manifest
    #[arg(long)]
    target: Option<String>,
    /// The seed of a run to repeat
    #[arg(long)]
    seed: Option<u64>,
    /// Add up to so many inputs with new outcomes to each corpus
    #[arg(long, default_value_t = 0)]
    save: usize,
}

/// Builds the program and runs it.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let mut command = Command::new(build::native_binary(workspace, "fuzz")?);
    command.arg("--seconds").arg(options.seconds.to_string()).arg("--save").arg(options.save.to_string());
    if let Some(target) = &options.target {
        command.arg("--target").arg(target);
    }
    if let Some(seed) = options.seed {
        command.arg("--seed").arg(seed.to_string());
    }
    cargo::run(&mut command)
}
