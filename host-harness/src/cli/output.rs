//! Writes results to standard output and messages to standard error, and nothing the other way round.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

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
    writeln!(io::stderr().lock(), "{}", harmless(text)).ok();
}

/// Control characters other than line breaks and tabs as their escapes, those included that turn the direction of writing.
fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    let is_obeyed = |character: char| {
        (character.is_control() && !matches!(character, '\n' | '\t'))
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_obeyed) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_obeyed(character) { shown.extend(character.escape_unicode()) } else { shown.push(character) }
    }
    shown.into()
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

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_text() {
        assert_eq!(harmless("a\n\tb é"), "a\n\tb é");
        assert_eq!(harmless("a\u{1b}]0;title\u{7}\rb\u{9b}2J\u{202e}"), r"a\u{1b}]0;title\u{7}\u{d}b\u{9b}2J\u{202e}");
    }
}
