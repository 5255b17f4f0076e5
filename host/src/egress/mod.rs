//! What may leave and what comes back: the policy (pure), the addresses behind a name, the secrets and their echoes, what only reads,
//! the HTTP client, when to send again. `session` ties them together for one call.

mod address;
mod client;
mod echo;
mod encoding;
mod expiry;
mod overrides;
mod policy;
mod read_only;
mod resolver;
mod retry;
mod secrets;
mod session;
mod transport;

pub use address::AddressClass;
pub use policy::{EgressPolicy, Grant, Grants, Refusal, RefusalReason, Restriction};
pub use read_only::check_read;
pub use secrets::{REDACTED, SecretProblem, Secrets};
pub use transport::Transport;

pub(crate) use client::{Network, Sockets};
pub(crate) use expiry::{EXPIRES_SOON, expiry_of};
pub(crate) use session::{Egress, EgressContext, HeaderText, OutgoingRequest};
