//! The inputs of a call: a JSON file, single values on the command line, or both.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::ArgValueCompleter;
use host::contract::{InputField, JsonText};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::command_error::CommandError;
use super::{complete, standard_input};
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
    /// One input: key=text, or key:=JSON for a number, true, false, a list or an object; key=@FILE and key:=@FILE read
    /// it from a file, as it is; wins over --inputs
    #[arg(long = "input", value_name = "KEY=VALUE", value_parser = input, add = ArgValueCompleter::new(complete::input))]
    input: Vec<(String, Given)>,
}

/// What stands behind the equals sign.
#[derive(Debug, Clone, PartialEq)]
enum Given {
    Value(JsonText),
    /// The text in a file.
    TextIn(PathBuf),
    /// The JSON in a file.
    JsonIn(PathBuf),
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
            let value = match value {
                Given::Value(value) => value.clone(),
                Given::TextIn(path) => JsonText::string(&read_text(&format!("the input {key}"), path)?),
                Given::JsonIn(path) => {
                    let what = format!("the input {key}");
                    let json = JsonText::read(read_json(&what, path)?);
                    json.map_err(|error| failed(&what, path, format!("it is not JSON: {error}")))?
                }
            };
            inputs.set(key, value);
        }
        Ok(inputs)
    }
}

impl Inputs {
    /// The value of an input, if it is given.
    pub(super) fn get(&self, key: &str) -> Option<&JsonText> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Those of them that are declared here.
    pub(super) fn of(&self, declared: &[InputField]) -> Self {
        let is_declared = |key: &str| declared.iter().any(|input| input.key == key);
        Self(self.0.iter().filter(|(key, _)| is_declared(key)).cloned().collect())
    }

