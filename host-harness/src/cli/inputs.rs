//! The inputs of a call: a JSON file, single values on the command line, or both.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::files;

/// Twice what one request may hold by default, because JSON may be spaced out. The option that raises that limit does not raise this.
const LARGEST: u64 = 8 * 1024 * 1024;

#[derive(Args)]
pub(super) struct InputOptions {
    /// A JSON object of inputs, of 8 MiB at most; - reads standard input
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// One input: key=text, or key:=JSON for a number, true, false, a list or an object; wins over --inputs
    #[arg(long = "input", value_name = "KEY=VALUE", value_parser = input)]
    input: Vec<(String, Value)>,
}

impl InputOptions {
    /// All inputs as one JSON object.
    pub(super) fn read(&self) -> Result<Value, Failure> {
        let mut inputs = match &self.inputs {
            Some(path) => read_file(path)?,
            None => Map::new(),
        };
        inputs.extend(self.input.iter().cloned());
        Ok(Value::Object(inputs))
    }
}

fn read_file(path: &Path) -> Result<Map<String, Value>, Failure> {
    let failed = |text: String| Failure::usage(format!("the inputs in {}: {text}", path.display()));
    let text = match path == Path::new("-") {
        true => files::read_text(std::io::stdin(), LARGEST),
        // A pipe is as good as a file.
        false => File::open(path).and_then(|file| files::read_text(file, LARGEST)),
    };
    let text = text.map_err(|error| failed(error.to_string()))?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(failed("they are not a JSON object".into())),
        Err(error) => Err(failed(format!("they are not JSON: {error}"))),
    }
}

fn input(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text.split_once('=').ok_or("must be key=text or key:=JSON")?;
    let (key, value) = match key.strip_suffix(':') {
        Some(key) => {
            (key, serde_json::from_str(value).map_err(|error| format!("what follows := is not JSON: {error}"))?)
        }
        None => (key, Value::from(value)),
    };
    if key.trim().is_empty() {
        return Err("the key before = is missing".into());
    }
    Ok((key.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_text_unless_it_is_marked_as_json() {
        assert_eq!(input("first=10"), Ok(("first".into(), json!("10"))));
        assert_eq!(input("first:=10"), Ok(("first".into(), json!(10))));
        assert_eq!(input("name=a=b:=c"), Ok(("name".into(), json!("a=b:=c"))));
        assert_eq!(input("name="), Ok(("name".into(), json!(""))));
        assert_eq!(input("order:={\"con\": \"asc\"}"), Ok(("order".into(), json!({"con": "asc"}))));
        for bad in ["name", "=x", ":=1", "n:=nope", ""] {
            assert!(input(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn single_inputs_win_over_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), r#"{"a": 1, "b": 2}"#).unwrap();
        let options = InputOptions { inputs: Some(file.path().to_owned()), input: vec![("b".into(), json!("x"))] };
        assert_eq!(options.read().unwrap(), json!({"a": 1, "b": "x"}));
        std::fs::write(file.path(), "[1]").unwrap();
        assert!(options.read().unwrap_err().message().contains("not a JSON object"));
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
