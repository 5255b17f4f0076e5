//! Keeps the exchanges of a call, where that is asked for.

use std::time::Instant;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};

use super::request::CheckedRequest;
use super::sending::{Egress, ReceivedResponse};
use crate::contract::Failure;
use crate::secrets::REDACTED;
use crate::trace::{Exchange, ExchangeOutcome, held_by_headers};

impl Egress {
    /// Keeps an exchange, where there is room for it.
    pub(super) fn record(
        &mut self,
        request: &CheckedRequest,
        result: &Result<ReceivedResponse, Failure>,
        attempts: u32,
        started: Instant,
    ) {
        // Charged before anything is copied.
        let answer = result.as_ref().map_or(0, |answer| answer.body.len() as u64 + held_by_headers(&answer.headers));
        let sent: usize = request.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        let per_header = (request.headers.len() * size_of::<(String, String)>()) as u64;
        let sent = (sent + request.url.as_str().len() + request.body.len() + size_of::<Exchange>()) as u64 + per_header;
        if !self.context.budget.take_for_record(sent.saturating_add(answer)) {
            self.exchanges_dropped += 1;
            return;
        }
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            let value = if value.is_sensitive() { REDACTED.into() } else { String::from_utf8_lossy(value.as_bytes()) };
            (name.as_str().to_owned(), value.into_owned())
        };
        self.exchanges.push(Exchange {
            at: started.saturating_duration_since(self.context.started),
            duration: started.elapsed(),
            attempts,
            method: request.method.as_str().to_owned(),
            url: request.url.as_str().to_owned(),
            request_headers: request.headers.iter().map(header).collect(),
            request_body: request.body.clone(),
            outcome: match result {
                Ok(response) => ExchangeOutcome::Answered {
                    status: response.status,
                    headers: response.headers.clone(),
                    body: Bytes::copy_from_slice(&response.body),
                },
                Err(failure) => ExchangeOutcome::Failed(failure.clone()),
            },
        });
    }
}
