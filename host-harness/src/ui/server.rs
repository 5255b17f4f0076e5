//! Which address does what, and what every answer goes through on its way out.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::response::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use hyper_util::service::TowerToHyperService;
use operator::connections::{self, Bounds};
use operator::gate;
use operator::values::shown_size;
use tokio::net::TcpListener;

use super::shared::Shared;
use super::{assets, handlers, pages, scrubbing};

/// A form that is larger than what a call may send is of no use. Reading it takes forty times as much.
const LARGEST_FORM: usize = 4 * 1024 * 1024 + 64 * 1024;

/// A longer recording is looked at by `harness replay`. In bytes.
const LARGEST_RECORDING: usize = 32 * 1024 * 1024;

/// Where a recording is sent.
const OPENED: &str = "/recordings/opened";

/// What stands under an address of this start alone.
const FOR_EVER: &str = "private, max-age=31536000, immutable";

/// A refusal is a sentence. In bytes.
const LONGEST_WORDS: usize = 16 * 1024;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let guarded = shared.gate.clone();
    Router::new()
        .route("/", get(handlers::home))
        .route("/connection", get(handlers::connection::show).post(handlers::connection::save))
        .route("/connection/destination", post(handlers::connection::destination))
        .route("/connection/draft", post(handlers::connection::draft))
        .route("/connection/progress", get(handlers::progress::of_test))
        .route("/connection/test/end", get(handlers::connection::test_end))
        .route("/connection/test/cancel", post(handlers::connection::test_cancel))
        .route("/connection/forget", post(handlers::connection::forget))
        .route("/connection/file", get(handlers::saved::connection))
        .route("/about", get(handlers::about))
        .route("/recordings", get(handlers::recordings::show))
        .route("/recordings/start", post(handlers::recordings::start))
        .route("/recordings/stop", post(handlers::recordings::stop))
        .route("/recordings/file", get(handlers::recordings::save))
        .route(OPENED, post(handlers::recordings::open).layer(DefaultBodyLimit::max(LARGEST_RECORDING)))
        .route("/recordings/replay", post(handlers::recordings::replay))
        .route("/recordings/opened/{index}/{part}", get(handlers::recordings::part))
        .route("/recordings/opened/{index}/exchanges/{exchange}/{side}", get(handlers::recordings::exchange))
        .route("/icon.png", get(handlers::icon))
        .route("/actions/{key}", get(handlers::action::show))
        .route("/actions/{key}/draft", post(handlers::action::draft))
        .route("/actions/{key}/run", post(handlers::action::run))
        .route("/actions/{key}/example", get(handlers::action::example))
        .route("/actions/{key}/schema", get(handlers::action::schema))
        .route("/actions/{key}/compare", get(handlers::action::compare))
        .route("/actions/{key}/ways", post(handlers::action::ways))
        .route("/actions/{key}/runs/clear", post(handlers::past::clear_action))
        .route("/actions/{key}/runs/{id}/delete", post(handlers::past::delete))
        .route("/actions/{key}/runs/{id}/end", get(handlers::action::end))
        .route("/actions/{key}/runs/{id}/progress", get(handlers::progress::of_run))
        .route("/actions/{key}/runs/{id}/cancel", post(handlers::action::cancel))
        .route("/actions/{key}/runs/{id}/result", get(handlers::action::result))
        .route("/actions/{key}/runs/{id}/download/{format}", get(handlers::saved::records))
        .route("/actions/{key}/runs/{id}/exchanges/{index}/{side}", get(handlers::action::exchange))
        .route("/schemas/{kind}/{key}/{input}", get(handlers::inputs::schema))
        .route("/data-sources/{key}", post(handlers::action::query))
        .route("/data-sources/{key}/progress/{number}", get(handlers::progress::of_list))
        .route("/triggers/{key}", get(handlers::trigger::show))
        .route("/triggers/{key}/draft", post(handlers::trigger::draft))
        .route("/triggers/{key}/poll", post(handlers::trigger::poll))
        .route("/triggers/{key}/drain", post(handlers::trigger::drain))
        .route("/triggers/{key}/stop", post(handlers::trigger::stop))
        .route("/triggers/{key}/ways", post(handlers::trigger::ways))
        .route("/triggers/{key}/clear", post(handlers::past::clear_trigger))
        .route("/triggers/{key}/schedule", post(handlers::trigger::schedule))
        .route("/triggers/{key}/pause", post(handlers::trigger::pause))
        .route("/triggers/{key}/reset", post(handlers::state::reset))
        .route("/triggers/{key}/back", post(handlers::state::back))
        .route("/triggers/{key}/progress", get(handlers::progress::of_poll))
        .route("/triggers/{key}/news", get(handlers::trigger::news))
        .route("/triggers/{key}/state", get(handlers::state::show))
        .route("/triggers/{key}/state/file", get(handlers::state::save).post(handlers::state::load))
        .route("/triggers/{key}/example", get(handlers::trigger::example))
        .route("/triggers/{key}/schema", get(handlers::trigger::schema))
        .route("/triggers/{key}/polls/{id}/{part}", get(handlers::trigger::part))
        .route("/triggers/{key}/polls/{id}/download/{format}", get(handlers::saved::payload))
        .route("/triggers/{key}/polls/{id}/exchanges/{index}/{side}", get(handlers::trigger::exchange))
        .route("/history/clear", post(handlers::past::clear_all))
        .route("/marks", get(handlers::past::marks))
        .route("/changes/{index}", post(handlers::trigger::change))
        .fallback(handlers::nowhere)
        .layer(middleware::from_fn_with_state(shared.clone(), missing))
        .layer(middleware::from_fn(too_large))
        .layer(middleware::from_fn_with_state(shared.clone(), scrubbing::scrub))
        .with_state(shared)
        .route("/assets/{version}/{name}", get(assets::show))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(middleware::from_fn_with_state(guarded, gate::guard))
        .layer(middleware::from_fn(finished))
}

