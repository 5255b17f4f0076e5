//! What may leave and what comes back: the policy (pure), the addresses behind a name, what only reads, the HTTP
//! client, when to send again. `sending` ties them together for one call.

mod address;
mod attempt_span;
mod client;
mod encoding;
mod listed;
mod overrides;
mod policy;
mod proxied;
mod read_only;
mod recorded;
mod request;
mod resolver;
mod retry;
mod sending;
mod stopped;
mod transport;

#[cfg(test)]
mod identity_tests;
#[cfg(test)]
mod testing;

pub use crate::refusal::{Grant, Grants, Refusal, RefusalReason, Restriction};
pub use crate::secrets::{REDACTED, SecretProblem, Secrets};
pub use address::AddressClass;
pub use policy::EgressPolicy;
pub use read_only::check_read;
pub use transport::Transport;

pub(crate) use client::{Network, Sockets};
pub(crate) use request::{HeaderText, OutgoingRequest};
pub(crate) use sending::{Egress, EgressContext};
