//! The HTTP client of the fleet's own: to its engine, and to the flows of tenants. Requests of connectors go through
//! the library `host` and never through this.

use std::sync::Arc;

use host::NetworkOptions;
use reqwest::ClientBuilder;
use rustls::ClientConfig;

/// Whom the fleet's own requests trust.
#[derive(Clone)]
pub(crate) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// The same authorities as connectors' requests.
    pub(crate) fn of(network: &NetworkOptions) -> Result<Self, String> {
        network.tls().map(|config| Self(Arc::new(config))).map_err(|error| error.to_string())
    }
}

/// A client that follows no redirect and uses no proxy that it was not told of.
pub(crate) fn client(
    trust: &Trust,
    configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<reqwest::Client, String> {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(ClientConfig::clone(&trust.0))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .tcp_nodelay(true)
        .user_agent(concat!("fleet/", env!("CARGO_PKG_VERSION")));
    configure(client).build().map_err(|error| format!("the HTTP client could not be set up: {error}"))
}
