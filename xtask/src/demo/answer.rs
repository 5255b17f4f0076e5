//! What the stops look for in the JSON that came back.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// How many records a poll delivered as created and as updated.
pub(super) fn delivered(answer: &Value) -> Result<(usize, usize)> {
    Ok((ids(answer, "created")?.len(), ids(answer, "updated")?.len()))
}

/// The ids of the records in a list of a poll's payload.
pub(super) fn ids(answer: &Value, list: &str) -> Result<Vec<String>> {
    items(answer, &["payload", "body", "data", list])?.iter().map(|record| text(record, &["id"])).collect()
}

/// The keys of the items in a list.
pub(super) fn keys(answer: &Value, path: &[&str]) -> Result<Vec<String>> {
    items(answer, path)?.iter().map(|item| text(item, &["key"])).collect()
}

/// That an error is of this kind; the kind as it is shown.
pub(super) fn expect_kind(error: &Value, kind: &str) -> Result<String> {
    let found = text(error, &["kind"])?;
    ensure!(found == kind, "the kind of error was to be {kind} and is {found}");
    Ok(format!("`{kind}`"))
}

/// What stands at a path; the error names it.
pub(super) fn find<'json>(value: &'json Value, path: &[&str]) -> Result<&'json Value> {
    let found = path.iter().try_fold(value, |value, key| value.get(key));
    found.with_context(|| format!("what came back has no {}", path.join(".")))
}

/// The text at a path.
pub(super) fn text(value: &Value, path: &[&str]) -> Result<String> {
    let text = find(value, path)?.as_str().with_context(|| format!("{} is not text", path.join(".")))?;
    Ok(text.to_owned())
}

/// The list at a path.
pub(super) fn items<'json>(value: &'json Value, path: &[&str]) -> Result<&'json [Value]> {
    find(value, path)?.as_array().map(Vec::as_slice).with_context(|| format!("{} is not a list", path.join(".")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{delivered, find};

    #[test]
    fn what_a_poll_delivered_is_counted() {
        let data = json!({"created": [{"id": "a"}], "updated": [{"id": "b"}, {"id": "c"}]});
        assert_eq!(delivered(&json!({"payload": {"body": {"data": data}}})).unwrap(), (1, 2));
    }

    #[test]
    fn a_missing_member_is_named_with_its_path() {
        let error = find(&json!({"data": {}}), &["data", "users"]).unwrap_err();
        assert!(error.to_string().contains("data.users"), "{error}");
    }
}
