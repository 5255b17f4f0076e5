//! What calls used and how they ended, in numbers.

use host::{CallEnd, CallError};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

use crate::metrics::{BYTES, SECONDS, attribute, seconds};

/// Instruments of calls. Cheap to clone.
///
/// Attributes: `connector.key`, `connector.operation.kind`, `connector.operation.key`, and `error.type` where a call
/// failed; [`CallEnd`] bounds how many values they have. No attribute says for whom a call was.
#[derive(Debug, Clone)]
pub struct CallMetrics {
    calls: Counter<u64>,
    duration: Histogram<f64>,
    requests: Counter<u64>,
    sent: Counter<u64>,
    received: Counter<u64>,
    memory: Histogram<u64>,
    refusals: Counter<u64>,
    limits: Counter<u64>,
}

impl CallMetrics {
    /// Makes the instruments of a meter.
    pub fn new(meter: &Meter) -> Self {
        let counter = |name: &'static str, unit: &'static str, what: &'static str| {
            meter.u64_counter(name).with_unit(unit).with_description(what).build()
        };
        let duration = meter.f64_histogram("connector.call.duration").with_unit("s");
        let memory = meter.u64_histogram("connector.call.memory").with_unit("By");
        Self {
            calls: counter("connector.calls", "{call}", "Calls that have ended"),
            duration: duration
                .with_description("How long calls took, waiting for the service included")
                .with_boundaries(SECONDS.into())
                .build(),
            requests: counter(
                "connector.requests",
                "{request}",
                "Requests of calls; one that was repeated counts once",
            ),
            sent: counter("connector.sent", "By", "Bytes of requests: URLs, headers and bodies"),
            received: counter("connector.received", "By", "Bytes of the bodies of answers, decoded"),
            memory: memory
                .with_description("The largest that a component's memory became in a call")
                .with_boundaries(BYTES.into())
                .build(),
            refusals: counter("connector.refusals", "{request}", "Requests that the host did not let leave"),
            limits: counter("connector.limit.hits", "{call}", "Calls that a limit ended"),
        }
    }

    /// Counts a call. For [`host::Observers::ended`].
    pub fn record(&self, end: &CallEnd<'_>) {
        let mut attributes =
            vec![attribute("connector.key", end.connector), KeyValue::new("connector.operation.kind", end.kind.name())];
        attributes.extend(end.operation.map(|operation| attribute("connector.operation.key", operation)));
        let trace = end.trace;
        for (counter, count) in
            [(&self.requests, trace.requests), (&self.sent, trace.sent_bytes), (&self.received, trace.received_bytes)]
        {
            counter.add(count, &attributes);
        }
        self.memory.record(trace.memory_bytes, &attributes);
        if let Some(CallError::Limit { exceeded, .. }) = end.error {
            let limit = KeyValue::new("connector.limit.name", exceeded.limit.name());
            self.limits.add(1, &[attributes.as_slice(), &[limit]].concat());
        }
        for refusal in &trace.refusals {
            let reason = KeyValue::new("connector.refusal.reason", refusal.reason.name());
            self.refusals.add(1, &[attributes.as_slice(), &[reason]].concat());
        }
        attributes.extend(end.error.map(|error| KeyValue::new("error.type", error.kind())));
        attributes.extend(end.error.and_then(CallError::ended_by).map(|by| KeyValue::new("connector.ended_by", by)));
        self.calls.add(1, &attributes);
        self.duration.record(seconds(trace.duration), &attributes);
    }
}
