//! The proxy that requests leave through.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use zeroize::Zeroizing;

use super::NetworkError;
use crate::origin::{EndpointUrl, Origin, UrlProblem};
use crate::secrets::REDACTED;

/// Proxies take headers of some KiB.
const LONGEST_CREDENTIALS: usize = 4 * 1024;

/// An HTTP proxy that opens tunnels (CONNECT). It sees the names of the hosts that requests go to, and nothing of what
/// goes through. Shows no credentials in its debug output.
#[derive(Clone)]
pub struct Proxy {
    origin: Origin,
    credentials: Option<SecretString>,
}

impl Proxy {
    /// The proxy at `http://HOST:PORT`, or `https://HOST:PORT` where the proxy itself speaks TLS. It may be in a
    /// private network. A URL with a user name or a password is an error, which does not repeat it.
    pub fn new(url: &str) -> Result<Self, NetworkError> {
        let failed = |text: &str| NetworkError::ProxyUrl(text.to_owned());
        let endpoint = EndpointUrl::parse(url).map_err(|problem| match problem {
            UrlProblem::Credentials => NetworkError::CredentialsInProxyUrl,
            problem => failed(&problem.to_string()),
        })?;
        let parsed = Url::parse(endpoint.url()).map_err(|error| failed(&error.to_string()))?;
        if parsed.path() != "/" || parsed.query().is_some() {
            return Err(failed("a proxy has a host and a port, and no path"));
        }
        let origin = endpoint.origin().clone();
        // What the HTTP client could not read it would pass over, and requests would leave around the proxy.
        match origin.to_string().parse::<Uri>() {
            Ok(uri) if uri.scheme().is_some() && uri.authority().is_some() => Ok(Self { origin, credentials: None }),
            _ => Err(failed("its host is none that can be written into a request")),
        }
    }

    /// The same with credentials, `USER:PASSWORD`, which go to the proxy alone.
    pub fn with_credentials(self, credentials: SecretString) -> Result<Self, NetworkError> {
        let text = credentials.expose_secret();
        let problem = match text.split_once(':') {
            _ if text.len() > LONGEST_CREDENTIALS => "they are longer than any proxy takes",
            _ if text.chars().any(char::is_control) => "they hold a line break or another control character",
            None => "they are USER:PASSWORD, and there is no colon",
            Some(("", _)) => "they are USER:PASSWORD, and there is no user",
            Some(_) => return Ok(Self { credentials: Some(credentials), ..self }),
        };
        Err(NetworkError::ProxyCredentials(problem))
    }

    /// Where it is.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether it is given credentials.
    pub(crate) fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// What it is given with each tunnel that is asked of it.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let encoded = Zeroizing::new(STANDARD.encode(self.credentials.as_ref()?.expose_secret()));
        let text = Zeroizing::new(format!("Basic {}", *encoded));
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let credentials = self.credentials.as_ref().map(|_| REDACTED);
        f.debug_struct("Proxy").field("origin", &self.origin.to_string()).field("credentials", &credentials).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(text: &str) -> Result<Proxy, NetworkError> {
        Proxy::new("http://proxy.example:3128").unwrap().with_credentials(text.to_owned().into())
    }

    #[test]
    fn a_proxy_is_a_host_and_a_port_in_a_private_network_too() {
        for (url, origin) in [
            ("http://proxy.example:3128", "http://proxy.example:3128"),
            (" HTTPS://Proxy.Example./ ", "https://proxy.example"),
            ("http://10.0.0.7:8080/", "http://10.0.0.7:8080"),
            ("http://[fd00::7]:8080", "http://[fd00::7]:8080"),
            ("http://bücher.example", "http://xn--bcher-kva.example"),
        ] {
            assert_eq!(Proxy::new(url).unwrap().origin().to_string(), origin);
        }
        for url in [
            "",
            "proxy.example:3128",
            "socks5://proxy.example:1080",
            "http://",
            "http://proxy.example:3128/path",
            "http://proxy.example:3128/?a",
            "http://proxy.example:3128/#a",
            "http://proxy example",
            "http://proxy.example:0",
        ] {
            assert!(matches!(Proxy::new(url), Err(NetworkError::ProxyUrl(_))), "{url}");
        }
    }

    #[test]
    fn credentials_in_the_url_are_refused_and_not_repeated() {
        for url in ["http://canary:canary@proxy.example:3128", "https://canary@proxy.example", "http://@proxy.example"]
        {
            let error = Proxy::new(url).unwrap_err();
            assert_eq!(error, NetworkError::CredentialsInProxyUrl, "{url}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn credentials_are_a_user_and_a_password_and_no_error_repeats_them() {
        for bad in ["canary", "", ":canary", "can\nary:x", "canary:a\r\nx-more: b", "canary:\u{7f}"] {
            let error = credentials(bad).unwrap_err();
            assert!(matches!(error, NetworkError::ProxyCredentials(_)), "{bad}");
            assert!(!error.to_string().contains("ary"), "{error}");
        }
        assert!(credentials(&format!("a:{}", "b".repeat(LONGEST_CREDENTIALS))).is_err());
        // Colons after the first belong to the password.
        let header = credentials("Aladdin:open:sesame").unwrap().authorization().unwrap();
        assert_eq!(header, "Basic QWxhZGRpbjpvcGVuOnNlc2FtZQ==");
        assert!(header.is_sensitive());
    }

    #[test]
    fn debug_output_shows_where_a_proxy_is_and_that_it_has_credentials() {
        let text = format!("{:?}", credentials("canary:canary").unwrap());
        assert_eq!(text, r#"Proxy { origin: "http://proxy.example:3128", credentials: Some("[redacted]") }"#);
    }
}
