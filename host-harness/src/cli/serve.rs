//! `harness serve`: the flow-builder page.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use host::{CallOptions, LogLevel, LogOptions};
use serde_json::json;

use super::command_error::CommandError;
use super::connection_option::{ConnectionOption, Source};
use super::format::Format;
use super::options::GlobalOptions;
use super::session::Session;
use super::shell::word;
use super::{connection_file, output};
use crate::ui::{PageOptions, PageServer};

/// Show the connector as a flow builder meets it: a page in your browser, from this machine alone
///
/// Prints a link that lets in whoever has it, as often as it is opened, for as long as the page is there: keep it to
/// yourself. The page asks for the key and keeps it in memory until it ends, as it does with runs, polls and the states
/// of triggers, unless --history names a file for these; ctrl-c ends it.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness serve --open
  harness serve --port 8080 --connection connection.json --test --history runs.sqlite
  harness --allow-http --allow-private-network serve --changes changes.json

A file of change buttons puts buttons beside every trigger that change records in a test service on this machine:
  [{\"label\": \"Add a part\", \"url\": \"http://127.0.0.1:4400/control/components\", \"body\": {\"name\": \"Part {n}\"}}]")]
pub(super) struct Arguments {
    /// The port on 127.0.0.1; 0 takes a free one, another at each start. At the same port as before, the browser still
    /// has what was typed, and also whatever another program put there that it was shown at that port meanwhile
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Open the page in the default browser
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    connection: ConnectionOption,
    /// Test the connection first, so that the page opens with whose key it is
    #[arg(long)]
    test: bool,
    /// Keep runs, polls and the states of triggers in this file (SQLite), without secrets and what --redact takes out:
    /// inputs, outcomes, results and payloads, 320 MiB at most
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// A state that a trigger begins with, as `harness poll --state` keeps it
    #[arg(long, value_name = "KEY=FILE", value_parser = state)]
    state: Vec<(String, PathBuf)>,
    /// Buttons that change records in a test service: [{"label": …, "url": …, "body": …, "method": …}]
    #[arg(long, value_name = "FILE")]
    changes: Option<PathBuf>,
}

fn state(text: &str) -> Result<(String, PathBuf), String> {
    let (key, file) = text.split_once('=').ok_or("give the trigger's key and a file: KEY=FILE")?;
    Ok((key.to_owned(), file.into()))
}

/// Reads a state as it is: it need not be text.
fn read_state(path: &Path, most: u64) -> Result<Vec<u8>, CommandError> {
    let failed = |why: String| CommandError::usage(format!("the state {}: {why}", path.display()));
    let mut state = Vec::new();
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    file.take(most.saturating_add(1)).read_to_end(&mut state).map_err(|error| failed(error.to_string()))?;
    match state.len() as u64 {
        0 => Err(failed("it is empty".into())),
        length if length > most => Err(failed(format!("it is larger than {most} bytes"))),
        _ => Ok(state),
    }
}

/// The words that this command was started with, each as a shell takes it; none where one cannot be written so. No
/// secret stands on a command line.
fn words() -> Option<Vec<String>> {
    std::env::args_os().skip(1).map(|given| word(given.to_str()?)).collect()
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    let redaction = options.recording().redaction()?;
    let session = Session::open(options).await?;
    let connection = match arguments.connection.optional(session.options.set_connection()) {
        // The page asks for one.
        None => None,
        Some(source) => match connection_file::read(&source, session.connector.definition()) {
            Ok(connection) => {
                output::message(&format!("note: the page begins with the connection of {}", source.name()));
                Some(connection)
            }
            // Nobody has named it, and the page does without it.
            Err(problem) if matches!(source, Source::Found(_)) => {
                output::message(&format!("note: {problem}"));
                None
            }
            Err(problem) => return Err(problem),
        },
    };
    let most = session.state_limit();
    let states = arguments.state.into_iter().map(|(key, path)| Ok((key, read_state(&path, most)?)));
    let states = states.collect::<Result<_, CommandError>>()?;
    let options = PageOptions {
        port: arguments.port,
        connection,
        history: arguments.history,
        states,
        test: arguments.test,
        changes: arguments.changes,
        words: words(),
        call_flags: session.options.call_flags().map(<[String]>::to_vec),
        component: session.file().map(Path::to_owned),
        redaction,
        call_options: CallOptions {
            log: LogOptions { level: LogLevel::Debug, sink: None },
            record_exchanges: true,
            ..session.plain_call_options()
        },
    };
    let format = session.options.format_for_people();
    let page = PageServer::open(session.connector, options).await.map_err(CommandError::usage)?;
    let link = page.link();
    match format {
        Format::Json => output::json_line(&json!({ "url": link }))?,
        _ => output::text_line(&link)?,
    }
    output::message("The link above opens the page in this machine's browser; keep it to yourself. Ctrl-C ends it.");
    if arguments.open
        && let Err(error) = open::that_detached(page.launch_link())
    {
        output::message(&format!("warning: no browser could be opened ({error}): open the link yourself"));
    }
    tokio::select! {
        result = page.serve() => result.map_err(|error| CommandError::usage(format!("the page cannot go on: {error}"))),
        result = tokio::signal::ctrl_c() => result.map_err(|error| CommandError::usage(format!("ctrl-c cannot be heard: {error}"))),
    }
}
