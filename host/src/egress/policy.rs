//! What may leave, decided on parsed values alone: no socket, no name resolution, no clock. Everything that is not
//! allowed here is refused, and a refusal says what was refused and which grant would allow it.

use std::net::IpAddr;

use url::{Host, Url};

use super::address::AddressClass;
use crate::origin::Origin;
use crate::refusal::{Grant, Grants, Refusal, RefusalReason};

/// What one call may reach: one origin, or none with the reason why.
#[derive(Debug, Clone)]
pub struct EgressPolicy {
    allowed: Result<Origin, String>,
    grants: Grants,
    proxy: Option<Origin>,
}

impl EgressPolicy {
    /// A policy for one origin; with an error, for none, and the error is the reason that refusals give.
    pub fn new(allowed: Result<Origin, String>, grants: Grants) -> Self {
        Self { allowed, grants, proxy: None }
    }

    /// The same where everything leaves through a proxy, if there is one, which looks up the addresses behind a name
    /// itself.
    pub fn through(self, proxy: Option<Origin>) -> Self {
        Self { proxy, ..self }
    }

    /// The grants of this call.
    pub fn grants(&self) -> Grants {
        self.grants
    }

    /// Checks the URL of a request and gives it in the form to send. The addresses behind a host name are checked when
    /// it is resolved, by [`EgressPolicy::check_address`]; not behind a proxy, which resolves it.
    pub fn check_url(&self, url: &str) -> Result<Url, Refusal> {
        let mut url = Url::parse(url).map_err(|error| {
            // The text is not repeated: it could hold anything, a credential included.
            Refusal::new(RefusalReason::InvalidRequest, format!("the request's URL is not an absolute URL ({error})"))
        })?;
        let origin = Origin::of(&url).map_err(Refusal::from)?;
        match &self.allowed {
            Ok(allowed) if *allowed == origin => {}
            Ok(allowed) => {
                let what = format!(
                    "{origin} is not the origin that the connection's endpoint fields name, {allowed}; change those \
                     fields if requests should go there"
                );
                return Err(Refusal::new(RefusalReason::Origin, what));
            }
            Err(reason) => {
                let what = format!("no request may leave to {origin}: {reason}");
                return Err(Refusal::new(RefusalReason::Origin, what));
            }
        }
        match &self.proxy {
            Some(proxy) => self.check_proxied(&origin, proxy)?,
            None if !origin.is_https() && !self.grants.allow_http => {
                let what = format!("{origin} is plain http, over which anyone on the way can read the credential");
                return Err(Refusal::new(RefusalReason::PlainHttp, what).granted_by(Grant::AllowHttp));
            }
            None => {}
        }
        let host = origin.host();
        match host {
            Host::Ipv4(address) => self.check_address(&host.to_string(), (*address).into())?,
            Host::Ipv6(address) => self.check_address(&host.to_string(), (*address).into())?,
            Host::Domain(name) => {
                if url.set_host(Some(name)).is_err() {
                    return Err(Refusal::new(RefusalReason::InvalidRequest, "the URL's host cannot be used"));
                }
            }
        }
        url.set_fragment(None);
        Ok(url)
    }

    /// What can be known of a request that leaves through a proxy, beside what is checked of every other.
    fn check_proxied(&self, origin: &Origin, proxy: &Origin) -> Result<(), Refusal> {
        if !origin.is_https() {
            let what = format!(
                "{origin} is plain http, and through the proxy {proxy} only https leaves, because the proxy could read \
                 the credential: give the connection an address with https"
            );
            return Err(Refusal::new(RefusalReason::PlainHttp, what));
        }
        if !self.grants.allow_proxy {
            let what = format!(
                "requests leave through the proxy {proxy}, which connects to whatever {origin} leads to, without a \
                 check of the address"
            );
            return Err(Refusal::new(RefusalReason::Proxy, what).granted_by(Grant::AllowProxy));
        }
        match origin.host() {
            // The one kind of name whose address is known without a look-up. There, it is the proxy's own machine.
            Host::Domain(name) if is_loopback_name(name) && !self.grants.allow_private_network => {
                let what = format!("{name} leads to {}, on the proxy {proxy}", AddressClass::Loopback.name());
                Err(Refusal::new(RefusalReason::Address, what).granted_by(Grant::AllowPrivateNetwork))
            }
            Host::Ipv6(_) => {
                let what = format!(
                    "{origin} is an IPv6 address, for which no tunnel through the proxy {proxy} can be asked: give the \
                     connection the service's name"
                );
                Err(Refusal::new(RefusalReason::Proxy, what))
            }
            _ => Ok(()),
        }
    }

    /// Checks an address that `host` stands for.
    pub fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        check_address(self.grants.allow_private_network, host, address)
    }
}

/// Checks an address that `host` stands for against the one grant that matters for it.
pub(super) fn check_address(allow_private_network: bool, host: &str, address: IpAddr) -> Result<(), Refusal> {
    let Some(class) = AddressClass::of(address) else { return Ok(()) };
    if class == AddressClass::Unusable {
        let what = format!("{host} leads to {address}, which is {}", class.name());
        return Err(Refusal::new(RefusalReason::Address, what));
    }
    if allow_private_network {
        return Ok(());
    }
    let what = format!("{host} leads to {address}, which is {}", class.name());
    Err(Refusal::new(RefusalReason::Address, what).granted_by(Grant::AllowPrivateNetwork))
}

/// Names that stand for the loopback addresses of whatever machine looks them up (RFC 6761).
fn is_loopback_name(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Headers that are the host's: they frame the message or speak to the next hop.
pub(super) fn is_hosts_own_header(name: &str) -> bool {
    const NAMES: [&str; 11] = [
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    ];
    // Servers that make underscores of hyphens cannot tell the two apart.
    let name = name.to_ascii_lowercase().replace('_', "-");
    NAMES.contains(&name.as_str()) || name.starts_with("proxy-")
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
