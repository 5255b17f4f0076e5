//! Serves recordings over HTTP on loopback, each under its name.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::extract::{Path as Name, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use bytes::Bytes;
use tokio::net::TcpListener;

use crate::recording::Recording;

/// By the name of the recording and the cursor that a request asks to go on after.
type Answers = HashMap<(String, String), (Bytes, String)>;

/// A server that ends with the process.
pub(crate) struct Server {
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    pub(crate) fn start(work: &Path, names: &[String]) -> Result<Self> {
        let mut answers = Answers::new();
        for name in names {
            let recording = Recording::read(work, name)?;
            for (asked, answer) in recording.exchanges {
                let key = (name.clone(), after(asked.as_bytes()).to_owned());
                answers.insert(key, (Bytes::from(answer), recording.date.clone()));
            }
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let router = Router::new().route("/{name}/graphql", post(answer)).with_state(Arc::new(answers));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, _runtime: runtime })
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}/{name}/graphql", self.address)
    }
}

async fn answer(State(answers): State<Arc<Answers>>, Name(name): Name<String>, body: Bytes) -> Response {
    match answers.get(&(name, after(&body).to_owned())) {
        Some((answer, date)) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::DATE, date.as_str())];
            (headers, answer.clone()).into_response()
        }
        None => (StatusCode::NOT_FOUND, "a request that was not recorded").into_response(),
    }
}

/// The cursor in a request's variables, as it is written.
fn after(body: &[u8]) -> &str {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let value = text.split_once("\"after\":\"").map_or("", |(_, rest)| rest);
    value.split_once('"').map_or("", |(cursor, _)| cursor)
}
