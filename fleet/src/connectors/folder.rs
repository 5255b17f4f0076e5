//! The folder of components: `CONNECTOR/VERSION.wasm`. What is put there while the fleet runs is loaded; what is loaded
//! stays as it was, because a version is one component for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use host::Runtime;

use super::Chosen;
use crate::model::Name;

/// More components than these are not loaded: each takes some MiB.
const MOST: usize = 200;
/// The longest version, in bytes.
const LONGEST_VERSION: usize = 64;

/// A folder of components.
#[derive(Debug)]
pub(crate) struct Folder {
    runtime: Runtime,
    path: PathBuf,
    loaded: RwLock<BTreeMap<Name, BTreeMap<Arc<str>, host::Connector>>>,
    /// Files that cannot be loaded, as they were said to be: said once.
    refused: Mutex<BTreeSet<PathBuf>>,
}

/// A component that is not used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {text}", .path.display())]
pub(crate) struct FolderProblem {
    path: PathBuf,
    text: String,
}

impl Folder {
    pub(crate) fn new(runtime: Runtime, path: PathBuf) -> Self {
        Self { runtime, path, loaded: RwLock::default(), refused: Mutex::default() }
    }

    /// Loads what is new, and gives what is new and cannot be loaded.
    pub(crate) async fn look(&self) -> Vec<FolderProblem> {
        let mut problems = Vec::new();
        let found = match files(&self.path) {
            Ok(found) => found,
            Err(error) => vec![(self.path.clone(), Err(format!("the folder cannot be read: {error}")))],
        };
        for (path, named) in found {
            let result = match named {
                Ok((connector, version)) if !self.has(&connector, &version) => {
                    if self.count() >= MOST {
                        Err(format!("there are {MOST} components already, and no more are loaded"))
                    } else {
                        let loaded = self.runtime.load_file(&path).await.map_err(|error| error.to_string());
                        loaded.map(|component| self.keep(connector, version, component))
                    }
                }
                Ok(_) => Ok(()),
                Err(text) => Err(text),
            };
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            match result {
                Ok(()) => {
                    refused.remove(&path);
                }
                Err(text) => {
                    if refused.insert(path.clone()) {
                        problems.push(FolderProblem { path, text });
                    }
                }
            }
        }
        problems
    }

    fn keep(&self, connector: Name, version: Arc<str>, component: host::Connector) {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        loaded.entry(connector).or_default().insert(version, component);
    }

    fn has(&self, connector: &Name, version: &str) -> bool {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        loaded.get(connector).is_some_and(|versions| versions.contains_key(version))
    }

    fn count(&self) -> usize {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).values().map(BTreeMap::len).sum()
    }

    /// The connectors that there are.
    pub(crate) fn connectors(&self) -> Vec<Name> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// The versions of a connector that there are.
    pub(crate) fn versions(&self, connector: &Name) -> Vec<Arc<str>> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        loaded.get(connector).into_iter().flat_map(|versions| versions.keys().cloned()).collect()
    }

    /// One of them.
    pub(super) fn connector(&self, connector: &Name, version: &str) -> Option<Chosen> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let (version, connector) = loaded.get(connector)?.get_key_value(version)?;
        Some(Chosen { version: version.clone(), connector: connector.clone() })
    }
}

type Named = Result<(Name, Arc<str>), String>;

/// The components of a folder by their names, with what is wrong with those that have none.
fn files(folder: &Path) -> std::io::Result<Vec<(PathBuf, Named)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let connector = entry?;
        if !connector.path().is_dir() {
            continue;
        }
        let name = connector.file_name().to_string_lossy().parse::<Name>();
        for entry in std::fs::read_dir(connector.path())? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "wasm") {
                continue;
            }
            let named = match (&name, path.file_stem().and_then(|stem| stem.to_str())) {
                (Ok(name), Some(version)) if is_version(version) => Ok((name.clone(), Arc::from(version))),
                (Err(error), _) => Err(error.to_string()),
                _ => Err("its name is no version, such as 1.2.0.wasm".to_owned()),
            };
            found.push((path, named));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found)
}

fn is_version(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    !text.is_empty() && text.len() <= LONGEST_VERSION && text.bytes().all(is_allowed)
}
