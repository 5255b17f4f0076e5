//! JSON text in which scalars are replaced, in one pass and without reading it into values: what is not replaced stays
//! as it is spelled, and a text of any length and depth takes little memory beside what is written. What it is given
//! was checked to be JSON; other text comes to no harm. Pure.

use std::borrow::Cow;

use crate::json_parts;

/// An object or a list that is not over.
struct Level {
    is_object: bool,
    is_named: bool,
    /// How many of its items or members are over.
    place: usize,
    /// Whether the member that is being read says what another one is called.
    says_name: bool,
    /// Whether it is a name with its value: `["password", "…"]`, or `{"key": "password", "value": "…"}`.
    is_pair: bool,
}

/// The text with what `instead` gives in the place of scalars; none where it gives nothing. It is asked with a scalar
/// as it is spelled, and with whether it stands under a name that `names` takes, at whatever depth, or beside it.
pub(super) fn rewritten(
    json: &str,
    names: impl Fn(&str) -> bool,
    mut instead: impl FnMut(&str, bool) -> Option<String>,
) -> Option<String> {
    let bytes = json.as_bytes();
    let mut levels: Vec<Level> = Vec::new();
    let (mut awaits_name, mut is_named) = (false, false);
    let mut written: Option<String> = None;
    let (mut at, mut copied) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => {
                awaits_name = *byte == b'{';
                levels.push(Level { is_object: awaits_name, is_named, place: 0, says_name: false, is_pair: false });
                at += 1;
            }
            b'}' | b']' => {
                levels.pop();
                awaits_name = false;
                at += 1;
            }
            b',' => {
                if let Some(level) = levels.last_mut() {
                    level.place += 1;
                }
                let level = levels.last();
                awaits_name = level.is_some_and(|level| level.is_object);
                is_named = level.is_some_and(|level| level.is_named);
                at += 1;
            }
            b':' | b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            _ => {
                let end = at + length_of_scalar(bytes.get(at..).unwrap_or_default());
                let spelled = json.get(at..end).unwrap_or_default();
                if awaits_name {
                    awaits_name = false;
                    let name = said(spelled);
                    is_named = names(&name);
                    if let Some(level) = levels.last_mut() {
                        is_named |= level.is_named || (level.is_pair && name == "value");
                        level.says_name = matches!(&*name, "key" | "name");
                    }
                    at = end;
                    continue;
                }
                let mut is_named = is_named;
                if let Some(level) = levels.last_mut() {
                    let may_name = if level.is_object { level.says_name } else { level.place == 0 };
                    level.is_pair |= may_name && spelled.starts_with('"') && names(&said(spelled));
                    is_named |= level.is_pair && !level.is_object && level.place == 1 && is_last(bytes.get(end..));
                }
                if let Some(text) = instead(spelled, is_named) {
                    let written = written.get_or_insert_default();
                    written.push_str(json.get(copied..at).unwrap_or_default());
                    written.push_str(&text);
                    copied = end;
                }
                at = end;
            }
        }
    }
    let mut written = written?;
    written.push_str(json.get(copied..).unwrap_or_default());
    Some(written)
}

/// Whether a list is over behind an item.
fn is_last(rest: Option<&[u8]>) -> bool {
    rest.unwrap_or_default().iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b']')
}

/// What a string says. Where its escapes stand for no text, they stay.
pub(super) fn said(spelled: &str) -> Cow<'_, str> {
    let inside = spelled.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(spelled);
    if !inside.contains('\\') {
        return inside.into();
    }
    match json_parts::text(spelled) {
        Cow::Owned(text) => text.into(),
        Cow::Borrowed(_) => inside.into(),
    }
}

/// How long the scalar is that a text begins with, in bytes: to its last quote, or to what ends a number.
fn length_of_scalar(text: &[u8]) -> usize {
    if text.first() != Some(&b'"') {
        let ends = |byte: &u8| matches!(byte, b',' | b':' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r');
        return text.iter().skip(1).position(ends).map_or(text.len(), |more| more + 1);
    }
    let mut after_backslash = false;
    let ends = |byte: &u8| match byte {
        _ if after_backslash => {
            after_backslash = false;
            false
        }
        b'\\' => {
            after_backslash = true;
            false
        }
        byte => *byte == b'"',
    };
    text.iter().skip(1).position(ends).map_or(text.len(), |more| more + 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn marked(json: &str) -> Option<String> {
        rewritten(json, |name| name == "t", |spelled, is_named| (is_named && spelled != "null").then(|| "0".into()))
    }

    #[test]
    fn what_stands_under_a_name_is_replaced_at_any_depth_and_all_else_stays_as_it_is_spelled() {
        for (json, expected) in [
            (r#"{"t":"a"}"#, r#"{"t":0}"#),
            (r#" { "a" : 1.0e5 , "t" : "\"," , "b" : "t" } "#, r#" { "a" : 1.0e5 , "t" : 0 , "b" : "t" } "#),
            (r#"{"t":[1,{"x":"y","z":[true]},null],"a":[1,2]}"#, r#"{"t":[0,{"x":0,"z":[0]},null],"a":[1,2]}"#),
            (r#"[{"\u0074":-1},{"a":{"t":2},"b":3}]"#, r#"[{"\u0074":0},{"a":{"t":0},"b":3}]"#),
            (r#"{"t":{},"a":"é\\","b":[],"t":[]  ,"t":"é"}"#, r#"{"t":{},"a":"é\\","b":[],"t":[]  ,"t":0}"#),
        ] {
            assert_eq!(marked(json).unwrap_or_else(|| json.to_owned()), expected);
        }
        assert_eq!(marked(r#"{"a":"t"}"#), None);
        let deep = format!("{}{{\"t\":1}}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(marked(&deep).unwrap().contains("{\"t\":0}"));
    }

    #[test]
    fn what_a_string_says_is_read_and_what_says_nothing_stays_as_it_is_written() {
        assert_eq!(
            (said(r#""a""#), said(r#""a\n\u00e9""#), said(r#""\ud800""#)),
            ("a".into(), "a\né".into(), "\\ud800".into())
        );
    }

    proptest! {
        #[test]
        fn text_of_any_kind_is_gone_through_to_its_end(text in "[\\[\\]{},:\"\\\\ t1é]{0,40}") {
            let through = rewritten(&text, |name| name == "t", |spelled, _| Some(spelled.to_owned()));
            prop_assert!(through.is_none_or(|through| through == text));
        }

        #[test]
        fn json_stays_json(texts in prop::collection::vec("[\\[\\]{},:\"\\\\\n é]{0,8}", 0..6)) {
            let value = json!({ "t": texts, "a": texts, "b": { "t": { "c": texts } } });
            for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                let after: Value = serde_json::from_str(&marked(&json).unwrap_or(json)).unwrap();
                let zeros: Value = texts.iter().map(|_| json!(0)).collect();
                prop_assert_eq!(&after["t"], &zeros);
                prop_assert_eq!(&after["a"], &value["a"]);
                prop_assert_eq!(&after["b"]["t"]["c"], &zeros);
            }
        }
    }
}
