//! What authorises this program at a collector: headers, written as `OTEL_EXPORTER_OTLP_HEADERS` has them.

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// Why headers cannot be used. Nothing of them is repeated: they are secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "header {number} of the collector's cannot be used: write name=value,name=value with %XX for what no header has"
)]
pub struct HeadersProblem {
    /// Which one, counted from 1.
    number: usize,
}

/// Reads `name=value,name=value`; values are percent-encoded. Every value is marked as sensitive.
pub(crate) fn parse(text: &str) -> Result<HeaderMap, HeadersProblem> {
    let mut headers = HeaderMap::new();
    for (index, member) in text.split(',').enumerate() {
        if member.trim().is_empty() {
            continue;
        }
        let problem = || HeadersProblem { number: index + 1 };
        let (name, value) = member.split_once('=').ok_or_else(problem)?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| problem())?;
        // The message is framed by the client.
        if matches!(name.as_str(), "host" | "content-length" | "content-type" | "transfer-encoding" | "connection") {
            return Err(problem());
        }
        let value = decoded(value.trim()).ok_or_else(problem)?;
        let mut value = HeaderValue::from_bytes(&value).map_err(|_| problem())?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

/// Undoes percent-encoding; none where a `%` begins no byte.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        decoded.push(digit()? * 16 + digit()?);
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_the_variable_has_them_and_are_secret() {
        let headers = parse(" authorization = Bearer%20canary-7 , x-scope-orgid=tenant=1,,").unwrap();
        assert_eq!(headers.get("authorization").unwrap(), "Bearer canary-7");
        assert_eq!(headers.get("x-scope-orgid").unwrap(), "tenant=1");
        assert_eq!(headers.len(), 2);
        assert!(!format!("{headers:?}").contains("canary"), "{headers:?}");
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn a_header_that_cannot_be_used_is_named_by_its_number_alone() {
        for bad in
            ["canary", "a b=canary", "a=%0d%0acanary", "a=%zzcanary", "a=%2", "host=canary", "content-type=canary"]
        {
            let problem = parse(&format!("ok=1,{bad}")).unwrap_err();
            assert_eq!(problem.number, 2, "{bad}");
            assert!(!problem.to_string().contains("canary"));
        }
    }
}
