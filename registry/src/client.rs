//! The connection to a registry, and what is asked of it.

use std::time::Duration;

use futures_util::StreamExt;
use oci_client::Client;
use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};
use oci_client::secrets::RegistryAuth;
use reqwest::header::HeaderValue;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::error::in_words;
use crate::{Address, Error, blob, credentials};

/// How long a registry may say nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// How long all of one pull or push may take.
const WHOLE: Duration = Duration::from_secs(300);
/// The largest manifest, in bytes, as registries bound theirs.
const LARGEST_MANIFEST: usize = 4 * 1024 * 1024;

/// Whose certificates are trusted on the way to a registry.
#[derive(Debug, Clone, Default)]
pub struct Roots {
    /// Those of the operating system, in place of the web's, which are compiled in.
    pub system: bool,
    /// Certificates in PEM to trust as well.
    pub extra_pem: Option<Vec<u8>>,
}

/// One registry, asked with the credentials that Docker's configuration has for it.
pub struct Registry {
    client: Client,
    pub(crate) auth: RegistryAuth,
}

/// A manifest as the registry holds it: the bytes that its digest is of.
pub(crate) struct RawManifest {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: String,
}

impl Registry {
    /// Sets up to ask the registry of an address. Nothing is asked yet but the helper that Docker's configuration
    /// names.
    ///
    /// # Errors
    ///
    /// The certificates, or the credentials, cannot be used.
    pub async fn of(address: &Address, roots: &Roots) -> Result<Self, Error> {
        // Whoever has chosen another one keeps it.
        rustls::crypto::ring::default_provider().install_default().ok();
        let local = || vec![address.registry().to_owned()];
        let config = ClientConfig {
            protocol: if address.is_local() { ClientProtocol::HttpsExcept(local()) } else { ClientProtocol::Https },
            tls_certs_only: if roots.system { Vec::new() } else { web_roots() },
            extra_root_certificates: extra_roots(roots)?,
            platform_resolver: None,
            read_timeout: Some(SILENCE),
            connect_timeout: Some(SILENCE),
            user_agent: concat!("connector-registry/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| Error::Client(error.to_string()))?;
        Ok(Self { client, auth: credentials::find(address.registry()).await? })
    }

    /// The manifest that an address names; none where the registry has none.
    pub(crate) async fn manifest(&self, address: &Address) -> Result<Option<RawManifest>, Error> {
        let asked = self.client.pull_manifest_raw(address.reference(), &self.auth, &[OCI_IMAGE_MEDIA_TYPE]);
        let (bytes, _) = match within(asked).await {
            Ok(answer) => answer,
            Err(Failure::Registry(error)) if is_not_there(&error) => return Ok(None),
            Err(failure) => return Err(failure.at(address)),
        };
        if bytes.len() > LARGEST_MANIFEST {
            return Err(not_a_component(address, "its manifest is larger than 4 MiB"));
        }
        // Not the registry's word for it.
        let digest = blob::digest(&bytes);
        if address.digest().is_some_and(|named| named != digest) {
            return Err(not_a_component(address, "the registry gives another manifest than the digest names"));
        }
        Ok(Some(RawManifest { bytes: bytes.to_vec(), digest }))
    }

    /// A blob that a manifest names, of at most so many bytes, and with the digest that it is named by.
    pub(crate) async fn blob(
        &self,
        address: &Address,
        descriptor: &OciDescriptor,
        most: u64,
    ) -> Result<Vec<u8>, Error> {
        let too_large = || not_a_component(address, &format!("a part of it is larger than {most} bytes"));
        // What is said of the size only saves the way.
        if u64::try_from(descriptor.size).is_ok_and(|size| size > most) {
            return Err(too_large());
        }
        self.client.store_auth_if_needed(address.registry(), &self.auth).await;
        let bytes = within(async {
            // By its digest alone: a manifest may name other places for it, which nobody has agreed to ask.
            let mut stream = self.client.pull_blob_stream(address.reference(), descriptor.digest.as_str()).await?;
            let mut bytes = Vec::new();
            while let Some(chunk) = stream.next().await {
                bytes.extend_from_slice(&chunk?);
                if bytes.len() as u64 > most {
                    return Ok(None);
                }
            }
            Ok(Some(bytes))
        });
        let bytes = bytes.await.map_err(|failure| failure.at(address))?.ok_or_else(too_large)?;
        if blob::digest(&bytes) != descriptor.digest {
            return Err(not_a_component(address, "the registry gives other bytes than its manifest names"));
        }
        Ok(bytes)
    }

    /// Pushes blobs, and then the manifest that names them. Gives the manifest's digest.
    pub(crate) async fn push(
        &self,
        address: &Address,
        blobs: &[&[u8]],
        manifest: &OciImageManifest,
    ) -> Result<String, Error> {
        let bytes = serde_json::to_vec(manifest).map_err(|error| Error::Client(error.to_string()))?;
        let digest = blob::digest(&bytes);
        let pushed = within(async {
            self.client.auth(address.reference(), &self.auth, oci_client::RegistryOperation::Push).await?;
            for blob in blobs {
                let named = blob::digest(blob);
                if !self.client.blob_exists(address.reference(), &named).await? {
                    self.client.push_blob(address.reference(), blob.to_vec(), &named).await?;
                }
            }
            let media_type = HeaderValue::from_static(OCI_IMAGE_MEDIA_TYPE);
            self.client.push_manifest_raw(address.reference(), bytes.clone(), media_type).await
        });
        pushed.await.map_err(|failure| failure.at(address))?;
        Ok(digest)
    }
}

/// Why a request brought nothing.
enum Failure {
    Registry(OciDistributionError),
    Late,
}

impl Failure {
    fn at(&self, address: &Address) -> Error {
        let reason = match self {
            Self::Registry(error) => in_words(error),
            Self::Late => format!("the registry takes longer than {} s", WHOLE.as_secs()),
        };
        Error::Registry { address: address.to_string(), reason }
    }
}

async fn within<T>(work: impl Future<Output = Result<T, OciDistributionError>>) -> Result<T, Failure> {
    match tokio::time::timeout(WHOLE, work).await {
        Ok(done) => done.map_err(Failure::Registry),
        Err(_) => Err(Failure::Late),
    }
}

fn is_not_there(error: &OciDistributionError) -> bool {
    use oci_client::errors::OciErrorCode::{ManifestUnknown, NameUnknown, NotFound};
    match error {
        OciDistributionError::ImageManifestNotFoundError(_) | OciDistributionError::ServerError { code: 404, .. } => {
            true
        }
        OciDistributionError::RegistryError { envelope, .. } => {
            envelope.errors.iter().any(|error| matches!(error.code, ManifestUnknown | NameUnknown | NotFound))
        }
        _ => false,
    }
}

fn not_a_component(address: &Address, reason: &str) -> Error {
    Error::NotAComponent { address: address.to_string(), reason: reason.to_owned() }
}

fn web_roots() -> Vec<Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(certificate).collect()
}

fn extra_roots(roots: &Roots) -> Result<Vec<Certificate>, Error> {
    let Some(pem) = &roots.extra_pem else { return Ok(Vec::new()) };
    CertificateDer::pem_slice_iter(pem)
        .map(|found| found.map(|found| certificate(&found)))
        .collect::<Result<_, _>>()
        .map_err(|error| Error::Client(format!("the certificates to trust are not PEM: {error}")))
}

fn certificate(der: &CertificateDer<'_>) -> Certificate {
    Certificate { encoding: CertificateEncoding::Der, data: der.to_vec() }
}
