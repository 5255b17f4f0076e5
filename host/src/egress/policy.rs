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
}

impl EgressPolicy {
    /// A policy for one origin; with an error, for none, and the error is the reason that refusals give.
    pub fn new(allowed: Result<Origin, String>, grants: Grants) -> Self {
        Self { allowed, grants }
    }

    /// The grants of this call.
    pub fn grants(&self) -> Grants {
        self.grants
    }

    /// Checks the URL of a request and gives it in the form to send. The addresses behind a host name are checked when
    /// it is resolved, by [`EgressPolicy::check_address`].
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
        if !origin.is_https() && !self.grants.allow_http {
            let what = format!("{origin} is plain http, over which anyone on the way can read the credential");
            return Err(Refusal::new(RefusalReason::PlainHttp, what).granted_by(Grant::AllowHttp));
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
