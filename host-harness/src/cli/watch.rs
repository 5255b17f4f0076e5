//! `harness watch`: polls a trigger on a schedule and prints each change as one line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use host_harness::contract::{Error, PollResult};
use host_harness::{CallError, Connection};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::signal;

use super::failure::Failure;
use super::inputs::InputOptions;
use super::options::GlobalOptions;
use super::output;
use super::poll::is_stuck;
use super::progress::Progress;
use super::session::Session;
use super::state_file::StateFile;
use super::values::duration;

/// After errors the pause grows up to this many times its length.
const LONGEST_BACKOFF: u32 = 16;

/// Poll a trigger on a schedule and print one JSON line a record
///
/// A line is {"change": "created", "record": …}, where `change` is the name of the list in the payload that held the record;
/// a payload without such lists is printed whole, as {"payload": …}. When more changes wait, the next poll follows at once.
///
/// A poll that fails prints {"error": …} as a line and on standard error, leaves the state as it was, and is repeated after a
/// growing pause; an error that can only come again (a wrong input, an unknown key, a state of other inputs) ends the
/// command. Ctrl-C ends it with status 0; with --count, the status is that of the last poll.
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
    let mut watch =
        Watch { session, connection, key: arguments.key, inputs, file, state, every: arguments.every, failures: 0 };
    tokio::select! {
        result = watch.run(arguments.count) => result,
        // A poll that is under way is given up: its changes were not printed, and the state is as it was.
        result = asked_to_stop() => result,
    }
}

struct Watch {
    session: Session,
    connection: Connection,
    key: String,
    inputs: Value,
    file: StateFile,
    state: Option<Vec<u8>>,
    every: Duration,
    /// Polls that failed since the last that succeeded.
    failures: u32,
}

impl Watch {
    async fn run(&mut self, count: Option<u64>) -> Result<(), Failure> {
        let mut polls = 0;
        loop {
            let result = self.poll().await;
            polls += 1;
            let last = count.is_some_and(|count| polls >= count);
            let pause = match result {
                Ok(more) => {
                    self.failures = 0;
                    if more { Duration::ZERO } else { self.every }
                }
                Err(failure) if last || !may_pass(&failure) => return Err(failure),
                Err(failure) => {
                    self.failures = self.failures.saturating_add(1);
                    let pause = pause_after(&failure, self.failures, self.every);
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

    /// One poll, its records printed and then its state stored. Gives whether to poll again at once.
    async fn poll(&mut self) -> Result<bool, Failure> {
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
        let again = poll.more && !is_stuck(&poll, self.state.as_deref());
        self.state = Some(poll.state);
        Ok(again)
    }
}

/// Prints each record of the payload's lists as a line. Polling is the hot path: records are passed on as the text they are.
fn print(poll: &PollResult) -> Result<(), Failure> {
    match records(&poll.payload) {
        Some(lists) => {
            for (change, records) in &lists.0 {
                for record in records {
                    output::json_line(&Change { change, record })?;
                }
            }
        }
        None => output::json_line(&WholePayload { payload: &poll.payload })?,
    }
    Ok(())
}

/// The lists in `body.data` of a payload, in order.
struct Lists<'a>(Vec<(String, Vec<&'a RawValue>)>);

fn records(payload: &RawValue) -> Option<Lists<'_>> {
    #[derive(serde::Deserialize)]
    struct Payload<'a> {
        #[serde(borrow)]
        body: Body<'a>,
    }
    #[derive(serde::Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        data: Lists<'a>,
    }
    serde_json::from_str::<Payload<'_>>(payload.get()).ok().map(|payload| payload.body.data)
}

impl<'de: 'a, 'a> serde::Deserialize<'de> for Lists<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Lists<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of lists")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut lists = Vec::new();
                while let Some(entry) = map.next_entry::<String, Vec<&'de RawValue>>()? {
                    lists.push(entry);
                }
                Ok(Lists(lists))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
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

/// The pause doubles with every failure in a row, and is at least what the service asked for.
fn pause_after(failure: &Failure, failures: u32, every: Duration) -> Duration {
    let factor = 1 << failures.saturating_sub(1).min(LONGEST_BACKOFF.ilog2());
    let seconds = match failure {
        Failure::Call(error) => match error.answer() {
            Some(Error::RateLimited(Some(seconds))) => *seconds,
            _ => 0,
        },
        _ => 0,
    };
    let asked = Duration::from_secs(seconds.into());
    every.saturating_mul(factor).max(asked)
}

/// Waits for Ctrl-C, or for the signal with which service managers end a program.
async fn asked_to_stop() -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::usage(format!("signals cannot be received: {error}"));
    #[cfg(unix)]
    {
        let mut terminated = signal::unix::signal(signal::unix::SignalKind::terminate()).map_err(failed)?;
        tokio::select! {
            result = signal::ctrl_c() => result.map_err(failed),
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    signal::ctrl_c().await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn every_record_of_the_payloads_lists_is_one_change() {
        let payload = raw(r#"{"body": {"data": {"updated": [{"id": 1}, {"id":  2}], "created": []}}}"#);
        let lists = records(&payload).unwrap().0;
        assert_eq!(
            lists.iter().map(|(name, list)| (name.as_str(), list.len())).collect::<Vec<_>>(),
            [("updated", 2), ("created", 0)]
        );
        let line = serde_json::to_string(&Change { change: "updated", record: lists[0].1[1] }).unwrap();
        assert_eq!(line, r#"{"change":"updated","record":{"id":  2}}"#);
    }

    #[test]
    fn a_payload_without_lists_has_no_records() {
        for text in ["[1]", r#"{"body": 1}"#, r#"{"body": {"data": {"count": 3}}}"#, r#"{"data": []}"#] {
            assert!(records(&raw(text)).is_none(), "{text}");
        }
    }

    #[test]
    fn the_pause_grows_with_failures_and_heeds_the_service() {
        let every = Duration::from_secs(10);
        let outage = Failure::Call(Box::new(CallError::Connector(Error::UnexpectedResponse("html".into()))));
        let pauses: Vec<u64> = [1, 2, 3, 5, 50].map(|n| pause_after(&outage, n, every).as_secs()).to_vec();
        assert_eq!(pauses, [10, 20, 40, 160, 160]);
        let limited = Failure::Call(Box::new(CallError::Connector(Error::RateLimited(Some(600)))));
        assert_eq!(pause_after(&limited, 1, every).as_secs(), 600);
    }

    #[test]
    fn only_an_error_that_may_pass_is_waited_for() {
        let connector = |error| Failure::Call(Box::new(CallError::Connector(error)));
        assert!(may_pass(&connector(Error::Unauthenticated("Unauthorized".into()))));
        assert!(!may_pass(&connector(Error::InvalidState("other inputs".into()))));
        assert!(!may_pass(&Failure::OutputClosed));
    }
}
