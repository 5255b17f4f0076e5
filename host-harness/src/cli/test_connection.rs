//! `harness test-connection`: says whose credential a connection holds.

use std::path::PathBuf;

use clap::Args;

use super::command_error::CommandError;
use super::options::{Format, GlobalOptions};
use super::output;
use super::progress::Progress;
use super::session::Session;

/// Test a connection: says whose credential it holds, and changes nothing
///
/// Prints {"user": …, "organization": …, "endpoint": …}. Says on standard error, before anything is sent, where the secrets will go.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness test-connection --connection connection.json
  harness test-connection --connection connection.json --format table --debug")]
pub(super) struct Arguments {
    /// The connection: {"key": …, "fields": {…}}; ${NAME} in it is read from the environment
    #[arg(long, value_name = "FILE")]
    connection: PathBuf,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    output::message(&format!("note: {}", connection.destination()));
    let progress = Progress::start("Testing the connection".into());
    let outcome = session.connector.test_connection(&connection, &session.call_options(&progress)).await?;
    drop(progress);
    match session.options.format() {
        Format::Json => output::json(&outcome.value)?,
        _ => {
            output::table(&outcome.value)?;
        }
    }
    Ok(())
}
