//! Whose components are trusted: the public keys that an operator names.

use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey};
use p256::pkcs8::DecodePublicKey;

use crate::{Error, key, signature};

/// The public keys that a component must be signed by one of. Without a key, nothing need be signed.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    keys: Vec<TrustedKey>,
}

/// A public key that an operator trusts.
#[derive(Debug, Clone)]
pub struct TrustedKey {
    name: String,
    key: VerifyingKey,
}

impl TrustedKey {
    /// Reads a public key in PEM. `name` is what messages call it.
    ///
    /// # Errors
    ///
    /// It is no public key on the curve P-256.
    pub fn from_pem(name: &str, text: &str) -> Result<Self, Error> {
        let key = VerifyingKey::from_public_key_pem(text.trim()).map_err(|_| Error::Key {
            name: name.to_owned(),
            reason: "it is no public key in PEM on the curve P-256, as cosign.pub is".into(),
        })?;
        Ok(Self { name: name.to_owned(), key })
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Trust {
    /// Trusts these keys and no others.
    pub fn in_keys(keys: Vec<TrustedKey>) -> Self {
        Self { keys }
    }

    /// Whether a component has to be signed.
    pub fn is_demanded(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Checks a file's bytes against a signature of them, in the words that `cosign sign-blob` writes: Base64. Gives
    /// the name of the key that signed.
    ///
    /// # Errors
    ///
    /// None of the trusted keys made the signature. `what` is what the error calls the file.
    pub fn check_bytes(&self, what: &str, bytes: &[u8], signature: &str) -> Result<&str, Error> {
        self.signer(bytes, signature).ok_or_else(|| Error::NotTrusted {
            what: what.to_owned(),
            reason: format!(
                "its signature was made by none of the trusted keys ({}), or for other bytes",
                self.names()
            ),
        })
    }

    /// Checks signatures of what a registry holds under a digest. Gives the name of the key that signed.
    ///
    /// # Errors
    ///
    /// None of them counts.
    pub(crate) fn check_signatures(
        &self,
        signed: &signature::Signed<'_>,
        signatures: &[signature::Signature],
    ) -> Result<&str, Error> {
        let refused = |reason: String| Error::NotTrusted { what: signed.address.to_string(), reason };
        let mut other = None;
        for signature in signatures {
            if let Some(name) = self.signer(signature.payload.as_bytes(), &signature.signature) {
                match signed.is_what(&signature.payload) {
                    Ok(()) => return Ok(name),
                    Err(why) => other = Some(format!("{name} signed, but {why}")),
                }
            }
        }
        let names = self.names();
        Err(refused(match (other, signatures.is_empty()) {
            (Some(why), _) => why,
            (None, true) => format!("it is not signed, and only components that {names} signed are trusted"),
            (None, false) => format!("its signatures were made by none of the trusted keys ({names})"),
        }))
    }

    /// The key that made this signature of these bytes.
    fn signer(&self, bytes: &[u8], signature: &str) -> Option<&str> {
        let signature = DerSignature::from_bytes(&key::from_base64(signature.trim()).ok()?).ok()?;
        let signer = self.keys.iter().find(|trusted| trusted.key.verify(bytes, &signature).is_ok());
        signer.map(TrustedKey::name)
    }

    /// The keys' names, for a message.
    pub fn names(&self) -> String {
        self.keys.iter().map(TrustedKey::name).collect::<Vec<_>>().join(", ")
    }
}
