//! The way of spans to the collector: a bounded number of them waits, and each is counted.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor};

use crate::counts::{Counts, MOST_WAITING};

/// How long a span waits for others to be sent with.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Spans of one request.
const BATCH: usize = 512;

/// Batches of spans on a thread of their own. Where there is no room, a span is dropped: nothing waits for a collector.
#[derive(Debug)]
pub(crate) struct BoundedProcessor {
    inner: BatchSpanProcessor,
    counts: Arc<Counts>,
}

impl BoundedProcessor {
    pub(crate) fn new(exporter: impl SpanExporter + 'static, counts: Arc<Counts>) -> Self {
        // Explicit, because the builder would otherwise look into the environment.
        let most = usize::try_from(MOST_WAITING).unwrap_or(usize::MAX);
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(most)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(LONGEST_WAIT)
            .build();
        let exporter = Counting { inner: exporter, counts: counts.clone() };
        Self { inner: BatchSpanProcessor::builder(exporter).with_batch_config(config).build(), counts }
    }
}

impl SpanProcessor for BoundedProcessor {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.counts.wait() {
            self.inner.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Counts what is taken and what is not.
struct Counting<E> {
    inner: E,
    counts: Arc<Counts>,
}

impl<E: SpanExporter> SpanExporter for Counting<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let result = self.inner.export(batch).await;
        self.counts.sent(spans, result.is_ok());
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

impl<E> fmt::Debug for Counting<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counting").finish_non_exhaustive()
    }
}
