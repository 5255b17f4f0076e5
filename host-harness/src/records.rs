//! The records of a payload, by the lists that the trigger's result schema declares. Read as the text they are: a
//! payload of the largest size would take a gigabyte as a tree of values. Pure.

use host::contract::RecordList;

use crate::json_parts::{items, members};

/// The declared lists that the payload holds, by name and in the payload's order. None if it holds none of them, or
/// something else in their place, or two of one name: such a payload is of another shape, and whoever passes it on
/// passes on the whole.
pub(crate) fn found<'l, 'p>(payload: &'p str, declared: &'l [RecordList]) -> Option<Vec<(&'l str, &'p str)>> {
    let mut lists = Vec::new();
    walk(payload, &declared.iter().collect::<Vec<_>>(), 0, &mut lists)?;
    (!lists.is_empty()).then_some(lists)
}

/// Looks through one object for those lists that lie in it, `depth` keys on their way.
fn walk<'l, 'p>(
    json: &'p str,
    declared: &[&'l RecordList],
    depth: usize,
    lists: &mut Vec<(&'l str, &'p str)>,
) -> Option<()> {
    let mut seen: Vec<&str> = Vec::new();
    for (spelled, value) in members(json).into_iter().flatten() {
        let Ok(name) = serde_json::from_str::<String>(spelled) else { continue };
        let on_the_way = declared.iter().filter(|list| list.path().get(depth).is_some_and(|key| *key == name));
        let on_the_way: Vec<&RecordList> = on_the_way.copied().collect();
        let Some(key) = on_the_way.first().and_then(|list| list.path().get(depth)) else { continue };
        if seen.contains(&key.as_str()) {
            return None;
        }
        seen.push(key);
        match on_the_way.iter().find(|list| list.path().len() == depth + 1) {
            Some(list) if items(value).is_some() => lists.push((list.name(), value)),
            Some(_) => return None,
            None => walk(value, &on_the_way, depth + 1, lists)?,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use host::contract::TriggerDefinition;
    use serde_json::json;

    use super::*;

    /// The lists `created`, `updated` and `a` in `body.data`, and `other` in the payload itself.
    pub(crate) fn declared() -> Vec<RecordList> {
        let list = json!({"type": "array"});
        let data = json!({"properties": {"created": list, "updated": list, "a": list}});
        let trigger = json!({
            "key": "t", "label": "", "description": "", "inputs": [], "inputSchema": {}, "examplePayload": {},
            "resultSchema": {"properties": {"body": {"properties": {"data": data}}, "other": list}},
        });
        serde_json::from_value::<TriggerDefinition>(trigger).unwrap().record_lists()
    }

    fn named(payload: &str) -> Option<Vec<(String, usize)>> {
        let declared = declared();
        let lists = found(payload, &declared)?;
        Some(lists.into_iter().map(|(name, list)| (name.to_owned(), items(list).unwrap().count())).collect())
    }

    #[test]
    fn the_declared_lists_are_found_in_the_payloads_order_with_their_records_as_they_are_written() {
        let payload =
            "{\"body\" : {\n\"data\": {\"updated\": [{\"id\": 1}, {\"id\":\n2}], \"created\": []}}, \"more\": [1]}";
        assert_eq!(named(payload).unwrap(), [("updated".to_owned(), 2), ("created".to_owned(), 0)]);
        let declared = declared();
        let (_, list) = found(payload, &declared).unwrap().remove(0);
        assert_eq!(items(list).unwrap().nth(1), Some("{\"id\":\n2}"));
        let spelled = r#"{"other": [1], "body": {"d\u0061ta": {"a": [2, 3], "count": 3}}}"#;
        assert_eq!(named(spelled).unwrap(), [("other".to_owned(), 1), ("a".to_owned(), 2)]);
    }

    #[test]
    fn a_payload_of_another_shape_has_no_records() {
        for text in [
            "[1]",
            r#"{"body": 1}"#,
            r#"{"body": {"data": {"count": 3}}}"#,
            r#"{"data": []}"#,
            r#"{"body": {"data": {"a": 3}}}"#,
            r#"{"body": {"data": {"a": [], "created": {}}}}"#,
            r#"{"body": {"data": {"a": [1], "a": [2]}}}"#,
            r#"{"body": {"data": {"a": []}}, "body": {}}"#,
            r#"{"body": {"data": {"\ud800": []}}}"#,
        ] {
            assert_eq!(named(text), None, "{text}");
        }
        assert_eq!(found(r#"{"a": [1]}"#, &[]), None);
    }
}
