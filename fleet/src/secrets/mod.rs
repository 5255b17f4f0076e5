//! Tenants' secrets, by reference. What a definition and an engine know of a secret is its name; its value is read when
//! a poll or a delivery needs it, and is never written anywhere.

mod environment;
mod files;

use std::str::FromStr;
use std::sync::Arc;

pub(crate) use environment::EnvironmentSecrets;
pub(crate) use files::{FileSecrets, read_file};
use secrecy::SecretString;

use crate::model::Name;

/// The largest secret, in bytes.
const LARGEST: usize = 64 * 1024;

/// Where secrets are. A tenant's are found under the tenant's name alone: no definition can name another's.
pub(crate) trait SecretStore: Send + Sync {
    /// A tenant's secret. Blocks for as long as a file takes to be read.
    fn secret(&self, tenant: &Name, name: &Name) -> Result<SecretString, SecretError>;
}

/// Why there is no secret. Nothing of its value is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SecretError(pub(crate) String);

/// A secret store, as the command line names it.
#[derive(Clone)]
pub(crate) struct Secrets(Arc<dyn SecretStore>);

impl Secrets {
    /// A tenant's secret.
    pub(crate) fn secret(&self, tenant: &Name, name: &Name) -> Result<SecretString, SecretError> {
        self.0.secret(tenant, name)
    }
}

impl<S: SecretStore + 'static> From<S> for Secrets {
    fn from(store: S) -> Self {
        Self(Arc::new(store))
    }
}

impl FromStr for Secrets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("file", folder)) if std::path::Path::new(folder).is_dir() => Ok(FileSecrets::new(folder).into()),
            Some(("file", folder)) => Err(format!("there is no folder {folder:?}")),
            Some(("env", prefix)) => EnvironmentSecrets::new(prefix).map(Self::from),
            _ => Err("name file:FOLDER, with a file TENANT/NAME for each secret, or env:PREFIX, with variables".into()),
        }
    }
}

/// The text of a secret without the line break that editors put at its end.
fn without_line_break(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}
