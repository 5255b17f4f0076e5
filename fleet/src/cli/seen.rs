//! How a worker is seen from outside.

use std::io::IsTerminal as _;

use anyhow::{Context, Result, bail};
use clap::Args;
use host::NetworkOptions;
use secrecy::SecretString;
use telemetry::{Telemetry, TelemetryOptions};
use tracing::warn;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};
use url::Url;

/// The variable with headers for the collector, which are secrets.
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

#[derive(Args)]
pub(super) struct SeenFlags {
    /// Send spans and metrics to this OpenTelemetry collector, to whose URL /v1/traces and /v1/metrics are added (OTLP
    /// over HTTP); headers for it are read from OTEL_EXPORTER_OTLP_HEADERS
    #[arg(long, value_name = "URL", help_heading = "Seen from outside")]
    otlp: Option<String>,
    /// The part of polls whose spans are sent, from 0 to 1: thousands of polls a second are more than most collectors
    /// are for
    #[arg(long, value_name = "PART", default_value_t = 0.01, help_heading = "Seen from outside")]
    otlp_sampled: f64,
    /// Tell services which trace each request belongs to, in the header traceparent; needs --otlp
    #[arg(long, requires = "otlp", help_heading = "Grants")]
    send_trace_context: bool,
}

impl SeenFlags {
    pub(super) fn send_trace_context(&self) -> bool {
        self.send_trace_context
    }

    /// Starts what counts and sends, and the log beside it.
    pub(super) fn start(&self, worker: &str, network: &NetworkOptions) -> Result<Telemetry> {
        if !(0.0..=1.0).contains(&self.otlp_sampled) {
            bail!("--otlp-sampled: a part is a number from 0 to 1");
        }
        // The text is not repeated: a password may stand in it.
        let otlp = self.otlp.as_ref().map(|url| url.parse::<Url>().context("--otlp is not a URL")).transpose()?;
        let telemetry = Telemetry::start(TelemetryOptions {
            service_instance: Some(worker.to_owned()),
            otlp,
            otlp_headers: std::env::var(HEADERS).ok().map(SecretString::from),
            network: network.clone(),
            sampled: self.otlp_sampled,
            on_trouble: Some(std::sync::Arc::new(|text| warn!("{text}"))),
            ..TelemetryOptions::of("fleet", env!("CARGO_PKG_VERSION"))
        });
        let telemetry = telemetry.context("--otlp")?;
        tracing_subscriber::registry().with(telemetry.layer()).with(log()).init();
        Ok(telemetry)
    }
}

/// Lines on standard error: standard output is for what a program reads.
fn log<S>() -> impl tracing_subscriber::Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let filter = EnvFilter::try_from_env("FLEET_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,fleet=info,host=off,restate_sdk=error,sqlx=error"));
    fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr).with_filter(filter)
}

/// The log of a command that is seen by nobody else.
pub(super) fn start_log() {
    tracing_subscriber::registry().with(log()).init();
}
