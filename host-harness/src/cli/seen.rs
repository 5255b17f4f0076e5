//! What a command does, seen from outside: spans and metrics for a collector that a flag names. Neither what a command
//! prints nor its exit status depends on the collector, and the command's end waits for it a second and a half at most.

use std::sync::Arc;

use clap::Args;
use host::{NetworkOptions, Observers};
use secrecy::SecretString;
use telemetry::{StartError, Telemetry, TelemetryOptions};
use tracing_subscriber::layer::SubscriberExt as _;
use url::Url;

use super::command_error::CommandError;
use super::output;
use crate::token;

/// The collector's headers. Of the variables that OpenTelemetry knows, the one that holds a secret, which has no place
/// on a command line.
const HEADERS_VARIABLE: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// Whether and where a command is seen.
#[derive(Args)]
pub(super) struct SeenOptions {
    /// Send spans and metrics to this collector, by OTLP over HTTP: /v1/traces and /v1/metrics are added to the URL.
    /// What authorises, in the variable OTEL_EXPORTER_OTLP_HEADERS; no other variable names a collector
    #[arg(long, global = true, value_name = "URL", help_heading = "Seen from outside")]
    otlp: Option<String>,
    /// Let spans say in words what went wrong: words of the connector and its service, which may repeat inputs
    #[arg(long, global = true, requires = "otlp", help_heading = "Seen from outside")]
    otlp_error_texts: bool,
}

/// A command that is seen.
pub(super) struct Seen {
    telemetry: Telemetry,
}

impl Seen {
    /// Starts what the options ask for. `network` says which authorities the collector's certificate may be of.
    pub(super) fn start(
        options: &SeenOptions,
        send_trace_context: bool,
        network: NetworkOptions,
    ) -> Result<Option<Self>, CommandError> {
        let Some(text) = &options.otlp else {
            if send_trace_context {
                let text =
                    "--send-trace-context says which trace a request belongs to, and without --otlp there is none";
                return Err(CommandError::usage(text));
            }
            return Ok(None);
        };
        // The text is not repeated: a password may stand in it.
        let url: Url = text.parse().map_err(|error| CommandError::usage(format!("--otlp is not a URL: {error}")))?;
        let instance = token::made().map_err(|error| CommandError::usage(error.to_string()))?;
        let telemetry = Telemetry::start(TelemetryOptions {
            service_instance: Some(instance),
            otlp: Some(url),
            otlp_headers: std::env::var(HEADERS_VARIABLE).ok().map(SecretString::from),
            network,
            error_texts: options.otlp_error_texts,
            on_trouble: Some(Arc::new(|text| output::message(&format!("warning: {text}")))),
            ..TelemetryOptions::of("harness", env!("CARGO_PKG_VERSION"))
        });
        let telemetry = telemetry.map_err(|error| match error {
            StartError::Endpoint(problem) => CommandError::usage(format!("--otlp: {problem}")),
            StartError::Headers(problem) => CommandError::usage(format!("{HEADERS_VARIABLE}: {problem}")),
            error => CommandError::usage(error.to_string()),
        })?;
        let subscriber = tracing_subscriber::registry().with(telemetry.layer());
        tracing::subscriber::set_global_default(subscriber).map_err(|error| CommandError::usage(error.to_string()))?;
        Ok(Some(Self { telemetry }))
    }

    /// What has a call counted, and lets it tell the service its trace.
    pub(super) fn observers(&self) -> Observers {
        self.telemetry.observers()
    }

    /// Sends what is left.
    pub(super) fn finish(self) {
        let delivered = self.telemetry.shutdown();
        let lost = delivered.dropped() + delivered.waiting;
        if lost > 0 {
            output::message(&format!("note: {lost} spans did not get to the collector"));
        }
    }
}
