//! `harness watch`: polls a trigger on a schedule and prints each change as one line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use host::contract::{Error, PollResult};
use host::{CallError, Connection};
use serde::Serialize;
use serde_json::value::RawValue;

use super::failure::Failure;
use super::inputs::{InputOptions, Inputs};
use super::json_parts::{items, members};
use super::options::GlobalOptions;
use super::output;
use super::poll::is_stuck;
use super::progress::Progress;
use super::session::Session;
use super::state_file::StateFile;
use super::stop::Stop;
use super::values::duration;
use crate::pace::Schedule;

/// Poll a trigger on a schedule and print one JSON line a record
///
/// A line is {"change": "created", "record": …}, where `change` is the name of the list in the payload that held the record;
/// a payload without such lists is printed whole, as {"payload": …}. When more changes wait, the next poll follows after 0.1 s, and each
/// further one after 0.1 s more: up to a second while polls deliver something, and up to --every while they do not.
///
/// A poll that fails prints {"error": …} as a line and on standard error, leaves the state as it was, and is repeated after a
/// growing pause, or after the one that the service asks for, of one hour at most; an error that can only come again (a wrong input, an
/// unknown key, a state of other inputs) ends the command. Ctrl-C and SIGTERM end it with status 0 within two seconds, also where nobody
/// reads what it prints; with --count, the status is that of the last poll.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness watch pollChangesTrigger --connection connection.json --state watch.state --every 30s
  harness watch pollChangesTrigger --connection connection.json --state watch.state --input showNewRecords=false
  harness watch pollChangesTrigger --connection connection.json --state watch.state --every 1s --count 10")]
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
    inputs: InputOptions,
}

/// Changes are created, updated and the like; a payload with more lists than these is of another shape.
const MOST_LISTS: usize = 100;

#[derive(Serialize)]
struct Change<'a> {
    change: &'a str,
    record: &'a RawValue,
}

#[derive(Serialize)]
struct WholePayload<'a> {
    payload: &'a RawValue,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), Failure> {
    let inputs = arguments.inputs.read()?;
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    let file = StateFile::open(arguments.state)?;
    let state = file.read(session.state_limit())?;
    // From here on nothing but this ends the command: reading a file may have been waited for in vain.
    let stop = Stop::listen()?;
    let mut watch = Watch {
        session,
        connection,
        key: arguments.key,
        inputs,
        file,
        state,
        schedule: Schedule::every(arguments.every),
    };
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
    file: StateFile,
    state: Option<Vec<u8>>,
    schedule: Schedule,
}

