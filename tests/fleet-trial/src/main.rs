//! A fleet as a platform would run it: an engine, workers, tenants' services and a flow that receives, each a process
//! of its own but the services, which say what is true. `cargo xtask fleet` builds everything and starts this.

mod baseline;
mod chaos;
mod engines;
mod figures;
mod fleets;
mod handlers;
mod processes;
mod receiver;
mod rollouts;
mod services;
mod stage;
mod trial;
mod truth;
mod victims;

use clap::{Parser, Subcommand};

/// A fleet on trial.
#[derive(Parser)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything, change records, and check what was delivered
    Run(stage::Options),
    /// Measure one process a poll
    Baseline(baseline::Options),
    /// Receive deliveries, check their signatures, and write them down
    Receive(receiver::Options),
}

fn main() -> anyhow::Result<()> {
    // The client's TLS has no provider of its own; an error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match CommandLine::parse().command {
            Command::Run(options) => trial::run(options).await,
            Command::Baseline(options) => baseline::run(&options),
            Command::Receive(options) => receiver::run(options).await,
        }
    })
}
