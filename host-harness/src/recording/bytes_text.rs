//! Bytes in JSON: as the text that they are, or else in base64, which `encoding` says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// What `encoding` says of text that is base64, in a HAR and here.
pub(super) const BASE64: &str = "base64";

/// Bytes, written as text where they are text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct BytesText {
    pub(super) text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) encoding: Option<String>,
}

impl BytesText {
    pub(super) fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self { text: text.to_owned(), encoding: None },
            Err(_) => Self { text: STANDARD.encode(bytes), encoding: Some(BASE64.to_owned()) },
        }
    }

    /// The bytes; the error names what is wrong.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, String> {
        match self.encoding.as_deref() {
            None | Some("") => Ok(self.text.clone().into_bytes()),
            Some(BASE64) => {
                STANDARD.decode(&self.text).map_err(|error| format!("a text that should be base64 is none: {error}"))
            }
            Some(other) => Err(format!("a text has the encoding {other:?}; base64 is the one there is")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_whether_they_are_text_or_not() {
        for bytes in [&b"text \xc3\xbc"[..], b"", b"\xff\xfe\0"] {
            let written = serde_json::to_string(&BytesText::of(bytes)).unwrap();
            let read: BytesText = serde_json::from_str(&written).unwrap();
            assert_eq!(read.bytes().unwrap(), bytes, "{written}");
        }
    }

    #[test]
    fn an_encoding_that_is_none_is_named() {
        let text = |encoding: &str| BytesText { text: "%".into(), encoding: Some(encoding.into()) };
        assert!(text("gzip").bytes().unwrap_err().contains("gzip"));
        assert!(text("base64").bytes().unwrap_err().contains("base64"));
    }
}
