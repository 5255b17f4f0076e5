//! The simulated Duro Design service as a command, for demonstrations.

use std::io::{self, Read, Write};
use std::thread;

use anyhow::Context;
use clap::Parser;
use duro_design_sim::DuroDesignSim;
use serde_json::json;
use tokio::sync::oneshot;

/// A simulated Duro Design service on 127.0.0.1, for the organization @acme and its library @acme/parts.
///
/// Prints one JSON line {"url": …, "key": …} on standard output when it listens, and ends on ctrl-c.
#[derive(Parser)]
#[command(version, after_help = "POST /touch stamps a component as changed now.")]
struct Arguments {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Components of the library
    #[arg(long, default_value_t = 240)]
    components: usize,
    /// End when standard input is closed, so that the end of a parent process is the end of this one
    #[arg(long)]
    stop_with_stdin: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let port = arguments.port;
    let sim = DuroDesignSim::spawn(arguments.components, port).await;
    let sim = sim.with_context(|| format!("cannot listen on 127.0.0.1:{port}: try --port 0"))?;
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", json!({ "url": sim.url(), "key": sim.key() }))?;
    stdout.flush()?;
    let (closed, when_closed) = oneshot::channel::<()>();
    if arguments.stop_with_stdin {
        // A thread of its own, since a blocking read cannot be cancelled.
        thread::spawn(move || {
            let _ = io::stdin().lock().read_to_end(&mut Vec::new());
            drop(closed);
        });
    } else {
        // Held for ever: only ctrl-c ends it.
        std::mem::forget(closed);
    }
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for ctrl-c")?,
        _ = when_closed => {}
    }
    Ok(())
}
