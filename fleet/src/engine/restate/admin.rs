//! Restate's administration: where the handlers are served, and what it keeps, by its SQL.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request};
use restate_sdk::ingress::RequestExecutor;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::client::{Executor, with_causes};
use super::stored::{Stored, TRIGGER};
use crate::engine::EngineError;
use crate::model::{Name, TriggerId};

/// So many records are read at a time: with the largest states there are, an answer stays below what is read of one.
const PAGE: usize = 2_000;

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
        let end = tenant.map_or(String::new(), |tenant| format!(" AND service_key < '{tenant}0'"));
        loop {
            let page = format!(
                "SELECT service_key, value_utf8 FROM state WHERE service_name = '{TRIGGER}' AND key = 'record' AND \
                 service_key > '{after}'{end} ORDER BY service_key LIMIT {PAGE}"
            );
            let rows: Vec<RecordRow> = self.query(&page).await?;
            let count = rows.len();
            for row in rows {
                let unreadable = |error: String| {
                    let key: String = row.service_key.chars().take(130).collect();
                    EngineError::Unusable(format!("Restate keeps a trigger {key:?} that cannot be read: {error}"))
                };
                let id: TriggerId = row.service_key.parse().map_err(|error| unreadable(format!("{error}")))?;
                let stored = serde_json::from_str(&row.value_utf8).map_err(|error| unreadable(error.to_string()))?;
                after = id.to_string();
                records.push((id, stored));
            }
            if count < PAGE {
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
        let wrong =
            |text: String| EngineError::Unusable(format!("Restate's admin URL {} cannot be used: {text}", self.url));
        let url = self.url.join(path).map_err(|error| wrong(error.to_string()))?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .body(Bytes::from(body.to_string()))
            .map_err(|error| wrong(error.to_string()))?;
        let answer = self.executor.execute(request).await;
        let answer = answer.map_err(|error| {
            EngineError::Unavailable(format!("Restate's administration does not answer: {}", with_causes(&error)))
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
