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
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::shared::Shared;
use super::{assets, handlers, security};

/// A form that is larger than what a call may send is of no use. Reading it takes forty times as much.
const LARGEST_FORM: usize = 4 * 1024 * 1024 + 64 * 1024;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let gate = shared.gate.clone();
    Router::new()
        .route("/", get(handlers::home))
        .route("/connection", get(handlers::connection::show).post(handlers::connection::save))
        .route("/connection/destination", post(handlers::connection::destination))
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
        .route("/data-sources/{key}", post(handlers::action::query))
        .route("/triggers/{key}", get(handlers::trigger::show))
        .route("/triggers/{key}/draft", post(handlers::trigger::draft))
        .route("/triggers/{key}/poll", post(handlers::trigger::poll))
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

/// Connections at the same time: a browser opens six, and a window or two more. Whoever fills them up keeps them for
/// [`LONGEST_HEADERS`] at most.
const MOST_CONNECTIONS: usize = 256;
/// How long a connection may take from one request to the head of the next. A browser opens a new one when it needs it.
const LONGEST_HEADERS: Duration = Duration::from_secs(10);
/// The pause after the system could not give a connection, because it has no more files, for example.
const PAUSE: Duration = Duration::from_millis(200);

/// Answers until the listener fails.
pub(super) async fn serve(listener: TcpListener, router: Router) -> std::io::Result<()> {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let place = places.clone().acquire_owned().await.map_err(std::io::Error::other)?;
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(LONGEST_HEADERS);
            // How it ends is the other side's affair.
            http.serve_connection(TokioIo::new(stream), service).await.ok();
            drop(place);
        });
    }
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
