//! JSON read in place, one pass over a text, strict about its grammar, and nothing is copied but what is asked for. All
//! answers of a service are read with [`Scanner`], because a connector hands most of an answer on as it is, and needs
//! only to know where its parts stand. What is small and needed whole is read and written with `serde_json`.
//!
//! Why not `serde_json` for answers too: docs/performance.md, "What is written by hand".

mod plain;
mod scan;

#[cfg(test)]
mod tests;

pub use scan::Scanner;

use std::fmt;

/// Why a text could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Where, in bytes from the beginning of the text.
    pub at: usize,
}

/// What can be wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// It breaks off.
    EndsEarly,
    /// It is not JSON.
    NotJson,
    /// It is JSON, but holds something else here than this.
    Not(&'static str),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ProblemKind::EndsEarly => write!(f, "it breaks off after {} bytes", self.at),
            ProblemKind::NotJson => write!(f, "it is not JSON at byte {}", self.at),
            ProblemKind::Not(expected) => write!(f, "expected {expected} at byte {}", self.at),
        }
    }
}

/// Whether the text is one JSON value.
pub fn check(text: &str) -> Result<(), Problem> {
    let mut scanner = Scanner::new(text);
    scanner.skip()?;
    scanner.end()
}

/// The text of a member of an object; none if the object lacks it or is null, or if the member is null.
pub fn member<'a>(text: &'a str, key: &str) -> Result<Option<&'a str>, Problem> {
    let mut scanner = Scanner::new(text);
    let mut found = None;
    if scanner.is_null()? {
        return Ok(None);
    }
    let mut first = scanner.begin_object()?;
    while let Some(name) = scanner.key(&mut first)? {
        let null = scanner.is_null()?;
        let value = text.get(scanner.value()?);
        if name == key {
            found = value.filter(|_| !null);
        }
    }
    Ok(found)
}

/// The text value of a member of an object; none if it is missing or null.
pub fn text_member(text: &str, key: &str) -> Result<Option<String>, Problem> {
    member(text, key)?.map(|value| Scanner::new(value).string()).transpose()
}

/// The texts of an array's values; null ones are left out.
pub fn items(text: &str) -> Result<Vec<&str>, Problem> {
    let mut scanner = Scanner::new(text);
    let mut items = Vec::new();
    let mut first = scanner.begin_array()?;
    while scanner.item(&mut first)? {
        let null = scanner.is_null()?;
        let item = text.get(scanner.value()?);
        items.extend(item.filter(|_| !null));
    }
    Ok(items)
}

/// What a string stands for that is written like this between its quotes; none if that is no string.
pub fn unescape(raw: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{raw}\"")).ok()
}

/// Writes text as a JSON string, with its quotes, behind what is there.
pub fn push_string(json: &mut String, text: &str) {
    // Writing a string to memory cannot fail.
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// Text as a JSON string, with its quotes.
pub fn quoted(text: &str) -> String {
    let mut json = String::new();
    push_string(&mut json, text);
    json
}

/// Writes values, which are JSON already, with a comma between any two.
pub fn push_values<'a>(json: &mut String, values: impl Iterator<Item = &'a str>) {
    for (index, value) in values.enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str(value);
    }
}