/// Answers until the listener fails.
pub(super) async fn serve(listener: TcpListener, router: Router) -> std::io::Result<()> {
    connections::serve(listener, Bounds::PAGE, TowerToHyperService::new(router)).await
}

/// Whether a person looks at the answer and not a script.
fn is_looked_at(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    *request.method() == Method::GET && accepts.contains("text/html")
}

/// The words of an answer that is nothing but words; none of any other.
async fn words(response: Response) -> Result<(Parts, String), Response> {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("text/plain")) {
        return Err(response);
    }
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, LONGEST_WORDS).await.unwrap_or_default();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Ok((parts, String::from_utf8_lossy(&text).trim().to_owned()))
}

/// What is not there is said on a page, with the ways on.
async fn missing(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let is_looked_at = is_looked_at(&request);
    let response = next.run(request).await;
    if !is_looked_at || response.status() != StatusCode::NOT_FOUND {
        return response;
    }
    match words(response).await {
        Ok((parts, text)) => {
            Response::from_parts(parts, pages::elsewhere::missing(&shared, &text).into_string().into())
        }
        Err(response) => response,
    }
}

/// What is too large to be read is refused with the bound and a way out. What refuses it knows neither.
async fn too_large(request: Request, next: Next) -> Response {
    let is_recording = request.uri().path() == OPENED;
    let response = next.run(request).await;
    let is_in_words =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if response.status() != StatusCode::PAYLOAD_TOO_LARGE || !is_in_words {
        return response;
    }
    let (most, way_out) = match is_recording {
        true => (LARGEST_RECORDING, "look at it with harness replay FILE"),
        false => (LARGEST_FORM, "send less, or use the command line"),
    };
    let most = shown_size(most as u64);
    handlers::refused(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("This is larger than the {most} that the page takes here: {way_out}."),
    )
}

/// What is done with every answer after the gate: files that never change may be kept, and whoever is refused gets a
/// page that says how to get in.
async fn finished(request: Request, next: Next) -> Response {
    let (is_looked_at, is_asset) = (is_looked_at(&request), request.uri().path().starts_with("/assets/"));
    let mut response = next.run(request).await;
    match response.status() {
        StatusCode::OK if is_asset => {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
            response
        }
        StatusCode::FORBIDDEN if is_looked_at => match words(response).await {
            Ok((parts, text)) => Response::from_parts(parts, pages::elsewhere::forbidden(&text).into_string().into()),
            Err(response) => response,
        },
        _ => response,
    }
}
