//! What may leave, decided on parsed values alone: no socket, no name resolution, no clock. Everything that is not allowed here is
//! refused, and a refusal says what was refused and which grant would allow it.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::address::AddressClass;
use crate::origin::{Origin, OriginProblem};

/// The length of a refusal's own words, in bytes: it is kept, logged and told to the component.
const LONGEST_REFUSAL: usize = 2 * 1024;

/// What the embedder allows a call beyond the defaults, and what it forbids. Nothing is granted unless it is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Grants {
    /// Requests may go over plain http, where anyone on the way can read the credential.
    pub allow_http: bool,
    /// Requests may go to loopback, private and link-local addresses, and to those of a cloud's metadata service.
    pub allow_private_network: bool,
    /// Only requests leave that the host itself can show to read: GET, HEAD, and GraphQL documents that hold queries alone.
    pub read_only: bool,
}

/// One of the [`Grants`], as a refusal names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Grant {
    /// [`Grants::allow_http`].
    AllowHttp,
    /// [`Grants::allow_private_network`].
    AllowPrivateNetwork,
}

/// A field of [`Grants`] that forbids, as a refusal names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Restriction {
    /// [`Grants::read_only`].
    ReadOnly,
}

impl Restriction {
    /// The flag of the `harness` command that sets it.
    pub fn flag(self) -> &'static str {
        match self {
            Self::ReadOnly => "--read-only",
        }
    }

    /// The field of [`Grants`] that sets it.
    pub fn field(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
        }
    }
}

impl Grant {
    /// Every grant.
    pub const ALL: [Self; 2] = [Self::AllowHttp, Self::AllowPrivateNetwork];

    /// The flag of the `harness` command that gives it.
    pub fn flag(self) -> &'static str {
        match self {
            Self::AllowHttp => "--allow-http",
            Self::AllowPrivateNetwork => "--allow-private-network",
        }
    }

    /// The field of [`Grants`] that gives it.
    pub fn field(self) -> &'static str {
        match self {
            Self::AllowHttp => "allow_http",
            Self::AllowPrivateNetwork => "allow_private_network",
        }
    }
}

/// What kind of request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The URL or method cannot be used at all.
    InvalidRequest,
    /// Credentials in the URL.
    Credentials,
    /// An origin that the connection's endpoint fields do not allow.
    Origin,
    /// Plain http without the grant.
    PlainHttp,
    /// An address that is not public, without the grant.
    Address,
    /// A header that is the host's, or that is not a valid one.
    Header,
    /// A secret that is not declared or has no value.
    Secret,
    /// A request that the host cannot show to read, where only such may leave.
    ReadOnly,
}

impl RefusalReason {
    /// The reason's name in JSON, in kebab-case.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid-request",
            Self::Credentials => "credentials",
            Self::Origin => "origin",
            Self::PlainHttp => "plain-http",
            Self::Address => "address",
            Self::Header => "header",
            Self::Secret => "secret",
            Self::ReadOnly => "read-only",
        }
    }
}

/// A request that the host did not let leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of refusal it is.
    pub reason: RefusalReason,
    /// What was refused, in words for a person.
    pub what: String,
    /// The grant that would allow it; none when nothing would.
    pub grant: Option<Grant>,
    /// The restriction without which it would be allowed.
    pub restriction: Option<Restriction>,
}

impl Refusal {
    pub(crate) fn new(reason: RefusalReason, what: impl Into<String>) -> Self {
        let mut what = what.into();
        // It can name a host or a header of the component's, which may be as long as a request.
        if what.len() > LONGEST_REFUSAL {
            what = format!("{}…", what.get(..what.floor_char_boundary(LONGEST_REFUSAL)).unwrap_or_default());
        }
        Self { reason, what, grant: None, restriction: None }
    }

    fn granted_by(mut self, grant: Grant) -> Self {
        self.grant = Some(grant);
        self
    }

    /// A request that cannot be shown to read; `why` says why not.
    pub(super) fn not_a_read(why: &str) -> Self {
        let what = format!("the request cannot be shown to change nothing: {why}");
        Self { restriction: Some(Restriction::ReadOnly), ..Self::new(RefusalReason::ReadOnly, what) }
    }

    /// The refusal as JSON: `reason`, `message`, and the flag that would allow it (`grant`) or without which it would be allowed
    /// (`restriction`), where there is one.
    pub fn to_json(&self) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        object.insert("reason".into(), self.reason.name().into());
        object.insert("message".into(), self.to_string().into());
        if let Some(grant) = self.grant {
            object.insert("grant".into(), grant.flag().into());
        }
        if let Some(restriction) = self.restriction {
            object.insert("restriction".into(), restriction.flag().into());
        }
        serde_json::Value::Object(object)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        if let Some(grant) = self.grant {
            write!(f, "; {} (Grants::{}) would allow it", grant.flag(), grant.field())?;
        }
        if let Some(restriction) = self.restriction {
            write!(f, "; {} (Grants::{}) forbids it", restriction.flag(), restriction.field())?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

impl From<OriginProblem> for Refusal {
    fn from(problem: OriginProblem) -> Self {
        let reason = match problem {
            OriginProblem::Credentials => RefusalReason::Credentials,
            _ => RefusalReason::InvalidRequest,
        };
        Self::new(reason, problem.to_string())
    }
}

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

    /// Checks the URL of a request and gives it in the form to send. The addresses behind a host name are checked when it is
    /// resolved, by [`EgressPolicy::check_address`].
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
