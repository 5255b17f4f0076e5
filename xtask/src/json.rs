//! JSON text in a form for people: the order of its members is kept, short values stay on one line, long ones can be cut.

use std::fmt;

use anyhow::{Context, Result};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// One JSON value. Scalars are kept as they were written, so that nothing is rounded or re-escaped.
#[derive(Debug, PartialEq)]
pub(crate) enum Json {
    Scalar(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// How to lay JSON out.
pub(crate) struct Layout {
    /// A value that fits in this many columns stays on one line; 0 gives a line to every member, which suits diffs.
    pub(crate) width: usize,
    /// How many items of an array are shown, and a note of how many are not.
    pub(crate) items: usize,
    /// How many characters of a text are shown, and a note of how many are not.
    pub(crate) characters: usize,
}

impl Layout {
    /// Everything, one member a line: for files.
    pub(crate) const FILE: Self = Self { width: 0, items: usize::MAX, characters: usize::MAX };
}

impl Json {
    /// Reads JSON text.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let raw: Box<RawValue> = serde_json::from_str(text.trim()).context("not JSON")?;
        Self::read(&raw)
    }

    /// The member of an object.
    pub(crate) fn member(&self, key: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text, if the value is one.
    pub(crate) fn text(&self) -> Option<String> {
        let Self::Scalar(written) = self else { return None };
        serde_json::from_str(written).ok()
    }

    /// The value in the given layout, without a newline at its end.
    pub(crate) fn pretty(&self, layout: &Layout) -> String {
        let mut text = String::new();
        self.write(layout, 0, 0, &mut text);
        text
    }

    fn read(raw: &RawValue) -> Result<Self> {
        match raw.get().as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(raw.get())?;
                let members = members.into_iter().map(|(key, value)| Ok((key, Self::read(&value)?)));
                Ok(Self::Object(members.collect::<Result<_>>()?))
            }
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(raw.get())?;
                Ok(Self::Array(items.iter().map(|item| Self::read(item)).collect::<Result<_>>()?))
            }
            _ => Ok(Self::Scalar(raw.get().to_owned())),
        }
    }

    /// `used` is how many columns of the line the key takes already.
    fn write(&self, layout: &Layout, indent: usize, used: usize, text: &mut String) {
        let line = self.on_one_line(layout);
        let is_empty = matches!(&line[..], "{}" | "[]");
        if matches!(self, Self::Scalar(_)) || is_empty || indent + used + line.chars().count() <= layout.width {
            text.push_str(&line);
            return;
        }
        let inner = indent + 2;
        let (open, close) = if matches!(self, Self::Array(_)) { ('[', ']') } else { ('{', '}') };
        text.push(open);
        let mut separator = "\n";
        match self {
            Self::Scalar(_) => {}
            Self::Array(items) => {
                for item in items.iter().take(layout.items) {
                    start_line(text, separator, inner);
                    item.write(layout, inner, 0, text);
                    separator = ",\n";
                }
                if items.len() > layout.items {
                    start_line(text, separator, inner);
                    text.push_str(&more(items.len() - layout.items));
                }
            }
            Self::Object(members) => {
                for (key, value) in members {
                    start_line(text, separator, inner);
                    let key = quoted(key);
                    text.push_str(&key);
                    text.push_str(": ");
                    value.write(layout, inner, key.chars().count() + 2, text);
                    separator = ",\n";
                }
            }
        }
        start_line(text, "\n", indent);
        text.push(close);
    }

    fn on_one_line(&self, layout: &Layout) -> String {
        match self {
            Self::Scalar(written) => shortened(written, layout.characters),
            Self::Array(items) => {
                let mut shown: Vec<String> =
                    items.iter().take(layout.items).map(|item| item.on_one_line(layout)).collect();
                if items.len() > layout.items {
                    shown.push(more(items.len() - layout.items));
                }
                format!("[{}]", shown.join(", "))
            }
            Self::Object(members) if members.is_empty() => "{}".to_owned(),
            Self::Object(members) => {
                let shown =
                    members.iter().map(|(key, value)| format!("{}: {}", quoted(key), value.on_one_line(layout)));
                format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// The members of an object in the order they were written.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn start_line(text: &mut String, separator: &str, indent: usize) {
    text.push_str(separator);
    text.extend(std::iter::repeat_n(' ', indent));
}

fn more(count: usize) -> String {
    format!("… {count} more")
}

fn quoted(key: &str) -> String {
    serde_json::Value::from(key).to_string()
}

fn shortened(written: &str, limit: usize) -> String {
    let length = written.chars().count();
    if length <= limit {
        return written.to_owned();
    }
    let start: String = written.chars().take(limit).collect();
    format!("{start}… {} more characters\"", length - limit)
}

#[cfg(test)]
mod tests {
    use super::{Json, Layout};

    const SCREEN: Layout = Layout { width: 40, items: 2, characters: 12 };

    fn pretty(text: &str, layout: &Layout) -> String {
        Json::parse(text).unwrap().pretty(layout)
    }

    #[test]
    fn members_keep_their_order_and_numbers_their_digits() {
        let text = r#"{"z":1.10,"a":[],"m":{"k":12345678901234567890}}"#;
        let expected = "{\n  \"z\": 1.10,\n  \"a\": [],\n  \"m\": {\n    \"k\": 12345678901234567890\n  }\n}";
        assert_eq!(pretty(text, &Layout::FILE), expected);
    }

    #[test]
    fn a_value_that_fits_stays_on_one_line() {
        assert_eq!(pretty(r#"{"key":"a","label":"B"}"#, &SCREEN), r#"{"key": "a", "label": "B"}"#);
    }

    #[test]
    fn a_long_array_is_cut_and_says_by_how_much() {
        assert_eq!(pretty("[1,2,3,4,5]", &SCREEN), "[1, 2, … 3 more]");
        let long = r#"[{"id":"aaaaaaaa","n":"bbbbbbbb","x":1},{"id":"cccccccc","n":"dddddddd","x":2},3]"#;
        assert!(pretty(long, &SCREEN).ends_with("\n  … 1 more\n]"), "{}", pretty(long, &SCREEN));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let shown = pretty(r#""ééééééééééééééé""#, &SCREEN);
        assert_eq!(shown, "\"ééééééééééé… 5 more characters\"");
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "{\"a\" 1}", "nothing", "[1] 2"] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_can_be_read_back_as_the_same_value() {
        let text = r#"{"a":[1,{"b":"\" \\ é \u0001"}],"c":null,"d":{},"":true}"#;
        let value = Json::parse(text).unwrap();
        assert_eq!(Json::parse(&value.pretty(&Layout::FILE)).unwrap(), value);
    }
}
