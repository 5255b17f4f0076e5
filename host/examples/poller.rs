//! Polls a trigger on a schedule and prints what it finds, with the state in a file.
//!
//! `cargo run --release -p host --example poller -- COMPONENT CONNECTION TRIGGER STATE`

use std::io::{self, Write};
use std::time::Duration;

use host::contract::PollResult;
use host::poller::{FileStore, Poller, Recipient};
use host::{CallOptions, Limits, Runtime, RuntimeOptions};

/// Writes payloads to standard output.
struct Printed;

impl Recipient for Printed {
    type Error = io::Error;

    // The state moves on when this returns without an error: what is written by then is not found again.
    async fn accept(&mut self, poll: &PollResult) -> io::Result<()> {
        if poll.no_changes {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        writeln!(out, "{}", poll.payload)?;
        out.flush()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: poller COMPONENT CONNECTION TRIGGER STATE");
    let (component, connection, trigger, state) = (next()?, next()?, next()?, next()?);

    let connector = Runtime::new(RuntimeOptions::default())?.load_file(component).await?;
    let connection = connector.connection(serde_json::from_str(&std::fs::read_to_string(connection)?)?)?;
    let (inputs, options) = (serde_json::json!({}), CallOptions::default());
    let store = FileStore::open(state, Limits::default().state_bytes)?;
    let mut poller = Poller::new(connector, trigger, store, Duration::from_secs(30));
    loop {
        match poller.poll(&connection, &inputs, &options, &mut Printed).await {
            Ok(polled) => eprintln!("{} requests in {:?}", polled.trace.requests, polled.trace.duration),
            Err(error) if error.may_pass() => eprintln!("{error}; next poll in {:?}", poller.pause()),
            Err(error) => return Err(error.into()),
        }
        poller.wait().await;
    }
}
