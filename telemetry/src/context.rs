//! The trace context of a span, for the service that its request goes to.

use host::TraceContext;
use opentelemetry::trace::TraceContextExt as _;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// What [`host::Observers::trace_context`] asks for. None where no layer of [`Telemetry`](crate::Telemetry) records the
/// span.
pub fn trace_context(span: &Span) -> Option<TraceContext> {
    let context = span.context();
    let span = context.span();
    let context = span.span_context();
    if !context.is_valid() {
        return None;
    }
    let (trace, span, flags) = (context.trace_id(), context.span_id(), context.trace_flags());
    let state = Some(context.trace_state().header()).filter(|state| !state.is_empty());
    TraceContext::new(&format!("00-{trace}-{span}-{flags:02x}"), state.as_deref())
}
