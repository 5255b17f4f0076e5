//! `harness pull`: a component from a registry into a file.

use std::path::PathBuf;

use clap::Args;
use registry::Address;
use serde_json::json;

use super::command_error::CommandError;
use super::format::Format;
use super::options::GlobalOptions;
use super::output_file::OutputFile;
use super::{component, output};

/// Pull a component from a registry into a file
///
/// A command that only runs it needs no file: --component takes the same address. With --trust nothing is written that
/// none of the keys signed. Prints {"address": "oci://…@sha256:…", "file": …, "bytes": …, "signedBy": …}.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness pull oci://registry.example/team/connector:1.0.0 --output connector.wasm
  harness pull oci://registry.example/team/connector:1.0.0 --trust cosign.pub --output connectors/connector/1.0.0.wasm")]
pub(super) struct Arguments {
    /// From where: oci://HOST/NAME:TAG, or oci://HOST/NAME@sha256:DIGEST
    address: String,
    /// Write it to this file, in place of what is there
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    let address: Address = arguments.address.parse()?;
    let failed = |error| CommandError::not_written(&arguments.output, &error);
    let mut file = OutputFile::open(&arguments.output).map_err(failed)?;
    let found = component::fetch(&options, &address).await?;
    let bytes = found.bytes.unwrap_or_default();
    file.add(|file| file.write_all(&bytes)).map_err(failed)?;
    let pinned = found.address.map(|address| address.to_string());
    match options.format() {
        Format::Json => output::json(&json!({
            "address": pinned, "file": arguments.output, "bytes": bytes.len(), "signedBy": found.signed_by,
        }))?,
        _ => output::text_line(&format!("{}, {} bytes", arguments.output.display(), bytes.len()))?,
    }
    Ok(())
}
