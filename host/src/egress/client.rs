//! The HTTP clients. A socket carries the requests of one connection alone: a service that takes the end of one request
//! for the beginning of the next would otherwise mix those of two customers, with their keys. A socket that was opened
//! under the grant for private networks must not be used by a call without it either. So each connection has clients,
//! with pools and TLS sessions, of its own.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use reqwest::{Client, Response};
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;

use super::resolver::CheckedResolver;
use super::transport::Transport;
use crate::refusal::Refusal;

/// A host that takes longer to answer a connection attempt is down or hidden behind a firewall.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Services close idle connections after a minute or so; closing first avoids sending into a closed one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// TLS sessions to take up again: all of them are with the one service of a connection.
const TLS_SESSIONS: usize = 8;

/// What the clients of a runtime have in common.
pub(crate) struct Network {
    extra_roots: Vec<CertificateDer<'static>>,
    transport: Option<Arc<dyn Transport>>,
    /// Made when it is first needed: reading the roots takes longer than the rest.
    tls: OnceLock<Result<ClientConfig, String>>,
}

/// The sockets of one connection: a client for each runtime that it is used with, and for calls with and without the
/// grant for private networks. Dropped with the connection, they close what is idle.
#[derive(Default)]
pub(crate) struct Sockets {
    clients: Mutex<Vec<Held>>,
}

struct Held {
    network: Weak<Network>,
    allow_private_network: bool,
    client: Client,
}

impl Sockets {
    /// The client for calls with, or without, the grant for private networks.
    pub(super) fn client(&self, network: &Arc<Network>, allow_private_network: bool) -> Result<Client, String> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let is_wanted = |held: &&Held| {
            held.allow_private_network == allow_private_network
                && std::ptr::eq(held.network.as_ptr(), Arc::as_ptr(network))
        };
        if let Some(held) = clients.iter().find(is_wanted) {
            return Ok(held.client.clone());
        }
        let client = network.client(allow_private_network)?;
        // Runtimes come and go while a connection is kept.
        clients.retain(|held| held.network.strong_count() > 0);
        clients.push(Held { network: Arc::downgrade(network), allow_private_network, client: client.clone() });
        Ok(client)
    }
}

impl Network {
    /// `extra_roots` are certificates of authorities that are trusted beside the web's.
    pub(crate) fn new(extra_roots: Vec<CertificateDer<'static>>, transport: Option<Arc<dyn Transport>>) -> Self {
        Self { extra_roots, transport, tls: OnceLock::new() }
    }

    /// What answers in place of the network, if something does.
    pub(super) fn transport(&self) -> Option<&dyn Transport> {
        self.transport.as_deref()
    }

    fn client(&self, allow_private_network: bool) -> Result<Client, String> {
        Client::builder()
            .tls_backend_preconfigured(self.tls()?)
            .dns_resolver(Arc::new(CheckedResolver { allow_private_network }))
            // A redirect could lead anywhere: the component sees it as it is.
            .redirect(reqwest::redirect::Policy::none())
            // Whether a request may be sent twice is decided per request, in `session`.
            .retry(reqwest::retry::never())
            // Bodies are decoded in `encoding`, whatever the client could do in the program that embeds this one.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
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

    /// TLS for one client, which takes up no session of another's.
    fn tls(&self) -> Result<ClientConfig, String> {
        let mut config = self.tls.get_or_init(|| self.shared_tls()).clone()?;
        config.resumption = Resumption::in_memory_sessions(TLS_SESSIONS);
        Ok(config)
    }

    /// TLS with a provider and roots that are compiled in, so that nothing need be installed.
    fn shared_tls(&self) -> Result<ClientConfig, String> {
        let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in &self.extra_roots {
            roots.add(root.clone()).map_err(|error| format!("a root certificate cannot be used: {error}"))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS could not be set up: {error}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// An answer whose status says what became of the request: 200 to 599. Others are for servers among themselves, or mean
/// nothing.
pub(super) fn with_status(response: Response) -> Result<Response, String> {
    match response.status().as_u16() {
        200..=599 => Ok(response),
        status => Err(format!("the service answered with the status {status}, which is not one of 200 to 599")),
    }
}

/// The refusal of the resolver, wherever the client wrapped it.
pub(super) fn refusal_in(error: &reqwest::Error) -> Option<Refusal> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(refusal) = error.downcast_ref::<Refusal>() {
            return Some(refusal.clone());
        }
        source = error.source();
    }
    None
}

/// The causes of an error without the outermost words, which say only that there was one, and without the URL.
pub(super) fn describe(error: &reqwest::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let text = error.to_string();
        // Wrappers often repeat what they wrap.
        if parts.last().is_none_or(|last| *last != text) {
            parts.push(text);
        }
        source = error.source();
    }
    if parts.is_empty() { "the request could not be sent".into() } else { parts.join(": ") }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
