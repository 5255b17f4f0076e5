//! Colours on a terminal, where the person wants them: `NO_COLOR`, `CLICOLOR` and `TERM=dumb` are heeded. They are put
//! around text in which everything that a terminal would obey has been escaped before.

use std::io::{self, Write};

use console::Style;

/// A message with its first word in the colour of what it is.
pub(super) fn message(text: &str) -> String {
    let style = |style: Style| style.for_stderr();
    let styles = [
        ("error:", style(Style::new().red().bold())),
        ("warning:", style(Style::new().yellow().bold())),
        ("note:", style(Style::new().cyan())),
    ];
    let found = styles.iter().find_map(|(word, style)| Some((word, style, text.strip_prefix(word)?)));
    found.map_or_else(|| text.to_owned(), |(word, style, rest)| format!("{}{rest}", style.apply_to(word)))
}

/// The headings of a table on standard output.
pub(super) fn heading(text: &str) -> String {
    Style::new().bold().apply_to(text).to_string()
}

/// Whether standard output is a terminal that shows colours.
pub(super) fn on_standard_output() -> bool {
    console::colors_enabled()
}

/// Gives the names and the texts of JSON that is laid out already their colours.
pub(super) struct JsonColours<W> {
    out: W,
    is_on: bool,
    /// Whether each bracket that is open is an object's.
    open: Vec<bool>,
    /// Whether a string that begins here is a member's name.
    is_name: bool,
    in_string: bool,
    after_backslash: bool,
}

const NAME: &[u8] = b"\x1b[34m";
const TEXT: &[u8] = b"\x1b[32m";
const PLAIN: &[u8] = b"\x1b[0m";

impl<W: Write> JsonColours<W> {
    pub(super) fn new(out: W, is_on: bool) -> Self {
        Self { out, is_on, open: Vec::new(), is_name: false, in_string: false, after_backslash: false }
    }

    /// What is written to, for what follows the JSON.
    pub(super) fn into_inner(self) -> W {
        self.out
    }

    fn outside(&mut self, byte: u8) -> io::Result<()> {
        match byte {
            b'"' => {
                self.in_string = true;
                self.out.write_all(if self.is_name { NAME } else { TEXT })?;
            }
            b'{' | b'[' => {
                self.open.push(byte == b'{');
                self.is_name = byte == b'{';
            }
            b'}' | b']' => {
                self.open.pop();
                self.is_name = false;
            }
            b',' => self.is_name = self.open.last().copied().unwrap_or_default(),
            b':' => self.is_name = false,
            _ => {}
        }
        self.out.write_all(&[byte])
    }

    fn inside(&mut self, byte: u8) -> io::Result<()> {
        self.out.write_all(&[byte])?;
        match byte {
            _ if self.after_backslash => self.after_backslash = false,
            b'\\' => self.after_backslash = true,
            b'"' => {
                self.in_string = false;
                self.out.write_all(PLAIN)?;
            }
            _ => {}
        }
        Ok(())
    }
}

impl<W: Write> Write for JsonColours<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_on {
            return self.out.write(bytes);
        }
        bytes.iter().try_for_each(|byte| if self.in_string { self.inside(*byte) } else { self.outside(*byte) })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_of_json_have_colours_and_the_json_stays_what_it_is() {
        let json = r#"{"a": ["x\"{,", 1, {"b": "y"}], "c": null}"#;
        let coloured = |is_on| {
            let mut out = JsonColours::new(Vec::new(), is_on);
            out.write_all(json.as_bytes()).unwrap();
            String::from_utf8(out.into_inner()).unwrap()
        };
        assert_eq!(coloured(false), json);
        let text = coloured(true);
        assert_eq!(text.replace("\x1b[34m", "").replace("\x1b[32m", "").replace("\x1b[0m", ""), json);
        assert_eq!(text.matches("\x1b[34m\"").count(), 3, "{text}");
        assert_eq!(text.matches("\x1b[32m\"").count(), 2, "{text}");
    }
}