impl Watch {
    async fn run(&mut self, count: Option<u64>) -> Result<(), Failure> {
        let mut polls = 0;
        loop {
            let result = self.poll().await;
            polls += 1;
            let last = count.is_some_and(|count| polls >= count);
            let pause = match result {
                Ok(found) => self.schedule.after_success(found.more, found.delivered),
                Err(failure) if last || !may_pass(&failure) => return Err(failure),
                Err(failure) => {
                    let pause = self.schedule.after_failure(failure.retry_after());
                    output::message(&format!("error: {}; next poll in {} s", failure.message(), pause.as_secs()));
                    if let Some(json) = failure.printed() {
                        output::json_line(&json)?;
                    }
                    pause
                }
            };
            if last {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// One poll, its records printed and then its state stored.
    async fn poll(&mut self) -> Result<Found, Failure> {
        let progress = Progress::start(format!("Polling {}", self.key));
        let options = self.session.call_options(&progress);
        let connector = &self.session.connector;
        let outcome =
            connector.poll(&self.key, &self.connection, &self.inputs, self.state.as_deref(), &options).await?;
        drop(progress);
        let poll = outcome.value;
        if !poll.no_changes {
            print(&poll)?;
        }
        self.file.replace(&poll.state)?;
        let more = poll.more && !is_stuck(&poll, self.state.as_deref());
        self.state = Some(poll.state);
        Ok(Found { more, delivered: !poll.no_changes })
    }
}

/// What decides when to poll again.
struct Found {
    more: bool,
    delivered: bool,
}

/// Prints each record of the payload's lists as a line. Polling is the hot path: records are passed on as the text they are, and none
/// of them is kept.
fn print(poll: &PollResult) -> Result<(), Failure> {
    let Some(lists) = lists(poll.payload.get()) else {
        return Ok(output::json_line(&WholePayload { payload: &poll.payload })?);
    };
    for (change, list) in lists {
        for record in items(list).into_iter().flatten() {
            let not_json = |error| Failure::usage(format!("a record of {change} cannot be printed: {error}"));
            output::json_line(&Change { change: &change, record: serde_json::from_str(record).map_err(not_json)? })?;
        }
    }
    Ok(())
}

/// The lists in `body.data` of a payload by their names, in order; none if it holds anything else, or the same name twice.
fn lists(payload: &str) -> Option<Vec<(String, &str)>> {
    let member = |json, name: &str| {
        let mut found =
            members(json)?.filter(|(spelled, _)| serde_json::from_str(spelled).is_ok_and(|text: String| text == name));
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    };
    let lists = members(member(member(payload, "body")?, "data")?)?;
    lists
        .take(MOST_LISTS + 1)
        .enumerate()
        .map(|(number, (name, list))| {
            let is_list = number < MOST_LISTS && items(list).is_some();
            is_list.then_some(())?;
            Some((serde_json::from_str(name).ok()?, list))
        })
        .collect()
}

/// Whether the same poll may succeed later without anyone changing anything here.
fn may_pass(failure: &Failure) -> bool {
    match failure {
        Failure::Call(error) => !matches!(
            &**error,
            CallError::Connector(Error::UnknownKey(_) | Error::InvalidInput(_) | Error::InvalidState(_))
        ),
        Failure::Usage(_) | Failure::Load(_) | Failure::OutputClosed => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(payload: &str) -> Option<Vec<(String, usize)>> {
        let lists = lists(payload)?;
        Some(lists.into_iter().map(|(name, list)| (name, items(list).unwrap().count())).collect())
    }

    #[test]
    fn every_record_of_the_payloads_lists_is_one_change() {
        let payload =
            "{\"body\" : {\n\"data\": {\"updated\": [{\"id\": 1}, {\"id\":\n2}], \"created\": []}}, \"other\": [1]}";
        assert_eq!(named(payload).unwrap(), [("updated".to_owned(), 2), ("created".to_owned(), 0)]);
        let (_, list) = lists(payload).unwrap().remove(0);
        assert_eq!(items(list).unwrap().nth(1), Some("{\"id\":\n2}"));
    }

    #[test]
    fn a_payload_without_lists_has_no_records() {
        for text in [
            "[1]",
            r#"{"body": 1}"#,
            r#"{"body": {"data": {"count": 3}}}"#,
            r#"{"data": []}"#,
            r#"{"body": {"data": {"a": [], "count": 3}}}"#,
            r#"{"body": {"data": {"a": []}}, "body": {}}"#,
            r#"{"body": {"data": {"\ud800": []}}}"#,
        ] {
            assert_eq!(named(text), None, "{text}");
        }
        let many: Vec<String> = (0..=MOST_LISTS).map(|number| format!("\"{number}\":[]")).collect();
        assert_eq!(named(&format!("{{\"body\":{{\"data\":{{{}}}}}}}", many.join(","))), None);
    }

    #[test]
    fn only_an_error_that_may_pass_is_waited_for() {
        let connector = |error| Failure::Call(Box::new(CallError::Connector(error)));
        assert!(may_pass(&connector(Error::Unauthenticated("Unauthorized".into()))));
        assert!(!may_pass(&connector(Error::InvalidState("other inputs".into()))));
        assert!(!may_pass(&Failure::OutputClosed));
    }
}
