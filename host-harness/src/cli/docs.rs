//! `harness docs`: the connector's page, for people who build flows with it.

use clap::Args;

use super::command_error::CommandError;
use super::options::GlobalOptions;
use super::output;
use super::session::Session;
use crate::markdown;

/// Write the connector's documentation as Markdown, from its manifest
///
/// The connection with its setup, triggers, actions and data sources, with inputs and examples, and what changed.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness docs --output connector.md
  harness --component connector.wasm docs | less")]
pub(super) struct Arguments {
    /// Write it to this file, in place of what is there, and not to standard output
    #[arg(long, value_name = "FILE")]
    output: Option<std::path::PathBuf>,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    if let Some(path) = arguments.output.filter(|path| path.as_os_str() != "-") {
        let failed = |error| CommandError::not_written(&path, &error);
        output::to_file(&path).map_err(failed)?;
    }
    let session = Session::open(options).await?;
    output::text_line(markdown::page(session.connector.definition()).trim_end())?;
    Ok(())
}
