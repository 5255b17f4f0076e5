//! The HTTP side: accepts connections, records requests, lets the fault plan have its way, and answers `POST /graphql`.

use std::collections::HashMap;
use std::io;
use std::net::TcpListener as StdTcpListener;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_graphql::Request as GraphQlRequest;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, DATE, Entry};
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::answers::{API_TOKEN, ConnectionDropped, answer};
use crate::control;
use crate::request::ReceivedRequest;
use crate::schema::shared::Company;
use crate::schema::{self, Schema};
use crate::service::Service;

/// Far above what a client of this service has reason to send.
const REQUEST_LIMIT: usize = 16 * 1024 * 1024;

/// Serves until `stop` fires or its sender is gone; open connections end with the runtime that runs this.
pub(crate) async fn serve(
    listener: StdTcpListener,
    service: Arc<Service>,
    stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let router = Router::new()
        .route("/graphql", post(graphql))
        .with_state(Answering { service: Arc::clone(&service), schema: schema::schema(Arc::clone(&service)) });
    let control = control::router(Arc::clone(&service));
    let routers = Arc::new(Routers { service, router, control });
    tokio::pin!(stop);
    loop {
        tokio::select! {
            _ = &mut stop => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(connection(stream, Arc::clone(&routers)));
                }
                // A client that gave up between the handshake and here is no reason to stop.
                Err(_) => tokio::task::yield_now().await,
            },
        }
    }
}

struct Routers {
    service: Arc<Service>,
    router: Router,
    control: Router,
}

#[derive(Clone)]
struct Answering {
    service: Arc<Service>,
    schema: Schema,
}

async fn connection(stream: TcpStream, routers: Arc<Routers>) {
    // Small answers must not wait for more to send. Where the socket refuses, they do.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| exchange(request, Arc::clone(&routers)));
    // An error here is the client's going away, or a fault that was asked for.
    let _ = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn exchange(request: Request<Incoming>, routers: Arc<Routers>) -> Result<Response<Body>, ConnectionDropped> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(Body::new(body), REQUEST_LIMIT).await.map_err(|_| ConnectionDropped)?;
    if parts.uri.path().starts_with("/control/") {
        return answer(None, routers.control.clone(), Request::from_parts(parts, Body::from(body))).await;
    }
    let cors = routers.service.settings().cors.clone();
    if let Some(answer) = cors.as_ref().and_then(|cors| cors.preflight(&parts)) {
        return Ok(answer);
    }
    let received = ReceivedRequest::new(&parts, body.clone());
    let fault = routers.service.faults().choose(&received);
    routers.service.record(received);
    let latency = routers.service.settings().latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let request = Request::from_parts(parts.clone(), Body::from(body));
    let mut response = answer(fault, routers.router.clone(), request).await?;
    if let Some(cors) = cors {
        cors.allow(&parts, &mut response);
    }
    // By the clock that stamps records, which tests move; left out, it would be that of the machine.
    let date = HeaderValue::try_from(http_date(routers.service.world().clock.now()));
    if let (Entry::Vacant(vacant), Ok(date)) = (response.headers_mut().entry(DATE), date) {
        vacant.insert(date);
    }
    Ok(response)
}

/// The end of the year 9999, after which there is no HTTP date.
const LATEST_DATE: u64 = 253_402_300_799_000;

fn http_date(milliseconds: i64) -> String {
    let since_1970 = Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default().min(LATEST_DATE));
    httpdate::fmt_http_date(UNIX_EPOCH + since_1970)
}

async fn graphql(State(answering): State<Answering>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let Some(owner) = owner(&answering.service, &headers) else {
        return errors(StatusCode::INTERNAL_SERVER_ERROR, "Unauthorized");
    };
    match serde_json::from_slice::<GraphQlRequest>(&body) {
        Ok(request) => {
            let request = match owner {
                Owner::Ours => request,
                Owner::Of(company) => request.data(company),
            };
            let response = answering.schema.execute(request).await;
            let body = match answering.service.settings().shown_times.clone() {
                times if times.is_empty() => serde_json::to_vec(&response),
                times => serde_json::to_value(&response).and_then(|mut answer| {
                    show_times(&mut answer, &times);
                    serde_json::to_vec(&answer)
                }),
            };
            match body {
                Ok(body) => ([(CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response(),
                Err(error) => errors(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
            }
        }
        Err(error) => errors(StatusCode::BAD_REQUEST, &format!("The body is not a GraphQL request: {error}")),
    }
}

/// Whose a key is.
enum Owner {
    Ours,
    Of(Company),
}

/// Exactly one key, and a known one.
fn owner(service: &Service, headers: &HeaderMap) -> Option<Owner> {
    let mut tokens = headers.get_all(API_TOKEN).iter();
    let (token, None) = (tokens.next()?, tokens.next()) else { return None };
    let settings = service.settings();
    if settings.keys.iter().any(|key| key.as_bytes() == token.as_bytes()) {
        return Some(Owner::Ours);
    }
    let mut others = settings.keys_of_others.iter();
    others.find(|(key, _)| key.as_bytes() == token.as_bytes()).map(|(_, company)| Owner::Of(company.clone()))
}

/// Puts what is to be shown in the place of each record's `lastModified`.
fn show_times(value: &mut Value, times: &HashMap<String, Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| show_times(item, times)),
        Value::Object(members) => {
            let shown = members.get("id").and_then(Value::as_str).and_then(|id| times.get(id));
            if let (Some(shown), Some(time)) = (shown.cloned(), members.get_mut("lastModified")) {
                *time = shown;
            }
            members.values_mut().for_each(|member| show_times(member, times));
        }
        _ => {}
    }
}

fn errors(status: StatusCode, message: &str) -> Response<Body> {
    let body = json!({ "errors": [{ "message": message }] }).to_string();
    (status, [(CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response()
}
