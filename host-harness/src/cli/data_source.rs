//! `harness data-source`: one page of a dropdown's items.

use clap::Args;
use clap_complete::ArgValueCompleter;
use host::contract::Item;
use serde::Serialize;

use super::command_error::CommandError;
use super::connection_option::ConnectionOption;
use super::format::Format;
use super::inputs::InputOptions;
use super::options::GlobalOptions;
use super::print::PrintOptions;
use super::progress::Progress;
use super::session::Session;
use super::{complete, missing, output, shell};
use crate::operation::Kind;

/// Ask a data source for one page of items
///
/// Prints {"result": [{"key": …, "label": …}, …], "next": …}: pass what `next` holds as --cursor to get the page after.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness data-source selectThing --connection connection.json --format table
  harness data-source selectThing --connection connection.json --search bracket
  harness data-source selectThing --connection connection.json --cursor \"$NEXT\"")]
pub(super) struct Arguments {
    /// The data source's key; `harness inspect` lists them
    #[arg(add = ArgValueCompleter::new(complete::data_source_key))]
    key: String,
    #[command(flatten)]
    connection: ConnectionOption,
    /// What a person would type to find an item
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// The `next` of the page before, with the same inputs and search
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    #[command(flatten)]
    inputs: InputOptions,
    #[command(flatten)]
    print: PrintOptions,
}

#[derive(Serialize)]
struct Printed<'a> {
    result: &'a [Item],
    next: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'a str>,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    let mut inputs = arguments.inputs.read()?;
    let printer = arguments.print.open(options.chosen_format())?;
    let session = Session::open(options).await?;
    let connection = session.connection(&arguments.connection)?;
    if let Some(source) = session.connector.definition().data_source(&arguments.key) {
        missing::ask_for(&session, &connection, &source.inputs, &mut inputs).await?;
    }
    let progress = Progress::start(format!("Asking {}", arguments.key));
    let options = session.call_options(&progress);
    let (search, cursor) = (arguments.search.as_deref(), arguments.cursor.as_deref());
    let outcome = session.connector.query(&arguments.key, &connection, &inputs, search, cursor, &options).await;
    drop(progress);
    let page = outcome
        .map_err(|failure| session.failed(&connection, Kind::DataSource, &arguments.key, &inputs, failure))?
        .value;
    let whole = Printed { result: &page.items, next: page.next.as_deref(), notice: page.notice.as_deref() };
    if printer.format() == Format::Table && page.items.is_empty() && !printer.is_json() {
        // A file that was there holds another page.
        output::nothing()?;
        output::message("No items.");
    } else {
        printer.print(&whole, &page.items, &[])?;
    }
    if printer.is_json() {
        return Ok(());
    }
    if let Some(notice) = &page.notice {
        output::message(&format!("note: {notice}"));
    }
    if let Some(next) = &page.next {
        output::message(&match shell::quoted(next) {
            Some(next) => format!("There are more: --cursor={next}"),
            None => "There are more: --format json prints the cursor as `next`".to_owned(),
        });
    }
    Ok(())
}
