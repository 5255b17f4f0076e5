//! How requests get to their service: whose certificates are trusted, the proxy on the way, the certificate that is
//! shown to the service. All of it is read and checked here, when a program starts; an error says what is wrong with it
//! and repeats no secret. Pure, but for the system's own certificates.

mod identity;
mod proxy;
mod roots;

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

pub use identity::ClientIdentity;
pub use proxy::Proxy;
pub use roots::Roots;

/// The network as the operator describes it. By default: the web's certificate authorities, no proxy, no certificate of
/// one's own. What the environment says of proxies (`HTTP_PROXY` and the like) counts for nothing.
#[derive(Debug, Clone, Default)]
pub struct NetworkOptions {
    /// The certificate authorities that are trusted.
    pub roots: Roots,
    /// Certificates in PEM form of further authorities, for services inside a company.
    pub extra_roots_pem: Option<Vec<u8>>,
    /// The proxy that all requests leave through, and none around it. A call needs
    /// [`Grants::allow_proxy`](crate::Grants::allow_proxy) for it.
    pub proxy: Option<Proxy>,
    /// What is shown to a service that asks for a certificate; a connection may have one of its own in its place
    /// ([`Connection::with_client_identity`](crate::Connection::with_client_identity)). A proxy is never shown it.
    pub client_identity: Option<ClientIdentity>,
}

impl NetworkOptions {
    /// TLS for requests that the embedder sends itself: it trusts the same authorities, and shows no certificate.
    pub fn tls(&self) -> Result<ClientConfig, NetworkError> {
        tls(self.trusted()?).map_err(NetworkError::Tls)
    }

    pub(crate) fn trusted(&self) -> Result<RootCertStore, NetworkError> {
        roots::trusted(self)
    }
}

/// TLS with a provider that is compiled in, so that nothing need be installed.
pub(crate) fn tls(roots: RootCertStore) -> Result<ClientConfig, String> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS could not be set up: {error}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// What is wrong with [`NetworkOptions`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The system has no roots, or none that can be read.
    #[error(
        "the system's root certificates cannot be used: {0}. Install them (often a package called ca-certificates), \
         name a file of them in the variable SSL_CERT_FILE, or trust the web's"
    )]
    SystemRoots(String),
    /// The extra roots cannot be read.
    #[error("the extra root certificates cannot be used: {0}")]
    ExtraRoots(String),
    /// The proxy's URL names none.
    #[error(
        "the proxy's URL cannot be used: {0}; it is http://HOST:PORT, or https:// where the proxy itself speaks TLS"
    )]
    ProxyUrl(String),
    /// The proxy's URL is a place where credentials are seen by others.
    #[error(
        "the proxy's URL holds a user name or a password, which others can read there: change that password, and give \
         it apart from the URL"
    )]
    CredentialsInProxyUrl,
    /// No proxy can be given these credentials.
    #[error("the proxy's credentials cannot be used: {0}")]
    ProxyCredentials(&'static str),
    /// The client certificate cannot be read.
    #[error("the client certificate cannot be used: {0}")]
    ClientCertificate(&'static str),
    /// Its key cannot be read.
    #[error("the client certificate's key cannot be used: {0}")]
    ClientKey(&'static str),
    /// It is another certificate's key.
    #[error(
        "the client certificate and the key do not belong together; in a file of several certificates, the client's \
         own stands first"
    )]
    ClientKeyMismatch,
    /// The HTTP client would show the certificate to the proxy, too.
    #[error(
        "a client certificate goes to its service alone, and a proxy that is reached over https could ask for it: \
         reach the proxy over http (what goes through it is encrypted all the same), or do without the certificate"
    )]
    ClientIdentityAndHttpsProxy,
    /// TLS itself could not be set up.
    #[error("{0}")]
    Tls(String),
}
