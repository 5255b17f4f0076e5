//! A call as it is seen from outside: its span, and who hears of its end. Costs next to nothing where nobody listens. A
//! span holds what the manifest and the host say, counts and names of kinds; no input, no result, no body, no header,
//! and no words of a component or a service unless they are asked for.

use std::fmt::{self, Write as _};
use std::future::Future;

use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::call::{CallOptions, Outcome};
use super::error::{CallError, CallFailure};
use super::observers::{CallEnd, OTHER_OPERATION};
use super::operation_kind::OperationKind;
use crate::connection::Connection;
use crate::contract::ConnectorDefinition;
use crate::secrets::{REDACTED, Secrets};
use crate::text::{beginning, cut};
use crate::trace::Trace;

/// The most bytes of a name that a manifest gives.
const LONGEST_NAME: usize = 128;
/// The most bytes of a text that says what went wrong.
const LONGEST_WORDS: usize = 512;
/// The most bytes of such a text that are searched for secrets.
const MOST_SEARCHED: usize = 64 * 1024;

/// A call as it is shown to whoever looks.
#[derive(Clone, Copy)]
pub(super) struct Observed<'a> {
    pub(super) definition: &'a ConnectorDefinition,
    pub(super) kind: OperationKind,
    /// The key that the caller asked for.
    pub(super) key: Option<&'a str>,
    pub(super) connection: &'a Connection,
    pub(super) options: &'a CallOptions,
}

impl<'a> Observed<'a> {
    /// Makes the call, within its span.
    pub(super) async fn call<T>(
        self,
        work: impl Future<Output = Result<Outcome<T>, Box<CallFailure>>>,
    ) -> Result<Outcome<T>, Box<CallFailure>> {
        let under_way = self.begin();
        let result = work.instrument(under_way.span.clone()).await;
        match &result {
            Ok(outcome) => under_way.end(None, &outcome.trace),
            Err(failure) => under_way.end(Some(&failure.error), &failure.trace),
        }
        result
    }

    /// Opens the span.
    pub(super) fn begin(self) -> UnderWay<'a> {
        let span = tracing::info_span!(
            target: "host::call",
            "call",
            otel.name = self.name(),
            otel.kind = "internal",
            otel.status_code = Empty,
            otel.status_description = Empty,
            "connector.key" = beginning(&self.definition.key, LONGEST_NAME),
            "connector.version" = beginning(&self.definition.version, LONGEST_NAME),
            "connector.operation.kind" = self.kind.name(),
            "connector.operation.key" = self.operation(),
            "connector.requests" = Empty,
            "connector.sent_bytes" = Empty,
            "connector.received_bytes" = Empty,
            "connector.memory_bytes" = Empty,
            "connector.refusals" = Empty,
            "connector.refusal.reason" = Empty,
            "connector.ended_by" = Empty,
            "connector.limit" = Empty,
            "error.type" = Empty,
        );
        UnderWay { observed: self, span, has_ended: false }
    }

    /// What the span is called: there are as many names as the manifest has operations.
    fn name(&self) -> String {
        match self.operation() {
            Some(operation) => format!("{} {operation}", self.kind.name()),
            None => self.kind.name().to_owned(),
        }
    }

    fn operation(&self) -> Option<&'a str> {
        let key = self.key?;
        let known = match self.kind {
            OperationKind::Action => self.definition.action(key).map(|known| &known.key),
            OperationKind::DataSource => self.definition.data_source(key).map(|known| &known.key),
            OperationKind::Poll => self.definition.trigger(key).map(|known| &known.key),
            OperationKind::TestConnection | OperationKind::OwnRequest => None,
        };
        Some(known.map_or(OTHER_OPERATION, |known| beginning(known, LONGEST_NAME)))
    }
}

/// A call that has begun. Dropped without an end, it was given up.
pub(super) struct UnderWay<'a> {
    observed: Observed<'a>,
    pub(super) span: Span,
    has_ended: bool,
}

impl UnderWay<'_> {
    /// Notes how the call ended, and says it to whoever wants to hear.
    pub(super) fn end(mut self, error: Option<&CallError>, trace: &Trace) {
        self.has_ended = true;
        if !self.span.is_disabled() {
            self.record(error, trace);
        }
        let Observed { definition, kind, options, .. } = self.observed;
        if let Some(ended) = &options.observers.ended {
            ended(&CallEnd {
                connector: beginning(&definition.key, LONGEST_NAME),
                version: beginning(&definition.version, LONGEST_NAME),
                kind,
                operation: self.observed.operation(),
                error,
                trace,
            });
        }
    }

    fn record(&self, error: Option<&CallError>, trace: &Trace) {
        let span = &self.span;
        span.record("connector.requests", signed(trace.requests));
        span.record("connector.sent_bytes", signed(trace.sent_bytes));
        span.record("connector.received_bytes", signed(trace.received_bytes));
        span.record("connector.memory_bytes", signed(trace.memory_bytes));
        if let Some(refusal) = trace.refusals.first() {
            span.record("connector.refusals", signed(trace.refusals.len() as u64));
            span.record("connector.refusal.reason", refusal.reason.name());
        }
        let Some(error) = error else { return };
        span.record("error.type", error.kind());
        span.record("otel.status_code", "ERROR");
        if let Some(ended_by) = error.ended_by() {
            span.record("connector.ended_by", ended_by);
        }
        if let CallError::Limit { exceeded, .. } = error {
            span.record("connector.limit", exceeded.limit.name());
            // The host's own words, of its own numbers.
            span.record("otel.status_description", exceeded.what().to_string());
        } else if self.observed.options.observers.error_texts {
            span.record("otel.status_description", words(error, self.observed.connection.secrets()));
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.span.record("error.type", "given-up");
            self.span.record("otel.status_code", "ERROR");
        }
    }
}

/// A count as spans hold it: they know no unsigned numbers.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What an error says, without secrets and of a length that fits.
fn words(error: &CallError, secrets: &Secrets) -> String {
    let mut text = Beginning::default();
    // It ends with an error where there is more than is looked at.
    let is_whole = write!(text, "{error}").is_ok();
    let clean = secrets.scrub(text.0.clone());
    let mut clean = clean.into_bytes();
    secrets.scrub_tokens(&mut clean);
    // Where something was taken out, what stood far behind has come near, and the last of it may be half a secret.
    if !is_whole && clean != text.0.as_bytes() {
        return REDACTED.to_owned();
    }
    cut(&String::from_utf8_lossy(&clean), LONGEST_WORDS).into_owned()
}

/// The beginning of what is written to it.
#[derive(Default)]
struct Beginning(String);

impl fmt::Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let fits = beginning(text, MOST_SEARCHED.saturating_sub(self.0.len()));
        self.0.push_str(fits);
        if fits.len() < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
#[path = "observed_tests.rs"]
mod tests;
