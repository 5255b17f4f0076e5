//! The worker's page: its triggers, the worst first, and the timeline of each; and what Prometheus reads.

mod access;
mod view;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use access::Access;

use crate::model::TriggerId;
use crate::seen::Seen;
use crate::worker::Ask;

/// A page that listens.
pub(crate) struct Page {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    worker: mpsc::Sender<Ask>,
    seen: Arc<Seen>,
    access: Access,
    engine: &'static str,
}

#[derive(Deserialize)]
struct Wanted {
    tenant: Option<String>,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

impl Page {
    /// Listens.
    pub(crate) async fn listen(
        address: SocketAddr,
        worker: mpsc::Sender<Ask>,
        seen: Arc<Seen>,
        engine: &'static str,
    ) -> Result<Self> {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("--page: {address} cannot be listened on"))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, shared: Arc::new(Shared { worker, seen, access: Access::new()?, engine }) })
    }

    /// Where a person looks: with what lets them in.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/enter?token={}", self.address, self.shared.access.token())
    }

    /// Where Prometheus looks.
    pub(crate) fn metrics_url(&self) -> String {
        format!("http://{}/metrics", self.address)
    }

    /// Serves until it is dropped.
    pub(crate) async fn serve(self) {
        let router = Router::new()
            .route("/", get(all))
            .route("/enter", get(enter))
            .route("/triggers/{tenant}/{name}", get(one))
            .route("/metrics", get(metrics))
            .route("/style.css", get(|| async { ([(header::CONTENT_TYPE, "text/css")], view::STYLE) }))
            .route("/health", get(|| async { "ok\n" }))
            .with_state(self.shared);
        if let Err(error) = axum::serve(self.listener, router).await {
            tracing::warn!("the page is no longer served: {error}");
        }
    }
}

/// Lets in whoever has the link, and takes what lets them in out of the address.
async fn enter(State(shared): State<Arc<Shared>>, Query(Token { token }): Query<Token>) -> Response {
    match shared.access.cookie(&token) {
        Some(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response(),
        None => not_let_in(),
    }
}

async fn all(State(shared): State<Arc<Shared>>, headers: HeaderMap, Query(wanted): Query<Wanted>) -> Response {
    if !shared.access.lets_in(&headers) {
        return not_let_in();
    }
    let (answer, answered) = oneshot::channel();
    // The worker answers between two polls.
    if shared.worker.send(Ask::All(answer)).await.is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the worker has ended\n").into_response();
    }
    match answered.await {
        Ok(report) => shown(view::all(&report, wanted.tenant.as_deref(), shared.engine)),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the worker has ended\n").into_response(),
    }
}

async fn one(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Path((tenant, name)): Path<(String, String)>,
) -> Response {
    if !shared.access.lets_in(&headers) {
        return not_let_in();
    }
    let id: Result<TriggerId, _> = format!("{tenant}/{name}").parse();
    let Ok(id) = id else { return (StatusCode::NOT_FOUND, shown(view::none("no such trigger"))).into_response() };
    let (answer, answered) = oneshot::channel();
    if shared.worker.send(Ask::One(id.clone(), answer)).await.is_err() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the worker has ended\n").into_response();
    }
    match answered.await {
        Ok(Some((row, timeline, definition))) => shown(view::one(&row, &timeline, &definition)),
        _ => {
            let text = format!("this worker has no trigger {id}: another one may have it");
            (StatusCode::NOT_FOUND, shown(view::none(&text))).into_response()
        }
    }
}

/// Only numbers, and no tenant's name: whoever scrapes needs no key.
async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], shared.seen.prometheus_text()).into_response()
}

fn not_let_in() -> Response {
    let text = "open the link that `fleet serve` printed as \"page\": it holds what lets you in\n";
    (StatusCode::FORBIDDEN, text).into_response()
}

/// A page that runs nothing and loads its style alone.
fn shown(page: maud::Markup) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'self'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, page).into_response()
}
