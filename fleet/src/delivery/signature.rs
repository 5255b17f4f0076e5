//! The signature of a delivery, as Standard Webhooks has it: HMAC-SHA256 over id, time and body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The header with the signature of this body. A secret that begins with `whsec_` is the key in base64; any other is
/// the key itself. Fails where it is neither.
pub(super) fn sign(secret: &SecretString, id: &str, seconds: u64, body: &[u8]) -> Result<String, &'static str> {
    let key = Zeroizing::new(match secret.expose_secret().strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).map_err(|_| "the signing secret is no base64 after whsec_")?,
        None => secret.expose_secret().as_bytes().to_vec(),
    });
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| "the signing secret cannot be used")?;
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_that_the_specification_shows() {
        // The example of the specification and of its libraries.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into();
        let signature = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(sign(&"whsec_?".into(), "id", 0, b"").is_err());
        assert_ne!(sign(&"a".into(), "id", 0, b"").unwrap(), sign(&"b".into(), "id", 0, b"").unwrap());
    }
}
