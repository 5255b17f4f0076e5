//! The HTTP client of the fleet's own: to its engine, and to the flows of tenants. Requests of connectors go through the
//! library `host` and never through this.

use std::sync::Arc;

use reqwest::ClientBuilder;
use rustls::ClientConfig;

/// A client with TLS whose provider and roots are compiled in, which follows no redirect and uses no proxy that it was not
/// told of.
pub(crate) fn client(configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<reqwest::Client, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("the HTTP client could not be set up: {error}");
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .tcp_nodelay(true)
        .user_agent(concat!("fleet/", env!("CARGO_PKG_VERSION")));
    configure(client).build().map_err(|error| wrong(&error))
}
