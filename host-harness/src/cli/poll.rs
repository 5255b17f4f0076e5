//! `harness poll`: polls a trigger once, or until nothing more waits.

use std::path::PathBuf;

use clap::Args;
use host::contract::PollResult;
use serde::Serialize;
use serde_json::value::RawValue;

use super::failure::Failure;
use super::inputs::InputOptions;
use super::options::{Format, GlobalOptions};
use super::output;
use super::progress::Progress;
use super::session::Session;
use super::state_file::StateFile;
use crate::pace::{DRAIN, Schedule};

/// Poll a trigger and print what it found
///
/// Prints {"payload": …, "noChanges": …, "more": …}, then replaces the state file. Without a state file it is a first poll,
/// which delivers nothing and marks the point from which changes count. After an error the state file is as it was.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness poll pollChangesTrigger --connection connection.json --state poll.state
  harness poll pollChangesTrigger --connection connection.json --state poll.state --input pollResourceType=changeOrders
  harness poll pollChangesTrigger --connection connection.json --state poll.state --drain")]
pub(super) struct Arguments {
    /// The trigger's key; `harness inspect` lists them
    key: String,
    /// The connection: {"key": …, "fields": {…}}; ${NAME} in it is read from the environment
    #[arg(long, value_name = "FILE")]
    connection: PathBuf,
    /// Where the state is kept from one poll to the next; one file for one trigger with the same inputs
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Poll again for as long as more changes wait; each poll prints its own result. The pauses between them begin at 0.1 s and grow
    /// by as much each time, to 30 s
    #[arg(long)]
    drain: bool,
    #[command(flatten)]
    inputs: InputOptions,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed<'a> {
    payload: &'a RawValue,
    no_changes: bool,
    more: bool,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), Failure> {
    let inputs = arguments.inputs.read()?;
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    let file = StateFile::open(arguments.state)?;
    let mut state = file.read(session.state_limit())?;
    let mut schedule = Schedule::every(DRAIN);
    loop {
        let progress = Progress::start(format!("Polling {}", arguments.key));
        let options = session.call_options(&progress);
        let outcome = session.connector.poll(&arguments.key, &connection, &inputs, state.as_deref(), &options).await?;
        drop(progress);
        let poll = outcome.value;
        print(&poll, session.options.format())?;
        file.replace(&poll.state)?;
        if !(arguments.drain && poll.more) {
            return Ok(());
        }
        if is_stuck(&poll, state.as_deref()) {
            return Err(Failure::usage("the trigger says that more waits, but its polls no longer get anywhere"));
        }
        let delivered = !poll.no_changes;
        state = Some(poll.state);
        tokio::time::sleep(schedule.after_success(true, delivered)).await;
    }
}

/// Whether polling again would only repeat itself.
pub(super) fn is_stuck(poll: &PollResult, before: Option<&[u8]>) -> bool {
    poll.more && poll.no_changes && before == Some(poll.state.as_slice())
}

fn print(poll: &PollResult, format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => {
            output::json(&Printed { payload: &poll.payload, no_changes: poll.no_changes, more: poll.more })?;
        }
        Format::Table => {
            // Once the state has moved on, no poll finds again what was not shown.
            if output::table(&poll.payload)?.has_lines() {
                let text =
                    "a table has no room for all that the poll found, so the state is as it was: use --format json";
                return Err(Failure::usage(text));
            }
            if poll.no_changes {
                output::message("No changes.");
            }
            if poll.more {
                output::message("More changes wait: poll again, or use --drain.");
            }
        }
    }
    Ok(())
}
