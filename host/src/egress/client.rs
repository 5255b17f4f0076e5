//! The HTTP clients. A socket carries the requests of one connection alone: a service that takes the end of one request
//! for the beginning of the next would otherwise mix those of two customers, with their keys. A socket that was opened
//! under the grant for private networks must not be used by a call without it either. So each connection has clients,
//! with pools and TLS sessions, of its own. Where there is a proxy, all of them use it, and a call without the grant
//! for it gets none.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Response};
use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};

use super::resolver::{CheckedResolver, ProxyResolver};
use super::transport::Transport;
use crate::network::{self, ClientIdentity, NetworkError, NetworkOptions, Proxy};
use crate::refusal::{Grants, Refusal};

/// A host that takes longer to answer a connection attempt is down or hidden behind a firewall. Through a proxy, it is
/// the time for all of the tunnel.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Services close idle connections after a minute or so; closing first avoids sending into a closed one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// TLS sessions to take up again: all of them are with the one service of a connection.
const TLS_SESSIONS: usize = 8;

/// What the clients of a runtime have in common.
pub(crate) struct Network {
    roots: RootCertStore,
    proxy: Option<Proxy>,
    identity: Option<ClientIdentity>,
    transport: Option<Arc<dyn Transport>>,
    /// Made when it is first needed, with the provider and the roots.
    tls: OnceLock<Result<ClientConfig, String>>,
}

/// The sockets of one connection: a client for each runtime that it is used with, and for calls with and without the
/// grant for private networks. Dropped with the connection, they close what is idle.
#[derive(Default)]
pub(crate) struct Sockets {
    clients: Mutex<Vec<Held>>,
    /// The certificate of this connection, in place of the network's.
    identity: Option<ClientIdentity>,
}

struct Held {
    network: Weak<Network>,
    allow_private_network: bool,
    client: Client,
}

impl Sockets {
    /// Sockets over which this certificate is shown to a service that asks.
    pub(crate) fn with_identity(identity: ClientIdentity) -> Self {
        Self { identity: Some(identity), ..Self::default() }
    }

    /// Whether they have a certificate of their own.
    pub(crate) fn have_identity(&self) -> bool {
        self.identity.is_some()
    }

    /// The client for calls with these grants.
    pub(super) fn client(&self, network: &Arc<Network>, grants: Grants) -> Result<Client, String> {
        // The policy has said so before, with the way out. Here it holds for every client that there is.
        if network.proxy.is_some() && !grants.allow_proxy {
            return Err("requests leave through a proxy, for which this call has no grant".to_owned());
        }
        let allow_private_network = grants.allow_private_network;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let is_wanted = |held: &&Held| {
            held.allow_private_network == allow_private_network
                && std::ptr::eq(held.network.as_ptr(), Arc::as_ptr(network))
        };
        if let Some(held) = clients.iter().find(is_wanted) {
            return Ok(held.client.clone());
        }
        let client = network.client(allow_private_network, self.identity.as_ref())?;
        // Runtimes come and go while a connection is kept.
        clients.retain(|held| held.network.strong_count() > 0);
        clients.push(Held { network: Arc::downgrade(network), allow_private_network, client: client.clone() });
        Ok(client)
    }
}

impl Network {
    /// Reads and checks all that the options name.
    pub(crate) fn new(options: &NetworkOptions, transport: Option<Arc<dyn Transport>>) -> Result<Self, NetworkError> {
        let NetworkOptions { proxy, client_identity: identity, .. } = options.clone();
        if identity.is_some() {
            check_identity(proxy.as_ref())?;
        }
        Ok(Self { roots: options.trusted()?, proxy, identity, transport, tls: OnceLock::new() })
    }

    /// No network: `transport` answers.
    pub(crate) fn answered_by(transport: Arc<dyn Transport>) -> Self {
        let roots = RootCertStore::empty();
        Self { roots, proxy: None, identity: None, transport: Some(transport), tls: OnceLock::new() }
    }

