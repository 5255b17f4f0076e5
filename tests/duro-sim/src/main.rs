//! The simulated Duro service as a command: for demonstrations, and for trying the connector without a key.

use std::io::{self, Read, Write};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use duro_sim::{
    CONTROL_HELP, CursorKind, DEFAULT_CHANGE_ORDERS, DEFAULT_COMPONENTS, DEFAULT_KEY, DEFAULT_PAGE_SIZE,
    DEFAULT_PERSONAL, DuroSim, FAULT_SPELLINGS, Fault, Resource, parse_duration,
};
use serde_json::json;
use tokio::sync::oneshot;

/// A simulated Duro service on 127.0.0.1.
///
/// Prints one JSON line {"url": …, "key": …} on standard output when it listens, and ends on ctrl-c.
#[derive(Parser)]
#[command(version, after_help = format!("Faults:\n  {FAULT_SPELLINGS}\n\n{CONTROL_HELP}"))]
struct Arguments {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// An API key to accept; can be given several times
    #[arg(long, default_value = DEFAULT_KEY)]
    key: Vec<String>,
    /// The most records a page holds, whatever is asked for
    #[arg(long, default_value_t = DEFAULT_PAGE_SIZE)]
    page_size: usize,
    /// How long every answer waits, such as 50ms
    #[arg(long, default_value = "0s", value_parser = parse_duration)]
    latency: Duration,
    /// What cursors remember: offset, sort-key or id
    #[arg(long, default_value = "sort-key")]
    cursor: CursorKind,
    /// The same seed gives the same data
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Components of the company's library
    #[arg(long, default_value_t = DEFAULT_COMPONENTS)]
    components: usize,
    /// Components of the sandbox library
    #[arg(long, default_value_t = DEFAULT_PERSONAL)]
    personal: usize,
    /// Change orders
    #[arg(long, default_value_t = DEFAULT_CHANGE_ORDERS)]
    change_orders: usize,
    /// Null in the place of an id that is not there, instead of leaving it out
    #[arg(long)]
    null_for_unknown_ids: bool,
    /// What goes wrong with every --every-th request; the spellings are listed below
    #[arg(long)]
    fault: Option<Fault>,
    /// Which requests --fault meets
    #[arg(long, default_value_t = 1, requires = "fault")]
    every: u64,
    /// Let scripts of pages of this origin call it, such as http://127.0.0.1:8080 (CORS)
    #[arg(long, value_name = "ORIGIN")]
    cors: Option<String>,
    /// A header of answers that they may see; can be given several times
    #[arg(long, value_name = "NAME", requires = "cors")]
    expose: Vec<String>,
    /// Change a random record at this interval, such as 2s, so that watchers see something
    #[arg(long, value_parser = parse_duration)]
    activity: Option<Duration>,
    /// Threads that answer
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// End when standard input is closed, so that the end of a parent process is the end of this one
    #[arg(long)]
    stop_with_stdin: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut builder = DuroSim::builder()
        .port(arguments.port)
        .page_size(arguments.page_size)
        .latency(arguments.latency)
        .cursor_kind(arguments.cursor)
        .seed(arguments.seed)
        .components(arguments.components)
        .personal_components(arguments.personal)
        .change_orders(arguments.change_orders)
        .null_for_unknown_ids(arguments.null_for_unknown_ids)
        .threads(arguments.threads);
    for key in &arguments.key {
        builder = builder.key(key);
    }
    if let Some(origin) = &arguments.cors {
        builder = builder.cors(origin, &arguments.expose);
    }
    let port = arguments.port;
    let sim = builder.spawn().await.with_context(|| format!("cannot listen on 127.0.0.1:{port}: try --port 0"))?;
    if let Some(fault) = arguments.fault {
        sim.fault_every(arguments.every, fault);
    }

    let mut stdout = io::stdout();
    writeln!(stdout, "{}", json!({ "url": sim.url(), "key": sim.key() }))?;
    stdout.flush()?;
    eprintln!("Simulated Duro service on {}, API key {}; ctrl-c ends it", sim.url(), sim.key());

    let closed = arguments.stop_with_stdin.then(stdin_closed);
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for ctrl-c")?,
        () = wait_for(closed) => eprintln!("Standard input was closed"),
        () = keep_changing(&sim, arguments.activity) => {}
    }
    eprintln!("Received {} requests", sim.request_count());
    sim.stop();
    Ok(())
}

/// Fires when standard input is at its end. A thread of its own, since a blocking read cannot be cancelled.
fn stdin_closed() -> oneshot::Receiver<()> {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut buffer = [0; 1024];
        while matches!(input.read(&mut buffer), Ok(length) if length > 0) {}
        // The receiver is gone where ctrl-c came first.
        let _ = sender.send(());
    });
    receiver
}

async fn wait_for(closed: Option<oneshot::Receiver<()>>) {
    match closed {
        // A thread that ended without a word has no standard input to watch either.
        Some(closed) => closed.await.unwrap_or_default(),
        None => std::future::pending().await,
    }
}

/// Changes one record at each interval: in turn a component and a change order, now and then a new one.
async fn keep_changing(sim: &DuroSim, interval: Option<Duration>) {
    let Some(interval) = interval else { return std::future::pending().await };
    for turn in 0_u64.. {
        tokio::time::sleep(interval).await;
        let resource = if turn % 3 == 2 { Resource::ChangeOrders } else { Resource::Components };
        let (verb, ids) = if turn % 4 == 3 {
            ("added", vec![sim.add(resource, &format!("Added by the simulation, {}", turn / 4 + 1))])
        } else {
            ("changed", sim.touch_many(resource, 1))
        };
        for id in ids {
            let name = sim.record(resource, &id).and_then(|record| record.name).unwrap_or_default();
            eprintln!("{verb} {id} {name:?}");
        }
    }
}
