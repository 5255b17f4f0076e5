//! The certificate authorities that are trusted.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_native_certs::{CertificateResult, Error, ErrorKind};

use super::{NetworkError, NetworkOptions};

/// Whose certificate authorities are trusted. [`NetworkOptions::extra_roots_pem`] comes on top of either.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// Those that browsers trust, as they are compiled in: nothing need be installed, and nothing that is installed
    /// counts.
    #[default]
    Web,
    /// Those that the operating system trusts, and no others: a company's own, for example. Read once, when the runtime
    /// is made. Where the variable `SSL_CERT_FILE` names a file, or `SSL_CERT_DIR` folders, these are read in their
    /// place.
    System,
}

/// The variable that names a file of certificates in place of the system's.
const NAMES_A_FILE: &str = "SSL_CERT_FILE";

/// All that is trusted with these options.
pub(super) fn trusted(options: &NetworkOptions) -> Result<RootCertStore, NetworkError> {
    let mut roots = match options.roots {
        Roots::Web => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        Roots::System => {
            let named = std::env::var_os(NAMES_A_FILE).map(PathBuf::from);
            of_system(rustls_native_certs::load_native_certs(), named.as_deref())?
        }
    };
    if let Some(pem) = &options.extra_roots_pem {
        add_extra(&mut roots, pem).map_err(NetworkError::ExtraRoots)?;
    }
    Ok(roots)
}

/// The roots that were found on the system. Some of a system's certificates may be damaged, or older than what TLS
/// still takes; it must have one that can be used, and a file that somebody named must be there.
fn of_system(found: CertificateResult, named: Option<&Path>) -> Result<RootCertStore, NetworkError> {
    let is_of_named =
        |error: &&Error| matches!(&error.kind, ErrorKind::Io { path, .. } if Some(path.as_path()) == named);
    if let Some(error) = found.errors.iter().find(is_of_named) {
        return Err(NetworkError::SystemRoots(error.to_string()));
    }
    let mut roots = RootCertStore::empty();
    let (usable, unusable) = roots.add_parsable_certificates(found.certs);
    if usable > 0 {
        return Ok(roots);
    }
    Err(NetworkError::SystemRoots(match found.errors.first() {
        Some(error) => error.to_string(),
        None if unusable > 0 => "what was found there is no certificate".to_owned(),
        None => "none was found".to_owned(),
    }))
}

fn add_extra(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), String> {
    let mut added = 0_usize;
    for root in CertificateDer::pem_slice_iter(pem) {
        let root = root.map_err(|error| error.to_string())?;
        roots.add(root).map_err(|error| error.to_string())?;
        added += 1;
    }
    if added == 0 { Err("there is no certificate in PEM form".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHORITY: &[u8] = include_bytes!("test_pem/authority.pem");

    fn found(certificates: Vec<CertificateDer<'static>>) -> CertificateResult {
        let mut found = CertificateResult::default();
        found.certs = certificates;
        found
    }

    #[test]
    fn the_systems_roots_are_the_only_ones_where_they_are_chosen() {
        let authority = CertificateDer::from_pem_slice(AUTHORITY).unwrap();
        let damaged = CertificateDer::from(b"no certificate".to_vec());
        let roots = of_system(found(vec![damaged, authority]), None).unwrap();
        assert_eq!(roots.len(), 1);
    }

    #[test]
    fn a_system_without_usable_roots_is_an_error_that_says_why_and_what_to_do() {
        let unreadable = rustls_native_certs::load_certs_from_paths(Some("/nowhere/roots.pem".as_ref()), None);
        let damaged = found(vec![CertificateDer::from(b"no certificate".to_vec())]);
        for (found, why) in
            [(found(Vec::new()), "none was found"), (damaged, "no certificate"), (unreadable, "/nowhere/roots.pem")]
        {
            let text = of_system(found, None).unwrap_err().to_string();
            assert!(text.contains(why) && text.contains("SSL_CERT_FILE"), "{text}");
        }
    }

    #[test]
    fn a_file_of_roots_that_is_named_and_not_there_is_an_error_although_there_are_others() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("authority.pem"), AUTHORITY).unwrap();
        let named = Path::new("/nowhere/roots.pem");
        let found = || rustls_native_certs::load_certs_from_paths(Some(named), Some(folder.path()));
        assert!(of_system(found(), Some(named)).unwrap_err().to_string().contains("/nowhere/roots.pem"));
        assert_eq!(of_system(found(), None).unwrap().len(), 1);
    }

    #[test]
    fn extra_roots_come_on_top_and_a_file_without_one_is_an_error() {
        let with = |pem: Option<&[u8]>| {
            let options = NetworkOptions { extra_roots_pem: pem.map(<[u8]>::to_vec), ..NetworkOptions::default() };
            trusted(&options)
        };
        let web = with(None).unwrap().len();
        assert_eq!(with(Some(AUTHORITY)).unwrap().len(), web + 1);
        let damaged = b"-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n";
        let empty = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for pem in [&b""[..], b"no PEM", damaged, empty] {
            assert!(matches!(with(Some(pem)), Err(NetworkError::ExtraRoots(_))), "{pem:?}");
        }
    }
}
