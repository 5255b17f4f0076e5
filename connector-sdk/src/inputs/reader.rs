//! Reads the `inputs` object of a call. Each field asks for its input by key and gets a plain value; whatever is wrong
//! is collected, so that the person who filled in the form hears of every problem at once. Nothing is sent before
//! [`Reader::finish`] has found none.

use std::collections::BTreeMap;

use super::values::{self, Json};
use super::{Choice, Input};
use crate::contract::{Error, InputProblem};

/// The most bytes that an `inputs` object may have. GraphQL documents and their variables are far below.
const MAX_INPUTS_BYTES: usize = 1024 * 1024;

/// The most bytes of one text input that is not source code.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// A member that low-code hosts put among the inputs: their own reference to the connection. It is not one, and is
/// passed over unless it is declared.
const PASSED_BY_HOSTS: &str = "connection";

/// For how many unknown inputs a known one is suggested.
const MOST_SUGGESTIONS: usize = 8;

/// The most bytes of an unknown input's name that is compared with the known ones.
const MAX_MISSPELT_BYTES: usize = 64;

/// A JSON object, its values as they were written: what is handed on is not rounded.
pub type Map = BTreeMap<String, Json>;

/// The inputs of one call, being read.
#[derive(Debug)]
pub struct Reader {
    values: Map,
    problems: Vec<InputProblem>,
}

impl Reader {
    /// Parses the inputs of a call that declares `declared`. Inputs that it does not declare are a problem each: a
    /// misspelt key would otherwise silently mean the default.
    pub fn parse(text: &str, declared: &[Input]) -> Result<Self, Error> {
        if text.len() > MAX_INPUTS_BYTES {
            let message = format!("the inputs are {} bytes; at most {MAX_INPUTS_BYTES} are accepted", text.len());
            return Err(Error::invalid_input("inputs", message));
        }
        let not_json =
            |error: serde_json::Error| Error::invalid_input("inputs", format!("expected a JSON object: {error}"));
        let text = if text.trim().is_empty() { "{}" } else { text };
        let raw: Json = serde_json::from_str(text).map_err(not_json)?;
        let values = match raw.get().as_bytes().first() {
            Some(b'{') => serde_json::from_str(raw.get()).map_err(not_json)?,
            Some(b'n') => Map::new(),
            _ => {
                let got = values::describe(&raw);
                let message = format!("expected a JSON object from input key to value, got {got}");
                return Err(Error::invalid_input("inputs", message));
            }
        };
        let mut reader = Self { values, problems: Vec::new() };
        let known: Vec<&str> = declared.iter().map(|input| input.key).collect();
        let is_unknown = |key: &&String| key.as_str() != PASSED_BY_HOSTS && !known.contains(&key.as_str());
        let unknown: Vec<String> = reader.values.keys().filter(is_unknown).cloned().collect();
        for (index, key) in unknown.iter().enumerate() {
            let message = if known.is_empty() {
                "there are no inputs here; leave it out".to_owned()
            } else {
                // Whoever sends thousands of unknown inputs has not misspelt them.
                let meant = (index < MOST_SUGGESTIONS).then(|| suggestion(key, &known)).flatten();
                let meant = meant.map_or_else(String::new, |meant| format!("did you mean {meant}? "));
                format!("there is no such input; {meant}there are {}", known.join(", "))
            };
            reader.problem(key, message);
        }
        Ok(reader)
    }

    /// Ends the reading: all the problems found, or none.
    pub fn finish(self) -> Result<(), Error> {
        if self.problems.is_empty() { Ok(()) } else { Err(Error::InvalidInput(self.problems)) }
    }

    /// Records a problem with an input.
    pub fn problem(&mut self, key: &str, message: impl Into<String>) {
        self.problems.push(InputProblem { input: key.to_owned(), message: message.into() });
    }

    /// Whether the input was given as text, and there is nothing in it.
    pub fn is_blank_text(&self, key: &str) -> bool {
        self.values.get(key).and_then(|value| values::text(value)).is_some_and(|text| text.trim().is_empty())
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

    /// Source text, which may be as long as the inputs may be; none when it is absent or blank.
    pub fn source(&mut self, key: &str) -> Option<String> {
        self.text_of_at_most(key, MAX_INPUTS_BYTES)
    }

    /// A whole number between `least` and `most`; none when it is absent, blank or wrong.
    pub fn whole_number(&mut self, key: &str, least: u32, most: u32) -> Option<u32> {
        let value = self.take(key)?;
        let number = values::whole_number(&value).and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let got = values::describe(&value);
            self.problem(key, format!("expected a whole number from {least} to {most}, got {got}"));
        }
        number
    }

