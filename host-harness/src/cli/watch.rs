//! `harness watch`: polls a trigger on a schedule and prints each change as one line.

use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCompleter;
use host::contract::{Error, PollResult, RecordList};
use host::poller::{FileStore, PollError, Polled, Recipient};
use host::{Connection, Poller, StateStore};
use serde::Serialize;
use serde_json::value::RawValue;

use super::command_error::CommandError;
use super::connection_option::ConnectionOption;
use super::inputs::{InputOptions, Inputs};
use super::notify::{self, Posts};
use super::options::GlobalOptions;
use super::print::{LineOptions, LinePrinter};
use super::progress::Progress;
use super::session::Session;
use super::stop::Stop;
use super::tally::Tally;
use super::trigger_state::{self, StateOption};
use super::values::duration;
use super::{complete, missing, output};
use crate::json_parts::items;
use crate::operation::Kind;
use crate::records::found;

/// Poll a trigger on a schedule and print a line a record: for a person on a terminal, as JSON for a program
///
/// As JSON a line is {"change": "created", "record": …}, where `change` is the name of the list in the payload that
/// held the record, by the trigger's result schema; a payload without such lists is printed whole, as {"payload": …}.
/// When more changes wait, the next poll follows after 0.1 s, and each further one after 0.1 s more: up to a second
/// while polls deliver something, and up to --every while they do not.
///
/// A poll that fails prints {"error": …} as a line and on standard error, leaves the state as it was, and is repeated
/// after a growing pause, or after the one that the service asks for, of one hour at most; an error that can only come
/// again (a wrong input, an unknown key, a state of other inputs, an API key that is refused) ends the command. On a
/// terminal it says what it waits for, and at the end what there was. Ctrl-C and SIGTERM end it with
/// status 0 within two seconds, also where nobody reads what it prints; with --count, the status is that of the last
/// poll.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness watch pollThings --connection connection.json --state watch.state --every 30s
  harness watch pollThings --connection connection.json --state watch.state --input kind=small
  harness watch pollThings --connection connection.json --state watch.state --every 1s --count 10
  harness watch pollThings --connection connection.json --state watch.state --columns id,name
  harness watch pollThings --connection connection.json --state watch.state --jq .record.id --output ids.txt
  harness watch pollThings --connection connection.json --state watch.state --every 10m --notify 127.0.0.1:8787 --notify-token-file token")]
pub(super) struct Arguments {
    /// The trigger's key; `harness inspect` lists them
    #[arg(add = ArgValueCompleter::new(complete::trigger_key))]
    key: String,
    #[command(flatten)]
    connection: ConnectionOption,
    #[command(flatten)]
    state: StateOption,
    /// The pause between two polls: 500ms, 30s, 5m
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    every: Duration,
    /// Stop after this many polls
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    #[command(flatten)]
    notify: notify::Options,
    #[command(flatten)]
    inputs: InputOptions,
    #[command(flatten)]
    print: LineOptions,
}

/// How long after a poll the next one comes at the earliest, however often it is asked for.
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct Change<'a> {
    change: &'a str,
    record: &'a RawValue,
}

#[derive(Serialize)]
struct WholePayload<'a> {
    payload: &'a RawValue,
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
    let lists = trigger.map(|trigger| trigger.record_lists()).unwrap_or_default();
    let store = arguments.state.open(session.state_limit())?;
    store.load().await?;
    // From here on nothing but this ends the command: reading a file may have been waited for in vain.
    let stop = Stop::listen()?;
    let poller = Poller::new(session.connector.clone(), arguments.key.as_str(), store, arguments.every);
    let posts = arguments.notify.open().await?;
    let tally = Tally::begin(&arguments.key, arguments.every, &arguments.state.name());
    let key = arguments.key;
    let mut watch = Watch { session, connection, key, inputs, lists, printer, poller, posts, tally };
    let result = tokio::select! {
        result = watch.run(arguments.count) => result,
        // A poll that is under way is given up: its changes were not printed, and the state is as it was.
        () = stop.asked() => Ok(()),
    };
    watch.tally.end();
    result
}

