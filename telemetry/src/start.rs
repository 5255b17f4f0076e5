//! Telemetry from its start to its end: what is recorded, where it is sent, and how long that may take.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use host::NetworkOptions;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Meter, MeterProvider as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use prometheus::{Registry, TextEncoder};
use secrecy::{ExposeSecret, SecretString};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use crate::LONGEST_SHUTDOWN;
use crate::calls::CallMetrics;
use crate::client::{Collector, LONGEST_EXPORT};
use crate::context::trace_context;
use crate::counts::{Counts, Delivered};
use crate::endpoint::{self, EndpointProblem};
use crate::fleet::{FleetLabels, FleetMetrics};
use crate::headers::{self, HeadersProblem};
use crate::spans::BoundedProcessor;
use crate::trouble::{OnTrouble, Trouble};

/// The content type of [`Telemetry::prometheus_text`].
pub const PROMETHEUS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What of [`LONGEST_SHUTDOWN`] is left, when nothing is waited for any more, for the threads to come to their end.
const LAST_STEPS: Duration = Duration::from_millis(200);

/// How telemetry is set up.
pub struct TelemetryOptions {
    /// The program's name: `service.name`.
    pub service_name: String,
    /// Its version: `service.version`.
    pub service_version: String,
    /// What tells this process from others of the same name: `service.instance.id`.
    pub service_instance: Option<String>,
    /// The collector, to whose URL `/v1/traces` and `/v1/metrics` are added. Without one there are no spans, and the
    /// metrics are for [`Telemetry::prometheus_text`].
    pub otlp: Option<Url>,
    /// Headers for the collector, written as `OTEL_EXPORTER_OTLP_HEADERS` has them: `name=value,name=value`.
    pub otlp_headers: Option<SecretString>,
    /// Whose certificates are trusted on the way to the collector. No proxy and no client certificate is used.
    pub network: NetworkOptions,
    /// How often metrics are sent.
    pub metrics_every: Duration,
    /// The part of traces that is recorded, from 0 to 1. Metrics count all.
    pub sampled: f64,
    /// The crates whose spans are recorded. What others have to say is of no interest here, this crate's own HTTP
    /// client least of all.
    pub targets: Vec<String>,
    /// Whether spans say in words what went wrong: see [`host::Observers::error_texts`].
    pub error_texts: bool,
    /// Hears, once, that the collector does not take what it is sent.
    pub on_trouble: Option<OnTrouble>,
}

impl TelemetryOptions {
    /// The options of a program that has this name and version, with no collector.
    pub fn of(service_name: impl Into<String>, service_version: impl Into<String>) -> Self {
        Self {
            service_name: service_name.into(),
            service_version: service_version.into(),
            service_instance: None,
            otlp: None,
            otlp_headers: None,
            network: NetworkOptions::default(),
            metrics_every: Duration::from_secs(60),
            sampled: 1.0,
            targets: vec!["host".to_owned(), "fleet".to_owned()],
            error_texts: false,
            on_trouble: None,
        }
    }
}

