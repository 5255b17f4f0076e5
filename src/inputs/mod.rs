//! Reads the `inputs` object of a call. Each operation asks for its inputs by key and gets plain values; whatever is wrong
//! is collected, so that the person who filled in the form hears of every problem at once. Nothing is sent before
//! [`Inputs::finish`] has found none.

mod values;

pub(crate) use values::whole_digits;

#[cfg(test)]
mod tests;

use crate::error::{Error, InputProblem};
use crate::json::{Map, Value};
use crate::manifest::{Choice, Input};

/// The most bytes that an `inputs` object may have. GraphQL documents and their variables are far below.
const MAX_INPUTS_BYTES: usize = 1024 * 1024;

/// The most bytes of one text input that is not source code.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// The inputs of one call, being read.
pub struct Inputs {
    values: Map,
    problems: Vec<InputProblem>,
}

impl Inputs {
    /// Parses the inputs of a call that declares `declared`. Inputs that it does not declare are a problem each: a misspelt key
    /// would otherwise silently mean the default.
    pub fn parse(text: &str, declared: &[Input]) -> Result<Self, Error> {
        if text.len() > MAX_INPUTS_BYTES {
            let message = format!("the inputs are {} bytes; at most {MAX_INPUTS_BYTES} are accepted", text.len());
            return Err(Error::invalid_input("inputs", message));
        }
        let values = match Value::parse(if text.trim().is_empty() { "{}" } else { text }) {
            Ok(Value::Object(values)) => values,
            Ok(Value::Null) => Map::new(),
            Ok(other) => {
                let message =
                    format!("expected a JSON object from input key to value, got {}", values::describe(&other));
                return Err(Error::invalid_input("inputs", message));
            }
            Err(error) => return Err(Error::invalid_input("inputs", format!("expected a JSON object: {error}"))),
        };
        let mut inputs = Self { values, problems: Vec::new() };
        let unknown: Vec<String> = inputs
            .values
            .keys()
            .filter(|key| declared.iter().all(|input| input.key != key.as_str()))
            .cloned()
            .collect();
        for key in unknown {
            let known: Vec<&str> = declared.iter().map(|input| input.key).collect();
            let message = if known.is_empty() {
                "there are no inputs here; leave it out".to_owned()
            } else {
                format!("there is no such input; there are {}", known.join(", "))
            };
            inputs.problem(&key, message);
        }
        Ok(inputs)
    }

    /// Ends the reading: all the problems found, or none.
    pub fn finish(self) -> Result<(), Error> {
        if self.problems.is_empty() { Ok(()) } else { Err(Error::InvalidInput(self.problems)) }
    }

    /// Records a problem with an input.
    pub fn problem(&mut self, key: &str, message: impl Into<String>) {
        self.problems.push(InputProblem { input: key.to_owned(), message: message.into() });
    }

    /// A text that must be there and not blank. The text is as it was given, blanks around it included.
    pub fn required_text(&mut self, key: &str) -> String {
        self.optional_text(key).unwrap_or_else(|| {
            if !self.problems.iter().any(|problem| problem.input == key) {
                self.problem(key, "is required and must not be blank");
            }
            String::new()
        })
    }

    /// A text, or none when it is absent or blank.
    pub fn optional_text(&mut self, key: &str) -> Option<String> {
        self.text_of_at_most(key, MAX_TEXT_BYTES)
    }

    /// Source text, which may be as long as the inputs may be.
    pub fn source(&mut self, key: &str, default: &str) -> String {
        self.text_of_at_most(key, MAX_INPUTS_BYTES).unwrap_or_else(|| default.to_owned())
    }

    /// A whole number between `least` and `most`; `default` when it is absent or blank.
    pub fn whole_number(&mut self, key: &str, least: u32, most: u32, default: u32) -> u32 {
        let Some(value) = self.take(key) else { return default };
        match values::whole_number(&value) {
            Some(number) if (i64::from(least)..=i64::from(most)).contains(&number) => {
                u32::try_from(number).unwrap_or(default)
            }
            _ => {
                let got = values::describe(&value);
                self.problem(key, format!("expected a whole number from {least} to {most}, got {got}"));
                default
            }
        }
    }

