//! HTTP to Restate: calls of its handlers, and questions to its administration.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use restate_sdk::ingress::{ClientError, RequestExecutor};

use crate::engine::EngineError;
use crate::http::Trust;

/// How long a handler may take, its turn included.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest answer that is read, in bytes: a page of records, see `admin`.
const LARGEST: usize = 256 << 20;

/// Sends what the SDK's client wants to send.
#[derive(Debug, Clone)]
pub(crate) struct Executor {
    client: reqwest::Client,
    /// The largest answer that is read, in bytes.
    largest: usize,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExecutorError {
    /// It could not be had.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    /// It has no end.
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
}

impl Executor {
    pub(super) fn new(trust: &Trust) -> Result<Self, EngineError> {
        let client = crate::http::client(trust, |client| client.timeout(PATIENCE));
        Ok(Self { client: client.map_err(EngineError::Unusable)?, largest: LARGEST })
    }

    #[cfg(test)]
    pub(super) fn reading(self, largest: usize) -> Self {
        Self { largest, ..self }
    }
}

impl RequestExecutor for Executor {
    type Error = ExecutorError;

    async fn execute(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ExecutorError> {
        let mut answer = self.client.execute(request.try_into()?).await?;
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len().saturating_add(chunk.len()) > self.largest {
                return Err(ExecutorError::TooLarge(self.largest));
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// What Restate, or a handler on it, said no to.
pub(super) fn problem(error: ClientError) -> EngineError {
    let Some(answer) = error.response() else {
        return EngineError::Unavailable(format!("Restate does not answer: {}", with_causes(&error)));
    };
    let said = serde_json::from_slice::<serde_json::Value>(answer.body()).ok();
    let said = said.as_ref().and_then(|said| said.get("message")?.as_str()).unwrap_or("no reason is given");
    let said: String = said.chars().take(500).collect();
    match answer.status().as_u16() {
        // Nothing is registered under the name: the fleet that serves the handlers has not started yet.
        404 => {
            EngineError::Unavailable(format!("Restate knows no such handler ({said}): is a fleet registered with it?"))
        }
        400..=499 => EngineError::Unusable(said),
        status => EngineError::Unavailable(format!("Restate answered with the status {status}: {said}")),
    }
}

/// An error with what caused it.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.contains(&cause) { text } else { format!("{text}: {cause}") }
    })
}
