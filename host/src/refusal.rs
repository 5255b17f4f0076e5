//! What an embedder allows and forbids, and a request that was not let out for it.

use std::fmt;

use crate::origin::OriginProblem;
use crate::text::cut;

/// The length of a refusal's own words, in bytes: it is kept, logged and told to the component.
const LONGEST_REFUSAL: usize = 2 * 1024;

/// What the embedder allows a call beyond the defaults, and what it forbids. Nothing is granted unless it is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Grants {
    /// Requests may go over plain http, where anyone on the way can read the credential.
    pub allow_http: bool,
    /// Requests may go to loopback, private and link-local addresses, and to those of a cloud's metadata service.
    pub allow_private_network: bool,
    /// Requests may leave through the runtime's proxy ([`NetworkOptions::proxy`](crate::NetworkOptions::proxy)), which
    /// looks their hosts up itself: what addresses are behind a name can then not be checked.
    pub allow_proxy: bool,
    /// Only requests leave that the host itself can show to read: GET, HEAD, and GraphQL documents that hold queries
    /// alone.
    pub read_only: bool,
    /// Requests tell the service which trace they belong to, in the headers `traceparent` and `tracestate`, where
    /// [`Observers::trace_context`](crate::Observers::trace_context) gives one. It takes the place of what the
    /// component set; where there is none, the component's stays.
    pub send_trace_context: bool,
}

/// One of the [`Grants`], as a refusal names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Grant {
    /// [`Grants::allow_http`].
    AllowHttp,
    /// [`Grants::allow_private_network`].
    AllowPrivateNetwork,
    /// [`Grants::allow_proxy`].
    AllowProxy,
}

/// A field of [`Grants`] that forbids, as a refusal names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Restriction {
    /// [`Grants::read_only`].
    ReadOnly,
}

impl Restriction {
    /// The field of [`Grants`] that sets it.
    pub fn field(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
        }
    }
}

impl Grant {
    /// Every grant.
    pub const ALL: [Self; 3] = [Self::AllowHttp, Self::AllowPrivateNetwork, Self::AllowProxy];

    /// The field of [`Grants`] that gives it.
    pub fn field(self) -> &'static str {
        match self {
            Self::AllowHttp => "allow_http",
            Self::AllowPrivateNetwork => "allow_private_network",
            Self::AllowProxy => "allow_proxy",
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
    /// Plain http without the grant, or through a proxy.
    PlainHttp,
    /// An address that is not public, without the grant.
    Address,
    /// A proxy without the grant, or what cannot go through one.
    Proxy,
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
            Self::Proxy => "proxy",
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
        // It can name a host or a header of the component's, which may be as long as a request.
        let what = cut(&what.into(), LONGEST_REFUSAL).into_owned();
        Self { reason, what, grant: None, restriction: None }
    }

    pub(crate) fn granted_by(mut self, grant: Grant) -> Self {
        self.grant = Some(grant);
        self
    }

    /// A request that cannot be shown to read; `why` says why not.
    pub(crate) fn not_a_read(why: &str) -> Self {
        let what = format!("the request cannot be shown to change nothing: {why}");
        Self { restriction: Some(Restriction::ReadOnly), ..Self::new(RefusalReason::ReadOnly, what) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        if let Some(grant) = self.grant {
            write!(f, "; Grants::{} would allow it", grant.field())?;
        }
        if let Some(restriction) = self.restriction {
            write!(f, "; Grants::{} forbids it", restriction.field())?;
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
