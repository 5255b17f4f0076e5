//! `harness action`: performs one action.

use clap::Args;
use clap_complete::ArgValueCompleter;
use serde::Serialize;
use serde_json::value::RawValue;

use super::command_error::CommandError;
use super::connection_option::ConnectionOption;
use super::inputs::InputOptions;
use super::options::GlobalOptions;
use super::print::PrintOptions;
use super::progress::Progress;
use super::session::Session;
use super::{complete, missing};
use crate::may_be_done::may_be_done;
use crate::operation::Kind;

/// Perform an action and print its result as {"data": …}
///
/// `harness action KEY --help` shows the action: its inputs, what they take, an example. On a terminal, inputs that it
/// needs and that are not given are asked for.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness action listThings --connection connection.json --input first=5 --format table
  harness action createThing --connection connection.json --input name='New thing' --input kind=small
  harness action rawQuery --connection connection.json --inputs inputs.json
  echo '{\"first\": 5}' | harness action listThings --connection connection.json --inputs -
  harness action rawQuery --input query=@query.graphql --jq '.data.things[].name'
  harness action listThings --input 'orderBy:=[{\"name\": \"asc\"}]' --format csv --columns id,name --output things.csv")]
pub(super) struct Arguments {
    /// The action's key; `harness inspect` lists them
    #[arg(add = ArgValueCompleter::new(complete::action_key))]
    key: String,
    #[command(flatten)]
    connection: ConnectionOption,
    #[command(flatten)]
    inputs: InputOptions,
    #[command(flatten)]
    print: PrintOptions,
}

#[derive(Serialize)]
struct Printed<'a> {
    data: &'a RawValue,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    let mut inputs = arguments.inputs.read()?;
    let printer = arguments.print.open(options.chosen_format())?;
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    let action = session.connector.definition().action(&arguments.key);
    // Where changes are off, none has left.
    let changes_data = action.is_some_and(|action| action.changes_data) && !session.options.grants().read_only;
    let printer = printer.of_change(changes_data);
    if let Some(action) = action {
        missing::ask_for(&session, &connection, &action.inputs, &mut inputs).await?;
    }
    let progress = Progress::start(format!("Performing {}", arguments.key));
    let options = session.call_options(&progress);
    let outcome = session.connector.perform(&arguments.key, &connection, &inputs, &options).await;
    drop(progress);
    let outcome = outcome.map_err(|failure| {
        let sent_change = changes_data && may_be_done(failure.error.kind(), failure.trace.requests);
        let failed = session.failed(&connection, Kind::Action, &arguments.key, &inputs, failure);
        if sent_change { CommandError::MayBeDone(failed.into()) } else { failed }
    })?;
    printer.print(&Printed { data: &outcome.value }, &outcome.value, &[]).map(drop)
}
