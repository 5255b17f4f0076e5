//! When a secret that may be a JSON Web Token expires. The signature is not checked: only the service can, and an
//! expired key is useless however it was signed. Pure.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// A key that is good for less than this should be renewed now: somebody must be found who can.
pub(crate) const EXPIRES_SOON: Duration = Duration::from_secs(7 * 24 * 3600);

/// Later times (from the year 10000 on) cannot be written as a date, and mean "never".
const LATEST_SECONDS: f64 = 253_402_300_799.0;

/// The `exp` of a token; none where the text is not one, or has no end.
pub(crate) fn expiry_of(secret: &str) -> Option<SystemTime> {
    #[derive(serde::Deserialize)]
    struct Payload {
        exp: Option<f64>,
    }
    let mut parts = secret.trim().split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let payload = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?);
    // A list would be read as the fields in order.
    if !payload.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let seconds = serde_json::from_slice::<Payload>(&payload).ok()?.exp?;
    let seconds = seconds.max(0.0);
    (seconds <= LATEST_SECONDS).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds.trunc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        format!("eyJhbGciOiJIUzI1NiJ9.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn the_expiry_is_read_from_the_payload() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(expiry_of(&token(r#"{"sub": "a", "exp": 1718377096}"#)), at(1_718_377_096));
        assert_eq!(expiry_of(&token(r#"{"exp": 1718377096.9}"#)), at(1_718_377_096));
        assert_eq!(expiry_of(&token(r#"{"exp": -5}"#)), at(0));
    }

    #[test]
    fn what_is_no_token_or_has_no_end_does_not_expire() {
        for secret in [
            "",
            "plain-key",
            "a.b.c",
            "..",
            "a.b.c.d",
            &token("{}"),
            &token(r#"{"exp": null}"#),
            &token(r#"{"exp": "soon"}"#),
            &token(r#"{"exp": 1e300}"#),
            &token("[1]"),
            &token(&"[".repeat(5000)),
        ] {
            assert_eq!(expiry_of(secret), None, "{secret}");
        }
    }
}
