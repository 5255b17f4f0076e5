//! What results that may not be whole say of it.

use connector_sdk::json::{push_values, quoted};

/// The most bytes of a result that is put together from many records. What a host accepts is larger.
pub(super) const MAX_RESULT_BYTES: usize = 12 * 1024 * 1024;

/// Writes `"more":…,"reasons":[…]`: whether anything was left out, and why.
pub(super) fn push(json: &mut String, more: bool, reasons: &[String]) {
    json.push_str(if more { "\"more\":true,\"reasons\":[" } else { "\"more\":false,\"reasons\":[" });
    let reasons: Vec<String> = reasons.iter().map(|reason| quoted(reason)).collect();
    push_values(json, reasons.iter().map(String::as_str));
    json.push(']');
}
