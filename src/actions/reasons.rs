//! What results that may not be whole say of it.

use connector_sdk::json::push_string;

/// The most bytes of a result that is put together from many records. What a host accepts is larger.
pub(super) const MAX_RESULT_BYTES: usize = 12 * 1024 * 1024;

/// Writes `"more":…,"reasons":[…]`: whether anything was left out, and why.
pub(super) fn push(json: &mut String, reasons: &[String]) {
    json.push_str(if reasons.is_empty() { "\"more\":false,\"reasons\":[" } else { "\"more\":true,\"reasons\":[" });
    for (index, reason) in reasons.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        push_string(json, reason);
    }
    json.push(']');
}
