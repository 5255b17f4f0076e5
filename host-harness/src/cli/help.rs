//! Help of one operation, which the component declares, where clap's is of the command.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Command, FromArgMatches};

use super::command_error::CommandError;
use super::options::GlobalOptions;
use super::project::config::Config;
use super::session::Session;
use super::{ask, described, output, suggest};
use crate::operation::{Kind, Operation};

/// `harness action KEY --help` is about that action, and so with other operations. None where no operation is named or
/// none is to be had, and the command's own help serves.
pub(super) fn of_operation(words: &[OsString], asked: &clap::Error, command_line: &Command) -> Option<ExitCode> {
    if asked.kind() != ErrorKind::DisplayHelp {
        return None;
    }
    let mut words: Vec<OsString> = words.iter().filter(|word| *word != "--help" && *word != "-h").cloned().collect();
    // Nothing else of the line has to be right.
    let parse = |words: &[OsString]| command_line.clone().ignore_errors(true).try_get_matches_from(words).ok();
    let mut matches = parse(&words)?;
    // Settings that do not count, or are wrong, are said where something is sent.
    if let Ok(Some(config)) = Config::find(command_line)
        && !words.iter().any(|word| word == "--no-config")
    {
        words.splice(1..1, config.flags_beside(&matches));
        matches = parse(&words)?;
    }
    let (command, inner) = matches.subcommand()?;
    let kind = match command {
        "action" => Kind::Action,
        "data-source" => Kind::DataSource,
        "poll" | "watch" => Kind::Trigger,
        _ => return None,
    };
    let key = inner.get_one::<String>("key")?;
    let options = GlobalOptions::from_arg_matches(inner).ok()?;
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let session = match executor.block_on(Session::open(options)) {
        Ok(session) => session,
        Err(problem) => {
            output::message(&format!("warning: {key} cannot be looked up: {}", problem.message()));
            return None;
        }
    };
    let definition = session.connector.definition();
    let Some(operation) = Operation::of(definition, kind, key) else {
        let known = Operation::all(definition).filter(|operation| operation.kind() == kind);
        let known: Vec<&str> = known.map(Operation::key).collect();
        let meant = suggest::did_you_mean(key, known.iter().copied());
        let text = format!("there is no {} {key:?}{meant}; there are {}", kind.noun(), known.join(", "));
        return Some(CommandError::usage(text).report());
    };
    let text = described::operation(operation, ask::width());
    let more = format!("\n`harness {command} --help` shows the flags of the command.");
    match output::text_line(&format!("{text}\n{more}")) {
        Ok(()) => Some(ExitCode::SUCCESS),
        Err(error) => Some(CommandError::from(error).report()),
    }
}