    /// Gives an input, in place of what it was.
    pub(super) fn set(&mut self, key: &str, value: JsonText) {
        self.0.retain(|(known, _)| known != key);
        self.0.push((key.to_owned(), value));
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
    let text = read_json("the inputs", path)?;
    let not_inputs = |error| failed("the inputs", path, format!("they are not a JSON object of inputs: {error}"));
    serde_json::from_str(&text).map_err(not_inputs)
}

/// Reads a file, or standard input where it is called `-`. A pipe is as good as a file.
fn read_text(what: &str, path: &Path) -> Result<String, CommandError> {
    let text = match path == Path::new("-") {
        true => files::read_text(standard_input::take(what)?, LARGEST),
        false => files::read(path, LARGEST),
    };
    text.map_err(|error| failed(what, path, error.to_string()))
}

/// The same of JSON. Programs of Windows begin a file with a mark that is no part of it, and that JSON does not have.
fn read_json(what: &str, path: &Path) -> Result<String, CommandError> {
    let text = read_text(what, path)?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn failed(what: &str, path: &Path, text: String) -> CommandError {
    CommandError::usage(format!("{what} in {}: {text}", path.display()))
}

fn input(text: &str) -> Result<(String, Given), String> {
    let (key, value) = text.split_once('=').ok_or("must be key=text or key:=JSON")?;
    let file = value.strip_prefix('@').filter(|path| !path.is_empty()).map(PathBuf::from);
    let (key, value) = match (key.strip_suffix(':'), file) {
        (Some(key), Some(path)) => (key, Given::JsonIn(path)),
        (None, Some(path)) => (key, Given::TextIn(path)),
        (Some(key), None) => {
            let json = JsonText::read(value.to_owned());
            (key, Given::Value(json.map_err(|error| format!("what follows := is not JSON: {error}"))?))
        }
        (None, None) => (key, Given::Value(JsonText::string(value))),
    };
    if key.trim().is_empty() {
        return Err("the key before = is missing".into());
    }
    Ok((key.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> Given {
        Given::Value(JsonText::read(json.into()).unwrap())
    }

    #[test]
    fn a_value_is_text_unless_it_is_marked_as_json() {
        assert_eq!(input("first=10"), Ok(("first".into(), text(r#""10""#))));
        assert_eq!(input("first:=10"), Ok(("first".into(), text(r#"10"#))));
        assert_eq!(input("name=a=b:=c"), Ok(("name".into(), text(r#""a=b:=c""#))));
        assert_eq!(input("name="), Ok(("name".into(), text(r#""""#))));
        assert_eq!(input("order:={\"con\": \"asc\"}"), Ok(("order".into(), text(r#"{"con": "asc"}"#))));
        assert_eq!(input("name=@a file"), Ok(("name".into(), Given::TextIn("a file".into()))));
        assert_eq!(input("name:=@-"), Ok(("name".into(), Given::JsonIn("-".into()))));
        assert_eq!(input("name:=\"@x\""), Ok(("name".into(), text(r#""@x""#))));
        assert_eq!(input("name=@"), Ok(("name".into(), text(r#""@""#))));
        for bad in ["name", "=x", ":=1", "n:=nope", ""] {
            assert!(input(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_written_for_a_command_line_is_read_back_and_reads_no_file() {
        let texts = ["", "x", "@/etc/passwd", "@", "@-", "a=b", ":=1", " @x", "\u{202e}@"];
        let values = texts.map(serde_json::Value::from).into_iter().chain([serde_json::json!(["@x", 1]), true.into()]);
        for value in values {
            let (key, given) = input(&crate::input_word::of("name", &value).unwrap()).unwrap();
            let Given::Value(read) = given else { panic!("{value} is read from {given:?}") };
            let read: serde_json::Value = serde_json::from_str(read.get()).unwrap();
            assert_eq!((key.as_str(), read), ("name", value));
        }
        for key in ["a=b", "a:", "", " "] {
            assert_eq!(crate::input_word::of(key, &"x".into()), None);
        }
    }

    #[test]
    fn single_inputs_win_over_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), r#"{"a": 1, "b": 2}"#).unwrap();
        let options = InputOptions { inputs: Some(file.path().to_owned()), input: vec![("b".into(), text("\"x\""))] };
        assert_eq!(serde_json::to_string(&options.read().unwrap()).unwrap(), r#"{"a":1,"b":"x"}"#);
        for (bad, why) in [("[1]", "expected a JSON object"), (r#"{"a": 1, "a": 2}"#, "is there twice"), ("{", "EOF")] {
            std::fs::write(file.path(), bad).unwrap();
            assert!(options.read().unwrap_err().message().contains(why), "{bad}");
        }
    }

    #[test]
    fn an_input_is_read_from_its_file_as_it_is() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "{\"a\":\n 1}\n").unwrap();
        let path = file.path().to_owned();
        let read = |given| InputOptions { inputs: None, input: vec![("x".into(), given)] }.read();
        let json = |inputs: Inputs| serde_json::to_string(&inputs).unwrap();
        assert_eq!(json(read(Given::TextIn(path.clone())).unwrap()), r#"{"x":"{\"a\":\n 1}\n"}"#);
        assert_eq!(json(read(Given::JsonIn(path.clone())).unwrap()).replace('\n', ""), r#"{"x":{"a": 1}}"#);
        // The mark at the beginning of a file belongs to a text, and not to JSON.
        std::fs::write(file.path(), "\u{feff}{\"a\":1}").unwrap();
        assert_eq!(json(read(Given::JsonIn(path.clone())).unwrap()), r#"{"x":{"a":1}}"#);
        assert_eq!(json(read(Given::TextIn(path.clone())).unwrap()), "{\"x\":\"\u{feff}{\\\"a\\\":1}\"}");
        let all = InputOptions { inputs: Some(path.clone()), input: vec![] };
        assert_eq!(json(all.read().unwrap()), r#"{"a":1}"#);
        std::fs::write(file.path(), "a: 1").unwrap();
        assert!(read(Given::JsonIn(path)).unwrap_err().message().contains("the input x in"));
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
