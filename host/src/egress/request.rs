//! A request as a component asks for it, and as it may leave: method, URL and headers checked, secrets filled in. Pure.

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::policy::{EgressPolicy, is_hosts_own_header};
use crate::refusal::{Refusal, RefusalReason};
use crate::secrets::Secrets;

/// A request as the component asked for it: nothing in it has been checked.
pub(crate) struct OutgoingRequest {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, HeaderText)>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) idempotent: bool,
}

/// The value of a header: text, or the key of a secret to fill in.
pub(crate) enum HeaderText {
    Text(String),
    Secret(String),
}

impl OutgoingRequest {
    /// Its length in bytes: URL, headers and body.
    pub(super) fn length(&self) -> u64 {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.length()).sum();
        let body = self.body.as_ref().map_or(0, Vec::len);
        (body + self.url.len() + headers) as u64
    }

    /// Everything that can be known before a socket is opened, and fills in secrets.
    pub(super) fn check(self, policy: &EgressPolicy, secrets: &Secrets) -> Result<CheckedRequest, Refusal> {
        let body = self.body.unwrap_or_default();
        let method = checked_method(&self.method)?;
        let url = policy.check_url(&self.url)?;
        let headers = checked_headers(self.headers, secrets)?;
        Ok(CheckedRequest { method, url, headers, body: body.into(), idempotent: self.idempotent })
    }
}

impl HeaderText {
    /// Its length in bytes; a secret counts by its name.
    fn length(&self) -> usize {
        match self {
            Self::Text(text) | Self::Secret(text) => text.len(),
        }
    }
}

/// A request that has passed every check.
pub(super) struct CheckedRequest {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) idempotent: bool,
}

fn checked_method(method: &str) -> Result<Method, Refusal> {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => Method::from_bytes(method.as_bytes())
            .map_err(|_| Refusal::new(RefusalReason::InvalidRequest, "the method is not valid")),
        _ => {
            let what = "the method is none of GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS";
            Err(Refusal::new(RefusalReason::InvalidRequest, what))
        }
    }
}

fn checked_headers(asked: Vec<(String, HeaderText)>, secrets: &Secrets) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::with_capacity(asked.len() + 1);
    for (name, value) in asked {
        let Ok(parsed) = HeaderName::from_bytes(name.as_bytes()) else {
            return Err(Refusal::new(RefusalReason::Header, "a header's name is not a valid one"));
        };
        if is_hosts_own_header(parsed.as_str()) {
            let what = format!("the header {parsed} is the host's own and cannot be set by a component");
            return Err(Refusal::new(RefusalReason::Header, what));
        }
        let value = match value {
            HeaderText::Secret(key) => secrets.header_value(&key)?,
            HeaderText::Text(text) if text.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) => {
                HeaderValue::from_str(&text)
                    .map_err(|_| Refusal::new(RefusalReason::Header, format!("the value of {parsed} is not valid")))?
            }
            HeaderText::Text(_) => {
                let what = format!("the value of the header {parsed} holds a character that no header can carry");
                return Err(Refusal::new(RefusalReason::Header, what));
            }
        };
        // The host asks for the encoding that it can undo.
        if parsed != ACCEPT_ENCODING {
            headers.append(parsed, value);
        }
    }
    Ok(headers)
}
