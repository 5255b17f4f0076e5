//! An input as the one word of a command line behind `--input`, wherever such a line is written for people to copy.
//! Pure.

use operator::shell::json_to_show;
use serde_json::Value;

/// The word, not quoted: `key=text`, or `key:=JSON`; none where the key would be read as another. A text that begins
/// with `@` would be taken for a file's name, and is written as JSON.
pub(crate) fn of(key: &str, value: &Value) -> Option<String> {
    if key.trim().is_empty() || key.contains('=') || key.ends_with(':') {
        return None;
    }
    Some(match value {
        Value::String(text) if !text.starts_with('@') => format!("{key}={text}"),
        other => format!("{key}:={}", json_to_show(&other.to_string())),
    })
}
