//! Keys as cosign makes them: a private key on the curve P-256, encrypted by a password, and its public key, both in
//! PEM.

use std::fmt;

use crypto_secretbox::aead::Aead;
use crypto_secretbox::{KeyInit, XSalsa20Poly1305};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey as PrivateKey};
use p256::pkcs8::der::pem;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Error;

/// What the PEM of an encrypted key is called: by this program and cosign 2, and by cosign 1.
const LABELS: [&str; 2] = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];
/// A key that is not encrypted, as openssl writes it.
const PLAIN_LABEL: &str = "PRIVATE KEY";

/// How dear a guess of the password is, as cosign has it: 64 MiB and a fifth of a second.
const SCRYPT: ScryptParams = ScryptParams { n: 65_536, r: 8, p: 1 };
/// The most memory that a file may make a guess cost, in bytes, and how often over.
const MOST_SCRYPT_BYTES: u64 = 256 * 1024 * 1024;
const MOST_SCRYPT_ROUNDS: u32 = 16;

/// A private key that signs.
pub struct SigningKey(PrivateKey);

/// A new key, both halves in PEM.
pub struct KeyPair {
    /// The private key, encrypted by the password.
    pub private: Zeroizing<String>,
    /// The public key.
    pub public: String,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// The content of an encrypted key's PEM.
#[derive(Serialize, Deserialize)]
struct Encrypted {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
struct Kdf {
    name: String,
    params: ScryptParams,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct ScryptParams {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

impl KeyPair {
    /// Makes a key, and encrypts it by a password.
    ///
    /// # Errors
    ///
    /// The system gives no randomness.
    pub fn generate(password: &[u8]) -> Result<Self, Error> {
        let failed = |reason: String| Error::Key { name: "that is to be made".into(), reason };
        let mut bytes = Zeroizing::new([0; 32]);
        // One in 2^32 of all numbers is too large to be a key.
        let key = loop {
            getrandom::fill(bytes.as_mut()).map_err(|error| failed(error.to_string()))?;
            if let Ok(key) = PrivateKey::from_slice(bytes.as_ref()) {
                break key;
            }
        };
        let der = key.to_pkcs8_der().map_err(|error| failed(error.to_string()))?;
        let private = encrypted(der.as_bytes(), password).map_err(failed)?;
        let public =
            key.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|error| failed(error.to_string()))?;
        Ok(Self { private, public })
    }
}

impl SigningKey {
    /// Reads a private key in PEM: one of cosign's or of this program's, whose password is asked for, or one in PKCS #8
    /// that is not encrypted. `name` is what errors call it.
    ///
    /// # Errors
    ///
    /// It is no such key, or the password is another one.
    pub fn from_pem(
        name: &str,
        text: &str,
        password: impl FnOnce() -> Result<Zeroizing<Vec<u8>>, String>,
    ) -> Result<Self, Error> {
        let failed = |reason: String| Error::Key { name: name.to_owned(), reason };
        let no_key =
            || failed("it is no private key in PEM on the curve P-256, as cosign or this program makes it".into());
        let label = pem::decode_label(text.as_bytes()).map_err(|_| no_key())?;
        if label == PLAIN_LABEL {
            return PrivateKey::from_pkcs8_pem(text).map(Self).map_err(|_| no_key());
        }
        if !LABELS.contains(&label) {
            return Err(no_key());
        }
        let (_, content) = pem::decode_vec(text.as_bytes()).map_err(|_| no_key())?;
        let encrypted: Encrypted = serde_json::from_slice(&content).map_err(|_| no_key())?;
        let password = password().map_err(failed)?;
        let der = decrypted(&encrypted, &password).map_err(failed)?;
        PrivateKey::from_pkcs8_der(&der).map(Self).map_err(|_| no_key())
    }

    /// The signature of these bytes, in DER.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.0.sign(bytes);
        signature.as_bytes().to_vec()
    }

