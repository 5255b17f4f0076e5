//! `harness watch`: polls a trigger on a schedule and prints each change as one line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use host::contract::{PollResult, RecordList};
use host::poller::{FileStore, PollError, Recipient};
use host::{Connection, Poller, StateStore};
use serde::Serialize;
use serde_json::value::RawValue;

use super::command_error::CommandError;
use super::inputs::{InputOptions, Inputs};
use super::notify::{self, Posts};
use super::options::GlobalOptions;
use super::output;
use super::progress::Progress;
use super::session::Session;
use super::stop::Stop;
use super::values::duration;
use crate::json_parts::items;
use crate::records::found;

/// Poll a trigger on a schedule and print one JSON line a record
///
/// A line is {"change": "created", "record": …}, where `change` is the name of the list in the payload that held the
/// record, by the trigger's result schema; a payload without such lists is printed whole, as {"payload": …}. When more
/// changes wait, the next poll follows after 0.1 s, and each further one after 0.1 s more: up to a second while polls
/// deliver something, and up to --every while they do not.
///
/// A poll that fails prints {"error": …} as a line and on standard error, leaves the state as it was, and is repeated
/// after a growing pause, or after the one that the service asks for, of one hour at most; an error that can only come
/// again (a wrong input, an unknown key, a state of other inputs) ends the command. Ctrl-C and SIGTERM end it with
/// status 0 within two seconds, also where nobody reads what it prints; with --count, the status is that of the last
/// poll.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness watch pollThings --connection connection.json --state watch.state --every 30s
  harness watch pollThings --connection connection.json --state watch.state --input kind=small
  harness watch pollThings --connection connection.json --state watch.state --every 1s --count 10
  harness watch pollThings --connection connection.json --state watch.state --every 10m --notify 127.0.0.1:8787 --notify-token-file token")]
pub(super) struct Arguments {
    /// The trigger's key; `harness inspect` lists them
    key: String,
    /// The connection: {"key": …, "fields": {…}}; ${NAME} in it is read from the environment
    #[arg(long, value_name = "FILE")]
    connection: PathBuf,
    /// Where the state is kept from one poll to the next; one file for one trigger with the same inputs
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
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
    let inputs = arguments.inputs.read()?;
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    let store = FileStore::open(arguments.state, session.state_limit())?;
    store.load().await?;
    // From here on nothing but this ends the command: reading a file may have been waited for in vain.
    let stop = Stop::listen()?;
    let lists = session.connector.definition().trigger(&arguments.key).map(|trigger| trigger.record_lists());
    let poller = Poller::new(session.connector.clone(), arguments.key.as_str(), store, arguments.every);
    let lists = lists.unwrap_or_default();
    let posts = arguments.notify.open().await?;
    let mut watch = Watch { session, connection, key: arguments.key, inputs, lists, poller, posts };
    tokio::select! {
        result = watch.run(arguments.count) => result,
        // A poll that is under way is given up: its changes were not printed, and the state is as it was.
        () = stop.asked() => Ok(()),
    }
}

struct Watch {
    session: Session,
    connection: Connection,
    key: String,
    inputs: Inputs,
    lists: Vec<RecordList>,
    poller: Poller<FileStore>,
    /// What asks for polls beside the schedule.
    posts: Option<Posts>,
}

impl Watch {
    async fn run(&mut self, count: Option<u64>) -> Result<(), CommandError> {
        let mut polls = 0;
        loop {
            let result = self.poll().await;
            let failed = result.is_err();
            polls += 1;
            let last = count.is_some_and(|count| polls >= count);
            if let Err(error) = result {
                // What cannot be printed now cannot be printed later.
                let may_pass = error.may_pass() && !matches!(error, PollError::Recipient(_));
                let failure = CommandError::from(error);
                if last || !may_pass {
                    return Err(failure);
                }
                let pause = self.poller.pause();
                output::message(&format!("error: {}; next poll in {} s", failure.message(), pause.as_secs()));
                if let Some(json) = failure.printed() {
                    output::json_line(&json)?;
                }
            }
            if last {
                return Ok(());
            }
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
    async fn poll(&mut self) -> Result<(), PollError<CommandError>> {
        let progress = Progress::start(format!("Polling {}", self.key));
        let options = self.session.call_options(&progress);
        let mut printer = Printer { lists: &self.lists, progress: Some(progress) };
        self.poller.poll(&self.connection, &self.inputs, &options, &mut printer).await.map(drop)
    }
}

/// Prints what a poll found, so that the state may move on.
struct Printer<'a> {
    lists: &'a [RecordList],
    progress: Option<Progress>,
}

impl Recipient for Printer<'_> {
    type Error = CommandError;

    async fn accept(&mut self, poll: &PollResult) -> Result<(), CommandError> {
        drop(self.progress.take());
        if poll.no_changes { Ok(()) } else { print(poll, self.lists) }
    }
}

/// Prints each record of the payload's lists as a line. Polling is the hot path: records are passed on as the text they
/// are, and none of them is kept.
fn print(poll: &PollResult, lists: &[RecordList]) -> Result<(), CommandError> {
    let Some(lists) = found(poll.payload.get(), lists) else {
        return Ok(output::json_line(&WholePayload { payload: &poll.payload })?);
    };
    for (change, list) in lists {
        for record in items(list).into_iter().flatten() {
            let not_json = |error| CommandError::usage(format!("a record of {change} cannot be printed: {error}"));
            output::json_line(&Change { change, record: serde_json::from_str(record).map_err(not_json)? })?;
        }
    }
    Ok(())
}
