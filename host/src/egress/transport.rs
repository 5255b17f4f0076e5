//! Something other than the network behind the egress policy.

use bytes::Bytes;

use crate::contract::Failure;

/// Answers requests in place of the network. Everything before the socket stays as it is: a request has passed the
/// policy and the limits, its secrets are filled in, and its answer is bounded and scrubbed. What it gives is final: no
/// request is sent again. Made for replays, measurements and tests.
pub trait Transport: Send + Sync {
    /// The answer, or why there is none, which the component is told as it stands.
    fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Failure>;
}