    /// A boolean; `default` when it is absent or blank.
    pub fn boolean(&mut self, key: &str, default: bool) -> bool {
        let Some(value) = self.take(key) else { return default };
        values::boolean(&value).unwrap_or_else(|| {
            self.problem(key, format!("expected true or false, got {}", values::describe(&value)));
            default
        })
    }

    /// The value of one of the choices, whatever its capitals; `default` when it is absent or blank.
    pub fn choice(&mut self, key: &str, choices: &[Choice], default: &'static str) -> String {
        let Some(value) = self.take(key) else { return default.to_owned() };
        let chosen = value
            .as_str()
            .and_then(|text| choices.iter().find(|choice| choice.value.eq_ignore_ascii_case(text.trim())));
        match chosen {
            Some(choice) => choice.value.to_owned(),
            None => {
                let known: Vec<&str> = choices.iter().map(|choice| choice.value).collect();
                self.problem(key, format!("expected one of {}, got {}", known.join(", "), values::describe(&value)));
                default.to_owned()
            }
        }
    }

    /// A JSON value, given as itself or as a string that holds it; none when it is absent or blank.
    pub fn json(&mut self, key: &str) -> Option<Value> {
        let value = self.take(key)?;
        let Value::String(text) = &value else { return Some(value) };
        match Value::parse(text) {
            Ok(Value::Null) => None,
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(key, format!("expected JSON, got {}: {error}", values::describe(&value)));
                None
            }
        }
    }

    /// A JSON object, given as itself or as a string that holds it; empty when it is absent or blank.
    pub fn object(&mut self, key: &str) -> Map {
        match self.json(key) {
            None => Map::new(),
            Some(Value::Object(object)) => object,
            Some(other) => {
                self.problem(key, format!("expected a JSON object, got {}", values::describe(&other)));
                Map::new()
            }
        }
    }

    /// Pairs of a key-value list: an array of `{"key", "value"}`, an object, or a string that holds either.
    pub fn pairs(&mut self, key: &str) -> Map {
        let mut pairs = Map::new();
        let Some(value) = self.json(key) else { return pairs };
        let rows = match value {
            Value::Object(object) => return object,
            Value::Array(rows) => rows,
            other => {
                let got = values::describe(&other);
                self.problem(key, format!("expected rows of {{\"key\", \"value\"}} or a JSON object, got {got}"));
                return pairs;
            }
        };
        for (index, row) in rows.into_iter().enumerate() {
            let number = index + 1;
            let Some((name, value)) = values::pair(row) else {
                self.problem(key, format!("row {number}: expected {{\"key\": text, \"value\": …}}"));
                continue;
            };
            if name.is_empty() {
                // An empty last row is what a form leaves behind; a value without a name is a slip.
                if !values::is_blank(&value) {
                    self.problem(key, format!("row {number} has a value but no name"));
                }
            } else if let Some(first) = pairs.insert(name.clone(), value) {
                self.problem(key, format!("row {number} names {name} a second time"));
                pairs.insert(name, first);
            }
        }
        pairs
    }

    fn text_of_at_most(&mut self, key: &str, most: usize) -> Option<String> {
        let text = match self.take(key)? {
            Value::String(text) => text,
            // A form that guesses types hands a name like 4711 over as a number.
            Value::Number(number) => number,
            other => {
                self.problem(key, format!("expected text, got {}", values::describe(&other)));
                return None;
            }
        };
        if text.len() > most {
            self.problem(key, format!("is {} bytes long; at most {most} are accepted", text.len()));
            return None;
        }
        Some(text)
    }

    /// The value of an input, unless it is absent, null or a blank string.
    fn take(&mut self, key: &str) -> Option<Value> {
        self.values.remove(key).filter(|value| !values::is_blank(value))
    }
}
