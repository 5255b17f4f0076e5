//! What was read from the environment for the connection file, and so is printed nowhere: not the key that stands in a
//! field which is not secret, nor one that was taken for the connection's name. Found in the spellings that the host
//! finds in answers, and taken out of text, and of JSON as it streams by without the JSON becoming another shape.

use std::io::{self, Write};

use host::egress::{REDACTED, Secrets};
use memchr::memmem;
use secrecy::SecretString;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

/// Shorter values stand nearly everywhere by chance; the host does not look for them either.
const SHORTEST: usize = 4;
/// JSON is searched in pieces of at least this size, each of whole tokens.
const PIECE: usize = 64 * 1024;

/// The values that are not to be shown.
#[derive(Debug, Default)]
pub(super) struct Hidden {
    secrets: Secrets,
    /// The spellings of values that no header could carry, and that the host therefore does not search for; the longest
    /// first.
    exact: Vec<Zeroizing<String>>,
}

impl Hidden {
    /// Hides these values from now on; those too short to be found are left out.
    pub(super) fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hidden = Self::default();
        for (number, value) in values.into_iter().enumerate() {
            // Blanks at the ends are what a file or a shell left there: the value is found without them.
            let value = value.trim();
            if value.len() < SHORTEST {
                continue;
            }
            let declared = hidden.secrets.declare(&number.to_string(), Some(SecretString::from(value.to_owned())));
            if declared.is_err() {
                hidden.hide_exactly(value);
            }
        }
        hidden.exact.sort_by_key(|text| std::cmp::Reverse(text.len()));
        hidden
    }

    /// A value with line breaks or characters outside ASCII: as it is, as JSON writes it with and without escapes, in a
    /// URL, and each of its lines, because a service may show one of them.
    fn hide_exactly(&mut self, value: &str) {
        let lines = value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST);
        for text in lines.chain([value]) {
            let json = Zeroizing::new(serde_json::Value::from(text).to_string());
            let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
            let mut ascii = Zeroizing::new(String::new());
            for unit in text.encode_utf16() {
                match u8::try_from(unit) {
                    Ok(byte @ b' '..=b'~') => ascii.push(byte.into()),
                    _ => ascii.push_str(&format!("\\u{unit:04x}")),
                }
            }
            let url = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
            let debug = format!("{text:?}");
            let debug = debug.get(1..debug.len().saturating_sub(1)).unwrap_or_default();
            for spelling in [text.to_owned(), json.to_owned(), ascii.to_string(), url, debug.to_owned()] {
                self.exact.push(Zeroizing::new(spelling));
            }
        }
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.secrets.is_empty() && self.exact.is_empty()
    }

    /// Takes every value out of `bytes`; gives whether one was there.
    fn scrub_bytes(&self, bytes: &mut Vec<u8>) -> bool {
        let mut found = false;
        for spelling in &self.exact {
            if memmem::find(bytes, spelling.as_bytes()).is_some() {
                found = true;
                *bytes = replaced(bytes, spelling.as_bytes());
            }
        }
        self.secrets.scrub_bytes(bytes) || found
    }

    /// Takes every value out of text.
    pub(super) fn scrub(&self, text: &str) -> Option<String> {
        let mut bytes = text.as_bytes().to_vec();
        // All spellings are whole characters, so what was text still is.
        self.scrub_bytes(&mut bytes).then(|| String::from_utf8(bytes).unwrap_or_else(|_| REDACTED.to_owned()))
    }
}

fn replaced(bytes: &[u8], what: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((before, after)) = memmem::find(rest, what).and_then(|place| rest.split_at_checked(place)) {
        clean.extend_from_slice(before);
        clean.extend_from_slice(REDACTED.as_bytes());
        rest = after.get(what.len()..).unwrap_or_default();
    }
    clean.extend_from_slice(rest);
    clean
}

/// Takes hidden values out of JSON on its way. Only the texts and numbers in it are changed: a value such as `true` or
/// `":"` would otherwise take the JSON apart.
pub(super) struct Scrubber<'a, W> {
    hidden: &'a Hidden,
    out: W,
    /// What has come and is not a piece yet.
    piece: Vec<u8>,
    in_string: bool,
    after_backslash: bool,
    found: bool,
}

impl<'a, W: Write> Scrubber<'a, W> {
    pub(super) fn new(hidden: &'a Hidden, out: W) -> Self {
        Self { hidden, out, piece: Vec::new(), in_string: false, after_backslash: false, found: false }
    }

    /// Passes on what is left. Gives what was written to, and whether anything was taken out.
    pub(super) fn finish(mut self) -> io::Result<(W, bool)> {
        self.pass_on()?;
        Ok((self.out, self.found))
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.piece);
        // Nearly always there is nothing, and one search of the whole tells.
        if self.hidden.scrub_bytes(&mut piece.clone()) {
            self.pass_on_tokens(&piece)
        } else {
            self.out.write_all(&piece)
        }
    }

    fn pass_on_tokens(&mut self, piece: &[u8]) -> io::Result<()> {
        let mut rest = piece;
        while let Some(&first) = rest.first() {
            let end = match first {
                b'"' => end_of_string(rest),
                b'-' | b'0'..=b'9' => rest.iter().position(|byte| !is_of_number(*byte)).unwrap_or(rest.len()),
                _ => rest.iter().position(|byte| begins_token(*byte)).unwrap_or(rest.len()),
            };
            let (token, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            rest = after;
            if !begins_token(first) {
                self.out.write_all(token)?;
                continue;
            }
            let mut clean = token.trim_ascii().to_vec();
            if !self.hidden.scrub_bytes(&mut clean) {
                self.out.write_all(token)?;
                continue;
            }
            self.found = true;
            // A number, or a text that was cut in the middle of an escape, is replaced as a whole.
            let is_text = first == b'"' && is_json_text(&clean);
            if is_text { self.out.write_all(&clean)? } else { write!(self.out, "\"{REDACTED}\"")? }
        }
        Ok(())
    }
}

impl<W: Write> Write for Scrubber<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut from = 0;
        for (index, byte) in bytes.iter().enumerate() {
            match byte {
                _ if self.after_backslash => self.after_backslash = false,
                b'\\' if self.in_string => self.after_backslash = true,
                b'"' => self.in_string = !self.in_string,
                // Between two tokens, so no value can stand across it.
                b',' if !self.in_string && self.piece.len() + (index - from) >= PIECE => {
                    self.piece.extend_from_slice(bytes.get(from..=index).unwrap_or_default());
                    from = index + 1;
                    self.pass_on()?;
                }
                _ => {}
            }
        }
        self.piece.extend_from_slice(bytes.get(from..).unwrap_or_default());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Where a string ends that begins here, its quotes included.
fn end_of_string(text: &[u8]) -> usize {
    let mut after_backslash = false;
    let ends = |byte: &u8| match byte {
        _ if after_backslash => {
            after_backslash = false;
            false
        }
        b'\\' => {
            after_backslash = true;
            false
        }
        byte => *byte == b'"',
    };
    text.get(1..).and_then(|inside| inside.iter().position(ends)).map_or(text.len(), |end| end + 2)
}

fn begins_token(byte: u8) -> bool {
    matches!(byte, b'"' | b'-' | b'0'..=b'9')
}

fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

fn is_json_text(token: &[u8]) -> bool {
    token.starts_with(b"\"")
        && std::str::from_utf8(token).is_ok()
        && serde_json::from_slice::<IgnoredAny>(token).is_ok()
        && end_of_string(token) == token.len()
}

#[cfg(test)]
#[path = "hidden_tests.rs"]
mod tests;
