//! The renewal of a connection's credential. The host does it alone: the component, the log and the trace never have
//! the new one.

use std::sync::Arc;
use std::time::Instant;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use zeroize::Zeroizing;

use super::call::CallOptions;
use super::component::Connector;
use super::error::CallError;
use super::own_request::OwnRequest;
use crate::connection::{Connection, Renewed};
use crate::contract::{Error, Renewal, ServiceFailure};
use crate::secrets::{REDACTED, Secrets, expiry_of};
use crate::text::beginning;

/// The most bytes of an answer. A credential has a few thousand at most.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The most bytes of a service's words that an error repeats.
const SHOWN_WORDS: usize = 200;

impl Connector {
    /// Gets a new credential from the service, by what the manifest declares, in place of the connection's, which must
    /// still be good. Many callers at once make one request, and get the same. The connection goes on with the
    /// credential that it has: keep the new one, and make a connection with it. Whether the service accepts the old one
    /// from now on is the service's affair.
    pub async fn renew(&self, connection: &Connection, options: &CallOptions) -> Result<Arc<Renewed>, Box<CallError>> {
        let asked = Instant::now();
        let mut last = connection.renewals().0.lock().await;
        if let Some((_, renewed)) = last.as_ref().filter(|(done, _)| *done >= asked) {
            return Ok(renewed.clone());
        }
        let renewed = Arc::new(self.ask_for_renewal(connection, options).await?);
        *last = Some((Instant::now(), renewed.clone()));
        Ok(renewed)
    }

    async fn ask_for_renewal(&self, connection: &Connection, options: &CallOptions) -> Result<Renewed, Box<CallError>> {
        let other = |message: String| Box::new(CallError::Connector(Error::Other(message)));
        let definition = self.definition().connection(connection.key());
        let renewal = definition.map_or(Ok(None), |definition| definition.renewal()).map_err(other)?;
        let Some(renewal) = renewal else {
            return Err(other(
                "this connector does not say how its credential is renewed: make a new one by hand".into(),
            ));
        };
        // A second request after a lost answer could make a second key.
        let Renewal { secret, secret_header, body, .. } = &renewal;
        let request = OwnRequest {
            secret,
            secret_header,
            body,
            idempotent: false,
            most_bytes: MAX_ANSWER_BYTES,
            gives_credential: true,
        };
        let answer = self.ask(connection, request, options).await?;
        read(&renewal, answer.status, answer.body).map_err(|error| Box::new(CallError::Connector(error)))
    }
}

/// Reads the new credential out of an answer. No error repeats what stands where it should.
fn read(renewal: &Renewal, status: u16, body: Vec<u8>) -> Result<Renewed, Error> {
    let body = Zeroizing::new(body);
    let parsed: Option<Value> = serde_json::from_slice(&body).ok();
    let secret = parsed.as_ref().and_then(|answer| answer.pointer(&renewal.answer)).and_then(Value::as_str);
    let Some(secret) = secret.map(str::trim).filter(|secret| !secret.is_empty() && status < 300) else {
        let words = parsed.as_ref().and_then(|answer| answer.pointer("/errors/0/message")).and_then(Value::as_str);
        let words = words.map_or_else(String::new, |words| format!(": {}", beginning(words, SHOWN_WORDS)));
        let message = format!("the service gave no new credential (status {status}){words}");
        return Err(match status {
            401 | 403 => Error::Unauthenticated(message),
            _ => Error::Service(ServiceFailure { status, message, errors: None, data: None }),
        });
    };
    if secret.contains(REDACTED) {
        let message = "the service gave the same credential again: it stays as long as it did before";
        return Err(Error::UnexpectedResponse(message.to_owned()));
    }
    let secret = SecretString::from(secret.to_owned());
    Secrets::default().declare(&renewal.secret, Some(secret.clone())).map_err(|problem| {
        Error::UnexpectedResponse(format!("the service gave a credential that cannot be used: it {problem}"))
    })?;
    Ok(Renewed { field: renewal.secret.clone(), expires: expiry_of(secret.expose_secret()), secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renewal() -> Renewal {
        let text = |text: &str| text.to_owned();
        Renewal { secret: text("apiKey"), secret_header: text("k"), body: text("{}"), answer: text("/data/t") }
    }

    #[test]
    fn the_new_credential_is_read_and_shown_by_nothing() {
        let renewed = read(&renewal(), 200, br#"{"data":{"t":" canary-new "}}"#.to_vec()).unwrap();
        assert_eq!(renewed.expose(), "canary-new");
        assert!(!format!("{renewed:?}").contains("canary"), "{renewed:?}");
    }

    #[test]
    fn an_answer_without_a_credential_is_an_error_that_repeats_none() {
        for (status, body, kind) in [
            (200, r#"{"data":{"t":""}}"#, "service"),
            (200, r#"{"data":{"t":["canary"]}}"#, "service"),
            (200, "canary, no JSON", "service"),
            (500, r#"{"data":{"t":"canary"}}"#, "service"),
            (401, "", "unauthenticated"),
            (200, r#"{"data":{"t":"[redacted]"}}"#, "unexpected-response"),
            (200, "{\"data\":{\"t\":\"canary\\u0007\"}}", "unexpected-response"),
        ] {
            let error = read(&renewal(), status, body.as_bytes().to_vec()).unwrap_err();
            assert_eq!(error.kind(), kind, "{body}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
