//! Measures the component. `bench run` records what the simulated service answers, serves the recording, starts every
//! case as a process of its own, in turn, and reports; `bench worker` is one such process. `cargo xtask bench` builds
//! what is compared.

mod actions;
mod assistants;
mod cases;
mod chart;
mod cold;
mod connection;
mod density;
mod files;
mod inside;
mod machine;
mod measured;
mod native;
mod options;
mod record;
mod recording;
mod report;
mod serve;
mod statistics;
mod structure;
mod worker;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure everything, print the table, and write it to a folder
    Run(options::Options),
    /// Run one case and print its samples as JSON
    Worker(worker::Options),
    /// Poll in process, over and over, for a profiler
    Profile(worker::Options),
    /// Compare calls by `harness mcp` with the same calls by its page
    Assistants(assistants::Options),
    /// Be a host that does nothing
    Bare(assistants::BareOptions),
    /// Measure the memory that instances take which wait, and print it as JSON
    Density(density::Options),
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Run(options) => cases::run(&options),
        Command::Assistants(options) => assistants::run(&options),
        Command::Bare(options) => assistants::bare(&options),
        Command::Density(options) => density::run(&options),
        Command::Worker(options) | Command::Profile(options) => worker::run(&options),
    }
}
