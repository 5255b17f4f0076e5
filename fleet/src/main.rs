//! Many triggers of many tenants, on a durable engine or a database: polled by workers that share them, delivered to
//! tenants' flows, none lost when a machine dies. An embedder of the library `host` like any other; it knows no
//! connector and no service.

mod cli;
mod connectors;
mod delivery;
mod engine;
mod flags;
mod http;
mod model;
mod page;
mod polls;
mod secrets;
mod seen;
mod worker;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
