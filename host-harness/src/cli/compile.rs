//! `harness compile`: a component as machine code, to ship beside it or in its place.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::command_error::CommandError;
use super::format::Format;
use super::options::GlobalOptions;
use super::{component, output, session};

/// Compile the component to a file that loads in a fraction of a millisecond
///
/// Give the file as --precompiled. It fits this harness on this kind of machine alone, and holds machine code that runs
/// outside the sandbox: load only files that you made yourself. A file that is there is replaced only if it is a
/// compiled component too. Prints {"file": …, "bytes": …}.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness compile
  harness compile --output connector.cwasm && harness --precompiled connector.cwasm inspect --runtime")]
pub(super) struct Arguments {
    /// Where to write it [default: the component's path, ending in .cwasm]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    if options.precompiled().is_some() {
        return Err(CommandError::usage(
            "--precompiled names what is compiled already: name the component with --component",
        ));
    }
    let runtime = session::runtime(&options, 1)?;
    let found = component::find(&options).await?;
    let is_file = found.file.as_ref() == Some(&options.component()?);
    let component = found.file.as_ref().filter(|_| is_file || arguments.output.is_some());
    let Some(component) = component else {
        return Err(CommandError::usage(
            "a component in a registry is compiled to a file that you name: --output FILE (and without --no-cache)",
        ));
    };
    let file = arguments.output.unwrap_or_else(|| component.with_extension("cwasm"));
    // It must be a connector and not just any component: a file is written once and loaded many times.
    let connector = found.load(&runtime).await?;
    session::expect_manifest(&options, &connector)?;
    let bytes = runtime.compile_file(component, &file).await?;
    match options.format() {
        Format::Json => output::json(&json!({ "file": file, "bytes": bytes }))?,
        _ => output::text_line(&format!("{}, {bytes} bytes", file.display()))?,
    }
    Ok(())
}
