//! Where requests go: the URL that a person or a manifest names as an endpoint, and its origin. Pure.

use std::fmt;

use url::{Host, Url};

/// The longest name that a host can have, in bytes.
const MAX_HOST_BYTES: usize = 253;

/// Scheme, host and port: what a request must match exactly.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    https: bool,
    host: Host<String>,
    port: u16,
}

/// Why a URL has no origin that requests can go to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OriginProblem {
    /// It is not a web address.
    #[error("the scheme {0} is neither https nor http")]
    Scheme(String),
    /// A secret in a URL is not kept as one.
    #[error("a URL must not hold a user name or a password")]
    Credentials,
    /// There is nowhere to go.
    #[error("the URL has no host")]
    NoHost,
    /// Nothing can be there.
    #[error("the URL has no usable host and port")]
    Unusable,
}

impl Origin {
    /// The origin of an absolute http or https URL that a person filled in. Surrounding blanks are ignored. The error
    /// says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text.trim()).map_err(|error| format!("it is not an absolute URL ({error})"))?;
        Self::of(&url).map_err(|problem| problem.to_string())
    }

    pub(crate) fn of(url: &Url) -> Result<Self, OriginProblem> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            other => return Err(OriginProblem::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OriginProblem::Credentials);
        }
        let host = match url.host() {
            // A trailing dot names the same machine, and must not make a second origin of it.
            Some(Host::Domain(name)) => Host::Domain(name.strip_suffix('.').unwrap_or(name).to_owned()),
            Some(Host::Ipv4(address)) => Host::Ipv4(address),
            Some(Host::Ipv6(address)) => Host::Ipv6(address),
            None => return Err(OriginProblem::NoHost),
        };
        let port = url.port_or_known_default().unwrap_or_default();
        // An empty label: nothing is called so, and with another dot taken off it would be another host.
        let is_unusable = |name: &str| name.split('.').any(str::is_empty);
        if port == 0 || matches!(&host, Host::Domain(name) if is_unusable(name)) {
            return Err(OriginProblem::Unusable);
        }
        Ok(Self { https, host, port })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.https
    }

    pub(crate) fn host(&self) -> &Host<String> {
        &self.host
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, default_port) = if self.https { ("https", 443) } else { ("http", 80) };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == default_port { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// The URL of an endpoint in the spelling of the URL standard, with its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EndpointUrl {
    url: String,
    origin: Origin,
}

/// What is wrong with the text of an endpoint's URL, in words for the person who filled it in. The text is not
/// repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlProblem {
    #[error("expected an absolute URL that begins with https:// or http://")]
    NotAbsolute,
    #[error("a URL has no spaces, control characters or backslashes")]
    Characters,
    #[error("a URL with a user name or password is not accepted: a credential goes into a field of its own")]
    Credentials,
    #[error("the URL names no host")]
    NoHost,
    #[error("the URL's host is longer than the {MAX_HOST_BYTES} bytes that a name can have")]
    LongHost,
    #[error("a URL with a fragment (#…) is not accepted")]
    Fragment,
    #[error("the URL cannot be used ({0})")]
    Unusable(String),
}

impl UrlProblem {
    /// Whether an example shows what would be right.
    pub(crate) fn is_shown_by_example(&self) -> bool {
        !matches!(self, Self::Credentials | Self::LongHost)
    }
}

impl EndpointUrl {
    /// Reads an absolute http or https URL. Surrounding blanks are ignored. What the URL standard would silently leave
    /// out or read as something else is refused, so that the person gets what they wrote.
    pub(crate) fn parse(text: &str) -> Result<Self, UrlProblem> {
        let text = text.trim();
        let after_scheme = ["https://", "http://"]
            .iter()
            .find_map(|scheme| text.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme)))
            .and_then(|scheme| text.get(scheme.len()..))
            .ok_or(UrlProblem::NotAbsolute)?;
        if text.chars().any(|character| character.is_whitespace() || character.is_control() || character == '\\') {
            return Err(UrlProblem::Characters);
        }
        let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(UrlProblem::Credentials);
        }
        if authority.is_empty() || authority.starts_with(':') {
            return Err(UrlProblem::NoHost);
        }
        let url = Url::parse(text).map_err(|error| UrlProblem::Unusable(error.to_string()))?;
        if url.host_str().is_some_and(|host| host.len() > MAX_HOST_BYTES) {
            return Err(UrlProblem::LongHost);
        }
        if url.fragment().is_some() {
            return Err(UrlProblem::Fragment);
        }
        let origin = Origin::of(&url).map_err(|problem| UrlProblem::Unusable(problem.to_string()))?;
        Ok(Self { url: url.into(), origin })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_spelled_as_the_url_standard_spells_it() {
        for (text, url, origin) in [
            ("https://plm.example", "https://plm.example/", "https://plm.example"),
            ("  HTTPS://PLM.Example:443/GraphQL ", "https://plm.example/GraphQL", "https://plm.example"),
            ("http://plm.example:8080/a/../b?c=ü", "http://plm.example:8080/b?c=%C3%BC", "http://plm.example:8080"),
            ("https://bücher.example/x", "https://xn--bcher-kva.example/x", "https://xn--bcher-kva.example"),
            ("http://[0:0::1]:4400/graphql", "http://[::1]:4400/graphql", "http://[::1]:4400"),
            ("http://0x7f.1/", "http://127.0.0.1/", "http://127.0.0.1"),
        ] {
            let endpoint = EndpointUrl::parse(text).unwrap();
            assert_eq!((endpoint.url(), endpoint.origin().to_string().as_str()), (url, origin), "{text}");
        }
    }

    #[test]
    fn urls_that_hold_more_or_less_than_an_endpoint_are_refused_with_the_reason() {
        let long = format!("https://{}.example/", "a".repeat(MAX_HOST_BYTES));
        for (text, problem) in [
            ("plm.example", UrlProblem::NotAbsolute),
            ("/graphql", UrlProblem::NotAbsolute),
            ("ftp://plm.example/", UrlProblem::NotAbsolute),
            ("https:plm.example", UrlProblem::NotAbsolute),
            ("https://", UrlProblem::NoHost),
            ("https:///graphql", UrlProblem::NoHost),
            ("https://:8080/", UrlProblem::NoHost),
            ("https://a:b@plm.example/", UrlProblem::Credentials),
            ("https://@plm.example/", UrlProblem::Credentials),
            ("https://plm example/", UrlProblem::Characters),
            ("https://plm.exa\nmple/", UrlProblem::Characters),
            ("https://plm.example\\@other.example/", UrlProblem::Characters),
            ("https://plm.example/#f", UrlProblem::Fragment),
            ("https://plm.example/#", UrlProblem::Fragment),
            (&long, UrlProblem::LongHost),
        ] {
            assert_eq!(EndpointUrl::parse(text), Err(problem), "{text}");
        }
        for text in ["https://plm.example:0/", "https://plm.example:70000/", "https://a..b/", "https://[::1/"] {
            assert!(matches!(EndpointUrl::parse(text), Err(UrlProblem::Unusable(_))), "{text}");
        }
    }
}
