//! Readings of one JSON value, in the forms low-code hosts give it.

use serde_json::Value;

/// The most characters of a value that an error repeats.
const SHOWN_CHARACTERS: usize = 40;

/// Whether the value stands for none: null, or a string of nothing but white space.
pub(super) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// A whole number from a number or a string, `250`, `250.0` and `"250"` alike.
pub(super) fn whole_number(value: &Value) -> Option<i64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse::<f64>().ok()?,
        _ => return None,
    };
    // Above 2^53 a double no longer holds every whole number; no input of ours is near.
    let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    exact.then_some(number as i64)
}

/// A boolean from a boolean or a string.
pub(super) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(boolean) => Some(*boolean),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The name and the value of one `{"key", "value"}` row; a missing value is null, a missing name empty.
pub(super) fn pair(row: Value) -> Option<(String, Value)> {
    let Value::Object(mut row) = row else { return None };
    let name = match row.remove("key") {
        Some(Value::String(name)) => name.trim().to_owned(),
        None | Some(Value::Null) => String::new(),
        Some(_) => return None,
    };
    Some((name, row.remove("value").unwrap_or(Value::Null)))
}

/// The value in a few words for an error: what it is, and how it begins.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(boolean) => boolean.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text {:?}", shorten(text)),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(object) => format!("an object with {} members", object.len()),
    }
}

fn shorten(text: &str) -> String {
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(SHOWN_CHARACTERS).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}
