//! What may leave and what comes back: the policy (pure), the addresses behind a name, the secrets, the HTTP client, when
//! to send again. `session` ties them together for one call.

mod address;
mod client;
mod policy;
mod resolver;
mod retry;
mod secrets;
mod session;
mod transport;

pub use address::AddressClass;
pub use policy::{EgressPolicy, Grant, Grants, Origin, Refusal, RefusalReason};
pub use secrets::{REDACTED, SecretProblem, Secrets};
pub use transport::Transport;

pub(crate) use client::HttpClients;
pub(crate) use session::{Egress, EgressContext, HeaderText, OutgoingRequest};
