//! A collector of one's own: takes what it is sent as OTLP over HTTP and keeps it, or behaves badly.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{metric, number_data_point};
use prost::Message;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// How it treats what it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It takes it.
    Takes,
    /// It never answers.
    Hangs,
    /// It answers with this status, and with what it was sent.
    Answers(u16),
    /// It redirects to where nobody should go.
    Redirects,
    /// It takes it, and says so without end.
    Endless,
}

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The collector. It ends when it is dropped.
pub(crate) struct Collector {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

/// A span as tests look at it.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) kind: i32,
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    pub(crate) parent: String,
    pub(crate) attributes: BTreeMap<String, Value>,
    /// 0 unset, 1 ok, 2 error; and the words.
    pub(crate) status: (i32, String),
    pub(crate) resource: BTreeMap<String, Value>,
    pub(crate) events: usize,
}

/// A point of a metric: a sum or a gauge, or a histogram's count.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub(crate) metric: String,
    pub(crate) unit: String,
    pub(crate) attributes: BTreeMap<String, Value>,
    pub(crate) value: f64,
}

impl Collector {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let routes = Router::new().fallback(take).with_state((manner, received.clone()));
        let task = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, received, task }
    }

    /// A URL at which nobody listens.
    pub(crate) async fn nowhere() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        for request in self.received().iter().filter(|request| request.path == "/v1/traces") {
            let message = ExportTraceServiceRequest::decode(request.body.clone()).unwrap();
            for of_resource in message.resource_spans {
                let resource = attributes(&of_resource.resource.unwrap().attributes);
                for span in of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                    let status = span.status.unwrap_or_default();
                    spans.push(Span {
                        name: span.name,
                        kind: span.kind,
                        trace_id: hex(&span.trace_id),
                        span_id: hex(&span.span_id),
                        parent: hex(&span.parent_span_id),
                        attributes: attributes(&span.attributes),
                        status: (status.code, status.message),
                        resource: resource.clone(),
                        events: span.events.len(),
                    });
                }
            }
        }
        spans
    }

    /// The only span of this name.
    pub(crate) fn span(&self, name: &str) -> Span {
        let mut found: Vec<Span> = self.spans().into_iter().filter(|span| span.name == name).collect();
        assert_eq!(found.len(), 1, "{name}: {found:#?}");
        found.remove(0)
    }

    pub(crate) fn points(&self) -> Vec<Point> {
        let mut points = Vec::new();
        for request in self.received().iter().filter(|request| request.path == "/v1/metrics") {
            let message = ExportMetricsServiceRequest::decode(request.body.clone()).unwrap();
            let scopes = message.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
            for metric in scopes.flat_map(|scope| scope.metrics) {
                let found: Vec<(Vec<KeyValue>, f64)> = match metric.data.unwrap() {
                    metric::Data::Sum(sum) => sum.data_points.into_iter().map(number).collect(),
                    metric::Data::Gauge(gauge) => gauge.data_points.into_iter().map(number).collect(),
                    metric::Data::Histogram(histogram) => {
                        histogram.data_points.into_iter().map(|point| (point.attributes, point.count as f64)).collect()
                    }
                    other => panic!("{other:?}"),
                };
                for (keys, value) in found {
                    let (metric, unit) = (metric.name.clone(), metric.unit.clone());
                    points.push(Point { metric, unit, attributes: attributes(&keys), value });
                }
            }
        }
        points
    }

    /// The only point of a metric.
    pub(crate) fn point(&self, metric: &str) -> Point {
        let mut found: Vec<Point> = self.points().into_iter().filter(|point| point.metric == metric).collect();
        assert_eq!(found.len(), 1, "{metric}: {found:#?}");
        found.remove(0)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(
    State((manner, received)): State<(Manner, Arc<Mutex<Vec<Received>>>)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    received.lock().unwrap().push(Received { path: uri.path().to_owned(), headers, body: body.clone() });
    match manner {
        Manner::Takes => ([("content-type", "application/x-protobuf")], Bytes::new()).into_response(),
        Manner::Hangs => std::future::pending().await,
        Manner::Answers(status) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Manner::Redirects => (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]).into_response(),
        Manner::Endless => {
            let chunks = futures_util::stream::unfold((), async |()| {
                tokio::time::sleep(Duration::from_millis(1)).await;
                Some((Ok::<_, std::convert::Infallible>(Bytes::from_static(&[0; 16 * 1024])), ()))
            });
            Body::from_stream(chunks).into_response()
        }
    }
}

fn number(point: opentelemetry_proto::tonic::metrics::v1::NumberDataPoint) -> (Vec<KeyValue>, f64) {
    let value = match point.value.unwrap() {
        number_data_point::Value::AsDouble(value) => value,
        number_data_point::Value::AsInt(value) => value as f64,
    };
    (point.attributes, value)
}

fn attributes(list: &[KeyValue]) -> BTreeMap<String, Value> {
    list.iter().map(|attribute| (attribute.key.clone(), value(attribute.value.as_ref()))).collect()
}

fn value(value: Option<&AnyValue>) -> Value {
    match value.and_then(|value| value.value.as_ref()).unwrap() {
        any_value::Value::StringValue(text) => json!(text),
        any_value::Value::BoolValue(value) => json!(value),
        any_value::Value::IntValue(value) => json!(value),
        any_value::Value::DoubleValue(value) => json!(value),
        other => panic!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