/// Why telemetry could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The collector's URL cannot be used.
    #[error("the collector's URL cannot be used: {0}")]
    Endpoint(#[from] EndpointProblem),
    /// The collector's headers cannot be used.
    #[error(transparent)]
    Headers(#[from] HeadersProblem),
    /// Anything else, in words.
    #[error("telemetry could not be set up: {0}")]
    Other(String),
}

/// What records and sends. Dropped, it is shut down.
pub struct Telemetry {
    tracers: Option<SdkTracerProvider>,
    meters: SdkMeterProvider,
    registry: Registry,
    collector: Option<Collector>,
    counts: Arc<Counts>,
    calls: CallMetrics,
    targets: Arc<[String]>,
    error_texts: bool,
    is_shut_down: AtomicBool,
}

impl Telemetry {
    /// Starts it: threads of its own, nothing of which waits for a collector.
    pub fn start(options: TelemetryOptions) -> Result<Self, StartError> {
        let resource = resource(&options);
        let counts = Arc::new(Counts::default());
        let registry = Registry::new();
        let text = opentelemetry_prometheus::exporter().with_registry(registry.clone()).build();
        let text = text.map_err(|error| StartError::Other(error.to_string()))?;
        let mut meters = SdkMeterProvider::builder().with_resource(resource.clone()).with_reader(text);
        let (mut tracers, mut collector) = (None, None);
        if let Some(url) = &options.otlp {
            let started = connect(url, &options)?;
            let unusable = |error: ExporterBuildError| StartError::Other(error.to_string());
            let spans = configured(SpanExporter::builder().with_http(), url, "traces", &started).build();
            let metrics = MetricExporter::builder().with_http().with_temporality(Temporality::Cumulative);
            let metrics = configured(metrics, url, "metrics", &started).build().map_err(unusable)?;
            let spans = spans.map_err(unusable)?;
            meters = meters.with_reader(PeriodicReader::builder(metrics).with_interval(options.metrics_every).build());
            let part = Sampler::TraceIdRatioBased(options.sampled.clamp(0.0, 1.0));
            tracers = Some(
                SdkTracerProvider::builder()
                    .with_resource(resource)
                    .with_sampler(Sampler::ParentBased(Box::new(part)))
                    .with_span_processor(BoundedProcessor::new(spans, counts.clone()))
                    .build(),
            );
            collector = Some(started);
        }
        let meters = meters.build();
        let meter = meters.meter("host");
        count_spans(&meter, counts.clone());
        Ok(Self {
            tracers,
            calls: CallMetrics::new(&meter),
            meters,
            registry,
            collector,
            counts,
            targets: options.targets.into(),
            error_texts: options.error_texts,
            is_shut_down: AtomicBool::new(false),
        })
    }

    /// Records spans of the crates that the options name. Without a collector it does nothing.
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        let targets = self.targets.clone();
        let is_ours = move |target: &str| {
            let is_of = |name: &String| {
                target.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            };
            targets.iter().any(is_of)
        };
        self.tracers.as_ref().map(|tracers| {
            tracing_opentelemetry::layer()
                .with_tracer(tracers.tracer("host"))
                // Where in the source a span was opened, and on which thread, is of no use to those who see it.
                .with_location(false)
                .with_threads(false)
                .with_target(false)
                .with_tracked_inactivity(false)
                .with_context_activation(false)
                // Spans alone: an event can hold anything.
                .with_filter(
                    filter_fn(move |metadata| metadata.is_span() && is_ours(metadata.target()))
                        .with_max_level_hint(LevelFilter::INFO),
                )
        })
    }

    /// What a call's options need, so that it is counted and can tell the service its trace.
    pub fn observers(&self) -> host::Observers {
        let calls = self.calls.clone();
        host::Observers {
            ended: Some(Arc::new(move |end| calls.record(end))),
            trace_context: self.tracers.is_some().then(|| Arc::new(trace_context) as host::TraceContextSource),
            error_texts: self.error_texts,
            ..host::Observers::default()
        }
    }

    /// The instruments of calls, which [`Telemetry::observers`] count with.
    pub fn calls(&self) -> &CallMetrics {
        &self.calls
    }

    /// The instruments of a fleet.
    pub fn fleet(&self, labels: FleetLabels) -> FleetMetrics {
        FleetMetrics::new(&self.meters.meter("fleet"), labels)
    }

    /// A meter for instruments of one's own. What is their attributes, there must be few values of.
    pub fn meter(&self, name: &'static str) -> Meter {
        self.meters.meter(name)
    }

    /// All metrics as Prometheus reads them, of the type [`PROMETHEUS_CONTENT_TYPE`].
    pub fn prometheus_text(&self) -> String {
        // What cannot be written as text is left out.
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }

    /// What became of the spans until now.
    pub fn delivered(&self) -> Delivered {
        self.counts.read()
    }

    /// Sends what waits and ends. It blocks, for [`LONGEST_SHUTDOWN`] at most: what a collector has not taken by then
    /// is dropped. Gives what became of the spans. Again it does nothing.
    pub fn shutdown(&self) -> Delivered {
        if self.is_shut_down.swap(true, Ordering::SeqCst) {
            return self.delivered();
        }
        let end = Instant::now() + LONGEST_SHUTDOWN;
        if let Some(collector) = &self.collector {
            collector.close_at(end.checked_sub(LAST_STEPS).unwrap_or(end));
        }
        let (done, wait) = mpsc::channel();
        let meters = self.meters.clone();
        let mut steps: Vec<Box<dyn FnOnce() + Send>> = vec![Box::new(move || drop(meters.shutdown()))];
        if let Some(tracers) = self.tracers.clone() {
            steps.push(Box::new(move || drop(tracers.shutdown_with_timeout(LONGEST_SHUTDOWN))));
        }
        // Both at once, and on threads that can be left behind.
        let begun = steps.into_iter().map(|step| {
            let done = done.clone();
            std::thread::Builder::new().name("telemetry-end".to_owned()).spawn(move || {
                step();
                done.send(()).ok();
            })
        });
        let begun = begun.filter(Result::is_ok).count();
        for _ in 0..begun {
            if wait.recv_timeout(end.saturating_duration_since(Instant::now())).is_err() {
                break;
            }
        }
        self.delivered()
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.shutdown();
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").field("delivered", &self.delivered()).finish_non_exhaustive()
    }
}

