//! How requests get to services: whose certificates are trusted, and the proxy on the way.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use host::{NetworkOptions, Proxy, Roots};

use crate::secrets::read_file;

/// Certificates in a PEM file, in bytes: all that a system trusts have a few hundred KiB.
const LARGEST_CERTIFICATES: u64 = 4 * 1024 * 1024;

#[derive(Args)]
pub(super) struct NetworkFlags {
    /// Whose certificate authorities to trust: those of the web, which are compiled in, or those of the operating system
    /// alone [default: web]
    #[arg(long, value_enum, value_name = "WHOSE", hide_possible_values = true, help_heading = "Network")]
    roots: Option<RootsFlag>,
    /// Trust the certificate authorities in this PEM file too, for connectors, deliveries and Restate
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    ca_file: Option<PathBuf>,
    /// Send connectors' requests through this proxy, http://HOST:PORT or https://HOST:PORT; needs --allow-proxy
    #[arg(long, value_name = "URL", help_heading = "Network")]
    proxy: Option<String>,
    /// The proxy's credentials: a file that holds USER:PASSWORD, and that nobody else can read
    #[arg(long, value_name = "FILE", requires = "proxy", help_heading = "Network")]
    proxy_credentials: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum RootsFlag {
    Web,
    System,
}

impl NetworkFlags {
    /// Reads what the flags name.
    pub(super) fn options(&self) -> Result<NetworkOptions> {
        let extra_roots_pem = match &self.ca_file {
            Some(path) => Some(certificates(path).with_context(|| format!("--ca-file {}", path.display()))?),
            None => None,
        };
        let proxy = match &self.proxy {
            Some(url) => {
                let proxy = Proxy::new(url).context("--proxy")?;
                Some(match &self.proxy_credentials {
                    Some(path) => {
                        let credentials = read_file(path).map_err(anyhow::Error::msg);
                        let credentials =
                            credentials.with_context(|| format!("--proxy-credentials {}", path.display()))?;
                        proxy.with_credentials(credentials).context("--proxy-credentials")?
                    }
                    None => proxy,
                })
            }
            None => None,
        };
        let roots = if matches!(self.roots, Some(RootsFlag::System)) { Roots::System } else { Roots::Web };
        Ok(NetworkOptions { roots, extra_roots_pem, proxy, client_identity: None })
    }
}

fn certificates(path: &PathBuf) -> Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() || metadata.len() > LARGEST_CERTIFICATES {
        bail!("it is no file of up to {LARGEST_CERTIFICATES} bytes");
    }
    Ok(std::fs::read(path)?)
}
