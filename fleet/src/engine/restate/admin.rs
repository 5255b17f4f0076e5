//! Restate's administration: where the handlers are served, and what it keeps, by its SQL.

use bytes::Bytes;
use host::text::cut;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request};
use restate_sdk::ingress::RequestExecutor;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::warn;
use url::Url;

use super::client::{Executor, ExecutorError, with_causes};
use super::stored::{Stored, TRIGGER};
use crate::engine::EngineError;
use crate::model::{Name, TriggerId};

/// So many records are read at a time, where they are as small as they usually are.
const PAGE: usize = 2_000;
/// And so many where each has two of the largest states, a mebibyte each, in base64: an answer stays below what is read
/// of one.
const LEAST: usize = 40;

/// Restate's administration.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    url: Url,
    executor: Executor,
}

#[derive(Deserialize)]
struct Rows<T> {
    rows: Vec<T>,
}

#[derive(Deserialize)]
struct RecordRow {
    service_key: String,
    value_utf8: String,
}

#[derive(Deserialize)]
struct Count {
    count: u64,
}

impl Admin {
    pub(super) fn new(url: Url, executor: Executor) -> Self {
        Self { url, executor }
    }

    /// Says where the handlers are served. May be said again; the last one counts.
    pub(crate) async fn register(&self, handlers: &Url) -> Result<(), EngineError> {
        self.post("deployments", &json!({"uri": handlers.as_str(), "force": true})).await.map(|_| ())
    }

    /// All triggers' records, or a tenant's, by name.
    pub(super) async fn records(&self, tenant: Option<&Name>) -> Result<Vec<(TriggerId, Stored)>, EngineError> {
        let mut records = Vec::new();
        // Before every name.
        let mut after = tenant.map_or(String::new(), |tenant| format!("{tenant}/"));
        // '0' follows '/'. Names hold no quotes, so nothing of them can end the text that they stand in.
        let mut most = PAGE;
        let end = tenant.map_or(String::new(), |tenant| format!(" AND service_key < '{tenant}0'"));
        loop {
            let page = format!(
                "SELECT service_key, value_utf8 FROM state WHERE service_name = '{TRIGGER}' AND key = 'record' AND \
                 service_key > '{after}'{end} ORDER BY service_key LIMIT {most}"
            );
            let rows: Vec<RecordRow> = match self.query(&page).await {
                Err(EngineError::TooLarge(_)) if most > LEAST => {
                    most = (most / 8).max(LEAST);
                    continue;
                }
                rows => rows?,
            };
            let count = rows.len();
            for row in rows {
                match read(&row) {
                    Ok(record) => records.push(record),
                    // It stops no other: a newer fleet may have written it.
                    Err(error) => {
                        warn!("Restate keeps a trigger {} that cannot be read: {error}", cut(&row.service_key, 130));
                    }
                }
                after = row.service_key;
            }
            if count < most {
                return Ok(records);
            }
        }
    }

    /// How many payloads wait for their delivery.
    pub(super) async fn waiting(&self) -> Result<u64, EngineError> {
        let statement =
            "SELECT count(*) AS count FROM sys_invocation_status WHERE target_service_name = 'FleetDelivery'";
        let rows: Vec<Count> = self.query(statement).await?;
        Ok(rows.first().map_or(0, |row| row.count))
    }

