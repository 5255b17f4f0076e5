//! What fits on a screen of a JSON answer: its shape, and its first values.

use serde_json::Value;

use super::screen::WIDTH;

/// How many items of a list are shown, and a note of how many are not.
const ITEMS: usize = 2;
/// How many characters of a text are shown, and a note of how many are not.
const CHARACTERS: usize = 2 * WIDTH;

/// The answer with long lists and long texts cut. Only for showing: the notes are values among the others.
pub(super) fn excerpt(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut shown: Vec<Value> = items.iter().take(ITEMS).map(excerpt).collect();
            if items.len() > ITEMS {
                shown.push(format!("… {} more", items.len() - ITEMS).into());
            }
            shown.into()
        }
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), excerpt(value))).collect(),
        Value::String(text) => match text.char_indices().nth(CHARACTERS) {
            Some((end, _)) => {
                let (start, rest) = text.split_at(end);
                format!("{start}… {} more characters", rest.chars().count()).into()
            }
            None => value.clone(),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{CHARACTERS, excerpt};

    #[test]
    fn a_long_list_is_cut_and_says_by_how_much() {
        let shown = excerpt(&json!({"data": [[1, 2, 3], 2, 3, 4, 5], "more": null}));
        assert_eq!(shown, json!({"data": [[1, 2, "… 1 more"], 2, "… 3 more"], "more": null}));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(excerpt(&json!("é".repeat(CHARACTERS))), json!("é".repeat(CHARACTERS)));
        let cut = format!("{}… 5 more characters", "é".repeat(CHARACTERS));
        assert_eq!(excerpt(&json!("é".repeat(CHARACTERS + 5))), json!(cut));
    }

    #[test]
    fn members_keep_their_order() {
        assert_eq!(excerpt(&json!({"b": 1, "a": 2})).to_string(), r#"{"b":1,"a":2}"#);
    }
}
