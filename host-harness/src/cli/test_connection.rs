//! `harness test-connection`: says whose credential a connection holds.

use clap::Args;
use host::contract::Account;
use serde::Serialize;
use serde_json::Value;

use super::command_error::CommandError;
use super::connection_option::ConnectionOption;
use super::key;
use super::options::GlobalOptions;
use super::output;
use super::print::PrintOptions;
use super::progress::Progress;
use super::session::Session;

/// Test a connection: says whose credential it holds, and changes nothing
///
/// Prints {"user": …, "organization": …, "endpoint": …}, and {"expires": {field: time}} where the key tells. Says on
/// standard error, before anything is sent, where the secrets will go.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness test-connection --connection connection.json
  harness test-connection --connection connection.json --format table --debug")]
pub(super) struct Arguments {
    #[command(flatten)]
    connection: ConnectionOption,
    #[command(flatten)]
    print: PrintOptions,
}

/// Whose credential it is, and when it ends.
#[derive(Serialize)]
struct Tested<'a> {
    #[serde(flatten)]
    account: &'a Account,
    #[serde(skip_serializing_if = "is_empty")]
    expires: Value,
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_none_or(serde_json::Map::is_empty)
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    let printer = arguments.print.open(options.chosen_format())?;
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    if arguments.connection.is_named() {
        output::message(&format!("note: {}", connection.destination()));
    }
    let progress = Progress::start("Testing the connection".into());
    let outcome = session.connector.test_connection(&connection, &session.call_options(&progress)).await;
    drop(progress);
    let outcome = outcome.map_err(|failure| session.test_failed(&connection, failure))?;
    let tested = Tested { account: &outcome.value, expires: key::expiries(&connection) };
    printer.print(&tested, &tested, &[]).map(drop)
}