    /// The proxy that everything leaves through, if there is one.
    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// What answers in place of the network, if something does.
    pub(super) fn transport(&self) -> Option<&dyn Transport> {
        self.transport.as_deref()
    }

    /// A client that shows this certificate to services that ask, or else the network's.
    fn client(&self, allow_private_network: bool, identity: Option<&ClientIdentity>) -> Result<Client, String> {
        let failed = |error: &dyn std::fmt::Display| format!("the HTTP client could not be set up: {error}");
        let identity = identity.or(self.identity.as_ref());
        let mut tls = self.tls()?;
        if let Some(identity) = identity {
            check_identity(self.proxy.as_ref()).map_err(|error| failed(&error))?;
            tls.client_auth_cert_resolver = identity.resolver();
        }
        let client = match &self.proxy {
            Some(proxy) => through(proxy).map_err(|error| failed(&error))?,
            // The environment's proxies would resolve and connect unseen by the policy.
            None => Client::builder().no_proxy().dns_resolver(Arc::new(CheckedResolver { allow_private_network })),
        };
        client
            .tls_backend_preconfigured(tls)
            // A redirect could lead anywhere: the component sees it as it is.
            .redirect(reqwest::redirect::Policy::none())
            // Whether a request may be sent twice is decided per request, in `session`.
            .retry(reqwest::retry::never())
            // Bodies are decoded in `encoding`, whatever the client could do in the program that embeds this one.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .tcp_nodelay(true)
            .user_agent(concat!("host-harness/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| failed(&error))
    }

    /// TLS for one client, which takes up no session of another's.
    fn tls(&self) -> Result<ClientConfig, String> {
        let mut config = self.tls.get_or_init(|| network::tls(self.roots.clone())).clone()?;
        config.resumption = Resumption::in_memory_sessions(TLS_SESSIONS);
        Ok(config)
    }
}

/// A client whose every request leaves through the proxy, as a tunnel for TLS with the service. It sends none over
/// plain http, which the proxy could read.
fn through(proxy: &Proxy) -> reqwest::Result<ClientBuilder> {
    let mut way = reqwest::Proxy::all(proxy.origin().to_string())?;
    if let Some(authorization) = proxy.authorization() {
        way = way.custom_http_auth(authorization);
    }
    let resolver = ProxyResolver { proxy: proxy.origin().clone() };
    // With a proxy of its own, the client looks for none in the environment.
    Ok(Client::builder().proxy(way).https_only(true).dns_resolver(Arc::new(resolver)))
}

/// Whether a certificate can be shown to the service and to nobody else: the client would also give it to a proxy that
/// speaks TLS.
fn check_identity(proxy: Option<&Proxy>) -> Result<(), NetworkError> {
    match proxy {
        Some(proxy) if proxy.origin().is_https() => Err(NetworkError::ClientIdentityAndHttpsProxy),
        _ => Ok(()),
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

/// The causes of an error without the outermost words, which say only that there was one, and without the URL; and the
/// way out, where it is known.
pub(super) fn describe(error: &reqwest::Error) -> String {
    let parts = causes_of(error);
    if parts.is_empty() {
        return "the request could not be sent".into();
    }
    let text = parts.join(": ");
    let way_out = WAYS_OUT.iter().find(|(cause, _)| text.contains(cause)).map_or("", |(_, way_out)| way_out);
    format!("{text}{way_out}")
}

/// What TLS says where something is missing on this side, and what that is.
const WAYS_OUT: [(&str, &str); 2] = [
    (
        "UnknownIssuer",
        "; if a company's own authority has signed its certificate, or a proxy's that looks into TLS, have that one \
         trusted: the system's roots, or extra ones",
    ),
    ("CertificateRequired", "; the service asks for a client certificate"),
];

/// The words of all that lies behind an error.
pub(super) fn causes_of(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(error) = source {
        let text = error.to_string();
        // Wrappers often repeat what they wrap.
        if parts.last().is_none_or(|last| *last != text) {
            parts.push(text);
        }
        source = error.source();
    }
    parts
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
