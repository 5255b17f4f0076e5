//! What a call used and did, known after success and failure alike.

use std::time::Duration;

use bytes::Bytes;

use crate::contract::Failure;
use crate::log::LogLine;
use crate::refusal::Refusal;

/// What one call used and did. Secrets are not in it.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// From the start of the call to its end, waiting for the service included.
    pub duration: Duration,
    /// Requests the component made; one that the host repeated counts once.
    pub requests: u64,
    /// Bytes of all requests: URLs, headers and bodies.
    pub sent_bytes: u64,
    /// Bytes of all answer bodies, decoded.
    pub received_bytes: u64,
    /// The largest that the component's linear memory became, in bytes.
    pub memory_bytes: u64,
    /// Requests that the host did not let leave; at most the first 20.
    pub refusals: Vec<Refusal>,
    /// The requests and their answers, when [`CallOptions::record_exchanges`](crate::CallOptions::record_exchanges)
    /// asks for them.
    pub exchanges: Vec<Exchange>,
    /// Exchanges that were not recorded, because the call's share of [`Limits::host_bytes`](crate::Limits::host_bytes)
    /// for records was used up.
    pub exchanges_dropped: u64,
    /// The lines of log at or above the level that was asked for.
    pub log: Vec<LogLine>,
    /// Lines that came when there was no room for them, by [`Limits::log_lines`](crate::Limits::log_lines) or
    /// [`Limits::host_bytes`](crate::Limits::host_bytes).
    pub log_lines_dropped: u64,
}

impl Trace {
    /// What it holds in memory, in bytes: exchanges and log.
    pub fn held_bytes(&self) -> u64 {
        let exchanges = self.exchanges.iter().map(Exchange::held_bytes).sum::<u64>();
        exchanges + self.log.iter().map(LogLine::held_bytes).sum::<u64>()
    }
}

/// One request and what became of it. Secrets are redacted in it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// When it was sent, counted from the start of the call.
    pub at: Duration,
    /// How long it took, all attempts and the waits between them included.
    pub duration: Duration,
    /// How often it was sent; 0 where the host did not let it leave because it cannot be shown to read.
    pub attempts: u32,
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers that the component asked for, secrets redacted.
    pub request_headers: Vec<(String, String)>,
    /// The body that was sent.
    pub request_body: Bytes,
    /// What came of it.
    pub outcome: ExchangeOutcome,
}

impl Exchange {
    /// What it holds in memory, in bytes.
    pub fn held_bytes(&self) -> u64 {
        let (answer_headers, answer_body) = match &self.outcome {
            ExchangeOutcome::Answered { headers, body, .. } => (headers.as_slice(), body.len()),
            ExchangeOutcome::Failed(failure) => (&[][..], failure.to_string().len()),
        };
        let bodies = self.request_body.len() + answer_body;
        let texts = self.url.len() + self.method.len() + bodies + size_of::<Self>();
        texts as u64 + held_by_headers(&self.request_headers) + held_by_headers(answer_headers)
    }
}

/// What a list of headers holds in memory, in bytes.
pub(crate) fn held_by_headers(headers: &[(String, String)]) -> u64 {
    headers.iter().map(|(name, value)| (name.len() + value.len() + size_of::<(String, String)>()) as u64).sum()
}

/// What came of a request.
#[derive(Debug, Clone)]
pub enum ExchangeOutcome {
    /// An answer, as the component got it.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The headers, names in lower case.
        headers: Vec<(String, String)>,
        /// The decoded body.
        body: Bytes,
    },
    /// No answer.
    Failed(Failure),
}
