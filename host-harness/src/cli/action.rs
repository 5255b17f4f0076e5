//! `harness action`: performs one action.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;

use super::command_error::CommandError;
use super::format::Format;
use super::inputs::InputOptions;
use super::options::GlobalOptions;
use super::output;
use super::progress::Progress;
use super::session::Session;

/// Perform an action and print its result as {"data": …}
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness action listThings --connection connection.json --input first=5 --format table
  harness action createThing --connection connection.json --input name='New thing' --input kind=small
  harness action rawQuery --connection connection.json --inputs inputs.json
  echo '{\"first\": 5}' | harness action listThings --connection connection.json --inputs -
  harness action listThings --connection connection.json --input 'orderBy:=[{\"name\": \"asc\"}]'")]
pub(super) struct Arguments {
    /// The action's key; `harness inspect` lists them
    key: String,
    /// The connection: {"key": …, "fields": {…}}; ${NAME} in it is read from the environment
    #[arg(long, value_name = "FILE")]
    connection: PathBuf,
    #[command(flatten)]
    inputs: InputOptions,
}

#[derive(Serialize)]
struct Printed<'a> {
    data: &'a RawValue,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    let inputs = arguments.inputs.read()?;
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    let progress = Progress::start(format!("Performing {}", arguments.key));
    let options = session.call_options(&progress);
    let outcome = session.connector.perform(&arguments.key, &connection, &inputs, &options).await?;
    drop(progress);
    match session.options.format() {
        Format::Json => output::json(&Printed { data: &outcome.value })?,
        Format::Table => {
            output::table(&outcome.value)?;
        }
        format @ (Format::Csv | Format::Ndjson) => output::records(&outcome.value, format, &[])?,
    }
    Ok(())
}
