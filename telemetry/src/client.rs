//! The way to a collector: one HTTP client on a thread of its own, for whatever thread has something to send.
//! Everything has an end: a request, an answer's bytes, and at the program's end all of it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use opentelemetry_http::{HttpClient, HttpError};
use reqwest::Client;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::trouble::Trouble;

/// How long a collector may take for one batch, repeats and the waits between them included.
pub(crate) const LONGEST_EXPORT: Duration = Duration::from_secs(10);
/// How long it may take to answer once.
const LONGEST_ATTEMPT: Duration = Duration::from_secs(5);
const LONGEST_CONNECT: Duration = Duration::from_secs(2);
/// The wait before the second attempt; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Attempts of one batch. A collector that restarts is back by then, or it is gone.
const MOST_ATTEMPTS: u32 = 4;
/// The most bytes of an answer that are read: it says how much was taken, or why nothing was.
const LONGEST_ANSWER: usize = 64 * 1024;

/// The client, and the thread that it runs on.
pub(crate) struct Collector {
    client: CollectorClient,
    /// When everything must have ended; none while the program goes on.
    closing: watch::Sender<Option<Instant>>,
    /// Ends the thread.
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Collector {
    /// Starts the thread. Nothing is sent yet.
    pub(crate) fn start(tls: rustls::ClientConfig, headers: HeaderMap, trouble: Arc<Trouble>) -> Result<Self, String> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            // The headers authorise: they go to this collector and to no other, whatever it answers.
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(LONGEST_CONNECT)
            .user_agent(concat!("host-telemetry/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("the HTTP client could not be set up: {error}"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("no asynchronous runtime could be started: {error}"))?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("telemetry".to_owned());
        let spawned = thread.spawn(move || {
            runtime.block_on(stopped).ok();
            // Resolving a name cannot be interrupted, and is not waited for.
            runtime.shutdown_background();
        });
        spawned.map_err(|error| format!("no thread could be started: {error}"))?;
        let (closing, is_closing) = watch::channel(None);
        let inner = Arc::new(Inner { client, headers, closing: is_closing, trouble });
        Ok(Self { client: CollectorClient { inner, handle }, closing, stop: Some(stop) })
    }

    /// The client, for what exports.
    pub(crate) fn client(&self) -> CollectorClient {
        self.client.clone()
    }

    /// From now on nothing is sent a second time, and nothing is waited for any longer than to this point in time.
    pub(crate) fn close_at(&self, end: std::time::Instant) {
        self.closing.send_replace(Some(end.into()));
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.closing.send_replace(Some(Instant::now()));
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
    }
}

/// Sends for OpenTelemetry's exporters.
#[derive(Clone)]
pub(crate) struct CollectorClient {
    inner: Arc<Inner>,
    handle: Handle,
}

struct Inner {
    client: Client,
    headers: HeaderMap,
    closing: watch::Receiver<Option<Instant>>,
    trouble: Arc<Trouble>,
}

impl fmt::Debug for CollectorClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectorClient").finish_non_exhaustive()
    }
}

impl HttpClient for CollectorClient {
    fn send_bytes<'life0, 'async_trait>(
        &'life0 self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        let inner = self.inner.clone();
        let sent = self.handle.spawn(async move { inner.send(request).await });
        Box::pin(async move {
            match sent.await {
                Ok(result) => result.map_err(HttpError::from),
                // Its thread has ended.
                Err(_) => Err(HttpError::from("telemetry has ended")),
            }
        })
    }
}

/// Why an attempt was not taken.
struct NotTaken {
    why: String,
    /// When another may be taken; none where it would not be.
    again_after: Option<Duration>,
}

impl Inner {
    /// Sends until it is taken, or until it is no use.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        let end = Instant::now() + LONGEST_EXPORT;
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let attempted = tokio::time::timeout(LONGEST_ATTEMPT, self.attempt(&request));
            let result = tokio::select! {
                result = attempted => result.unwrap_or_else(|_| Err(NotTaken {
                    why: format!("it did not answer in {} s", LONGEST_ATTEMPT.as_secs()),
                    again_after: Some(Duration::ZERO),
                })),
                () = self.closed() => Err(NotTaken { why: "it did not answer in time".into(), again_after: None }),
            };
            let NotTaken { why, again_after } = match result {
                Ok(response) => return Ok(response),
                Err(not_taken) => not_taken,
            };
            let pause = again_after.map(|asked| asked.max(wait)).filter(|pause| {
                attempt < MOST_ATTEMPTS && Instant::now() + *pause < end && self.closing.borrow().is_none()
            });
            let Some(pause) = pause else {
                self.trouble.say(&why);
                return Err(why);
            };
            let mut closing = self.closing.clone();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                // Once more, and at once.
                _ = closing.wait_for(Option::is_some) => {}
            }
            wait *= 2;
        }
        Err("it was not sent".to_owned())
    }

    /// Ends when nothing may be waited for any longer.
    async fn closed(&self) {
        let mut closing = self.closing.clone();
        let end = match closing.wait_for(Option::is_some).await {
            Ok(end) => *end,
            Err(_) => None,
        };
        tokio::time::sleep_until(end.unwrap_or_else(Instant::now)).await;
    }

    async fn attempt(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, NotTaken> {
        let mut outgoing = self.client.post(request.uri().to_string()).body(request.body().clone());
        // Nothing else that the exporter would add, from the environment for instance.
        for name in [CONTENT_TYPE, CONTENT_ENCODING] {
            if let Some(value) = request.headers().get(&name) {
                outgoing = outgoing.header(name, value);
            }
        }
        let answer = outgoing.headers(self.headers.clone()).send().await;
        let mut answer = answer.map_err(|error| NotTaken { why: reason(&error), again_after: Some(Duration::ZERO) })?;
        let status = answer.status();
        if !status.is_success() {
            let again = matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS
                    | StatusCode::BAD_GATEWAY
                    | StatusCode::SERVICE_UNAVAILABLE
                    | StatusCode::GATEWAY_TIMEOUT
            );
            let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            let asked = Duration::from_secs(asked.unwrap_or_default());
            // Its words are not repeated: they may hold what was sent.
            let why = format!("it answers with the status {}", status.as_u16());
            return Err(NotTaken { why, again_after: again.then_some(asked) });
        }
        let mut body = BytesMut::new();
        while let Ok(Some(chunk)) = answer.chunk().await {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                // It was taken, whatever is said of it at such length.
                body.clear();
                break;
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(body.freeze());
        *response.status_mut() = status;
        Ok(response)
    }
}

/// Why a request has no answer, in words without its URL.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it did not answer in time".to_owned();
    }
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let what = if error.is_connect() { "it cannot be reached" } else { "the connection broke" };
    format!("{what} ({innermost})")
}
