//! The worker's page: its triggers, the worst first, and the timeline of each; and what Prometheus reads.

mod view;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::Args;
use hyper_util::service::TowerToHyperService;
use operator::connections::{self, Bounds};
use operator::gate::{self, Gate};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use crate::model::TriggerId;
use crate::seen::Seen;
use crate::worker::Ask;

/// Where the page is.
#[derive(Args)]
pub(crate) struct PageFlags {
    /// Where the page and /metrics are served. The page is for whoever has its link; /metrics and /health are for
    /// whoever reaches the address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", help_heading = "Page")]
    page: SocketAddr,
    /// A name by which browsers reach the page, with its port, where that is not its address; may be given again
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Page")]
    page_name: Vec<String>,
}

/// A page that listens.
pub(crate) struct Page {
    listener: TcpListener,
    address: SocketAddr,
    gate: Arc<Gate>,
    shared: Arc<Shared>,
}

struct Shared {
    worker: mpsc::Sender<Ask>,
    seen: Arc<Seen>,
    engine: &'static str,
}

#[derive(Deserialize)]
struct Wanted {
    tenant: Option<String>,
}

impl Page {
    /// Listens.
    pub(crate) async fn listen(
        flags: &PageFlags,
        worker: mpsc::Sender<Ask>,
        seen: Arc<Seen>,
        engine: &'static str,
    ) -> Result<Self> {
        let wanted = flags.page;
        let listener =
            TcpListener::bind(wanted).await.with_context(|| format!("--page: {wanted} cannot be listened on"))?;
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            warn!(
                "the page on {address} is plain http: whoever can listen on the way has its link and sees all tenants' \
                 triggers; serve it on 127.0.0.1, and put what speaks https before it"
            );
        }
        let gate = Arc::new(Gate::new("fleet", address, &flags.page_name)?);
        Ok(Self { listener, address, gate, shared: Arc::new(Shared { worker, seen, engine }) })
    }

    /// Where a person looks: with what lets them in.
    pub(crate) fn url(&self) -> String {
        self.gate.link()
    }

    /// Where Prometheus looks.
    pub(crate) fn metrics_url(&self) -> String {
        format!("http://{}/metrics", self.address)
    }

    /// Serves until it is dropped.
    pub(crate) async fn serve(self) {
        let router = Router::new()
            .route("/", get(all))
            .route("/triggers/{tenant}/{name}", get(one))
            .route("/style.css", get(|| async { ([(header::CONTENT_TYPE, "text/css")], view::STYLE) }))
            .layer(middleware::from_fn_with_state(self.gate, gate::guard))
            // Only numbers, and no tenant's name: what scrapes needs no key, and asks by any name.
            .route("/metrics", get(metrics))
            .route("/health", get(|| async { "ok\n" }))
            .with_state(self.shared);
        if let Err(error) = connections::serve(self.listener, Bounds::PAGE, TowerToHyperService::new(router)).await {
            warn!("the page is no longer served: {error}");
        }
    }
}

async fn all(State(shared): State<Arc<Shared>>, Query(wanted): Query<Wanted>) -> Response {
    let (answer, answered) = oneshot::channel();
    // The worker answers between two polls.
    if shared.worker.send(Ask::All(answer)).await.is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the worker has ended\n").into_response();
    }
    match answered.await {
        Ok(report) => view::all(&report, wanted.tenant.as_deref(), shared.engine).into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the worker has ended\n").into_response(),
    }
}

async fn one(State(shared): State<Arc<Shared>>, Path((tenant, name)): Path<(String, String)>) -> Response {
    let id: Result<TriggerId, _> = format!("{tenant}/{name}").parse();
    let Ok(id) = id else { return (StatusCode::NOT_FOUND, view::none("no such trigger")).into_response() };
    let (answer, answered) = oneshot::channel();
    if shared.worker.send(Ask::One(id.clone(), answer)).await.is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the worker has ended\n").into_response();
    }
    match answered.await {
        Ok(Some((row, timeline, definition))) => view::one(&row, &timeline, &definition).into_response(),
        _ => {
            let text = format!("this worker has no trigger {id}: another one may have it");
            (StatusCode::NOT_FOUND, view::none(&text)).into_response()
        }
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], shared.seen.prometheus_text()).into_response()
}
