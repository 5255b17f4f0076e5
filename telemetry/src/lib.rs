//! What a host does, seen from outside: spans and metrics for a collector, over OTLP, and the metrics as text for
//! Prometheus.
//!
//! [`host`] opens spans with `tracing` and knows no OpenTelemetry; this crate listens to them, counts what has ended,
//! and sends both. A collector that is slow, broken or not there slows nothing down: what it does not take is dropped
//! and counted, and said once.
//!
//! ```no_run
//! use telemetry::{Telemetry, TelemetryOptions};
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let collector = "http://127.0.0.1:4318".parse()?;
//! let options = TelemetryOptions { otlp: Some(collector), ..TelemetryOptions::of("my-host", "1.0") };
//! let telemetry = Telemetry::start(options)?;
//! tracing::subscriber::set_global_default(tracing_subscriber::registry().with(telemetry.layer()))?;
//! let options = host::CallOptions { observers: telemetry.observers(), ..Default::default() };
//! // … calls with these options, and at the end:
//! telemetry.shutdown();
//! # Ok(())
//! # }
//! ```
//!
//! Every attribute has few values: kinds, keys of a manifest, names of limits. What there are thousands of (triggers,
//! tenants) becomes an attribute only where [`FleetLabels`] ask for it; and of no metric are there more than 2,000
//! series, the rest being one that says `otel_metric_overflow="true"`.

mod calls;
mod client;
mod context;
mod counts;
mod endpoint;
mod fleet;
mod headers;
mod metrics;
mod spans;
mod start;
mod trouble;

pub use calls::CallMetrics;
pub use context::trace_context;
pub use counts::Delivered;
pub use fleet::{CommitOutcome, DeliveryOutcome, FleetLabels, FleetMetrics, PollOutcome, Subject};
pub use start::{PROMETHEUS_CONTENT_TYPE, StartError, Telemetry, TelemetryOptions};
pub use trouble::OnTrouble;

/// How long [`Telemetry::shutdown`] takes at the longest, whatever the collector does.
pub const LONGEST_SHUTDOWN: std::time::Duration = std::time::Duration::from_millis(1_500);
