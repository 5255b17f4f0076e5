//! The span of one attempt to send a request, by OpenTelemetry's conventions for HTTP clients. It names the method, the
//! origin and the status: what stands in a URL's path and query, in headers and in bodies is not in it.

use std::time::Instant;

use tracing::Span;
use tracing::field::Empty;

use super::request::CheckedRequest;

/// The span of an attempt that is under way. Dropped before its end, the attempt was given up or took too long.
pub(super) struct AttemptSpan {
    span: Span,
    deadline: Instant,
    has_ended: bool,
}

impl AttemptSpan {
    /// Opens the span of an attempt; the first has the number 1. At the deadline it is given up.
    pub(super) fn begin(request: &CheckedRequest, number: u32, deadline: Instant) -> Self {
        let url = &request.url;
        let span = tracing::info_span!(
            target: "host::request",
            "request",
            otel.name = request.method.as_str(),
            otel.kind = "client",
            otel.status_code = Empty,
            "http.request.method" = request.method.as_str(),
            "http.request.body.size" = signed(request.body.len()),
            "http.request.resend_count" = (number > 1).then(|| i64::from(number) - 1),
            "http.response.status_code" = Empty,
            "connector.response.decoded_size" = Empty,
            "network.protocol.version" = Empty,
            "server.address" = url.host_str(),
            "server.port" = url.port_or_known_default().map(i64::from),
            "url.scheme" = url.scheme(),
            "error.type" = Empty,
        );
        Self { span, deadline, has_ended: false }
    }

    /// The span itself.
    pub(super) fn get(&self) -> &Span {
        &self.span
    }

    /// The span for what runs within it.
    pub(super) fn inner(&self) -> Span {
        self.span.clone()
    }

    /// Notes that an answer has begun.
    pub(super) fn answered(&mut self, response: &reqwest::Response) {
        self.has_ended = true;
        if self.span.is_disabled() {
            return;
        }
        let status = response.status();
        self.span.record("http.response.status_code", i64::from(status.as_u16()));
        let version = match response.version() {
            http::Version::HTTP_09 => "0.9",
            http::Version::HTTP_10 => "1.0",
            http::Version::HTTP_11 => "1.1",
            http::Version::HTTP_2 => "2",
            _ => "3",
        };
        self.span.record("network.protocol.version", version);
        if status.is_client_error() || status.is_server_error() {
            self.span.record("error.type", status.as_str());
            self.span.record("otel.status_code", "ERROR");
        }
    }

    /// Notes that the rest of the answer is waited for.
    pub(super) fn reads_on(&mut self) {
        self.has_ended = false;
    }

    /// Notes that the whole answer has come: so many bytes, decoded.
    pub(super) fn received(&mut self, bytes: usize) {
        self.has_ended = true;
        self.span.record("connector.response.decoded_size", signed(bytes));
    }

    /// Notes why there is no answer, or not all of it.
    pub(super) fn failed(&mut self, kind: &str) {
        self.has_ended = true;
        self.span.record("error.type", kind);
        self.span.record("otel.status_code", "ERROR");
    }
}

impl Drop for AttemptSpan {
    fn drop(&mut self) {
        if !self.has_ended && !self.span.is_disabled() {
            let is_late = Instant::now() >= self.deadline;
            self.failed(if is_late { "timeout" } else { "given-up" });
        }
    }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
