//! `harness poll`: polls a trigger once, or until nothing more waits.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use host::Poller;
use host::contract::{PollResult, RecordList, TriggerDefinition};
use host::poller::{FileStore, Recipient};
use serde::Serialize;
use serde_json::value::RawValue;

use super::command_error::CommandError;
use super::format::Format;
use super::inputs::InputOptions;
use super::options::GlobalOptions;
use super::output;
use super::progress::Progress;
use super::session::Session;

/// The longest pause of `--drain`, which polls only while more waits: as `watch` without --every.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Poll a trigger and print what it found
///
/// Prints {"payload": …, "noChanges": …, "more": …}, then replaces the state file. Without a state file it is a first
/// poll, which delivers nothing and marks the point from which changes count. After an error the state file is as it
/// was.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness poll pollThings --connection connection.json --state poll.state
  harness poll pollThings --connection connection.json --state poll.state --input kind=small
  harness poll pollThings --connection connection.json --state poll.state --drain")]
pub(super) struct Arguments {
    /// The trigger's key; `harness inspect` lists them
    key: String,
    /// The connection: {"key": …, "fields": {…}}; ${NAME} in it is read from the environment
    #[arg(long, value_name = "FILE")]
    connection: PathBuf,
    /// Where the state is kept from one poll to the next; one file for one trigger with the same inputs
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Poll again for as long as more changes wait; each poll prints its own result. The pauses between them begin at
    /// 0.1 s and grow by as much each time, to 30 s
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

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    let inputs = arguments.inputs.read()?;
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    let store = FileStore::open(arguments.state, session.state_limit())?;
    let mut poller = Poller::new(session.connector.clone(), arguments.key.as_str(), store, LONGEST_PAUSE);
    let trigger = session.connector.definition().trigger(&arguments.key);
    let lists = trigger.map(TriggerDefinition::record_lists).unwrap_or_default();
    loop {
        let progress = Progress::start(format!("Polling {}", arguments.key));
        let options = session.call_options(&progress);
        let mut printer = Printer { format: session.options.format(), lists: lists.clone(), progress: Some(progress) };
        let polled = poller.poll(&connection, &inputs, &options, &mut printer).await?;
        if !(arguments.drain && polled.poll.more) {
            return Ok(());
        }
        if polled.is_stuck {
            return Err(CommandError::usage("the trigger says that more waits, but its polls no longer get anywhere"));
        }
        drop(polled);
        poller.wait().await;
    }
}

/// Prints what a poll found, so that the state may move on.
struct Printer {
    format: Format,
    lists: Vec<RecordList>,
    progress: Option<Progress>,
}

impl Recipient for Printer {
    type Error = CommandError;

    async fn accept(&mut self, poll: &PollResult) -> Result<(), CommandError> {
        drop(self.progress.take());
        print(poll, self.format, &self.lists)
    }
}

fn say_more(poll: &PollResult) {
    if poll.more {
        output::message("More changes wait: poll again, or use --drain.");
    }
}

fn print(poll: &PollResult, format: Format, lists: &[RecordList]) -> Result<(), CommandError> {
    match format {
        Format::Json => {
            output::json(&Printed { payload: &poll.payload, no_changes: poll.no_changes, more: poll.more })?;
        }
        Format::Table => {
            // Once the state has moved on, no poll finds again what was not shown.
            if output::table(&poll.payload)?.has_lines() {
                let text =
                    "a table has no room for all that the poll found, so the state is as it was: use --format json";
                return Err(CommandError::usage(text));
            }
            if poll.no_changes {
                output::message("No changes.");
            }
            say_more(poll);
        }
        Format::Csv | Format::Ndjson => {
            output::records(&poll.payload, format, lists)?;
            say_more(poll);
        }
    }
    Ok(())
}
