//! JSON that is passed on as the text it is. What a component or a service wrote is not built into a tree of values,
//! which can take a hundred times the text's bytes.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Well-formed JSON of any shape, as it was received. Serializes as the JSON it is.
#[derive(Clone)]
pub struct JsonText(Box<RawValue>);

impl JsonText {
    /// Checks that text is JSON, without building it.
    pub fn read(text: String) -> Result<Self, serde_json::Error> {
        RawValue::from_string(text).map(Self)
    }

    /// Text that is JSON as it is, and any other as a JSON string: details of an error must not hide the error.
    pub(crate) fn or_string(text: String) -> Self {
        // Checked first, because the attempt takes the text with it.
        if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err() {
            return Self::string(&text);
        }
        Self(RawValue::from_string(text).unwrap_or_default())
    }

    /// A JSON string of this text.
    pub fn string(text: &str) -> Self {
        Self(RawValue::from_string(serde_json::Value::from(text).to_string()).unwrap_or_default())
    }

    /// The text.
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

impl From<Box<RawValue>> for JsonText {
    fn from(value: Box<RawValue>) -> Self {
        Self(value)
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// How many bytes a value has as JSON, without writing it anywhere.
pub(crate) fn json_size(value: &impl Serialize) -> u64 {
    struct Counter(u64);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Types of ours cannot fail to be written; if one did, no limit would be large enough.
    serde_json::to_writer(&mut counter, value).map_or(u64::MAX, |()| counter.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_as_it_is_and_other_text_becomes_a_string() {
        for (text, json) in [("[1,  2]", "[1,  2]"), (" {} ", "{}"), ("no \"json\"", r#""no \"json\"""#), ("", "\"\"")]
        {
            assert_eq!(JsonText::or_string(text.into()).get(), json);
        }
        assert!(JsonText::read("{".into()).is_err());
    }

    #[test]
    fn a_size_counts_escapes() {
        assert_eq!(json_size(&"a\u{1}"), r#""a\u0001""#.len() as u64);
    }
}
