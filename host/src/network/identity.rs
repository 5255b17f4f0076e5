//! The certificate that is shown to a service which asks for one, with its key.

use std::fmt;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use zeroize::Zeroize;

use super::NetworkError;

/// What an encrypted key says of itself: PKCS #8, and what OpenSSL wrote before.
const ENCRYPTED: [&[u8]; 2] = [b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED"];

/// A client certificate with its key, for services that tell their clients by TLS (mTLS). Cheap to clone; shows nothing
/// of itself in its debug output.
#[derive(Clone)]
pub struct ClientIdentity {
    certified: Arc<CertifiedKey>,
}

impl ClientIdentity {
    /// Reads PEM: the client's certificate, with those of the authorities between it and one that the service knows
    /// after it; and its key, which may stand in the same text. The key must not be encrypted, and must be the
    /// certificate's. What is read of the key is wiped; the caller does so with the text. No error repeats any of it.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, NetworkError> {
        use NetworkError::{ClientCertificate, ClientKey, ClientKeyMismatch};
        let chain = CertificateDer::pem_slice_iter(certificates).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| ClientCertificate("it is not whole, or not in PEM form"))?;
        if chain.is_empty() {
            return Err(ClientCertificate("there is no certificate in PEM form"));
        }
        if ENCRYPTED.iter().any(|mark| memchr::memmem::find(key, mark).is_some()) {
            return Err(ClientKey(
                "it is encrypted, and nobody is asked for its password: decrypt it into a file that only this \
                 program's user can read (openssl pkey -in KEY -out PLAIN)",
            ));
        }
        let mut key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| ClientKey("there is none in PEM form (PKCS #8, PKCS #1 or SEC 1)"))?;
        let signing = any_supported_type(&key);
        key.zeroize();
        let signing = signing
            .map_err(|_| ClientKey("it is none of RSA (2048 bits or more), ECDSA (P-256, P-384) and Ed25519"))?;
        let certified = CertifiedKey::new(chain, signing);
        certified.keys_match().map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => ClientKeyMismatch,
            _ => ClientCertificate("it cannot be read"),
        })?;
        Ok(Self { certified: Arc::new(certified) })
    }

    /// What shows it to whichever server asks.
    pub(crate) fn resolver(&self) -> Arc<dyn ResolvesClientCert> {
        Arc::new(SingleCertAndKey::from(self.certified.clone()))
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[u8] = include_bytes!("test_pem/client_one.pem");
    const ONE_KEY: &[u8] = include_bytes!("test_pem/client_one_key.pem");
    const ONE_KEY_SEC1: &[u8] = include_bytes!("test_pem/client_one_key_sec1.pem");
    const ONE_KEY_ENCRYPTED: &[u8] = include_bytes!("test_pem/client_one_key_encrypted.pem");
    const ONE_KEY_LEGACY: &[u8] = include_bytes!("test_pem/client_one_key_encrypted_legacy.pem");
    const TWO: &[u8] = include_bytes!("test_pem/client_two.pem");
    const TWO_KEY: &[u8] = include_bytes!("test_pem/client_two_key.pem");

    #[test]
    fn a_certificate_with_its_key_is_read_in_each_form_and_shown_by_nothing() {
        let both = [ONE_KEY, ONE].concat();
        for (certificates, key) in [(ONE, ONE_KEY), (ONE, ONE_KEY_SEC1), (TWO, TWO_KEY), (&both, &both)] {
            let identity = ClientIdentity::from_pem(certificates, key).unwrap();
            assert_eq!(format!("{identity:?}"), "ClientIdentity { .. }");
            assert_eq!(identity.certified.cert.len(), 1);
        }
        let chain = [ONE, TWO].concat();
        assert_eq!(ClientIdentity::from_pem(&chain, ONE_KEY).unwrap().certified.cert.len(), 2);
    }

    #[test]
    fn a_certificate_and_a_key_that_do_not_belong_together_are_an_error() {
        let reversed = [TWO, ONE].concat();
        for (certificates, key) in [(ONE, TWO_KEY), (TWO, ONE_KEY), (&reversed, ONE_KEY)] {
            let error = ClientIdentity::from_pem(certificates, key).unwrap_err();
            assert_eq!(error, NetworkError::ClientKeyMismatch);
        }
    }

    #[test]
    fn an_encrypted_key_is_an_error_that_says_how_to_decrypt_it() {
        for key in [ONE_KEY_ENCRYPTED, ONE_KEY_LEGACY] {
            let error = ClientIdentity::from_pem(ONE, key).unwrap_err().to_string();
            assert!(error.contains("it is encrypted") && error.contains("openssl pkey"), "{error}");
        }
    }

    #[test]
    fn what_is_no_certificate_or_no_key_is_an_error_that_repeats_nothing_of_it() {
        let damaged =
            String::from_utf8(ONE_KEY.to_vec()).unwrap().replace("BEGIN PRIVATE KEY", "BEGIN PRIVATE KEY canary");
        let cut = &ONE_KEY[..ONE_KEY.len() - 40];
        let no_key = b"-----BEGIN PRIVATE KEY-----\ncanary==\n-----END PRIVATE KEY-----\n";
        for key in [&b""[..], b"canary", ONE, damaged.as_bytes(), cut, no_key] {
            let error = ClientIdentity::from_pem(ONE, key).unwrap_err();
            assert!(matches!(error, NetworkError::ClientKey(_)), "{error}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        let no_certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for certificate in [&b""[..], b"canary", ONE_KEY, &ONE[..ONE.len() - 40], no_certificate] {
            let error = ClientIdentity::from_pem(certificate, ONE_KEY).unwrap_err();
            assert!(matches!(error, NetworkError::ClientCertificate(_)), "{error}");
        }
    }
}
