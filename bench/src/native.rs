//! The connector's source compiled natively: what it costs without a sandbox.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use anyhow::{Context, Result};
use connector_sdk::Host;
use connector_sdk::contract::{Failure, HeaderValue, Level, Request, Response};
use tokio::runtime::Runtime;

use crate::recording::Recording;

/// Sends over HTTP with the client that the harness uses, and waits.
pub(crate) struct HttpHost {
    runtime: Runtime,
    client: reqwest::Client,
    key: String,
}

impl HttpHost {
    pub(crate) fn new(key: &str) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Without TLS: the service is on loopback.
        let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).http1_only();
        let client = client.tls_backend_preconfigured(tls()?).build().context("no HTTP client")?;
        Ok(Self { runtime, client, key: key.to_owned() })
    }

    async fn exchange(&self, request: Request) -> Result<Response, reqwest::Error> {
        let mut outgoing = self.client.post(&request.url);
        for (name, value) in &request.headers {
            outgoing = match value {
                HeaderValue::Text(text) => outgoing.header(name, text),
                HeaderValue::Secret(_) => outgoing.header(name, &self.key),
            };
        }
        let response = outgoing.body(request.body.unwrap_or_default()).send().await?;
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        Ok(Response { status, headers, body: response.bytes().await?.to_vec() })
    }
}

fn tls() -> Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

impl Host for HttpHost {
    fn send(&self, request: Request) -> Result<Response, Failure> {
        self.runtime.block_on(self.exchange(request)).map_err(|error| Failure::Unreachable(error.to_string()))
    }

    fn log_enabled(&self, _: Level) -> bool {
        false
    }

    fn log(&self, _: Level, _: &str) {}
}

/// Sends, and remembers what was asked and answered.
pub(crate) struct Recorder {
    host: HttpHost,
    exchanges: RefCell<Vec<(String, String)>>,
    date: RefCell<String>,
}

impl Recorder {
    pub(crate) fn new(key: &str) -> Result<Self> {
        Ok(Self { host: HttpHost::new(key)?, exchanges: RefCell::default(), date: RefCell::default() })
    }

    pub(crate) fn clear(&self) {
        self.exchanges.borrow_mut().clear();
    }

    pub(crate) fn taken(&self) -> (Vec<(String, String)>, String) {
        (self.exchanges.take(), self.date.borrow().clone())
    }
}

impl Host for Recorder {
    fn send(&self, request: Request) -> Result<Response, Failure> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let asked = text(request.body.as_deref().unwrap_or_default());
        let response = self.host.send(request)?;
        self.date.replace(response.header("date").unwrap_or_default().to_owned());
        self.exchanges.borrow_mut().push((asked, text(&response.body)));
        Ok(response)
    }

    fn log_enabled(&self, _: Level) -> bool {
        false
    }

    fn log(&self, _: Level, _: &str) {}
}

/// Answers from a recording, in its order.
pub(crate) struct ReplayHost<'a> {
    recording: &'a Recording,
    next: Cell<usize>,
}

impl<'a> ReplayHost<'a> {
    pub(crate) fn new(recording: &'a Recording) -> Self {
        Self { recording, next: Cell::new(0) }
    }
}

impl Host for ReplayHost<'_> {
    fn send(&self, request: Request) -> Result<Response, Failure> {
        let index = self.next.get();
        self.next.set(index + 1);
        match self.recording.exchanges.get(index) {
            Some((asked, answer)) if Some(asked.as_bytes()) == request.body.as_deref() => Ok(Response {
                status: 200,
                headers: vec![("date".to_owned(), self.recording.date.clone())],
                body: answer.clone().into_bytes(),
            }),
            _ => Err(Failure::Other("a request that was not recorded".to_owned())),
        }
    }

    fn log_enabled(&self, _: Level) -> bool {
        false
    }

    fn log(&self, _: Level, _: &str) {}
}
