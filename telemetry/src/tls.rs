//! TLS to a collector, with a provider and roots that are compiled in, so that nothing need be installed.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The configuration, with the authorities of a PEM file beside the web's. The error says what is wrong with it.
pub(crate) fn config(extra_roots_pem: Option<&[u8]>) -> Result<ClientConfig, String> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in CertificateDer::pem_slice_iter(extra_roots_pem.unwrap_or_default()) {
        let root = root.map_err(|error| format!("the extra root certificates cannot be read: {error}"))?;
        roots.add(root).map_err(|error| format!("a root certificate cannot be used: {error}"))?;
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