/// Who sends: names that the operator chose, and what stands in `OTEL_RESOURCE_ATTRIBUTES`. Nothing of the machine, the
/// user or the command line.
fn resource(options: &TelemetryOptions) -> Resource {
    let version = KeyValue::new("service.version", options.service_version.clone());
    let instance = options.service_instance.clone().map(|instance| KeyValue::new("service.instance.id", instance));
    Resource::builder()
        .with_service_name(options.service_name.clone())
        .with_attributes([version].into_iter().chain(instance))
        .build()
}

/// The client of a collector.
fn connect(url: &Url, options: &TelemetryOptions) -> Result<Collector, StartError> {
    endpoint::check(url)?;
    let headers = options.otlp_headers.as_ref().map(|text| headers::parse(text.expose_secret())).transpose()?;
    let tls = options.network.tls().map_err(|error| StartError::Other(error.to_string()))?;
    let trouble = Arc::new(Trouble::new(endpoint::shown(url), options.on_trouble.clone()));
    Collector::start(tls, headers.unwrap_or_default(), trouble).map_err(StartError::Other)
}

/// An exporter of a signal. Everything is set here that would otherwise be looked for in the environment; repeats are
/// the client's.
fn configured<B: WithExportConfig + WithHttpConfig>(builder: B, url: &Url, signal: &str, collector: &Collector) -> B {
    builder
        .with_endpoint(endpoint::of_signal(url, signal))
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(LONGEST_EXPORT)
        .with_http_client(collector.client())
        .with_retry_policy(RetryPolicy::disabled())
}

/// What became of spans, as metrics: where a collector takes nothing, Prometheus still can.
fn count_spans(meter: &Meter, counts: Arc<Counts>) {
    let rejected = [KeyValue::new("error.type", "rejected")];
    let no_room = [KeyValue::new("error.type", "queue_full")];
    let exported = counts.clone();
    meter
        .u64_observable_counter("otel.sdk.exporter.span.exported")
        .with_unit("{span}")
        .with_description("Spans that were sent, by whether the collector took them")
        .with_callback(move |observer| {
            let delivered = exported.read();
            observer.observe(delivered.accepted, &[]);
            observer.observe(delivered.rejected, &rejected);
        })
        .build();
    meter
        .u64_observable_counter("otel.sdk.processor.span.processed")
        .with_unit("{span}")
        .with_description("Spans that were not sent, because too many waited")
        .with_callback(move |observer| observer.observe(counts.read().no_room, &no_room))
        .build();
}

#[cfg(test)]
#[path = "start_tests.rs"]
mod tests;
