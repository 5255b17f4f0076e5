//! How a credential is renewed, as a manifest declares it: in the `extensions` of a kind of connection.

use serde::Deserialize;

use super::ConnectionDefinition;

/// The most bytes of a renewal's body. A query for a key has some dozens.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The request by which the host gets a new credential while the present one is good: a POST of JSON to the
/// connection's endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Renewal {
    /// The secret field whose value is renewed, and with which the request is authorised.
    pub secret: String,
    /// The header that takes its present value.
    pub secret_header: String,
    /// The body, JSON text.
    pub body: String,
    /// Where in the answer the new value stands: a JSON Pointer (RFC 6901) to a text.
    pub answer: String,
}

impl ConnectionDefinition {
    /// How its credential is renewed; none where the manifest does not say. The error says what is wrong with what it
    /// says.
    pub fn renewal(&self) -> Result<Option<Renewal>, String> {
        let Some(declared) = self.extensions.as_ref().and_then(|extensions| extensions.get("renewal")) else {
            return Ok(None);
        };
        let renewal = Renewal::deserialize(declared).map_err(|error| format!("its renewal cannot be read: {error}"))?;
        let is_secret = |field: &super::ConnectionField| field.secret && field.input.key == renewal.secret;
        let problem = if !self.fields.iter().any(is_secret) {
            "its renewal names no secret field of it"
        } else if http::HeaderName::from_bytes(renewal.secret_header.as_bytes()).is_err() {
            "its renewal names a header that HTTP does not allow"
        } else if !renewal.answer.starts_with('/') {
            "its renewal's answer is no JSON Pointer: it begins with /"
        } else if renewal.body.len() > MAX_BODY_BYTES {
            "its renewal's body is too long"
        } else {
            return Ok(Some(renewal));
        };
        Err(problem.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::definition;

    fn renewal(change: impl FnOnce(&mut Value)) -> Result<Option<Renewal>, String> {
        let mut declared = json!({
            "secret": "apiKey", "secretHeader": "x-key", "body": "{}", "answer": "/data/key",
        });
        change(&mut declared);
        let mut connection = definition().connections.remove(0);
        connection.extensions = Some(json!({ "renewal": declared }));
        connection.renewal()
    }

    #[test]
    fn a_renewal_is_whole_or_an_error_that_says_what_is_wrong() {
        assert_eq!(renewal(|_| ()).unwrap().unwrap().answer, "/data/key");
        assert_eq!(definition().connections.remove(0).renewal(), Ok(None));
        for (member, value, says) in [
            ("secret", json!("environment"), "no secret field"),
            ("secretHeader", json!("x key"), "header"),
            ("answer", json!("data"), "JSON Pointer"),
            ("body", json!("x".repeat(MAX_BODY_BYTES + 1)), "too long"),
            ("body", json!(7), "cannot be read"),
        ] {
            let error = renewal(|declared| declared[member] = value).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
