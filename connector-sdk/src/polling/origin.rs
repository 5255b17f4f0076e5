//! Which service a URL leads to: its origin, which is scheme, host and port. Not its path, which a service may move and
//! a proxy may rewrite while the records stay the same, nor its query, which may hold a credential; two tenants of one
//! origin are told apart by their company.

use crate::contract::Error;

/// The most bytes of a host name, by the rules of DNS.
const MAX_HOST_BYTES: usize = 253;

/// The most bytes of an origin: scheme, host name, port and what parts them.
pub const MAX_ORIGIN_BYTES: usize = "https://".len() + MAX_HOST_BYTES + ":65535".len();

/// The origin of an absolute URL in one spelling: lower case, without the scheme's own port, without the dot behind the
/// host's name. Two spellings that only an IDNA table or a reader of numeric addresses could know to be one host are
/// two origins.
///
/// An endpoint whose origin is longer than [`MAX_ORIGIN_BYTES`] is `invalid-input`: no host hands over one.
pub fn origin(url: &str) -> Result<String, Error> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    let authority = authority(rest);
    let (host, port) = host_and_port(authority);
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let standard = if scheme == "http" { 80 } else { 443 };
    // A port that is no number leads nowhere: the host refuses it.
    let origin = match port.parse::<u16>() {
        Ok(port) if port != standard => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    };
    if origin.len() > MAX_ORIGIN_BYTES {
        return Err(Error::invalid_input("connection", "the endpoint's host is longer than a name can be"));
    }
    Ok(origin)
}

/// The host and the port, which follow the scheme.
fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The host and what is written for a port, without the colon. The colons of an IPv6 address stand in brackets.
fn host_and_port(authority: &str) -> (&str, &str) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_origin_has_one_spelling() {
        for (url, same) in [
            ("https://plm.example/graphql", "https://plm.example"),
            ("HTTPS://PLM.Example/graphql", "https://plm.example"),
            ("https://plm.example.:443/", "https://plm.example"),
            ("https://plm.example:0443", "https://plm.example"),
            ("https://plm.example:?key=secret", "https://plm.example"),
            ("https://plm.example/other/path?token=secret", "https://plm.example"),
            ("http://plm.example:80/graphql", "http://plm.example"),
            ("http://[::1]:80/graphql", "http://[::1]"),
            ("http://[::1]/graphql", "http://[::1]"),
        ] {
            assert_eq!(origin(url).as_deref(), Ok(same), "{url}");
        }
    }

    #[test]
    fn another_scheme_host_or_port_is_another_origin() {
        let origins = [
            "https://plm.example/graphql",
            "http://plm.example/graphql",
            "https://eu.plm.example/graphql",
            "https://other.example/graphql",
            "https://plm.example:8443/graphql",
            "https://plm.example:80/graphql",
            "https://plm.example.example/graphql",
            "http://[::1]:8080/",
            "http://[::2]:8080/",
            "http://[::1]:8081/",
        ]
        .map(|url| origin(url).unwrap());
        let distinct: std::collections::BTreeSet<&String> = origins.iter().collect();
        assert_eq!(distinct.len(), origins.len(), "{origins:?}");
    }

    #[test]
    fn no_origin_is_longer_than_is_said() {
        let url = |host_bytes: usize| format!("https://{}.:65535/graphql", "x".repeat(host_bytes));
        assert_eq!(origin(&url(MAX_HOST_BYTES)).unwrap().len(), MAX_ORIGIN_BYTES);
        assert!(origin(&url(MAX_HOST_BYTES + 1)).is_err());
    }
}
