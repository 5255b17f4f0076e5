//! Components on disk by their digests, so that a component that is named by its digest is asked for once. Nothing that
//! is read from there is believed more than what a registry gives: it must have the digest, and its signature must
//! hold.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::client::{RawManifest, Registry, Roots};
use crate::signature::{self, Signature, Signed};
use crate::{Address, Error, SigningKey, Trust, artifact, blob};

/// So many components are kept; those longest unused go first.
const MOST_COMPONENTS: usize = 64;
/// The largest file beside a component, in bytes: a manifest, or its signatures.
const LARGEST_NOTE: u64 = 4 * 1024 * 1024;

/// A folder of components, or none.
#[derive(Debug, Clone, Default)]
pub struct Store {
    folder: Option<PathBuf>,
}

/// A component that was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// Its bytes.
    pub component: Vec<u8>,
    /// Its address by its digest.
    pub address: Address,
    /// The trusted key that signed it, where one had to.
    pub signed_by: Option<String>,
    /// Its file in the folder, where there is one.
    pub file: Option<PathBuf>,
}

/// A registry that is asked only once there is something to ask.
struct Lazily<'of> {
    address: &'of Address,
    roots: &'of Roots,
    registry: Option<Registry>,
}

impl Lazily<'_> {
    async fn get(&mut self) -> Result<&Registry, Error> {
        let registry = match self.registry.take() {
            Some(registry) => registry,
            None => Registry::of(self.address, self.roots).await?,
        };
        Ok(self.registry.insert(registry))
    }
}

impl Store {
    /// Keeps components in this folder, which is made when it is missing.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }

    /// Fetches a component of at most so many bytes: from the folder if it is there under its digest, else from its
    /// registry. A tag is always asked of the registry.
    ///
    /// # Errors
    ///
    /// It cannot be had, is none, or is not signed by a key that is trusted.
    pub async fn fetch(&self, address: &Address, trust: &Trust, roots: &Roots, most: u64) -> Result<Fetched, Error> {
        let mut registry = Lazily { address, roots, registry: None };
        let kept = address
            .digest()
            .and_then(|digest| Some((digest, self.read(&manifest_name(digest), digest, LARGEST_NOTE)?)));
        let manifest = match kept {
            Some((digest, bytes)) => RawManifest { bytes, digest: digest.to_owned() },
            None => registry.get().await?.manifest(address).await?.ok_or_else(|| Error::Registry {
                address: address.to_string(),
                reason: "the registry has nothing under this name".into(),
            })?,
        };
        let layer = artifact::layer(address, &manifest.bytes)?;
        let signed_by = self.check(address, &manifest.digest, trust, &mut registry).await?;
        let name = format!("{}.wasm", file_name(&layer.digest));
        let component = match self.read(&name, &layer.digest, most) {
            Some(component) => component,
            None => registry.get().await?.blob(address, &layer, most).await?,
        };
        let file = self.keep(&name, &component);
        self.keep(&manifest_name(&manifest.digest), &manifest.bytes);
        self.prune();
        Ok(Fetched { component, address: address.pinned(&manifest.digest), signed_by, file })
    }

    /// Who signed what was found, where somebody has to.
    async fn check(
        &self,
        address: &Address,
        digest: &str,
        trust: &Trust,
        registry: &mut Lazily<'_>,
    ) -> Result<Option<String>, Error> {
        if !trust.is_demanded() {
            return Ok(None);
        }
        let signed = Signed { address, digest };
        let name = format!("{}.signatures", file_name(digest));
        let kept = self.read_any(&name).and_then(|bytes| serde_json::from_slice::<Vec<Signature>>(&bytes).ok());
        if let Some(signer) = kept.and_then(|kept| trust.check_signatures(&signed, &kept).ok().map(str::to_owned)) {
            return Ok(Some(signer));
        }
        let signatures = signature::fetch(registry.get().await?, address, digest).await?;
        let signer = trust.check_signatures(&signed, &signatures)?.to_owned();
        if let Ok(bytes) = serde_json::to_vec(&signatures) {
            self.keep(&name, &bytes);
        }
        Ok(Some(signer))
    }

    /// A file of the folder, if its bytes have this digest.
    fn read(&self, name: &str, digest: &str, most: u64) -> Option<Vec<u8>> {
        let bytes = read(&self.folder.as_ref()?.join(name), most).ok()?;
        (blob::digest(&bytes) == digest).then_some(bytes)
    }

    fn read_any(&self, name: &str) -> Option<Vec<u8>> {
        read(&self.folder.as_ref()?.join(name), LARGEST_NOTE).ok()
    }

    /// Keeps a file. That it cannot be kept is no error: it is asked for again.
    fn keep(&self, name: &str, bytes: &[u8]) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        let path = folder.join(name);
        let written = fs::create_dir_all(folder).and_then(|()| {
            let mut file = tempfile::Builder::new().prefix(".fetching-").tempfile_in(folder)?;
            file.write_all(bytes)?;
            file.persist(&path).map_err(io::Error::from)
        });
        written.ok().map(|_| path)
    }

    /// Removes the components that were used longest ago, and what stands beside none.
    fn prune(&self) {
        let Some(folder) = &self.folder else { return };
        let Ok(entries) = fs::read_dir(folder) else { return };
        let mut files: Vec<(SystemTime, PathBuf)> = entries
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort();
        // A component has its bytes, its manifest, and its signatures.
        let surplus = files.len().saturating_sub(MOST_COMPONENTS.saturating_mul(3));
        for (_, path) in files.iter().take(surplus) {
            fs::remove_file(path).ok();
        }
    }
}

impl Registry {
    /// Pushes a component, and its signature if there is a key. Gives its address by its digest.
    ///
    /// # Errors
    ///
    /// The bytes are no component, the address names a digest, or the registry does not take it.
    pub async fn push_component(
        &self,
        address: &Address,
        component: &[u8],
        description: &artifact::Description,
        key: Option<&SigningKey>,
    ) -> Result<Address, Error> {
        if address.digest().is_some() {
            let why = "a component is pushed to a tag, and its digest comes of that: leave out @sha256:…";
            return Err(Error::Address(address.to_string(), why.into()));
        }
        let (config, manifest) = artifact::describe(component, description)?;
        let digest = self.push(address, &[&config, component], &manifest).await?;
        if let Some(key) = key {
            signature::push(self, address, &digest, key).await?;
        }
        Ok(address.pinned(&digest))
    }
}

impl SigningKey {
    /// The signature of a file's bytes in the words of `cosign sign-blob`: Base64.
    pub fn sign_bytes(&self, bytes: &[u8]) -> String {
        crate::key::base64(&self.sign(bytes))
    }
}

fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// A digest as the name of a file.
fn file_name(digest: &str) -> String {
    digest.replace(|character: char| !character.is_ascii_alphanumeric(), "-")
}

fn manifest_name(digest: &str) -> String {
    format!("{}.manifest", file_name(digest))
}
