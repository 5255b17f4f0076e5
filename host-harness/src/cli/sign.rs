//! `harness sign` and `harness key-pair`: signatures as cosign makes them, with a key pair and without a service.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use dialoguer::Password;
use registry::{KeyPair, SigningKey};
use serde_json::json;
use zeroize::Zeroizing;

use super::command_error::CommandError;
use super::output_file::OutputFile;
use super::{ask, output};
use crate::files;

/// The variable that holds a key's password, as for cosign.
const PASSWORD: &str = "COSIGN_PASSWORD";
/// A private key has some hundred bytes.
const LARGEST_KEY: u64 = 16 * 1024;

/// Sign a file: FILE.sig beside it, as `cosign sign-blob` makes it
///
/// Every command with --trust takes a component's file only with its signature. `cosign verify-blob` reads it too.
/// Prints {"file": …}.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness sign connector.wasm --key cosign.key
  harness --component connector.wasm --trust cosign.pub inspect")]
pub(super) struct Arguments {
    /// The file to sign
    file: PathBuf,
    /// The private key (of `harness key-pair`, or cosign's); its password in COSIGN_PASSWORD, or asked for
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

/// Make a key pair to sign components with: PREFIX.key, which a password encrypts, and PREFIX.pub
///
/// As `cosign generate-key-pair` makes it; either program takes the other's. Nothing that is there is replaced. The
/// password is in COSIGN_PASSWORD, or asked for. Prints {"private": …, "public": …}.
#[derive(Args)]
#[command(after_long_help = "\
Examples:
  harness key-pair
  harness key-pair --output release && harness sign connector.wasm --key release.key")]
pub(super) struct KeyPairArguments {
    /// Where to write both: PREFIX.key and PREFIX.pub
    #[arg(long, value_name = "PREFIX", default_value = "cosign")]
    output: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CommandError> {
    let file = &arguments.file;
    // Larger files than a component may be are programs and checksums, which a release holds too.
    let bytes =
        fs::read(file).map_err(|error| CommandError::usage(format!("{} cannot be read: {error}", file.display())))?;
    let key = read_key(&arguments.key)?;
    let beside = file.with_added_extension("sig");
    OutputFile::open(&beside)
        .and_then(|mut file| file.add(|out| out.write_all((key.sign_bytes(&bytes) + "\n").as_bytes())))
        .map_err(|error| CommandError::not_written(&beside, &error))?;
    output::json(&json!({ "file": beside }))?;
    Ok(())
}

pub(super) fn key_pair(arguments: &KeyPairArguments) -> Result<(), CommandError> {
    let private = arguments.output.with_added_extension("key");
    let public = arguments.output.with_added_extension("pub");
    for path in [&private, &public] {
        if path.symlink_metadata().is_ok() {
            let text = "is there already, and a key that is replaced is lost: move it, or name another --output";
            return Err(CommandError::usage(format!("{} {text}", path.display())));
        }
    }
    let pair = KeyPair::generate(&password("Password of the new key", true).map_err(CommandError::usage)?)?;
    write_new(&private, pair.private.as_bytes(), 0o600).map_err(|error| CommandError::not_written(&private, &error))?;
    write_new(&public, pair.public.as_bytes(), 0o644).map_err(|error| CommandError::not_written(&public, &error))?;
    output::json(&json!({ "private": private, "public": public }))?;
    Ok(())
}

/// Reads a private key, and its password from where it is.
pub(super) fn read_key(path: &Path) -> Result<SigningKey, CommandError> {
    let name = path.display().to_string();
    let unreadable = |error: io::Error| CommandError::usage(format!("--key {name}: it cannot be read: {error}"));
    let bytes = files::read_secret(File::open(path).map_err(unreadable)?, LARGEST_KEY).map_err(unreadable)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| CommandError::usage(format!("--key {name}: it is no private key in PEM")))?;
    Ok(SigningKey::from_pem(&name, text, || password(&format!("Password of {name}"), false))?)
}

fn password(prompt: &str, is_new: bool) -> Result<Zeroizing<Vec<u8>>, String> {
    if let Some(password) = std::env::var_os(PASSWORD) {
        return Ok(Zeroizing::new(password.into_encoded_bytes()));
    }
    if !ask::can_ask() {
        return Err(format!("its password is neither in {PASSWORD} nor can it be asked for here"));
    }
    let mut question = Password::new().with_prompt(prompt).allow_empty_password(true);
    if is_new {
        question = question.with_confirmation("The same again", "The two are not the same");
    }
    question.interact().map(|password| Zeroizing::new(password.into_bytes())).map_err(|error| error.to_string())
}

/// Writes a file that was not there.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)?.write_all(bytes)
}
