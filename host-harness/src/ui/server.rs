//! Which address does what, and what every answer goes through on its way out.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use super::shared::Shared;
use super::{assets, handlers, security};
use crate::connections::{self, Bounds};

/// A form that is larger than what a call may send is of no use. Reading it takes forty times as much.
const LARGEST_FORM: usize = 4 * 1024 * 1024 + 64 * 1024;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let gate = shared.gate.clone();
    Router::new()
        .route("/", get(handlers::home))
        .route("/connection", get(handlers::connection::show).post(handlers::connection::save))
        .route("/connection/destination", post(handlers::connection::destination))
        .route("/connection/draft", post(handlers::connection::draft))
        .route("/connection/progress", get(handlers::inputs::test_progress))
        .route("/connection/forget", post(handlers::connection::forget))
        .route("/about", get(handlers::about))
        .route("/icon.png", get(handlers::icon))
        .route("/actions/{key}", get(handlers::action::show))
        .route("/actions/{key}/draft", post(handlers::action::draft))
        .route("/actions/{key}/run", post(handlers::action::run))
        .route("/actions/{key}/result", get(handlers::action::result))
        .route("/actions/{key}/example", get(handlers::action::example))
        .route("/actions/{key}/schema", get(handlers::action::schema))
        .route("/actions/{key}/exchanges/{index}/{side}", get(handlers::action::exchange))
        .route("/schemas/{kind}/{key}/{input}", get(handlers::inputs::schema))
        .route("/progress/{kind}/{key}", get(handlers::inputs::progress))
        .route("/data-sources/{key}", post(handlers::action::query))
        .route("/triggers/{key}", get(handlers::trigger::show))
        .route("/triggers/{key}/draft", post(handlers::trigger::draft))
        .route("/triggers/{key}/poll", post(handlers::trigger::poll))
        .route("/triggers/{key}/drain", post(handlers::trigger::drain))
        .route("/triggers/{key}/schedule", post(handlers::trigger::schedule))
        .route("/triggers/{key}/pause", post(handlers::trigger::pause))
        .route("/triggers/{key}/reset", post(handlers::trigger::reset))
        .route("/triggers/{key}/back", post(handlers::trigger::back))
        .route("/triggers/{key}/news", get(handlers::trigger::news))
        .route("/triggers/{key}/state", get(handlers::trigger::state))
        .route("/triggers/{key}/example", get(handlers::trigger::example))
        .route("/triggers/{key}/schema", get(handlers::trigger::schema))
        .route("/triggers/{key}/polls/{id}/{part}", get(handlers::trigger::part))
        .route("/triggers/{key}/polls/{id}/exchanges/{index}/{side}", get(handlers::trigger::exchange))
        .route("/changes/{index}", post(handlers::trigger::change))
        .layer(middleware::from_fn_with_state(shared.clone(), scrub))
        .with_state(shared)
        .route("/assets/{name}", get(assets::show))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(middleware::from_fn_with_state(gate, security::guard))
}

const CONNECTIONS: Bounds = Bounds {
    // A browser opens six, and a window or two more. Whoever fills them up keeps them for as long as a head may take.
    most: 256,
    // A browser opens a new one when it needs it.
    longest_headers: Duration::from_secs(10),
    longest: None,
    keep_alive: true,
};

/// Answers until the listener fails.
pub(super) async fn serve(listener: TcpListener, router: Router) -> std::io::Result<()> {
    connections::serve(listener, CONNECTIONS, TowerToHyperService::new(router)).await
}

/// The last look at what leaves: should a secret have got into it by whatever way, it is taken out.
async fn scrub(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let Some(secrets) = shared.memory().connection.as_ref().map(|held| held.scrubber().clone()) else {
        return response;
    };
    if secrets.is_empty() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut body = Vec::from(body);
    if secrets.scrub_bytes(&mut body) {
        parts.headers.remove(header::CONTENT_LENGTH);
    }
    Response::from_parts(parts, Body::from(body))
}
