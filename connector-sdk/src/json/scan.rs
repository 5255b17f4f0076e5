//! The scanner: a position in a text that only moves forward.

use std::borrow::Cow;
use std::ops::Range;

use super::plain::plain_until;
use super::{Problem, ProblemKind, unescape};

/// How deep values may be nested, the same as `serde_json` accepts. One bit a level tells objects from arrays.
const MAX_DEPTH: u32 = 127;

/// Reads a text from its beginning to its end, value by value.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// A scanner at the beginning of a text.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Goes to the next value, and gives its place in bytes.
    pub fn start(&mut self) -> usize {
        self.skip_blanks();
        self.at
    }

    /// How far the text has been read, in bytes.
    pub fn position(&self) -> usize {
        self.at
    }

    /// A part of the text.
    pub fn part(&self, place: Range<usize>) -> &'a str {
        self.text.get(place).unwrap_or_default()
    }

    /// Whether null is next. It is not passed over.
    #[inline]
    pub fn is_null(&mut self) -> Result<bool, Problem> {
        self.skip_blanks();
        Ok(self.peek()? == b'n')
    }

    /// Enters an object. Gives what [`Scanner::key`] is to be called with until it has no more.
    #[inline]
    pub fn begin_object(&mut self) -> Result<bool, Problem> {
        self.begin(b'{', "an object")
    }

    /// Enters an array. Gives what [`Scanner::item`] is to be called with until it has no more.
    #[inline]
    pub fn begin_array(&mut self) -> Result<bool, Problem> {
        self.begin(b'[', "a list")
    }

    /// The next key of the object, whose value is to be read next; none at the object's end.
    pub fn key(&mut self, first: &mut bool) -> Result<Option<Cow<'a, str>>, Problem> {
        if !self.more(first, b'}')? {
            return Ok(None);
        }
        let (range, has_escapes) = self.raw_key()?;
        let raw = self.text.get(range).unwrap_or_default();
        if has_escapes {
            return unescape(raw).map(|key| Some(Cow::Owned(key))).ok_or(self.problem(ProblemKind::NotJson));
        }
        Ok(Some(Cow::Borrowed(raw)))
    }

    /// The same as [`Scanner::key`], at once where the key stands as services write it: without blanks and escapes.
    /// Larger, for the few loops that read thousands of records.
    #[inline(always)]
    pub fn quick_key(&mut self, first: &mut bool) -> Result<Option<Cow<'a, str>>, Problem> {
        let bytes = self.text.as_bytes();
        let quote = if *first { self.at } else { self.at + 1 };
        if (*first || bytes.get(self.at) == Some(&b',')) && bytes.get(quote) == Some(&b'"') {
            let end = plain_until(bytes, quote + 1);
            if bytes.get(end) == Some(&b'"')
                && bytes.get(end + 1) == Some(&b':')
                && let Some(key) = self.text.get(quote + 1..end)
            {
                *first = false;
                self.at = end + 2;
                return Ok(Some(Cow::Borrowed(key)));
            }
        }
        self.key(first)
    }

    /// Whether the array has another item, which is to be read next.
    #[inline]
    pub fn item(&mut self, first: &mut bool) -> Result<bool, Problem> {
        self.more(first, b']')
    }

    /// A string with its escapes undone.
    pub fn string(&mut self) -> Result<String, Problem> {
        let place = self.raw_string()?;
        // Its grammar was checked. An escape can still stand for no character.
        serde_json::from_str(self.part(place.start - 1..place.end + 1)).map_err(|_| self.problem(ProblemKind::NotJson))
    }

    /// A string, or none for null.
    pub fn optional_string(&mut self) -> Result<Option<String>, Problem> {
        if self.is_null()? {
            self.skip()?;
            return Ok(None);
        }
        self.string().map(Some)
    }

    /// Where a string stands, without its quotes and with its escapes.
    #[inline]
    pub fn raw_string(&mut self) -> Result<Range<usize>, Problem> {
        self.skip_blanks();
        if self.peek()? != b'"' {
            return Err(self.problem(ProblemKind::Not("text")));
        }
        self.at += 1;
        let start = self.at;
        self.skip_string()?;
        Ok(start..self.at - 1)
    }

    /// A boolean, or none for null.
    pub fn optional_boolean(&mut self) -> Result<Option<bool>, Problem> {
        self.skip_blanks();
        let (value, word) = match self.peek()? {
            b't' => (Some(true), "true"),
            b'f' => (Some(false), "false"),
            b'n' => (None, "null"),
            _ => return Err(self.problem(ProblemKind::Not("true or false"))),
        };
        self.skip_word(word)?;
        Ok(value)
    }

    /// Fails unless nothing but blanks is left.
    pub fn end(&mut self) -> Result<(), Problem> {
        self.skip_blanks();
        if self.at < self.text.len() { Err(self.problem(ProblemKind::NotJson)) } else { Ok(()) }
    }

    /// Passes over one value, whatever it is, and gives its place.
    pub fn value(&mut self) -> Result<Range<usize>, Problem> {
        let start = self.start();
        self.skip()?;
        Ok(start..self.at)
    }

    /// Passes over one value and gives its place, or none for null; at once where it is a string without escapes.
    #[inline(always)]
    pub fn quick_value(&mut self) -> Result<Option<Range<usize>>, Problem> {
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) == Some(&b'"') {
            let end = plain_until(bytes, self.at + 1);
            if bytes.get(end) == Some(&b'"') {
                let start = std::mem::replace(&mut self.at, end + 1);
                return Ok(Some(start..end + 1));
            }
        }
        self.value_or_null()
    }

    #[inline(never)]
    fn value_or_null(&mut self) -> Result<Option<Range<usize>>, Problem> {
        let null = self.is_null()?;
        let place = self.value()?;
        Ok((!null).then_some(place))
    }

    /// Passes over one value, whatever it is.
    pub fn skip(&mut self) -> Result<(), Problem> {
        self.skip_blanks();
        // The containers that are open, the innermost in the lowest bit: 1 for an object.
        let (mut open, mut depth) = (0_u128, 0_u32);
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    self.skip_string()?;
                }
                bracket @ (b'{' | b'[') => {
                    if depth == MAX_DEPTH {
                        return Err(self.problem(ProblemKind::Not("less depth")));
                    }
                    self.at += 1;
                    let is_object = bracket == b'{';
                    self.skip_blanks();
                    if self.peek()? == if is_object { b'}' } else { b']' } {
                        self.at += 1;
                    } else {
                        open = open << 1 | u128::from(is_object);
                        depth += 1;
                        if is_object {
                            self.raw_key()?;
                        }
                        continue;
                    }
                }
                b'-' | b'0'..=b'9' => self.skip_number()?,
                b't' => self.skip_word("true")?,
                b'f' => self.skip_word("false")?,
                b'n' => self.skip_word("null")?,
                _ => return Err(self.problem(ProblemKind::NotJson)),
            }
            // A value has ended, and with it perhaps some of the containers around it.
            loop {
                if depth == 0 {
                    return Ok(());
                }
                self.skip_blanks();
                let is_object = open & 1 == 1;
                match self.peek()? {
                    b',' => {
                        self.at += 1;
                        if is_object {
                            self.raw_key()?;
                        } else {
                            self.skip_blanks();
                        }
                        break;
                    }
                    b'}' if is_object => {}
                    b']' if !is_object => {}
                    _ => return Err(self.problem(ProblemKind::NotJson)),
                }
                self.at += 1;
                open >>= 1;
                depth -= 1;
            }
        }
    }

    fn begin(&mut self, bracket: u8, what: &'static str) -> Result<bool, Problem> {
        self.skip_blanks();
        if self.peek()? != bracket {
            return Err(self.problem(ProblemKind::Not(what)));
        }
        self.at += 1;
        Ok(true)
    }

    /// Goes to the next element of a container; false, and past its end, if there is none.
    #[inline]
    fn more(&mut self, first: &mut bool, end: u8) -> Result<bool, Problem> {
        self.skip_blanks();
        let next = self.peek()?;
        if next == end {
            self.at += 1;
            return Ok(false);
        }
        if !std::mem::take(first) {
            if next != b',' {
                return Err(self.problem(ProblemKind::NotJson));
            }
            self.at += 1;
            self.skip_blanks();
            // A comma before the end is found by whoever reads the value that is not there.
        }
        Ok(true)
    }

    /// Passes over a key and its colon to the beginning of the value, and gives the key's place and whether it has
    /// escapes.
    #[inline]
    fn raw_key(&mut self) -> Result<(Range<usize>, bool), Problem> {
        self.skip_blanks();
        if self.peek()? != b'"' {
            return Err(self.problem(ProblemKind::NotJson));
        }
        self.at += 1;
        let start = self.at;
        let has_escapes = self.skip_string()?;
        let range = start..self.at - 1;
        self.skip_blanks();
        if self.peek()? != b':' {
            return Err(self.problem(ProblemKind::NotJson));
        }
        self.at += 1;
        self.skip_blanks();
        Ok((range, has_escapes))
    }

    /// From behind the opening quote to behind the closing one. Gives whether there are escapes between.
    fn skip_string(&mut self) -> Result<bool, Problem> {
        let mut has_escapes = false;
        loop {
            self.at = plain_until(self.text.as_bytes(), self.at);
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Ok(has_escapes);
                }
                b'\\' => {
                    has_escapes = true;
                    self.skip_escape()?;
                }
                0..0x20 => return Err(self.problem(ProblemKind::NotJson)),
                _ => self.at += 1,
            }
        }
    }

    fn skip_escape(&mut self) -> Result<(), Problem> {
        self.at += 1;
        match self.peek()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
            b'u' => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.peek()?.is_ascii_hexdigit() {
                        return Err(self.problem(ProblemKind::NotJson));
                    }
                }
            }
            _ => return Err(self.problem(ProblemKind::NotJson)),
        }
        self.at += 1;
        Ok(())
    }

    fn skip_number(&mut self) -> Result<(), Problem> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.skip_digits()?;
        }
        if self.next_is(b".") {
            self.at += 1;
            self.skip_digits()?;
        }
        if self.next_is(b"eE") {
            self.at += 1;
            if self.next_is(b"+-") {
                self.at += 1;
            }
            self.skip_digits()?;
        }
        Ok(())
    }

    /// At least one digit.
    fn skip_digits(&mut self) -> Result<(), Problem> {
        if !self.peek()?.is_ascii_digit() {
            return Err(self.problem(ProblemKind::NotJson));
        }
        while self.next_is(b"0123456789") {
            self.at += 1;
        }
        Ok(())
    }

    fn skip_word(&mut self, word: &str) -> Result<(), Problem> {
        for expected in word.bytes() {
            if self.peek()? != expected {
                return Err(self.problem(ProblemKind::NotJson));
            }
            self.at += 1;
        }
        Ok(())
    }

    #[inline]
    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
    }

    fn next_is(&self, any: &[u8]) -> bool {
        self.text.as_bytes().get(self.at).is_some_and(|byte| any.contains(byte))
    }

    #[inline]
    fn peek(&self) -> Result<u8, Problem> {
        match self.text.as_bytes().get(self.at) {
            Some(byte) => Ok(*byte),
            None => Err(self.problem(ProblemKind::EndsEarly)),
        }
    }

    fn problem(&self, kind: ProblemKind) -> Problem {
        Problem { kind, at: self.at }
    }
}
