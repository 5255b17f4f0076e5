//! The protocol over HTTP: on this machine alone, for whoever has the token, and for no page of a browser from
//! elsewhere.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper_util::service::TowerToHyperService;
use operator::bearer;
use operator::connections::{self, Bounds};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;

use super::handler::Handler;
use super::served::Served;
use super::watches::Watches;

/// Where the protocol is.
const PATH: &str = "/mcp";
/// Sessions of clients older than 2026-07-28, at the same time. One that says nothing for five minutes is ended.
const MOST_SESSIONS: usize = 64;
/// A request holds the arguments of a call, of 4 MiB at most, with their escapes.
const LARGEST_REQUEST: usize = 8 * 1024 * 1024;
const CONNECTIONS: Bounds =
    Bounds { most: 256, longest_headers: Duration::from_secs(10), longest: None, keep_alive: true };
/// In which clients of 2025 name their session, and clients of 2026 their version.
const SESSION: &str = "mcp-session-id";
const VERSION: &str = "mcp-protocol-version";

/// The server, listening and not yet answering.
pub(crate) struct HttpServer {
    listener: TcpListener,
    address: SocketAddr,
    gate: Arc<Gate>,
    router: Router,
}

struct Gate {
    token: String,
    sessions: Arc<LocalSessionManager>,
}

impl HttpServer {
    /// Takes the address, which is one of this machine. The error is for people.
    pub(super) async fn open(
        served: Arc<Served>,
        watches: Arc<Watches>,
        address: SocketAddr,
        token: String,
    ) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("--http {address}: {error}; port 0 takes a free port");
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let port = address.port();
        let hosts = [address.to_string(), format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        let origins = hosts.clone().map(|host| format!("http://{host}"));
        let config = StreamableHttpServerConfig::default()
            .with_allowed_hosts(hosts)
            .with_allowed_origins(origins)
            .enforce_origin_validation()
            .with_max_request_body_bytes(LARGEST_REQUEST);
        let sessions = Arc::new(LocalSessionManager::default());
        let service = StreamableHttpService::new(
            move || Ok(Handler::new(served.clone(), watches.clone())),
            sessions.clone(),
            config,
        );
        let gate = Arc::new(Gate { token, sessions });
        let router = Router::new().route_service(PATH, service);
        let router = router.layer(middleware::from_fn_with_state(gate.clone(), guard));
        Ok(Self { listener, address, gate, router })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Answers until it is dropped.
    pub(crate) async fn serve(self) -> std::io::Result<()> {
        let _gate = self.gate;
        connections::serve(self.listener, CONNECTIONS, TowerToHyperService::new(self.router)).await
    }
}

/// Lets a request pass that has the token. That its Host and Origin are this server's is looked at behind this.
async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let mut response = if !bearer::is_authorised(request.headers(), &gate.token) {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer"), (header::CONNECTION, "close")];
        (StatusCode::UNAUTHORIZED, challenge, "Not served: give the token that this server was started with.\n")
            .into_response()
    } else if may_begin_session(&request) && gate.sessions.sessions.read().await.len() >= MOST_SESSIONS {
        let words = "Not served: too many clients at the same time; try again in a while.\n";
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")], words).into_response()
    } else {
        next.run(request).await
    };
    let headers: &mut HeaderMap = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Whether a request may be the first of a session, which stays.
fn may_begin_session(request: &Request) -> bool {
    let headers = request.headers();
    // Versions are days.
    let is_without_sessions =
        headers.get(VERSION).is_some_and(|version| version.as_bytes() >= b"2026-07-28".as_slice());
    request.method() == Method::POST && !headers.contains_key(SESSION) && !is_without_sessions
}
