//! `harness serve`: the flow-builder page.

use std::path::PathBuf;

use clap::Args;
use host::{CallOptions, LogLevel, LogOptions};
use serde_json::json;

use super::command_error::CommandError;
use super::connection_option::{ConnectionOption, Source};
use super::format::Format;
use super::options::GlobalOptions;
use super::session::Session;
use super::{connection_file, output};
use crate::ui::{PageOptions, PageServer};

/// Show the connector as a flow builder meets it: a page in your browser, from this machine alone
///
/// Prints a link that lets one browser in; whoever has it can use the connection. The page asks for the key and keeps
/// it in memory until it ends; ctrl-c ends it.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness serve --open
  harness serve --port 8080 --connection connection.json
  harness --allow-http --allow-private-network serve --changes changes.json

A file of change buttons puts buttons beside every trigger that change records in a test service on this machine:
  [{\"label\": \"Add a part\", \"url\": \"http://127.0.0.1:4400/control/components\", \"body\": {\"name\": \"Part {n}\"}}]")]
pub(super) struct Arguments {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Open the page in the default browser
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    connection: ConnectionOption,
    /// Buttons that change records in a test service: [{"label": …, "url": …, "body": …, "method": …}]
    #[arg(long, value_name = "FILE")]
    changes: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
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
    let options = PageOptions {
        port: arguments.port,
        connection,
        changes: arguments.changes,
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
