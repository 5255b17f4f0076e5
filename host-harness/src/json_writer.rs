//! Lays out JSON as it streams by, byte by byte, without reading it into a value: numbers keep their spelling, half
//! pairs of escapes stay, and a result takes no memory a second time. What it is given must be JSON; how that is spaced
//! does not matter, so nobody's line break can end a line or forge one. In strings it escapes every character that a
//! terminal would obey: the same JSON, for a program. Pure.

use std::io::{self, Write};

use crate::shown;

/// Deeper levels are set in no further: a list of a million lists would otherwise be mostly blanks.
const DEEPEST_INDENT: usize = 50;

/// How JSON is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Without a blank, for a program.
    Compact,
    /// A member or item a line, for a person.
    Indented,
}

/// Writes JSON in one layout, wherever its pieces are cut.
pub(crate) struct JsonWriter<W> {
    out: W,
    layout: Layout,
    position: Position,
    /// The beginning of a character that may have to be escaped.
    begun: Vec<u8>,
    depth: usize,
    /// A bracket was opened, and what follows decides whether a line is broken.
    opened: bool,
}

/// Where the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Outside,
    InString,
    AfterBackslash,
}

impl<W: Write> JsonWriter<W> {
    pub(crate) fn new(out: W, layout: Layout) -> Self {
        Self { out, layout, position: Position::Outside, begun: Vec::new(), depth: 0, opened: false }
    }

    /// What is written to, for what follows the JSON.
    pub(crate) fn into_inner(self) -> W {
        self.out
    }

    /// Takes bytes up to the next that means something, or that one; gives the rest.
    fn step<'a>(&mut self, bytes: &'a [u8]) -> io::Result<&'a [u8]> {
        let Some((&first, after)) = bytes.split_first() else { return Ok(bytes) };
        if !self.begun.is_empty() {
            self.go_on(first)?;
            return Ok(after);
        }
        let before = self.position;
        let plain = self.pass(bytes);
        if plain == 0 {
            self.special(first)?;
            return Ok(after);
        }
        let (run, rest) = bytes.split_at_checked(plain).unwrap_or((bytes, &[]));
        if before == Position::Outside {
            self.break_after_opening()?;
        }
        self.out.write_all(run)?;
        Ok(rest)
    }

    /// How many bytes there are until one that is not written as it is, or stands where a line may be broken. Nearly
    /// all bytes of nearly all JSON are passed here.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        let is_compact = self.layout == Layout::Compact;
        let mut position = self.position;
        let is_special = |byte: &u8| {
            position = match (position, *byte) {
                (Position::InString, b'"') => Position::Outside,
                (Position::InString, b'\\') => Position::AfterBackslash,
                (Position::InString | Position::AfterBackslash, byte) if is_special_in_string(byte) => return true,
                (Position::InString | Position::AfterBackslash, _) => Position::InString,
                (Position::Outside, b'"') if is_compact => Position::InString,
                (Position::Outside, b'!'..=b'~') if is_compact => Position::Outside,
                (Position::Outside, byte) if is_special_outside(byte) => return true,
                (Position::Outside, _) => Position::Outside,
            };
            false
        };
        let plain = bytes.iter().position(is_special).unwrap_or(bytes.len());
        self.position = position;
        plain
    }

    fn special(&mut self, byte: u8) -> io::Result<()> {
        if self.position == Position::AfterBackslash {
            // No such escape is JSON, and a terminal is not to find out.
            self.position = Position::InString;
        }
        match (self.position, byte) {
            (_, 0x80..) => {
                self.begun.push(byte);
                Ok(())
            }
            (Position::Outside, b' ' | b'\n' | b'\r' | b'\t') => Ok(()),
            (Position::Outside, b'"') => {
                self.break_after_opening()?;
                self.position = Position::InString;
                self.out.write_all(b"\"")
            }
            (Position::Outside, _) if byte.is_ascii_punctuation() => self.punctuation(byte),
            _ => escape(&mut self.out, byte.into()),
        }
    }

    /// A bracket, comma or colon where lines are broken.
    fn punctuation(&mut self, byte: u8) -> io::Result<()> {
        let is_closing = matches!(byte, b'}' | b']');
        if is_closing {
            self.depth = self.depth.saturating_sub(1);
            // Nothing between the brackets: they stay together.
            if !std::mem::take(&mut self.opened) {
                self.line_break()?;
            }
        } else {
            self.break_after_opening()?;
        }
        self.out.write_all(&[byte])?;
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                self.opened = true;
                Ok(())
            }
            b',' => self.line_break(),
            b':' => self.out.write_all(b" "),
            _ => Ok(()),
        }
    }

    fn break_after_opening(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.opened) { self.line_break() } else { Ok(()) }
    }

    fn line_break(&mut self) -> io::Result<()> {
        write!(self.out, "\n{:1$}", "", 2 * self.depth.min(DEEPEST_INDENT))
    }

    /// Adds a byte to the character that has begun, and writes it once it is whole.
    fn go_on(&mut self, byte: u8) -> io::Result<()> {
        self.begun.push(byte);
        match std::str::from_utf8(&self.begun).map(|text| text.chars().next()) {
            Ok(Some(character)) if shown::is_obeyed(character) => escape(&mut self.out, character)?,
            Ok(_) => self.out.write_all(&self.begun)?,
            Err(error) if error.error_len().is_none() => return Ok(()),
            // Not text, so not JSON: shown as what stands for no character.
            Err(_) => escape(&mut self.out, char::REPLACEMENT_CHARACTER)?,
        }
        self.begun.clear();
        Ok(())
    }
}

impl<W: Write> Write for JsonWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = self.step(rest)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn escape(out: &mut impl Write, character: char) -> io::Result<()> {
    out.write_all(shown::json_escape(character).as_bytes())
}

fn is_special_outside(byte: u8) -> bool {
    !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'+' | b'.')
}

fn is_special_in_string(byte: u8) -> bool {
    // From 0xc2 on they begin every character beyond ASCII that is to be escaped, and some others.
    matches!(byte, 0..=0x1f | 0x7f | 0xc2 | 0xcd | 0xd8 | 0xe1..=0xe3 | 0xef | 0xf0 | 0xf3)
}

#[cfg(test)]
#[path = "json_writer_tests.rs"]
mod tests;
