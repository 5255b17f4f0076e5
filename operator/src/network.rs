//! The flags that say how requests get to their services, and the files that they name. What these hold is read and
//! checked by the library. No secret stands on a command line, where every user of the machine can read it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use host::egress::Grant;
use host::{NetworkError, NetworkOptions, Proxy, Roots};
use secrecy::SecretString;

use crate::files;

/// Certificates in a PEM file, in bytes: all that a system trusts have a few hundred KiB.
pub const LARGEST_CERTIFICATES: u64 = 4 * 1024 * 1024;

/// Whose certificates are trusted, and the proxy on the way.
#[derive(Debug, Args)]
pub struct NetworkFlags {
    /// Whose certificate authorities to trust: those of the web, which are compiled in, or those of the operating
    /// system alone (of SSL_CERT_FILE or SSL_CERT_DIR, where these are set) [default: web]
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHOSE",
        hide_possible_values = true,
        help_heading = "Network"
    )]
    roots: Option<RootsFlag>,
    /// Trust the certificate authorities in this PEM file too, for all that the program asks
    #[arg(long, global = true, value_name = "FILE", help_heading = "Network")]
    ca_file: Option<PathBuf>,
    /// Send connectors' requests through this proxy, http://HOST:PORT or https://HOST:PORT; needs --allow-proxy
    #[arg(long, global = true, value_name = "URL", help_heading = "Network")]
    proxy: Option<String>,
    /// The proxy's credentials: a file that holds USER:PASSWORD; ${NAME} in it is read from the environment
    #[arg(long, global = true, value_name = "FILE", help_heading = "Network")]
    proxy_credentials: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RootsFlag {
    Web,
    System,
}

/// What is wrong with a flag or the file that it names, with the way out.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FlagError(String);

impl NetworkFlags {
    /// Whose certificates are trusted, and nothing else of the flags.
    ///
    /// # Errors
    ///
    /// The file of certificates cannot be read.
    pub fn trusted(&self) -> Result<NetworkOptions, FlagError> {
        Ok(NetworkOptions {
            roots: match self.roots {
                Some(RootsFlag::System) => Roots::System,
                Some(RootsFlag::Web) | None => Roots::Web,
            },
            extra_roots_pem: self.ca_file.as_deref().map(read_certificates).transpose()?.map(String::into_bytes),
            ..NetworkOptions::default()
        })
    }

    /// Reads what the flags name; the file of credentials by `read_secret`, which says what it is to a program that
    /// others can read it, and whose error says what is wrong without the file's name.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or does not hold what its flag is for.
    pub fn options(
        &self,
        read_secret: impl FnOnce(&Path) -> Result<SecretString, String>,
    ) -> Result<NetworkOptions, FlagError> {
        let proxy = match (&self.proxy, &self.proxy_credentials) {
            (None, None) => None,
            (None, Some(_)) => {
                return Err(FlagError("--proxy-credentials needs the proxy: --proxy URL".into()));
            }
            (Some(url), None) => Some(Proxy::new(url).map_err(in_flags)?),
            (Some(url), Some(path)) => {
                let failed = |text: String| FlagError(format!("--proxy-credentials {}: {text}", path.display()));
                let credentials = read_secret(path).map_err(failed)?;
                let proxy = Proxy::new(url).map_err(in_flags)?;
                Some(proxy.with_credentials(credentials).map_err(|error| failed(error.to_string()))?)
            }
        };
        Ok(NetworkOptions { proxy, ..self.trusted()? })
    }
}

/// The flag that gives a grant: a program's flags are called as the library's fields are.
pub fn grant_flag(grant: Grant) -> String {
    format!("--{}", grant.field().replace('_', "-"))
}

/// Reads a PEM file of certificates.
///
/// # Errors
///
/// It cannot be read, or is larger than [`LARGEST_CERTIFICATES`].
pub fn read_certificates(path: &Path) -> Result<String, FlagError> {
    files::read(path, LARGEST_CERTIFICATES)
        .map_err(|error| FlagError(format!("{} cannot be read: {error}", path.display())))
}

/// What is wrong, with the flag that is the way out.
fn in_flags(error: NetworkError) -> FlagError {
    let way_out = match error {
        NetworkError::CredentialsInProxyUrl => {
            "; write USER:PASSWORD, or ${NAME} for a variable that holds it, into a file, and name that with \
             --proxy-credentials"
        }
        _ => "",
    };
    FlagError(format!("--proxy: {error}{way_out}"))
}
