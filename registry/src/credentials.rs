//! The credentials of a private registry, from where `docker login` puts them: Docker's configuration file, or the
//! helper that it names.

use std::path::PathBuf;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::secrets::RegistryAuth;

use crate::Error;

/// Where Docker's own registry stands in its configuration, which has kept an older name.
const DOCKER_HUB: (&str, &str) = ("docker.io", "https://index.docker.io/v1/");

/// What Docker's configuration has for a registry; nothing is an answer too. A helper may have to be waited for.
pub(crate) async fn find(registry: &str) -> Result<RegistryAuth, Error> {
    // Nobody has logged in.
    if !config_file().is_some_and(|file| file.exists()) {
        return Ok(RegistryAuth::Anonymous);
    }
    let server = if registry == DOCKER_HUB.0 { DOCKER_HUB.1 } else { registry }.to_owned();
    let failed = |reason: String| Error::Credentials { registry: registry.to_owned(), reason };
    let asked = tokio::task::spawn_blocking(move || docker_credential::get_credential(&server)).await;
    match asked.map_err(|error| failed(error.to_string()))? {
        Ok(DockerCredential::UsernamePassword(name, password)) => Ok(RegistryAuth::Basic(name, password)),
        Ok(DockerCredential::IdentityToken(_)) => Err(failed(
            "they are an identity token, which this program cannot use: log in with a user's name and an access token"
                .into(),
        )),
        Err(CredentialRetrievalError::ConfigNotFound | CredentialRetrievalError::NoCredentialConfigured) => {
            Ok(RegistryAuth::Anonymous)
        }
        // What a helper printed may hold a secret, so it is not repeated. That it has nothing is no error.
        Err(CredentialRetrievalError::HelperFailure { stdout, .. }) if stdout.contains("credentials not found") => {
            Ok(RegistryAuth::Anonymous)
        }
        Err(CredentialRetrievalError::HelperFailure { helper, .. }) => {
            Err(failed(format!("the helper {helper} fails")))
        }
        Err(other) => Err(failed(other.to_string())),
    }
}

/// Where `docker login` writes.
fn config_file() -> Option<PathBuf> {
    let named = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let usual = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".docker"));
    named.or_else(usual).map(|folder| folder.join("config.json"))
}
