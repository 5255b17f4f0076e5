//! Who may see the page: whoever has the link that was printed.

use anyhow::Result;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

/// The cookie's name.
const COOKIE: &str = "fleet";

/// What lets a browser in: 256 random bits, another for each process.
pub(super) struct Access {
    token: String,
}

impl Access {
    pub(super) fn new() -> Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| anyhow::anyhow!("this machine gives no random numbers: {error}"))?;
        Ok(Self { token: URL_SAFE_NO_PAD.encode(bytes) })
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The cookie for whoever has the link.
    pub(super) fn cookie(&self, token: &str) -> Option<HeaderValue> {
        if !self.is_token(token) {
            return None;
        }
        HeaderValue::from_str(&format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/")).ok()
    }

    /// Whether a request has the cookie.
    pub(super) fn lets_in(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        cookies
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(name, value)| name == COOKIE && self.is_token(value))
    }

    fn is_token(&self, text: &str) -> bool {
        text.as_bytes().ct_eq(self.token.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_links_own_token_lets_in() {
        let access = Access::new().unwrap();
        let with = |cookie: &str| HeaderMap::from_iter([(header::COOKIE, cookie.parse().unwrap())]);
        assert!(access.cookie("").is_none() && access.cookie("x").is_none());
        let cookie = access.cookie(access.token()).unwrap().to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
        assert!(access.lets_in(&with(&format!("other=1; fleet={}", access.token()))));
        assert!(!access.lets_in(&with("fleet=")) && !access.lets_in(&HeaderMap::new()));
        assert_ne!(access.token(), Access::new().unwrap().token());
    }
}
