//! Which component was recorded.

use std::path::Path;

use host::Connector;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Which component was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Component {
    /// The connector's key.
    pub(crate) key: String,
    /// The connector's version.
    pub(crate) version: String,
    /// The version of the contract that it offers.
    pub(crate) contract: String,
    /// The SHA-256 of its file, in hexadecimal digits; none of one that was compiled ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
}

impl Component {
    /// The component of a connector. `file` is what it was loaded from, where that is WebAssembly and known.
    pub(crate) fn of(connector: &Connector, file: Option<&Path>) -> Self {
        let definition = connector.definition();
        let sha256 = file.and_then(|file| std::fs::read(file).ok()).map(|bytes| {
            let digest = Sha256::digest(&bytes);
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        });
        Self {
            key: definition.key.clone(),
            version: definition.version.clone(),
            contract: connector.contract_version().to_owned(),
            sha256,
        }
    }
}
