//! Where a component comes from: a file, or a registry; and whether it is one that the operator trusts.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use host::{CompileCache, Connector, LoadError, Roots, Runtime};
use registry::{Address, Error, SCHEME, Store, Trust, TrustedKey};

use super::command_error::CommandError;
use super::options::GlobalOptions;
use super::output;
use crate::files;

/// A public key in PEM, or a signature in Base64, has some hundred bytes.
const LARGEST_KEY: u64 = 16 * 1024;

/// A component that was found, and is trusted where keys are named.
pub(super) struct Found {
    /// What it is loaded from, where there is such a file.
    pub(super) file: Option<PathBuf>,
    /// Its bytes, where something was checked of them: what was checked is what is loaded.
    pub(super) bytes: Option<Vec<u8>>,
    /// Its address by its digest, where it comes from a registry.
    pub(super) address: Option<Address>,
    /// Who signed it, where somebody had to.
    pub(super) signed_by: Option<String>,
}

impl Found {
    pub(super) async fn load(&self, runtime: &Runtime) -> Result<Connector, LoadError> {
        match (&self.bytes, &self.file) {
            (Some(bytes), _) => runtime.load(bytes.clone()).await,
            (None, file) => runtime.load_file(file.as_deref().unwrap_or(Path::new(""))).await,
        }
    }
}

/// Finds the component that the options name.
pub(super) async fn find(options: &GlobalOptions) -> Result<Found, CommandError> {
    find_at(options, &options.component()?).await
}

/// Finds a component in this file, or at this address of a registry.
pub(super) async fn find_at(options: &GlobalOptions, named: &Path) -> Result<Found, CommandError> {
    match named.to_str().filter(|text| text.starts_with(SCHEME)) {
        Some(address) => fetch(options, &address.parse()?).await,
        None => read(options, named.to_owned()),
    }
}

/// Fetches a component from its registry, or from where it was kept.
pub(super) async fn fetch(options: &GlobalOptions, address: &Address) -> Result<Found, CommandError> {
    let store = match options.cache() {
        CompileCache::Folder(folder) => Store::in_folder(folder.join("components")),
        CompileCache::Off => Store::default(),
    };
    let trust = trust(options)?;
    let fetched = store.fetch(address, &trust, &roots(options)?, options.limits().component_bytes).await?;
    if address.digest().is_none() {
        output::message(&format!("note: {address} is {}", fetched.address));
    }
    Ok(Found {
        file: fetched.file,
        bytes: Some(fetched.component),
        address: Some(fetched.address),
        signed_by: fetched.signed_by,
    })
}

/// Whose certificates are trusted on the way to a registry: as on the way to a service.
pub(super) fn roots(options: &GlobalOptions) -> Result<registry::Roots, CommandError> {
    let trusted = options.trusted()?;
    Ok(registry::Roots { system: trusted.roots == Roots::System, extra_pem: trusted.extra_roots_pem })
}

/// A component in a file, which has its signature beside it.
fn read(options: &GlobalOptions, file: PathBuf) -> Result<Found, CommandError> {
    let trust = trust(options)?;
    if !trust.is_demanded() {
        return Ok(Found { file: Some(file), bytes: None, address: None, signed_by: None });
    }
    let refused = |reason: String| Error::NotTrusted { what: file.display().to_string(), reason };
    let beside = file.with_added_extension("sig");
    let signature = files::read(&beside, LARGEST_KEY).map_err(|error| {
        refused(format!(
            "only components that {} signed are trusted, and its signature {} cannot be read: {error}",
            trust.names(),
            beside.display()
        ))
    })?;
    let most = options.limits().component_bytes;
    let mut bytes = Vec::new();
    File::open(&file)
        .and_then(|opened| opened.take(most.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| CommandError::usage(format!("{} cannot be read: {error}", file.display())))?;
    let signed_by = trust.check_bytes(&file.display().to_string(), &bytes, &signature)?.to_owned();
    Ok(Found { file: Some(file), bytes: Some(bytes), address: None, signed_by: Some(signed_by) })
}

fn trust(options: &GlobalOptions) -> Result<Trust, CommandError> {
    let key = |path: &PathBuf| -> Result<TrustedKey, CommandError> {
        let name = path.display().to_string();
        let text = files::read(path, LARGEST_KEY)
            .map_err(|error| CommandError::usage(format!("--trust {name}: it cannot be read: {error}")))?;
        Ok(TrustedKey::from_pem(&name, &text)?)
    };
    options.trust().iter().map(key).collect::<Result<_, _>>().map(Trust::in_keys)
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        match error {
            Error::Registry { .. } | Error::NotAComponent { .. } | Error::NotTrusted { .. } => {
                Self::Load(error.to_string())
            }
            _ => Self::usage(error.to_string()),
        }
    }
}
