//! The process-wide HTTP clients. A connection that was opened under the grant for private networks must not be used by a call
//! without it, so there is one client, with its own pool of connections, for each of the two.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::Client;
use rustls::pki_types::CertificateDer;

use super::resolver::CheckedResolver;
use super::transport::Transport;

/// A host that takes longer to answer a connection attempt is down or hidden behind a firewall.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Services close idle connections after a minute or so; closing first avoids sending into a closed one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// Makes each client when it is first needed.
pub(crate) struct HttpClients {
    extra_roots: Vec<CertificateDer<'static>>,
    transport: Option<Arc<dyn Transport>>,
    public: OnceLock<Result<Client, String>>,
    private: OnceLock<Result<Client, String>>,
}

impl HttpClients {
    /// `extra_roots` are certificates of authorities that are trusted beside the web's.
    pub(crate) fn new(extra_roots: Vec<CertificateDer<'static>>, transport: Option<Arc<dyn Transport>>) -> Self {
        Self { extra_roots, transport, public: OnceLock::new(), private: OnceLock::new() }
    }

    /// What answers in place of the network, if something does.
    pub(super) fn transport(&self) -> Option<&dyn Transport> {
        self.transport.as_deref()
    }

    /// The client for calls with, or without, the grant for private networks.
    pub(super) fn get(&self, allow_private_network: bool) -> Result<&Client, String> {
        let cell = if allow_private_network { &self.private } else { &self.public };
        cell.get_or_init(|| self.build(allow_private_network)).as_ref().map_err(Clone::clone)
    }

    fn build(&self, allow_private_network: bool) -> Result<Client, String> {
        Client::builder()
            .tls_backend_preconfigured(self.tls()?)
            .dns_resolver(Arc::new(CheckedResolver { allow_private_network }))
            // A redirect could lead anywhere: the component sees it as it is.
            .redirect(reqwest::redirect::Policy::none())
            // Whether a request may be sent twice is decided per request, in `session`.
            .retry(reqwest::retry::never())
            // A proxy would resolve and connect unseen by the policy.
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .tcp_nodelay(true)
            .user_agent(concat!("host-harness/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("the HTTP client could not be set up: {error}"))
    }

    /// TLS with a provider and roots that are compiled in, so that nothing need be installed.
    fn tls(&self) -> Result<rustls::ClientConfig, String> {
        let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in &self.extra_roots {
            roots.add(root.clone()).map_err(|error| format!("a root certificate cannot be used: {error}"))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS could not be set up: {error}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}