    async fn query<T: for<'de> Deserialize<'de>>(&self, statement: &str) -> Result<Vec<T>, EngineError> {
        let answer = self.post("query", &json!({"query": statement})).await?;
        let rows: Rows<T> = serde_json::from_slice(&answer).map_err(|error| {
            EngineError::Unavailable(format!("Restate's answer to a query cannot be read: {error}"))
        })?;
        Ok(rows.rows)
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Bytes, EngineError> {
        let wrong = |text: String| {
            EngineError::Unusable(format!(
                "Restate's administration, {}, cannot be used: {text}; name where it is with --admin",
                self.url.origin().ascii_serialization()
            ))
        };
        let url = self.url.join(path).map_err(|error| wrong(error.to_string()))?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .body(Bytes::from(body.to_string()))
            .map_err(|error| wrong(error.to_string()))?;
        let answer = self.executor.execute(request).await;
        let answer = answer.map_err(|error| match error {
            ExecutorError::TooLarge(bytes) => EngineError::TooLarge(bytes),
            error => EngineError::Unavailable(format!(
                "Restate's administration, {}, does not answer: {}; name where it is with --admin",
                self.url.origin().ascii_serialization(),
                with_causes(&error)
            )),
        })?;
        let status = answer.status();
        if !status.is_success() {
            let said: String = String::from_utf8_lossy(answer.body()).chars().take(500).collect();
            let text = format!("Restate's administration answered with the status {}: {said}", status.as_u16());
            return Err(match status.is_client_error() {
                true => EngineError::Unusable(text),
                false => EngineError::Unavailable(text),
            });
        }
        Ok(answer.into_body())
    }
}

fn read(row: &RecordRow) -> Result<(TriggerId, Stored), String> {
    let id = row.service_key.parse().map_err(|error| format!("{error}"))?;
    let stored = serde_json::from_str(&row.value_utf8).map_err(|error| error.to_string())?;
    Ok((id, stored))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::routing::post;
    use axum::{Json, Router};
    use host::NetworkOptions;

    use super::*;
    use crate::http::Trust;

    /// A Restate that keeps so many triggers, and answers as its SQL would; the limits that it was asked for.
    async fn administration(count: usize, garbage: usize) -> (Url, Arc<Mutex<Vec<usize>>>) {
        let asked: Arc<Mutex<Vec<usize>>> = Arc::default();
        let limits = asked.clone();
        let answer = move |Json(body): Json<Value>| {
            let statement = body["query"].as_str().unwrap().to_owned();
            let after = statement.split("service_key > '").nth(1).unwrap().split('\'').next().unwrap().to_owned();
            let limit: usize = statement.rsplit(' ').next().unwrap().parse().unwrap();
            limits.lock().unwrap().push(limit);
            let definition = json!({
                "connector": "duro-plm", "trigger": "t", "connection": {}, "every": "30s",
                "deliver": {"url": "https://flows.example/1", "secret": "signing"},
            });
            let stored = json!({
                "incarnation": "one", "version": 1, "epoch": 1, "paused": false, "undelivered": {"payloads": 0, "bytes": 0}, "definition": definition,
            });
            let rows = (0..count).map(|n| format!("acme/p{n:05}")).filter(|key| **key > *after).take(limit);
            let is_garbage = |key: &str| key == format!("acme/p{garbage:05}");
            let rows = rows.map(|key| {
                let value = if is_garbage(&key) { "{}".to_owned() } else { stored.to_string() };
                json!({"service_key": key, "value_utf8": value})
            });
            let rows: Vec<Value> = rows.collect();
            async move { Json(json!({"rows": rows})) }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/query", post(answer))).await });
        (url, asked)
    }

    #[tokio::test]
    async fn records_that_are_more_than_is_read_at_once_are_read_in_smaller_pages_and_one_that_is_none_stops_no_other()
    {
        let (url, asked) = administration(2_500, 7).await;
        let trust = Trust::of(&NetworkOptions::default()).unwrap();
        let executor = Executor::new(&trust).unwrap();
        let records = Admin::new(url.clone(), executor.clone()).records(None).await.unwrap();
        assert_eq!((records.len(), asked.lock().unwrap().clone()), (2_499, vec![2_000, 2_000]));
        asked.lock().unwrap().clear();
        // Room for some hundreds of them.
        let records = Admin::new(url.clone(), executor.clone().reading(150_000)).records(None).await.unwrap();
        assert_eq!((records.len(), asked.lock().unwrap().first().copied()), (2_499, Some(2_000)));
        assert_eq!(asked.lock().unwrap().get(1..), Some(&[250; 11][..]));
        // And for none: an error, and no loop without end.
        let error = Admin::new(url, executor.reading(1_000)).records(None).await.unwrap_err();
        assert_eq!(error, EngineError::TooLarge(1_000));
    }
}
