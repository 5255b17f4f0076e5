//! The flags that say how requests get to their service, and the files that they name. What these hold is read and checked
//! by the library. No secret stands on a command line, where every user of the machine can read it.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use host::{ClientIdentity, NetworkError, NetworkOptions, Proxy, Roots};
use zeroize::Zeroizing;

use super::command_error::CommandError;
use super::openness::{self, Openness};
use super::{connection_file, output};
use crate::files;

/// Certificates in a PEM file, in bytes: all that a system trusts have a few hundred KiB.
const LARGEST_CERTIFICATES: u64 = 4 * 1024 * 1024;
/// A key, or credentials, in bytes: the largest keys in use have some ten KiB.
const LARGEST_SECRET: u64 = 64 * 1024;

#[derive(Args)]
pub(super) struct NetworkFlags {
    /// Whose certificate authorities to trust: those of the web, which are compiled in, or those of the operating system
    /// alone (of SSL_CERT_FILE or SSL_CERT_DIR, where these are set) [default: web]
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHOSE",
        hide_possible_values = true,
        help_heading = "Network"
    )]
    roots: Option<RootsFlag>,
    /// Trust the certificate authorities in this PEM file too
    #[arg(long, global = true, value_name = "FILE", help_heading = "Network")]
    ca_file: Option<PathBuf>,
    /// Send all requests through this proxy, http://HOST:PORT or https://HOST:PORT; needs --allow-proxy
    #[arg(long, global = true, value_name = "URL", help_heading = "Network")]
    proxy: Option<String>,
    /// The proxy's credentials: a file that holds USER:PASSWORD; ${NAME} in it is read from the environment
    #[arg(long, global = true, value_name = "FILE", help_heading = "Network")]
    proxy_credentials: Option<PathBuf>,
    /// Show the certificate in this PEM file to a service that asks for one; with --client-key
    #[arg(long, global = true, value_name = "FILE", help_heading = "Network")]
    client_cert: Option<PathBuf>,
    /// The key of --client-cert: a PEM file, not encrypted, that you alone can read
    #[arg(long, global = true, value_name = "FILE", help_heading = "Network")]
    client_key: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum RootsFlag {
    Web,
    System,
}

impl NetworkFlags {
    /// Whose certificates are trusted, and nothing else of the flags.
    pub(super) fn trusted(&self) -> Result<NetworkOptions, CommandError> {
        Ok(NetworkOptions {
            roots: match self.roots {
                Some(RootsFlag::System) => Roots::System,
                Some(RootsFlag::Web) | None => Roots::Web,
            },
            extra_roots_pem: self.ca_file.as_deref().map(read_certificates).transpose()?.map(String::into_bytes),
            ..NetworkOptions::default()
        })
    }

    /// Reads what the flags name. Warns of files with a secret that are open to others.
    pub(super) fn options(&self) -> Result<NetworkOptions, CommandError> {
        Ok(NetworkOptions {
            proxy: self.proxy()?,
            client_identity: match (&self.client_cert, &self.client_key) {
                (Some(certificate), Some(key)) => {
                    let certificate = read_certificates(certificate)?;
                    let key = read_secret("the client key", key)?;
                    Some(ClientIdentity::from_pem(certificate.as_bytes(), &key).map_err(in_flags)?)
                }
                (None, None) => None,
                (Some(_), None) => return Err(CommandError::usage("--client-cert needs its key: --client-key FILE")),
                (None, Some(_)) => {
                    return Err(CommandError::usage("--client-key needs its certificate: --client-cert FILE"));
                }
            },
            ..self.trusted()?
        })
    }

    fn proxy(&self) -> Result<Option<Proxy>, CommandError> {
        let proxy = match (&self.proxy, &self.proxy_credentials) {
            (None, None) => return Ok(None),
            (None, Some(_)) => return Err(CommandError::usage("--proxy-credentials needs the proxy: --proxy URL")),
            (Some(url), _) => Proxy::new(url).map_err(in_flags)?,
        };
        let Some(path) = &self.proxy_credentials else { return Ok(Some(proxy)) };
        let failed = |text: &str| CommandError::usage(format!("the proxy's credentials {}: {text}", path.display()));
        let bytes = read_secret("the file of the proxy's credentials", path)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| failed("it is not text in UTF-8"))?;
        let text = text.trim_end_matches(['\r', '\n']);
        let variable = |name: &str| std::env::var(name).ok();
        let filled_in = connection_file::filled_in(text, &variable, &mut |_| ()).map_err(|error| failed(&error))?;
        let given = proxy.with_credentials(filled_in.into());
        given.map(Some).map_err(|error| CommandError::usage(format!("{}: {error}", path.display())))
    }
}

fn read_certificates(path: &Path) -> Result<String, CommandError> {
    files::read(path, LARGEST_CERTIFICATES).map_err(unreadable(path))
}

/// Reads a file that holds a secret, and warns where others can.
fn read_secret(what: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let file = File::open(path).map_err(unreadable(path))?;
    let metadata = file.metadata().map_err(unreadable(path))?;
    let bytes = files::read_secret(file, LARGEST_SECRET).map_err(unreadable(path))?;
    let others = match Openness::of(&metadata) {
        Some(Openness::Writable(who)) => Some(who),
        // Credentials that are read from the environment are in no file.
        Some(Openness::Readable) if !bytes.windows(2).any(|pair| pair == b"${") => Some(openness::READS_A_SECRET),
        _ => None,
    };
    if let Some(others) = others {
        output::message(&format!("warning: {}", openness::warning(what, path, others)));
    }
    Ok(bytes)
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> CommandError {
    move |error| CommandError::usage(format!("{} cannot be read: {error}", path.display()))
}

/// What is wrong, with the flag that is the way out.
fn in_flags(error: NetworkError) -> CommandError {
    let way_out = match error {
        NetworkError::CredentialsInProxyUrl => {
            "; write USER:PASSWORD, or ${NAME} for a variable that holds it, into a file, and name that with \
             --proxy-credentials"
        }
        _ => "",
    };
    CommandError::usage(format!("{error}{way_out}"))
}
