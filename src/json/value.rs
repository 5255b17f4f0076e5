//! Values as trees, for what is small and needed whole: inputs, a connection's fields, schemas.

use super::{Problem, Scanner, push_string};
use std::collections::BTreeMap;

/// The members of an object, by key.
pub type Map = BTreeMap<String, Value>;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it was written: what is handed on is not rounded, and the component needs no tables for floating-point numbers.
    Number(String),
    /// A string, its escapes undone.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object. Of members with the same key the last counts.
    Object(Map),
}

impl Value {
    /// Reads a text that is one value.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        // Checked as a whole first, which bounds the depth of what follows.
        super::check(text)?;
        Self::read(&mut Scanner::new(text))
    }

    fn read(scanner: &mut Scanner<'_>) -> Result<Self, Problem> {
        let start = scanner.start();
        let first_byte = scanner.part(start..start + 1);
        Ok(match first_byte {
            "\"" => Self::String(scanner.string()?),
            "[" => {
                let mut items = Vec::new();
                let mut first = scanner.begin_array()?;
                while scanner.item(&mut first)? {
                    items.push(Self::read(scanner)?);
                }
                Self::Array(items)
            }
            "{" => {
                let mut members = Map::new();
                let mut first = scanner.begin_object()?;
                while let Some(key) = scanner.key(&mut first)? {
                    let value = Self::read(scanner)?;
                    members.insert(key.into_owned(), value);
                }
                Self::Object(members)
            }
            "t" | "f" | "n" => scanner.optional_boolean()?.map_or(Self::Null, Self::Bool),
            _ => {
                let place = scanner.value()?;
                Self::Number(scanner.part(place).to_owned())
            }
        })
    }

    /// Writes the value behind what is there.
    pub fn push_to(&self, json: &mut String) {
        match self {
            Self::Null => json.push_str("null"),
            Self::Bool(true) => json.push_str("true"),
            Self::Bool(false) => json.push_str("false"),
            Self::Number(number) => json.push_str(number),
            Self::String(text) => push_string(json, text),
            Self::Array(items) => {
                json.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        json.push(',');
                    }
                    item.push_to(json);
                }
                json.push(']');
            }
            Self::Object(members) => push_object(json, members),
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&Vec<Self>> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&Map> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// A member of an object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }
}

/// Writes an object behind what is there.
pub fn push_object(json: &mut String, members: &Map) {
    json.push('{');
    for (index, (key, value)) in members.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        push_string(json, key);
        json.push(':');
        value.push_to(json);
    }
    json.push('}');
}

#[cfg(test)]
impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        Self::parse(&value.to_string()).unwrap()
    }
}
