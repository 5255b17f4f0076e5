//! `harness state rebase`: another beginning in the place of a state.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::ArgValueCompleter;
use host::StateStore;
use host::poller::FileStore;
use jiff::Timestamp;
use serde_json::json;

use super::super::command_error::CommandError;
use super::super::complete;
use super::super::options::GlobalOptions;
use super::super::print::PrintOptions;
use super::super::session::Session;
use super::super::suggest::did_you_mean;

/// Let a trigger begin at another time, or at another address where it stopped
///
/// A state belongs to the address and the company that it was written for. After this the next poll goes on with it,
/// whatever connection it is given: nothing is lost, and what was delivered does not come again as long as records keep
/// their ids. With --since it begins at that time instead, and delivers everything that was changed from then on;
/// nothing of the old state is used then, so that deleted records which it had not reported yet are not reported. The
/// old state is kept in a file beside it. Sends nothing.
#[derive(Args)]
#[command(after_long_help = "\
                             Examples:
  harness state rebase pollThings --state poll.state
  harness state rebase pollThings --state poll.state --since 2026-11-01T00:00:00Z
  mv poll.state.before-rebase poll.state    # as if it had not been")]
pub(super) struct Arguments {
    /// The trigger's key; `harness inspect` lists them
    #[arg(add = ArgValueCompleter::new(complete::trigger_key))]
    key: String,
    /// The state file of `poll` or `watch`, which must not be running
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Begin at this time, with its zone: 2026-11-01T00:00:00Z. Without it, where the state left off
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Where to keep the old state; a file that is not there yet. FILE.before-rebase where this is not given
    #[arg(long, value_name = "FILE")]
    backup: Option<PathBuf>,
    #[command(flatten)]
    print: PrintOptions,
}

/// A time that a trigger can begin at. One that has not come yet is a slip.
fn time(text: &str) -> Result<Timestamp, String> {
    let time: Timestamp = text
        .trim()
        .parse()
        .map_err(|_| "expected a time of a likely year with its zone, for example 2026-11-01T00:00:00Z".to_owned())?;
    if time < Timestamp::UNIX_EPOCH || time > Timestamp::now() {
        return Err("expected a time between 1970 and now".to_owned());
    }
    Ok(time)
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    let Arguments { key, state, since, backup, print } = arguments;
    let printer = print.open(options.chosen_format())?;
    let session = Session::open(options).await?;
    let definition = session.connector.definition();
    let trigger = definition.trigger(&key).ok_or_else(|| {
        let known: Vec<&str> = definition.triggers.iter().map(|trigger| trigger.key.as_str()).collect();
        let meant = did_you_mean(&key, known.iter().copied());
        CommandError::usage(format!("there is no trigger {key:?}{meant}; there are {}", known.join(", ")))
    })?;
    let rebase = trigger.rebase().ok().flatten().ok_or_else(|| {
        CommandError::usage(
            "the connector does not say that this trigger can be rebased: begin without a state, with \
             --reset-state of `harness poll`",
        )
    })?;
    let store = FileStore::open(&state, session.state_limit())?;
    let stored = store.load().await?;
    let new = match (since, &stored) {
        (Some(since), _) => rebase.since(&since.to_string()),
        (None, Some(stored)) => rebase.moved(&stored.state).ok_or_else(|| {
            let why =
                "is no state of this trigger, or was rebased already: the next poll goes on with it, or say --since";
            CommandError::usage(format!("{} {why}", state.display()))
        })?,
        (None, None) => {
            let text = format!("there is no state file {}: say since when to begin, with --since", state.display());
            return Err(CommandError::usage(text));
        }
    };
    let backup = match &stored {
        None => None,
        Some(stored) => {
            let backup = backup.unwrap_or_else(|| {
                let mut name = state.clone().into_os_string();
                name.push(".before-rebase");
                name.into()
            });
            keep(&backup, &stored.state)?;
            Some(backup)
        }
    };
    let version = stored.map(|stored| stored.version);
    store.commit(version, &new).await?;
    let done = json!({
        "trigger": key,
        "since": since.map(|since| since.to_string()),
        "backup": backup.map(|path| path.display().to_string()),
    });
    printer.print(&done, &done, &[]).map(drop)
}

/// Keeps the old state in a file that is not there yet: a second rebase must not put away the first one's.
fn keep(path: &Path, state: &[u8]) -> Result<(), CommandError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(state)?;
        file.sync_all()
    });
    written.map_err(|error| {
        let why = match error.kind() {
            ErrorKind::AlreadyExists => "it is there already: move it away, or name another with --backup".to_owned(),
            _ => error.to_string(),
        };
        CommandError::usage(format!(
            "the old state cannot be kept in {}: {why}; the state is as it was",
            path.display()
        ))
    })
}