struct Watch {
    session: Session,
    connection: Connection,
    key: String,
    inputs: Inputs,
    lists: Vec<RecordList>,
    printer: LinePrinter,
    poller: Poller<FileStore>,
    /// What asks for polls beside the schedule.
    posts: Option<Posts>,
    tally: Tally,
}

impl Watch {
    async fn run(&mut self, count: Option<u64>) -> Result<(), CommandError> {
        let mut polls = 0;
        loop {
            let result = self.poll().await;
            let failed = result.is_err();
            polls += 1;
            match &result {
                Ok((polled, records)) => {
                    if polled.before.is_none() && polled.poll.no_changes {
                        output::message(trigger_state::FIRST_POLL);
                    }
                    self.tally.polled(*records);
                }
                Err(_) => self.tally.failed(),
            }
            let last = count.is_some_and(|count| polls >= count);
            if let Err(error) = result {
                // What cannot be printed now cannot be printed later.
                let may_pass = error.may_pass() && !matches!(error, PollError::Recipient(_)) && !is_refused_key(&error);
                let failure = match error {
                    PollError::Call(failure) => {
                        self.session.failed(&self.connection, Kind::Trigger, &self.key, &self.inputs, failure)
                    }
                    error => error.into(),
                };
                if last || !may_pass {
                    return Err(failure);
                }
                let pause = self.poller.pause();
                output::message(&format!("error: {}; next poll in {} s", failure.message(), pause.as_secs()));
                if let Some(json) = failure.printed() {
                    output::error_line(&json)?;
                }
            }
            if last {
                return Ok(());
            }
            let _waiting = self.tally.waiting(self.poller.pause());
            match &self.posts {
                // After a failure the pause is what the service needs.
                Some(posts) if !failed => {
                    let asked = async {
                        tokio::time::sleep(SHORTEST_PAUSE).await;
                        posts.next().await;
                    };
                    tokio::select! {
                        () = self.poller.wait() => {}
                        () = asked => {}
                    }
                }
                _ => self.poller.wait().await,
            }
        }
    }

    /// One poll, its records printed and then its state stored.
    /// Gives with it how many records there were.
    async fn poll(&mut self) -> Result<(Polled, u64), PollError<CommandError>> {
        let progress = Progress::start(format!("Polling {}", self.key));
        let options = self.session.call_options(&progress);
        let mut printing =
            Printing { lists: &self.lists, printer: &self.printer, progress: Some(progress), records: 0 };
        let polled = self.poller.poll(&self.connection, &self.inputs, &options, &mut printing).await?;
        Ok((polled, printing.records))
    }
}

/// Whether the service does not accept the credential. It was read once, so that it is the same at the next poll.
fn is_refused_key(error: &PollError<CommandError>) -> bool {
    let PollError::Call(failure) = error else { return false };
    matches!(failure.error.answer(), Some(Error::Unauthenticated(_)))
}

/// Prints what a poll found, so that the state may move on.
struct Printing<'a> {
    lists: &'a [RecordList],
    printer: &'a LinePrinter,
    progress: Option<Progress>,
    records: u64,
}

impl Recipient for Printing<'_> {
    type Error = CommandError;

    async fn accept(&mut self, poll: &PollResult) -> Result<(), CommandError> {
        drop(self.progress.take());
        if !poll.no_changes {
            self.records = print(poll, self.lists, self.printer)?;
        }
        Ok(())
    }
}

/// Prints each record of the payload's lists as a line. Polling is the hot path: records are passed on as the text they
/// are, and none of them is kept. Gives how many there were; a payload that is printed whole is one.
fn print(poll: &PollResult, lists: &[RecordList], printer: &LinePrinter) -> Result<u64, CommandError> {
    let Some(lists) = found(poll.payload.get(), lists) else {
        return printer.print([Ok(WholePayload { payload: &poll.payload })]);
    };
    let records = lists.into_iter().flat_map(|(change, list)| {
        items(list).into_iter().flatten().map(move |record| {
            let not_json = |error| CommandError::usage(format!("a record of {change} cannot be printed: {error}"));
            Ok(Change { change, record: serde_json::from_str(record).map_err(not_json)? })
        })
    });
    printer.print(records)
}
