//! `harness push`: a component to a registry, signed where there is a key.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use registry::{Address, Description, Registry};
use serde_json::json;

use super::command_error::CommandError;
use super::format::Format;
use super::options::GlobalOptions;
use super::progress::Progress;
use super::session::Session;
use super::{component, output, sign};

/// Push the component to a registry, as the Wasm ecosystem's OCI artifact, and sign it
///
/// It is loaded first: what no host would run is not pushed. Its version, licence, source and revision become
/// annotations, as far as it says them. With --key it is signed as cosign signs, with a key pair and no service.
/// Credentials are those of `docker login`. A registry on this machine is asked without TLS. Prints {"address":
/// "oci://…@sha256:…", "signed": …}.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness push oci://registry.example/team/connector:1.0.0 --component connector.wasm
  harness push oci://registry.example/team/connector:1.0.0 --component connector.wasm --key cosign.key")]
pub(super) struct Arguments {
    /// Where to: oci://HOST/NAME:TAG
    address: String,
    /// Sign it with this private key (of `harness key-pair`, or cosign's); its password in COSIGN_PASSWORD, or asked
    /// for
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, options: GlobalOptions) -> Result<(), CommandError> {
    let address: Address = arguments.address.parse()?;
    let key = arguments.key.as_deref().map(sign::read_key).transpose()?;
    let roots = component::roots(&options)?;
    let found = component::find(&options).await?;
    let format = options.format();
    let session = Session::open(options).await?;
    let bytes = match (found.bytes, &found.file) {
        (Some(bytes), _) => bytes,
        (None, Some(file)) => fs::read(file)
            .map_err(|error| CommandError::usage(format!("{} cannot be read: {error}", file.display())))?,
        (None, None) => return Err(CommandError::usage("there is no component to push: name one with --component")),
    };
    let contract = session.connector.contract_version();
    let description = Description { world: Some(format!("integration:connector/connector@{contract}")) };
    let progress = Progress::start(format!("Pushing to {address}"));
    let registry = Registry::of(&address, &roots).await?;
    let pushed = registry.push_component(&address, &bytes, &description, key.as_ref()).await?;
    drop(progress);
    match format {
        Format::Json => output::json(&json!({ "address": pushed.to_string(), "signed": key.is_some() }))?,
        _ => output::text_line(&pushed.to_string())?,
    }
    Ok(())
}
