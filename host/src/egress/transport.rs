//! Something other than the network behind the egress policy.

use bytes::Bytes;

/// Answers requests in place of the network. Everything before the socket stays as it is: a request has passed the
/// policy and the limits, its secrets are filled in, and its answer is bounded and scrubbed. Made for measurements and
/// tests, where the cost of a socket would hide what is measured.
pub trait Transport: Send + Sync {
    /// The answer, or in words why there is none.
    fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, String>;
}
