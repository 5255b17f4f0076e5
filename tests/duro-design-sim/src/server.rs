//! The service over HTTP, and the handle that a test holds on it.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_graphql::dynamic::Schema;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, DATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use connector_sdk::time::Millis;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::components::Component;
use crate::{DEFAULT_KEY, LIBRARY, ORGANIZATION, schema};

/// What an answer is in place of the true one.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// A request that was received.
#[derive(Clone, Debug)]
pub struct Received {
    /// The document and its variables, as JSON; null where the body was none.
    pub body: Value,
    /// The headers, with lower-case names.
    pub headers: Vec<(String, String)>,
}

impl Received {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// What the service is made of.
#[derive(Debug)]
pub(crate) struct Service {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    components: Vec<Component>,
    created: usize,
    key: String,
    page_size: usize,
    /// How far the service's clock is ahead of the machine's.
    ahead: Duration,
    faults: VecDeque<Fault>,
    received: Vec<Received>,
}

impl Service {
    pub(crate) fn new(count: usize) -> Self {
        let inner = Inner {
            components: Component::library(count, machine_time()),
            created: count,
            key: DEFAULT_KEY.to_owned(),
            page_size: 100,
            ahead: Duration::ZERO,
            faults: VecDeque::new(),
            received: Vec::new(),
        };
        Self { inner: Mutex::new(inner) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn components(&self) -> Vec<Component> {
        self.lock().components.clone()
    }

    pub(crate) fn page_size(&self) -> usize {
        self.lock().page_size
    }

    pub(crate) fn library(&self) -> Value {
        json!({ "id": "3f8e2b90-5d8e-4a0c-9e6b-7c1d2e3f4a5b", "name": "Parts" })
    }

    fn now(&self) -> Millis {
        let ahead = Millis::try_from(self.lock().ahead.as_millis()).unwrap_or_default();
        machine_time() + ahead
    }

    /// Stamps a component as changed now.
    fn touch(&self, id: &str) -> bool {
        let now = self.now();
        let mut inner = self.lock();
        let component = inner.components.iter_mut().find(|component| component.id == id);
        component.map(|component| component.updated_at = Some(now)).is_some()
    }

    /// Why a request is refused, if it is: its message and its code.
    fn refusal(&self, headers: &HeaderMap) -> Option<(&'static str, &'static str)> {
        let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found.as_bytes() == value.as_bytes());
        if !is("x-api-key", &self.lock().key) {
            return Some(("The API key is not valid", "UNAUTHENTICATED"));
        }
        let knows = is("x-organization", ORGANIZATION) && is("x-library", LIBRARY);
        (!knows).then_some(("The API key has no access to this library", "FORBIDDEN"))
    }
}

fn machine_time() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or_default()
}

/// A running service on 127.0.0.1.
#[derive(Debug)]
pub struct DuroDesignSim {
    address: SocketAddr,
    service: Arc<Service>,
    task: JoinHandle<()>,
}

impl DuroDesignSim {
    /// Starts one with so many components, changed over the last years, eight a day. It needs a runtime of tokio.
    pub async fn spawn(components: usize, port: u16) -> io::Result<Self> {
        let service = Arc::new(Service::new(components));
        let schema = schema::schema(Arc::clone(&service)).map_err(|error| io::Error::other(error.to_string()))?;
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/graphql", post(graphql))
            .route("/touch", post(touch))
            .with_state((Arc::clone(&service), schema));
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.ok();
        });
        Ok(Self { address, service, task })
    }

    /// The GraphQL endpoint.
    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// The key that is accepted.
    pub fn key(&self) -> String {
        self.service.lock().key.clone()
    }

    /// Accepts this key instead.
    pub fn set_key(&self, key: &str) {
        self.service.lock().key = key.to_owned();
    }

    /// The most components that a page holds, whatever is asked for.
    pub fn set_page_size(&self, page_size: usize) {
        self.service.lock().page_size = page_size.max(1);
    }

    /// Moves the service's clock.
    pub fn advance_clock(&self, by: Duration) {
        self.service.lock().ahead += by;
    }

    /// The components in the order of creation.
    pub fn components(&self) -> Vec<Component> {
        self.service.components()
    }

    /// Adds a component now, and gives its id.
    pub fn add(&self, name: &str) -> String {
        let now = self.service.now();
        let mut inner = self.service.lock();
        let component = Component::new(inner.created, name, now);
        inner.created += 1;
        let id = component.id.clone();
        inner.components.push(component);
        id
    }

    /// Stamps a component as changed now. False if there is none with this id.
    pub fn touch(&self, id: &str) -> bool {
        self.service.touch(id)
    }

    /// Removes a component. False if there is none with this id.
    pub fn delete(&self, id: &str) -> bool {
        let mut inner = self.service.lock();
        let before = inner.components.len();
        inner.components.retain(|component| component.id != id);
        inner.components.len() < before
    }

    /// The next request meets this; faults given one after the other meet one request each.
    pub fn fault_next(&self, fault: Fault) {
        self.service.lock().faults.push_back(fault);
    }

    /// The requests for GraphQL, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.service.lock().received.clone()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.service.lock().received.clear();
    }
}

impl Drop for DuroDesignSim {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Serving = State<(Arc<Service>, Schema)>;

async fn graphql(State((service, schema)): Serving, headers: HeaderMap, body: Bytes) -> Response {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let received = Received {
        body: serde_json::from_slice(&body).unwrap_or_default(),
        headers: headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
    };
    service.lock().received.push(received);
    let fault = service.lock().faults.pop_front();
    if let Some(Fault { status, body }) = fault {
        return answer(&service, StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body);
    }
    if let Some((message, code)) = service.refusal(&headers) {
        let refusal = json!({ "data": null, "errors": [{ "message": message, "extensions": { "code": code } }] });
        return answer(&service, StatusCode::OK, refusal.to_string());
    }
    match serde_json::from_slice::<async_graphql::Request>(&body) {
        Ok(request) => {
            let response = schema.execute(request).await;
            answer(&service, StatusCode::OK, serde_json::to_string(&response).unwrap_or_default())
        }
        Err(error) => answer(
            &service,
            StatusCode::BAD_REQUEST,
            json!({ "errors": [{ "message": error.to_string() }] }).to_string(),
        ),
    }
}

/// Changes the first component, for demonstrations.
async fn touch(State((service, _)): Serving) -> Response {
    let first = service.components().first().map(|component| component.id.clone());
    let found = first.is_some_and(|id| service.touch(&id));
    answer(&service, if found { StatusCode::OK } else { StatusCode::NOT_FOUND }, "{}".to_owned())
}

fn answer(service: &Service, status: StatusCode, body: String) -> Response {
    let since_1970 = Duration::from_millis(u64::try_from(service.now()).unwrap_or_default());
    // By the clock that stamps components, which tests move.
    let date = httpdate::fmt_http_date(UNIX_EPOCH + since_1970);
    (status, [(CONTENT_TYPE, "application/json".to_owned()), (DATE, date)], body).into_response()
}
