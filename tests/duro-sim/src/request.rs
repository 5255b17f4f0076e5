//! A request as it was received, for tests that check what a client sends.

use axum::http::request::Parts;
use bytes::Bytes;

/// One request, control endpoints left out.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    /// For example `POST`.
    pub method: String,
    /// Path and query, for example `/graphql`.
    pub path: String,
    /// Names in lower case and values, in the order in which the names first came. Bytes that are no UTF-8 are shown
    /// as replacement characters.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Bytes,
}

impl ReceivedRequest {
    pub(crate) fn new(parts: &Parts, body: Bytes) -> ReceivedRequest {
        let headers = parts.headers.iter();
        ReceivedRequest {
            method: parts.method.to_string(),
            path: parts.uri.path_and_query().map_or_else(|| parts.uri.path().to_owned(), ToString::to_string),
            headers: headers
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
                .collect(),
            body,
        }
    }

    /// Every value sent under this name, in any case of letters.
    pub fn header_values(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| &**value).collect()
    }

    /// The body as text, with replacement characters for what is no UTF-8.
    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON: for GraphQL an object with `query`, `variables` and `operationName`.
    pub fn body_json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Where `text` occurs other than as the whole value of the header `except`: names of headers, `path`, `body`.
    /// For a test that a secret went into one header and nowhere else.
    pub fn places_of(&self, text: &str, except: &str) -> Vec<String> {
        let mut places = Vec::new();
        if self.path.contains(text) {
            places.push("path".to_owned());
        }
        for (name, value) in &self.headers {
            let expected = name.eq_ignore_ascii_case(except) && value == text;
            if !expected && (value.contains(text) || name.contains(text)) {
                places.push(name.clone());
            }
        }
        if self.body_text().contains(text) {
            places.push("body".to_owned());
        }
        places
    }
}
