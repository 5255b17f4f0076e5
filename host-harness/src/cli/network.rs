//! The network's flags as this command has them: with a client certificate, and with a warning of files that are open
//! to others.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use host::{ClientIdentity, NetworkOptions};
use operator::network::{self, FlagError};
use operator::openness::{self, Openness};
use operator::variables::filled_in;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::command_error::CommandError;
use super::output;
use crate::files;

/// A key, or credentials, in bytes: the largest keys in use have some ten KiB.
const LARGEST_SECRET: u64 = 64 * 1024;

#[derive(Args)]
pub(super) struct NetworkFlags {
    #[command(flatten)]
    network: network::NetworkFlags,
    /// Show the certificate in this PEM file to a service that asks for one; with --client-key
    #[arg(long, global = true, value_name = "FILE", help_heading = "Network")]
    client_cert: Option<PathBuf>,
    /// The key of --client-cert: a PEM file, not encrypted, that you alone can read
    #[arg(long, global = true, value_name = "FILE", help_heading = "Network")]
    client_key: Option<PathBuf>,
}

impl NetworkFlags {
    /// Whose certificates are trusted, and nothing else of the flags.
    pub(super) fn trusted(&self) -> Result<NetworkOptions, CommandError> {
        Ok(self.network.trusted()?)
    }

    /// Reads what the flags name. Warns of files with a secret that are open to others.
    pub(super) fn options(&self) -> Result<NetworkOptions, CommandError> {
        let client_identity = match (&self.client_cert, &self.client_key) {
            (Some(certificate), Some(path)) => {
                let certificate = network::read_certificates(certificate)?;
                let key = read_secret("the client key", path)
                    .map_err(|text| CommandError::usage(format!("--client-key {}: {text}", path.display())))?;
                let identity = ClientIdentity::from_pem(certificate.as_bytes(), &key);
                Some(identity.map_err(|error| CommandError::usage(error.to_string()))?)
            }
            (None, None) => None,
            (Some(_), None) => return Err(CommandError::usage("--client-cert needs its key: --client-key FILE")),
            (None, Some(_)) => {
                return Err(CommandError::usage("--client-key needs its certificate: --client-cert FILE"));
            }
        };
        Ok(NetworkOptions { client_identity, ..self.network.options(read_credentials)? })
    }
}

impl From<FlagError> for CommandError {
    fn from(error: FlagError) -> Self {
        Self::usage(error.to_string())
    }
}

fn read_credentials(path: &Path) -> Result<SecretString, String> {
    let bytes = read_secret("the file of the proxy's credentials", path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "it is not text in UTF-8".to_owned())?;
    let text = text.trim_end_matches(['\r', '\n']);
    let variable = |name: &str| std::env::var(name).ok();
    Ok(filled_in(text, &variable, &mut |_| ())?.into())
}

/// Reads a file that holds a secret, and warns where others can.
fn read_secret(what: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let bytes = files::read_secret(file, LARGEST_SECRET).map_err(unreadable)?;
    // Credentials that are read from the environment are in no file.
    let is_harmless =
        |openness: &Openness| *openness == Openness::Readable && bytes.windows(2).any(|pair| pair == b"${");
    if let Some(openness) = Openness::of(&metadata).filter(|openness| !is_harmless(openness)) {
        output::message(&format!("warning: {}", openness::warning(what, path, openness.of_a_secret())));
    }
    Ok(bytes)
}