    /// Its public key in PEM.
    ///
    /// # Errors
    ///
    /// It cannot be written, which does not happen to a key that could be read.
    pub fn public_pem(&self) -> Result<String, Error> {
        let failed = |reason: String| Error::Key { name: "that signs".into(), reason };
        self.0.verifying_key().to_public_key_pem(LineEnding::LF).map_err(|error| failed(error.to_string()))
    }
}

fn encrypted(der: &[u8], password: &[u8]) -> Result<Zeroizing<String>, String> {
    let (mut salt, mut nonce) = ([0; 32], [0; 24]);
    getrandom::fill(&mut salt).map_err(|error| error.to_string())?;
    getrandom::fill(&mut nonce).map_err(|error| error.to_string())?;
    let key = derived(password, &salt, &SCRYPT)?;
    let ciphertext = XSalsa20Poly1305::new(key.as_ref().into()).encrypt(&nonce.into(), der);
    let content = Encrypted {
        kdf: Kdf { name: "scrypt".into(), params: SCRYPT, salt: base64(&salt) },
        cipher: Cipher { name: "nacl/secretbox".into(), nonce: base64(&nonce) },
        ciphertext: base64(&ciphertext.map_err(|error| error.to_string())?),
    };
    let content = serde_json::to_vec(&content).map_err(|error| error.to_string())?;
    let [label, _] = LABELS;
    pem::encode_string(label, LineEnding::LF, &content).map(Zeroizing::new).map_err(|error| error.to_string())
}

fn decrypted(encrypted: &Encrypted, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    if encrypted.kdf.name != "scrypt" || encrypted.cipher.name != "nacl/secretbox" {
        return Err(
            "it is encrypted in a way that this program does not know: scrypt and nacl/secretbox it must be".into()
        );
    }
    let broken = |_| "what it holds is not Base64".to_owned();
    let salt = from_base64(&encrypted.kdf.salt).map_err(broken)?;
    let nonce = from_base64(&encrypted.cipher.nonce).map_err(broken)?;
    let nonce = <[u8; 24]>::try_from(nonce).map_err(|_| "its nonce does not have 24 bytes".to_owned())?;
    let ciphertext = from_base64(&encrypted.ciphertext).map_err(broken)?;
    let key = derived(password, &salt, &encrypted.kdf.params)?;
    let opened = XSalsa20Poly1305::new(key.as_ref().into()).decrypt(&nonce.into(), ciphertext.as_slice());
    opened.map(Zeroizing::new).map_err(|_| "the password is another one".to_owned())
}

/// The key that a password gives. What a file wants it to cost is bounded.
fn derived(password: &[u8], salt: &[u8], params: &ScryptParams) -> Result<Zeroizing<[u8; 32]>, String> {
    let bytes = params.n.saturating_mul(u64::from(params.r)).saturating_mul(128);
    if !params.n.is_power_of_two() || params.n < 2 || bytes > MOST_SCRYPT_BYTES || params.p > MOST_SCRYPT_ROUNDS {
        return Err("its password is to be tried at a cost that this program does not pay".into());
    }
    let log_n = u8::try_from(params.n.trailing_zeros()).map_err(|error| error.to_string())?;
    let params = scrypt::Params::new(log_n, params.r, params.p, 32).map_err(|error| error.to_string())?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(password, salt, &params, key.as_mut()).map_err(|error| error.to_string())?;
    Ok(key)
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str, password: &str) -> Result<SigningKey, Error> {
        SigningKey::from_pem("a.key", text, || Ok(Zeroizing::new(password.as_bytes().to_vec())))
    }

    #[test]
    fn a_key_is_opened_by_its_password_alone() {
        let pair = KeyPair::generate(b"one").unwrap();
        assert!(pair.private.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
        assert_eq!(open(&pair.private, "one").unwrap().public_pem().unwrap(), pair.public);
        assert_eq!(open(&pair.private, "two").unwrap_err().to_string(), "the key a.key: the password is another one");
        let older = pair.private.replace("SIGSTORE", "COSIGN");
        assert_eq!(open(&older, "one").unwrap().public_pem().unwrap(), pair.public);
    }

    #[test]
    fn what_is_no_private_key_is_refused_and_its_password_not_asked_for() {
        let pair = KeyPair::generate(b"").unwrap();
        for text in [
            "",
            "hello",
            pair.public.as_str(),
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
        ] {
            let error = SigningKey::from_pem("a.key", text, || panic!("asked")).unwrap_err().to_string();
            assert!(error.contains("no private key"), "{error}");
        }
    }

    #[test]
    fn a_file_cannot_make_its_password_cost_without_bound() {
        let with = |n: u64, r: u32, p: u32| {
            let content = Encrypted {
                kdf: Kdf { name: "scrypt".into(), params: ScryptParams { n, r, p }, salt: base64(&[0; 32]) },
                cipher: Cipher { name: "nacl/secretbox".into(), nonce: base64(&[0; 24]) },
                ciphertext: base64(&[0; 64]),
            };
            let content = serde_json::to_vec(&content).unwrap();
            open(&pem::encode_string(LABELS[0], LineEnding::LF, &content).unwrap(), "x").unwrap_err().to_string()
        };
        for (n, r, p) in
            [(1 << 40, 8, 1), (1 << 20, u32::MAX, 1), (1 << 14, 8, 1000), (3, 8, 1), (0, 8, 1), (u64::MAX, 1, 1)]
        {
            assert!(with(n, r, p).contains("cost"), "{n} {r} {p}");
        }
    }
}
