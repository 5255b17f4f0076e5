//! Signatures of what is in a registry, as cosign makes and keeps them: a short text that names the component, signed,
//! beside the component under a tag that is made from its digest.

use std::collections::BTreeMap;

use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::Registry;
use crate::{Address, Error, SigningKey, blob, key};

const LAYER_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const ANNOTATION: &str = "dev.cosignproject.cosign/signature";
const PAYLOAD_TYPE: &str = "cosign container image signature";

/// The largest text that is signed, in bytes: it has some three hundred.
const LARGEST_PAYLOAD: u64 = 64 * 1024;
/// The longest signature in Base64: of the curve P-256 it has about a hundred letters.
const LONGEST_SIGNATURE: usize = 1024;
/// So many signatures of one component are looked at.
const MOST_SIGNATURES: usize = 16;

/// One signature, and the text that it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signature {
    pub(crate) payload: String,
    /// In Base64.
    pub(crate) signature: String,
}

/// What a signature has to be of.
pub(crate) struct Signed<'address> {
    /// The address that was asked for.
    pub(crate) address: &'address Address,
    /// What was found there.
    pub(crate) digest: &'address str,
}

/// The text that is signed.
#[derive(Serialize, Deserialize)]
struct Payload {
    critical: Critical,
    optional: Option<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
struct Critical {
    identity: Identity,
    image: Image,
    r#type: String,
}

#[derive(Serialize, Deserialize)]
struct Identity {
    #[serde(rename = "docker-reference")]
    docker_reference: String,
}

#[derive(Serialize, Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    docker_manifest_digest: String,
}

impl Signed<'_> {
    /// Whether a signed text is of this component.
    pub(crate) fn is_what(&self, payload: &str) -> Result<(), String> {
        let payload: Payload = serde_json::from_str(payload).map_err(|_| "not what signatures of components are of")?;
        let critical = payload.critical;
        if critical.r#type != PAYLOAD_TYPE {
            return Err("not what signatures of components are of".into());
        }
        if critical.image.docker_manifest_digest != self.digest {
            return Err("another component".into());
        }
        // A digest names one component wherever it is. A tag can be moved to another one that was signed under another
        // name, so there the name counts as well.
        let named = &critical.identity.docker_reference;
        let repository = self.address.repository();
        let is_named = [&repository, &self.address.to_string().replacen(crate::SCHEME, "", 1)].contains(&named);
        if self.address.digest().is_none() && !is_named {
            return Err(format!(
                "as {}; name it by its digest if it is a copy: {}",
                crate::error::bounded(named),
                self.address.pinned(self.digest)
            ));
        }
        Ok(())
    }
}

/// The tag under which a component's signatures are.
fn tag(digest: &str) -> String {
    format!("{}.sig", digest.replace(':', "-"))
}

/// The signatures of a component, as far as they can be read.
pub(crate) async fn fetch(registry: &Registry, address: &Address, digest: &str) -> Result<Vec<Signature>, Error> {
    let at = address.tagged(tag(digest));
    let Some(manifest) = registry.manifest(&at).await? else { return Ok(Vec::new()) };
    // What stands there may be anything; what cannot be read is no signature.
    let Ok(manifest) = serde_json::from_slice::<OciImageManifest>(&manifest.bytes) else { return Ok(Vec::new()) };
    let mut signatures = Vec::new();
    for layer in manifest.layers.iter().filter(|layer| layer.media_type == LAYER_TYPE).take(MOST_SIGNATURES) {
        let Some(signature) = annotated(layer).filter(|signature| signature.len() <= LONGEST_SIGNATURE) else {
            continue;
        };
        let payload = registry.blob(&at, layer, LARGEST_PAYLOAD).await?;
        if let Ok(payload) = String::from_utf8(payload) {
            signatures.push(Signature { payload, signature: signature.to_owned() });
        }
    }
    Ok(signatures)
}

fn annotated(layer: &OciDescriptor) -> Option<&str> {
    layer.annotations.as_ref()?.get(ANNOTATION).map(String::as_str)
}

/// Signs a component and puts the signature beside it, with those that are there already.
pub(crate) async fn push(registry: &Registry, address: &Address, digest: &str, key: &SigningKey) -> Result<(), Error> {
    let failed = |error: serde_json::Error| Error::Client(error.to_string());
    let payload = Payload {
        critical: Critical {
            identity: Identity { docker_reference: address.repository() },
            image: Image { docker_manifest_digest: digest.to_owned() },
            r#type: PAYLOAD_TYPE.to_owned(),
        },
        optional: None,
    };
    let payload = serde_json::to_string(&payload).map_err(failed)?;
    let signature = key::base64(&key.sign(payload.as_bytes()));
    let mut signatures = fetch(registry, address, digest).await?;
    let new = Signature { payload, signature };
    if signatures.contains(&new) {
        return Ok(());
    }
    if signatures.len() >= MOST_SIGNATURES {
        return Err(Error::Registry {
            address: address.to_string(),
            reason: format!("it has {MOST_SIGNATURES} signatures, and no more are read"),
        });
    }
    signatures.push(new);
    let digests: Vec<String> = signatures.iter().map(|signature| blob::digest(signature.payload.as_bytes())).collect();
    // What tools that know only container images need to copy it.
    let config = json!({
        "architecture": "", "os": "", "created": "0001-01-01T00:00:00Z", "config": {},
        "rootfs": {"type": "layers", "diff_ids": digests},
    });
    let config = serde_json::to_vec(&config).map_err(failed)?;
    let layers = signatures.iter().map(|signature| OciDescriptor {
        annotations: Some(BTreeMap::from([(ANNOTATION.to_owned(), signature.signature.clone())])),
        ..descriptor(LAYER_TYPE, signature.payload.as_bytes())
    });
    let manifest = OciImageManifest {
        media_type: Some(OCI_IMAGE_MEDIA_TYPE.to_owned()),
        config: descriptor(CONFIG_TYPE, &config),
        layers: layers.collect(),
        ..OciImageManifest::default()
    };
    let payloads = signatures.iter().map(|signature| signature.payload.as_bytes());
    let blobs: Vec<&[u8]> = std::iter::once(config.as_slice()).chain(payloads).collect();
    registry.push(&address.tagged(tag(digest)), &blobs, &manifest).await?;
    Ok(())
}

/// What a manifest says of a blob.
pub(crate) fn descriptor(media_type: &str, bytes: &[u8]) -> OciDescriptor {
    OciDescriptor {
        media_type: media_type.to_owned(),
        digest: blob::digest(bytes),
        // No blob has more bytes than memory has.
        size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
        ..OciDescriptor::default()
    }
}
