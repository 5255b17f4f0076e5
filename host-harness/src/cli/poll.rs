//! `harness poll`: polls a trigger once, or until nothing more waits.

use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCompleter;
use host::Poller;
use host::contract::{PollResult, RecordList, TriggerDefinition};
use host::poller::{PollError, Recipient};
use serde::Serialize;
use serde_json::value::RawValue;

use super::command_error::CommandError;
use super::connection_option::ConnectionOption;
use super::format::Format;
use super::inputs::InputOptions;
use super::options::GlobalOptions;
use super::print::{PrintOptions, Printer};
use super::progress::Progress;
use super::session::Session;
use super::trigger_state::StateOption;
use super::{complete, missing, output, trigger_state};
use crate::operation::Kind;

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
    #[arg(add = ArgValueCompleter::new(complete::trigger_key))]
    key: String,
    #[command(flatten)]
    connection: ConnectionOption,
    #[command(flatten)]
    state: StateOption,
    /// Poll again for as long as more changes wait; each poll prints its own result. The pauses between them begin at
    /// 0.1 s and grow by as much each time, to 30 s
    #[arg(long)]
    drain: bool,
    #[command(flatten)]
    inputs: InputOptions,
    #[command(flatten)]
    print: PrintOptions,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed<'a> {
    payload: &'a RawValue,
    no_changes: bool,
    more: bool,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    let mut inputs = arguments.inputs.read()?;
    let printer = arguments.print.open(options.chosen_format())?;
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    let trigger = session.connector.definition().trigger(&arguments.key);
    if let Some(trigger) = trigger {
        missing::ask_for(&session, &connection, &trigger.inputs, &mut inputs).await?;
    }
    let lists = trigger.map(TriggerDefinition::record_lists).unwrap_or_default();
    let store = arguments.state.open(session.state_limit())?;
    let mut poller = Poller::new(session.connector.clone(), arguments.key.as_str(), store, LONGEST_PAUSE);
    loop {
        let progress = Progress::start(format!("Polling {}", arguments.key));
        let options = session.call_options(&progress);
        let mut printing =
            Printing { printer: &printer, lists: &lists, progress: Some(progress), drains: arguments.drain };
        let polled = poller.poll(&connection, &inputs, &options, &mut printing).await;
        let polled = polled.map_err(|error| match error {
            PollError::Call(failure) => session.failed(&connection, Kind::Trigger, &arguments.key, &inputs, failure),
            error => error.into(),
        })?;
        if polled.before.is_none() && polled.poll.no_changes {
            output::message(trigger_state::FIRST_POLL);
        }
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
struct Printing<'a> {
    printer: &'a Printer,
    lists: &'a [RecordList],
    progress: Option<Progress>,
    /// Whether what waits is polled for by itself.
    drains: bool,
}

impl Recipient for Printing<'_> {
    type Error = CommandError;

    async fn accept(&mut self, poll: &PollResult) -> Result<(), CommandError> {
        drop(self.progress.take());
        let whole = Printed { payload: &poll.payload, no_changes: poll.no_changes, more: poll.more };
        // Once the state has moved on, no poll finds again what was not shown.
        if self.printer.print(&whole, &poll.payload, self.lists)?.has_lines() {
            let text = "a table has no room for all that the poll found, so the state is as it was: use --format json";
            return Err(CommandError::usage(text));
        }
        if self.printer.is_json() {
            return Ok(());
        }
        if poll.no_changes && self.printer.format() == Format::Table {
            output::message("No changes.");
        }
        if poll.more && !self.drains {
            output::message("More changes wait: poll again, or use --drain.");
        }
        Ok(())
    }
}
