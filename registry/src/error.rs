//! What can be wrong with a component in a registry, a key, or a signature, each with its way out.

use std::path::PathBuf;

use oci_client::errors::OciDistributionError;

/// Why a component was not pushed, pulled, signed or trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no address of a component in a registry.
    #[error("{0:?} is no address of a component in a registry: {1}")]
    Address(String, String),
    /// Docker's configuration names credentials that cannot be had or used.
    #[error("the credentials for {registry} in Docker's configuration cannot be used: {reason}")]
    Credentials {
        /// The registry's host.
        registry: String,
        /// Why not.
        reason: String,
    },
    /// The certificates that are to be trusted cannot be read, or no client can be made.
    #[error("no connection to a registry can be made: {0}")]
    Client(String),
    /// The registry cannot be reached, refuses, or answers what is no answer.
    #[error("{address}: {reason}")]
    Registry {
        /// What was asked for.
        address: String,
        /// What came of it, and the way out where there is one.
        reason: String,
    },
    /// What the address names is no component as this program takes it.
    #[error("{address} is no component: {reason}")]
    NotAComponent {
        /// What was asked for.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No trusted key has signed the component.
    #[error("{what} is refused: {reason}")]
    NotTrusted {
        /// The component.
        what: String,
        /// Why none of its signatures counts, and the way out.
        reason: String,
    },
    /// A key cannot be read or used.
    #[error("the key {name}: {reason}")]
    Key {
        /// The file or another name of the key.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

const WANTS_CREDENTIALS: &str =
    "the registry wants credentials, or other ones: `docker login` writes them where this program reads them";

/// What came of a request, in words that name no secret: the library's own show whole answers of the service.
pub(crate) fn in_words(error: &OciDistributionError) -> String {
    match error {
        OciDistributionError::ImageManifestNotFoundError(_) => "the registry has nothing under this name".into(),
        OciDistributionError::UnauthorizedError { .. } | OciDistributionError::AuthenticationFailure(_) => {
            WANTS_CREDENTIALS.into()
        }
        OciDistributionError::RegistryError { envelope, .. } => {
            let codes: Vec<String> = envelope.errors.iter().take(3).map(code).collect();
            let not_there = ["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND", "BLOB_UNKNOWN"];
            if codes.iter().any(|code| not_there.contains(&code.as_str())) {
                return "the registry has nothing under this name".into();
            }
            if codes.iter().any(|code| code == "UNAUTHORIZED" || code == "DENIED") {
                return "the registry does not let these credentials do that: `docker login` changes them".into();
            }
            format!("the registry refuses: {}", codes.join(", "))
        }
        OciDistributionError::ServerError { code: 404, .. } => "the registry has nothing under this name".into(),
        OciDistributionError::ServerError { code, .. } => format!("the registry answers with HTTP {code}"),
        OciDistributionError::RequestError(error) => request(error),
        OciDistributionError::DigestError(error) => {
            format!("the registry gives other bytes than the digest names: {}", bounded(&error.to_string()))
        }
        other => bounded(&other.to_string()),
    }
}

fn code(error: &oci_client::errors::OciError) -> String {
    serde_json::to_value(&error.code).ok().and_then(|code| code.as_str().map(bounded)).unwrap_or_default()
}

fn request(error: &reqwest::Error) -> String {
    if let Some(status) = error.status() {
        return match status.as_u16() {
            401 | 403 => WANTS_CREDENTIALS.into(),
            other => format!("the registry answers with HTTP {other}"),
        };
    }
    // Its text begins with the URL, in which a registry's redirect may have put a signature.
    let mut reasons = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(reason) = source {
        reasons.push(reason.to_string());
        source = reason.source();
    }
    let why = reasons.last().map(|reason| format!(": {}", bounded(reason))).unwrap_or_default();
    match () {
        () if error.is_timeout() => "the registry does not answer in time".into(),
        () if error.is_connect() => format!("the registry cannot be reached{why}"),
        () => format!("the registry's answer does not arrive{why}"),
    }
}

/// So much of a text that a service wrote, on one line and without what a terminal would obey.
pub(crate) fn bounded(text: &str) -> String {
    const MOST: usize = 300;
    text.chars().take(MOST).map(|character| if character.is_control() { ' ' } else { character }).collect()
}
