//! Which service a URL leads to: its origin, which is scheme, host and port. Not its path, which a service may move and a proxy may rewrite while the
//! records stay the same, nor its query, which may hold a credential; two tenants of one origin are told apart by their company.

/// The most bytes of a host name, by the rules of DNS.
pub(super) const MAX_HOST_BYTES: usize = 253;

/// The most bytes of an origin: scheme, host name, port and what parts them.
pub const MAX_ORIGIN_BYTES: usize = "https://".len() + MAX_HOST_BYTES + ":65535".len();

/// The origin of an absolute URL in one spelling: lower case, without the scheme's own port, without the dot behind the host's name. Two spellings
/// that only an IDNA table or a reader of numeric addresses could know to be one host are two origins.
pub(super) fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    let authority = authority(rest);
    let (host, port) = host_and_port(authority);
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let standard = if scheme == "http" { 80 } else { 443 };
    // A port that is no number leads nowhere: the host refuses it.
    match port.parse::<u16>() {
        Ok(port) if port != standard => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    }
}

/// The host and the port, which follow the scheme.
pub(super) fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The host and what is written for a port, without the colon. The colons of an IPv6 address stand in brackets.
pub(super) fn host_and_port(authority: &str) -> (&str, &str) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{Configured, Connection};

    #[test]
    fn one_origin_has_one_spelling() {
        for (url, same) in [
            ("https://mfg.duro.app/graphql", "https://mfg.duro.app"),
            ("HTTPS://MFG.Duro.App/graphql", "https://mfg.duro.app"),
            ("https://mfg.duro.app.:443/", "https://mfg.duro.app"),
            ("https://mfg.duro.app:0443", "https://mfg.duro.app"),
            ("https://mfg.duro.app:?key=secret", "https://mfg.duro.app"),
            ("https://mfg.duro.app/other/path?token=secret", "https://mfg.duro.app"),
            ("http://mfg.duro.app:80/graphql", "http://mfg.duro.app"),
            ("http://[::1]:80/graphql", "http://[::1]"),
            ("http://[::1]/graphql", "http://[::1]"),
        ] {
            assert_eq!(origin(url), same, "{url}");
        }
    }

    #[test]
    fn another_scheme_host_or_port_is_another_origin() {
        let origins = [
            "https://mfg.duro.app/graphql",
            "http://mfg.duro.app/graphql",
            "https://eu.duro.app/graphql",
            "https://duro.app/graphql",
            "https://mfg.duro.app:8443/graphql",
            "https://mfg.duro.app:80/graphql",
            "https://mfg.duro.app.example/graphql",
            "http://[::1]:8080/",
            "http://[::2]:8080/",
            "http://[::1]:8081/",
        ]
        .map(origin);
        let distinct: std::collections::BTreeSet<&String> = origins.iter().collect();
        assert_eq!(distinct.len(), origins.len(), "{origins:?}");
    }

    #[test]
    fn no_origin_of_an_accepted_url_is_longer_than_is_said() {
        let url = |host_bytes: usize| format!("https://{}.:65535/graphql", "x".repeat(host_bytes - 1));
        let parse = |url: &str| {
            let fields = format!(r#"{{"customDuroEnvironment": "{url}"}}"#);
            Connection::parse(Configured { key: "duroApiKey", fields: &fields })
        };
        let longest = parse(&url(MAX_HOST_BYTES)).unwrap().origin();
        assert!(longest.len() <= MAX_ORIGIN_BYTES, "{}", longest.len());
        assert!(parse(&url(MAX_HOST_BYTES + 1)).is_err());
    }
}
