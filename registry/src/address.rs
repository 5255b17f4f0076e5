//! The address of a component in a registry: `oci://HOST/NAME:TAG`, `oci://HOST/NAME@sha256:…`, or both.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use oci_client::Reference;

use crate::Error;

/// What every address begins with.
pub const SCHEME: &str = "oci://";

/// Where a component is: a registry's host, a name, and a tag or a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    reference: Reference,
}

impl Address {
    /// The registry's host, with its port where it has one.
    pub fn registry(&self) -> &str {
        self.reference.registry()
    }

    /// The host and the name, without tag and digest: what a signature calls the component.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.registry(), self.reference.repository())
    }

    /// The digest, if the address names one: `sha256:` and 64 hexadecimal digits.
    pub fn digest(&self) -> Option<&str> {
        self.reference.digest()
    }

    /// The tag, if the address names one.
    pub fn tag(&self) -> Option<&str> {
        self.reference.tag()
    }

    /// The same component by its digest alone, which nobody can change.
    #[must_use]
    pub fn pinned(&self, digest: &str) -> Self {
        let (registry, name) = (self.registry().to_owned(), self.reference.repository().to_owned());
        Self { reference: Reference::with_digest(registry, name, digest.to_owned()) }
    }

    /// Another tag of the same name.
    pub(crate) fn tagged(&self, tag: String) -> Self {
        let (registry, name) = (self.registry().to_owned(), self.reference.repository().to_owned());
        Self { reference: Reference::with_tag(registry, name, tag) }
    }

    pub(crate) fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Whether the host is this machine, which is asked without TLS, as Docker does.
    pub(crate) fn is_local(&self) -> bool {
        let registry = self.registry();
        let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::Address(crate::error::bounded(text), why.to_owned());
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| wrong("it does not begin with oci://"))?;
        // Without a host, the format's rules would take it for one of a company's that nobody has named.
        let host = rest.split_once('/').map(|(host, _)| host).unwrap_or_default();
        if !(host.contains(['.', ':']) || host == "localhost") {
            return Err(wrong("name the registry's host, as in oci://registry.example/team/connector:1.0.0"));
        }
        let reference: Reference = rest.parse().map_err(|error| wrong(&format!("{error}")))?;
        let (tag, digest) = (reference.tag(), reference.digest());
        // The library makes one up where there is none.
        let named = |tag: &str| rest.ends_with(&format!(":{tag}")) || rest.contains(&format!(":{tag}@"));
        match digest {
            None if !tag.is_some_and(named) => Err(wrong("name a version: a tag (:1.0.0) or a digest (@sha256:…)")),
            Some(digest) if !digest.strip_prefix("sha256:").is_some_and(is_lower_hex) => {
                Err(wrong("the digest must be sha256: and 64 digits, 0 to 9 and a to f"))
            }
            _ => Ok(Self { reference }),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.repository())?;
        if let Some(tag) = self.tag() {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = self.digest() {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

fn is_lower_hex(digits: &str) -> bool {
    digits.len() == 64 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn an_address_is_read_and_written_the_same() {
        for text in [
            "oci://registry.example/team/connector:1.0.0".to_owned(),
            format!("oci://localhost:5000/connector@{DIGEST}"),
            format!("oci://127.0.0.1:5000/a/b:latest@{DIGEST}"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        let address: Address = "oci://registry.example:8443/team/connector:1.0.0".parse().unwrap();
        assert_eq!(address.registry(), "registry.example:8443");
        assert_eq!(address.repository(), "registry.example:8443/team/connector");
        assert_eq!(address.pinned(DIGEST).to_string(), format!("oci://registry.example:8443/team/connector@{DIGEST}"));
    }

    #[test]
    fn what_names_no_host_or_no_version_is_refused_with_what_to_write() {
        for (text, says) in [
            ("registry.example/x:1", "oci://"),
            ("oci://connector:1.0.0", "host"),
            ("oci://team/connector:1.0.0", "host"),
            ("oci://registry.example/connector", "version"),
            ("oci://registry.example/latest", "version"),
            ("oci://registry.example/Team:1", "invalid"),
            ("oci://registry.example/a@sha256:0123", "invalid"),
            (
                "oci://registry.example/a@sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "length",
            ),
            ("oci://registry.example/../x:1", "invalid"),
            ("oci://user:password@registry.example/x:1", "invalid"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        let upper = format!("oci://registry.example/a@{}", DIGEST.replace("abcdef", "ABCDEF"));
        assert!(upper.parse::<Address>().unwrap_err().to_string().contains("64 digits"));
    }

    #[test]
    fn this_machine_alone_is_asked_without_tls() {
        let is_local = |host: &str| format!("oci://{host}/x:1").parse::<Address>().unwrap().is_local();
        assert!(is_local("localhost:5000") && is_local("127.0.0.1:5000") && is_local("127.9.9.9"));
        assert!(!is_local("localhost.example") && !is_local("10.0.0.1:5000") && !is_local("127.0.0.1.example"));
    }
}