    /// A boolean; none when it is absent, blank or wrong.
    pub fn boolean(&mut self, key: &str) -> Option<bool> {
        let value = self.take(key)?;
        let boolean = values::boolean(&value);
        if boolean.is_none() {
            self.problem(key, format!("expected true or false (or yes, no, 1, 0), got {}", values::describe(&value)));
        }
        boolean
    }

    /// The value of one of the choices, whatever its capitals; none when it is absent, blank or wrong.
    pub fn choice(&mut self, key: &str, choices: &'static [Choice]) -> Option<&'static str> {
        let value = self.take(key)?;
        let text = values::text(&value);
        let is_it = |choice: &&Choice| text.as_ref().is_some_and(|text| choice.value.eq_ignore_ascii_case(text.trim()));
        let chosen = choices.iter().find(is_it).map(|choice| choice.value);
        if chosen.is_none() {
            let known: Vec<&str> = choices.iter().map(|choice| choice.value).collect();
            self.problem(key, format!("expected one of {}, got {}", known.join(", "), values::describe(&value)));
        }
        chosen
    }

    /// A JSON value, given as itself or as a string that holds it; none when it is absent or blank.
    pub fn json(&mut self, key: &str) -> Option<Json> {
        let value = self.take(key)?;
        let Some(text) = values::text(&value) else { return Some(value) };
        match serde_json::from_str::<Json>(&text) {
            Ok(value) if value.get() == "null" => None,
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(key, format!("expected JSON, got {}: {error}", values::describe(&value)));
                None
            }
        }
    }

    /// A JSON object, given as itself or as a string that holds it; empty when it is absent or blank.
    pub fn object(&mut self, key: &str) -> Map {
        let Some(value) = self.json(key) else { return Map::new() };
        serde_json::from_str(value.get()).unwrap_or_else(|_| {
            self.problem(key, format!("expected a JSON object, got {}", values::describe(&value)));
            Map::new()
        })
    }

    /// Several texts, parted by commas, or a JSON list of them; each without blanks around it, and none of them blank.
    pub fn words(&mut self, key: &str) -> Vec<String> {
        let is_list = self.values.get(key).is_some_and(|value| {
            value.get().starts_with('[') || values::text(value).is_some_and(|text| text.trim_start().starts_with('['))
        });
        let words = if is_list {
            let list = self.json(key).map(|list| serde_json::from_str::<Vec<String>>(list.get()));
            match list {
                Some(Ok(words)) => words,
                Some(Err(_)) => {
                    self.problem(key, "expected texts, parted by commas, or a list of texts");
                    Vec::new()
                }
                None => Vec::new(),
            }
        } else {
            self.optional_text(key).map_or_else(Vec::new, |text| text.split(',').map(str::to_owned).collect())
        };
        words.iter().map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
    }

    /// Pairs of a key-value list: an array of `{"key", "value"}`, an object, or a string that holds either.
    pub fn pairs(&mut self, key: &str) -> Map {
        let mut pairs = Map::new();
        let Some(value) = self.json(key) else { return pairs };
        if let Ok(object) = serde_json::from_str(value.get()) {
            return object;
        }
        let Ok(rows) = serde_json::from_str::<Vec<Json>>(value.get()) else {
            let got = values::describe(&value);
            self.problem(key, format!("expected rows of {{\"key\", \"value\"}} or a JSON object, got {got}"));
            return pairs;
        };
        for (index, row) in rows.iter().enumerate() {
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
        let value = self.take(key)?;
        // A form that guesses types hands a name like 4711 over as a number.
        let Some(text) = values::text(&value).or_else(|| values::number(&value).map(str::to_owned)) else {
            self.problem(key, format!("expected text, got {}", values::describe(&value)));
            return None;
        };
        if text.len() > most {
            self.problem(key, format!("is {} bytes long; at most {most} are accepted", text.len()));
            return None;
        }
        Some(text)
    }

    /// The value of an input, unless it is absent, null or a blank string.
    fn take(&mut self, key: &str) -> Option<Json> {
        self.values.remove(key).filter(|value| !values::is_blank(value))
    }
}

/// The known input that a misspelt one most resembles, if it is near: a third of its characters may differ, and neither
/// capitals nor dashes count.
fn suggestion<'a>(misspelt: &str, known: &[&'a str]) -> Option<&'a str> {
    if misspelt.len() > MAX_MISSPELT_BYTES {
        return None;
    }
    let plain = |key: &str| key.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let misspelt = plain(misspelt);
    let distances = known.iter().map(|key| (strsim::osa_distance(&misspelt, &plain(key)), *key));
    let (distance, nearest) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance * 3 <= nearest.chars().count()).then_some(nearest)
}
