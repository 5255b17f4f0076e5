//! The items of a list and the members of an object as the slices of JSON text that they are: looking at a result of
//! any size takes no memory beside it. What it is given was checked to be JSON; of other text it gives some parts or
//! none. Pure.

use std::borrow::Cow;

/// The blanks that JSON allows between tokens.
const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// The items of a list; none if it is not a list.
pub(crate) fn items(json: &str) -> Option<impl Iterator<Item = &str> + Clone> {
    inside(json, '[', ']').map(Parts)
}

/// The members of an object, each with its name as it is spelled, quotes and escapes included; none if it is not an
/// object.
pub(crate) fn members(json: &str) -> Option<impl Iterator<Item = (&str, &str)> + Clone> {
    inside(json, '{', '}').map(|inside| Parts(inside).filter_map(member_of))
}

/// Whether it is an object.
pub(crate) fn is_object(json: &str) -> bool {
    json.trim_start_matches(BLANKS).starts_with('{')
}

/// What a JSON string says. Where its escapes stand for no text (half of a pair, as some services write them), it is
/// shown as it is written.
pub(crate) fn text(json: &str) -> Cow<'_, str> {
    match serde_json::from_str::<String>(json) {
        Ok(text) => text.into(),
        Err(_) => json.into(),
    }
}

fn inside(json: &str, opening: char, closing: char) -> Option<&str> {
    let inside = json.trim_matches(BLANKS).strip_prefix(opening)?.strip_suffix(closing)?;
    Some(inside.trim_matches(BLANKS))
}

fn member_of(part: &str) -> Option<(&str, &str)> {
    let (name, value) = part.split_at_checked(end_of(part, b':'))?;
    Some((name.trim_matches(BLANKS), value.strip_prefix(':')?.trim_matches(BLANKS)))
}

/// What stands between the commas of one level.
#[derive(Clone)]
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let (part, after) = self.0.split_at_checked(end_of(self.0, b','))?;
        self.0 = after.strip_prefix(',').unwrap_or_default();
        Some(part.trim_matches(BLANKS))
    }
}

/// Where `mark` first stands outside strings and brackets, or the text's end.
fn end_of(text: &str, mark: u8) -> usize {
    let (mut depth, mut in_string, mut after_backslash) = (0_u32, false, false);
    let ends = |byte: u8| {
        match byte {
            _ if after_backslash => after_backslash = false,
            b'\\' => after_backslash = in_string,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => return depth == 0 && byte == mark,
        }
        false
    };
    text.bytes().position(ends).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn parts_are_the_slices_between_commas_of_one_level() {
        let list: Vec<&str> = items(" [1 , \"a,]\\\"\\\\\", [2,3] ,{\"x\":[]}] ").unwrap().collect();
        assert_eq!(list, ["1", r#""a,]\"\\""#, "[2,3]", r#"{"x":[]}"#]);
        let object: Vec<(&str, &str)> = members("{\"a:b\" : 1,\n\"c\":{\"d\":2} }").unwrap().collect();
        assert_eq!(object, [("\"a:b\"", "1"), ("\"c\"", r#"{"d":2}"#)]);
        assert_eq!((items("[ ]").unwrap().count(), members("{}").unwrap().count()), (0, 0));
        assert!(items("{}").is_none() && members("[]").is_none() && items("").is_none());
    }

    #[test]
    fn a_text_that_is_none_is_shown_as_it_is_written() {
        assert_eq!(text(r#""a\n\u00e9""#), "a\né");
        assert_eq!(text(r#""\ud800""#), r#""\ud800""#);
    }

    proptest! {
        #[test]
        fn the_parts_of_a_list_are_its_items(texts in prop::collection::vec("[\\[\\]{},:\"\\\\\n é]{0,8}", 0..6)) {
            let list: Vec<Value> = texts.iter().map(|text| json!([text, { (text.clone()): text }])).collect();
            for json in [serde_json::to_string(&list).unwrap(), serde_json::to_string_pretty(&list).unwrap()] {
                let parts = items(&json).unwrap().map(|part| serde_json::from_str(part).unwrap());
                prop_assert_eq!(parts.collect::<Vec<Value>>(), list.clone());
            }
        }
    }
}
