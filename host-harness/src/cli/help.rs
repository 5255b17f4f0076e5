//! Help of one operation, which the component declares, where clap's is of the command.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, FromArgMatches};

use super::command_error::CommandError;
use super::options::GlobalOptions;
use super::project::config::Config;
use super::session::Session;
use super::{ask, described, output, suggest};
use crate::operation::{Kind, Operation};

/// The words as far as they can be read, with what the folder's settings add to them: nothing else of the line has to
/// be right.
fn parsed(words: &[OsString], command_line: &Command) -> Option<ArgMatches> {
    let parse = |words: &[OsString]| command_line.clone().ignore_errors(true).try_get_matches_from(words).ok();
    let matches = parse(words)?;
    // Settings that do not count, or are wrong, are said where something is sent.
    let settings =
        if words.iter().any(|word| word == "--no-config") { None } else { Config::find(command_line).ok()? };
    let Some(settings) = settings else { return Some(matches) };
    let (program, rest) = words.split_at(words.len().min(1));
    parse(&[program, &settings.flags_beside(&matches), rest].concat())
}

/// What the keys of a command are those of.
fn kind(command: &str) -> Option<Kind> {
    match command {
        "action" => Some(Kind::Action),
        "data-source" => Some(Kind::DataSource),
        "poll" | "watch" => Some(Kind::Trigger),
        _ => None,
    }
}

/// Which keys there are, where a command needs one and was given none; nothing where the component is not to be had.
pub(super) fn keys_where_none_is_given(
    words: &[OsString],
    error: &clap::Error,
    command_line: &Command,
) -> Option<String> {
    if error.kind() != ErrorKind::MissingRequiredArgument {
        return None;
    }
    let matches = parsed(words, command_line)?;
    let (command, inner) = matches.subcommand()?;
    let kind = kind(command)?;
    if inner.get_one::<String>("key").is_some() {
        return None;
    }
    let session = session(inner)?.ok()?;
    let operations = Operation::all(session.connector.definition()).filter(|operation| operation.kind() == kind);
    let line = |operation: Operation<'_>| {
        format!("\n  {:<28} {}", output::one_line(operation.key()), output::one_line(operation.label()))
    };
    let lines: String = operations.map(line).collect();
    (!lines.is_empty()).then(|| format!("There are{lines}"))
}

/// The component that the line names.
fn session(matches: &ArgMatches) -> Option<Result<Session, CommandError>> {
    let options = GlobalOptions::from_arg_matches(matches).ok()?;
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    Some(executor.block_on(Session::open(options)))
}

/// `harness action KEY --help` is about that action, and so with other operations. None where no operation is named or
/// none is to be had, and the command's own help serves.
pub(super) fn of_operation(words: &[OsString], asked: &clap::Error, command_line: &Command) -> Option<ExitCode> {
    if asked.kind() != ErrorKind::DisplayHelp {
        return None;
    }
    let words: Vec<OsString> = words.iter().filter(|word| *word != "--help" && *word != "-h").cloned().collect();
    let matches = parsed(&words, command_line)?;
    let (command, inner) = matches.subcommand()?;
    let kind = kind(command)?;
    let key = inner.get_one::<String>("key")?;
    let session = match session(inner)? {
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
