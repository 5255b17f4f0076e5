//! The inputs of a call: a JSON file, single values on the command line, or both.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use host::contract::JsonText;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::command_error::CommandError;
use crate::files;

/// Twice what one request may hold by default, because JSON may be spaced out. The option that raises that limit does
/// not raise this.
const LARGEST: u64 = 8 * 1024 * 1024;

/// A call has some ten inputs.
const MOST_MEMBERS: usize = 10_000;

#[derive(Args)]
pub(super) struct InputOptions {
    /// A JSON object of inputs, of 8 MiB at most; - reads standard input
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// One input: key=text, or key:=JSON for a number, true, false, a list or an object; wins over --inputs
    #[arg(long = "input", value_name = "KEY=VALUE", value_parser = input)]
    input: Vec<(String, JsonText)>,
}

/// The inputs of a call, each as the JSON that it was given as: built into values they would take a hundred times as
/// much.
#[derive(Debug, Default)]
pub(super) struct Inputs(Vec<(String, JsonText)>);

impl InputOptions {
    /// All inputs as one JSON object.
    pub(super) fn read(&self) -> Result<Inputs, CommandError> {
        let mut inputs = match &self.inputs {
            Some(path) => read_file(path)?,
            None => Inputs::default(),
        };
        for (key, value) in &self.input {
            inputs.0.retain(|(known, _)| known != key);
            inputs.0.push((key.clone(), value.clone()));
        }
        Ok(inputs)
    }
}

impl Serialize for Inputs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Inputs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Inputs, A::Error> {
                let mut inputs = Inputs::default();
                while let Some((key, value)) = object.next_entry::<String, Box<RawValue>>()? {
                    if inputs.0.len() == MOST_MEMBERS {
                        return Err(A::Error::custom(format!("more than {MOST_MEMBERS} inputs")));
                    }
                    if inputs.0.iter().any(|(known, _)| *known == key) {
                        return Err(A::Error::custom(format!("the input {key:?} is there twice")));
                    }
                    inputs.0.push((key, JsonText::from(value)));
                }
                Ok(inputs)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

fn read_file(path: &Path) -> Result<Inputs, CommandError> {
    let failed = |text: String| CommandError::usage(format!("the inputs in {}: {text}", path.display()));
    let text = match path == Path::new("-") {
        true => files::read_text(std::io::stdin(), LARGEST),
        // A pipe is as good as a file.
        false => files::read(path, LARGEST),
    };
    let text = text.map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failed(format!("they are not a JSON object of inputs: {error}")))
}

fn input(text: &str) -> Result<(String, JsonText), String> {
    let (key, value) = text.split_once('=').ok_or("must be key=text or key:=JSON")?;
    let (key, value) = match key.strip_suffix(':') {
        Some(key) => {
            let json = JsonText::read(value.to_owned());
            (key, json.map_err(|error| format!("what follows := is not JSON: {error}"))?)
        }
        None => (key, JsonText::string(value)),
    };
    if key.trim().is_empty() {
        return Err("the key before = is missing".into());
    }
    Ok((key.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> JsonText {
        JsonText::read(json.into()).unwrap()
    }

    #[test]
    fn a_value_is_text_unless_it_is_marked_as_json() {
        assert_eq!(input("first=10"), Ok(("first".into(), text(r#""10""#))));
        assert_eq!(input("first:=10"), Ok(("first".into(), text(r#"10"#))));
        assert_eq!(input("name=a=b:=c"), Ok(("name".into(), text(r#""a=b:=c""#))));
        assert_eq!(input("name="), Ok(("name".into(), text(r#""""#))));
        assert_eq!(input("order:={\"con\": \"asc\"}"), Ok(("order".into(), text(r#"{"con": "asc"}"#))));
        for bad in ["name", "=x", ":=1", "n:=nope", ""] {
            assert!(input(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn single_inputs_win_over_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), r#"{"a": 1, "b": 2}"#).unwrap();
        let options =
            InputOptions { inputs: Some(file.path().to_owned()), input: vec![("b".into(), JsonText::string("x"))] };
        assert_eq!(serde_json::to_string(&options.read().unwrap()).unwrap(), r#"{"a":1,"b":"x"}"#);
        for (bad, why) in [("[1]", "expected a JSON object"), (r#"{"a": 1, "a": 2}"#, "is there twice"), ("{", "EOF")] {
            std::fs::write(file.path(), bad).unwrap();
            assert!(options.read().unwrap_err().message().contains(why), "{bad}");
        }
    }

    #[test]
    fn a_file_without_end_is_refused_by_its_size() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let options = InputOptions { inputs: Some(file.path().to_owned()), input: vec![] };
        // As large as may be, and one byte more.
        for (blanks, expected) in [(LARGEST - 2, None), (LARGEST - 1, Some("larger than 8388608 bytes"))] {
            std::fs::write(file.path(), "{}".to_owned() + &" ".repeat(usize::try_from(blanks).unwrap())).unwrap();
            let read = options.read();
            assert_eq!(read.is_ok(), expected.is_none());
            assert!(read.err().is_none_or(|failure| failure.message().contains(expected.unwrap_or_default())));
        }
        #[cfg(target_os = "linux")]
        {
            let endless = InputOptions { inputs: Some("/dev/zero".into()), input: vec![] };
            assert!(endless.read().unwrap_err().message().contains("larger than"));
        }
    }
}
