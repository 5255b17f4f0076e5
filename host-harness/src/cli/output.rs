//! Writes results to standard output and messages to standard error, and nothing the other way round.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::shown;
pub(super) use super::shown::one_line;

/// Prints a result as JSON: indented on a terminal, one line for a program. Flushed, so that what follows can rely on it.
pub(super) fn json<T: Serialize>(value: &T) -> io::Result<()> {
    let text = if io::stdout().is_terminal() {
        // Raw JSON inside the value is parsed, or it would stay on one line.
        let line = serde_json::to_string(value)?;
        serde_json::from_str::<Value>(&line).and_then(|value| serde_json::to_string_pretty(&value)).unwrap_or(line)
    } else {
        serde_json::to_string(value)?
    };
    text_line(&text)
}

/// Prints a value as one line of JSON.
pub(super) fn json_line<T: Serialize>(value: &T) -> io::Result<()> {
    text_line(&serde_json::to_string(value)?)
}

/// Prints text and a line break, and flushes.
pub(super) fn text_line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Says something to people. A closed standard error is no reason to stop. Words of a component or a service may be in it, so what
/// a terminal would obey is shown and not done.
pub(super) fn message(text: &str) {
    writeln!(io::stderr().lock(), "{}", shown::lines(text)).ok();
}

/// Parses a result that is to be shown to people; results are checked to be JSON when they arrive. What is so by the grammar alone (an
/// escape that is half of a pair, as some services write them) is shown as the text it is.
pub(super) fn parsed(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| Value::String(raw.get().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_that_is_json_by_the_grammar_alone_is_shown_as_it_is() {
        let raw = RawValue::from_string(r#"{"name":"\ud800"}"#.to_owned()).unwrap();
        assert_eq!(parsed(&raw), Value::String(r#"{"name":"\ud800"}"#.to_owned()));
    }
}
