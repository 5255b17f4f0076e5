//! Undoes what encoders do to text, one layer at a time: JSON escapes, percent encoding and HTML entities, of any
//! character. Each byte that is meant keeps the place where it was spelled. Pure, and in time that grows with the text
//! alone.

use std::ops::Range;

/// The longest escape, in bytes: a surrogate pair in JSON, or an entity with as many digits as are read.
pub(super) const LONGEST_ESCAPE: usize = 12;
/// Entities are written with leading zeros. One of more digits is none, so that nobody can make us look far ahead from
/// every place.
const MOST_DIGITS: usize = 8;
const LONGEST_NAME: usize = 6;

/// Part of a text, with the place where each byte of it is spelled.
#[derive(Default)]
pub(super) struct Layer {
    pub(super) bytes: Vec<u8>,
    starts: Vec<usize>,
    /// Where the last byte's spelling ends.
    end: usize,
}

impl Layer {
    /// Adds the next part of a text as it stands, and where it stands.
    pub(super) fn add(&mut self, text: &[u8], at: usize) {
        self.bytes.extend_from_slice(text);
        self.end = at + text.len();
        self.starts.extend(at..self.end);
    }

    /// Where the spelling of a byte begins.
    pub(super) fn start(&self, place: usize) -> usize {
        self.starts.get(place).copied().unwrap_or(self.end)
    }

    /// Where it ends. Several bytes may be spelled together.
    pub(super) fn end(&self, place: usize) -> usize {
        let start = self.start(place);
        let after = self.starts.get(place + 1..).unwrap_or_default();
        after.iter().copied().find(|next| *next > start).unwrap_or(self.end)
    }

    /// Moves everything up into the layer above, with one layer of escapes undone. If more is to come, what may be the
    /// beginning of an escape waits for it.
    pub(super) fn rise(&mut self, above: &mut Self, more: bool) {
        let mut from = 0;
        let mut waits = false;
        for at in memchr::memchr3_iter(b'%', b'\\', b'&', &self.bytes) {
            let Some(rest) = self.bytes.get(at..).filter(|_| at >= from) else { continue };
            waits = more && rest.len() < LONGEST_ESCAPE;
            let escape = if waits { None } else { escape(rest) };
            if waits || escape.is_some() {
                above.take(self, from..at);
                from = at;
            }
            if waits {
                break;
            }
            if let Some((meant, length)) = escape {
                let start = self.start(at);
                above.bytes.extend_from_slice(meant.as_bytes());
                above.starts.extend(meant.as_bytes().iter().map(|_| start));
                from += length;
            }
        }
        if !waits {
            above.take(self, from..self.bytes.len());
            from = self.bytes.len();
        }
        above.end = self.start(from);
        self.forget(from);
    }

    fn take(&mut self, below: &Self, range: Range<usize>) {
        self.bytes.extend_from_slice(below.bytes.get(range.clone()).unwrap_or_default());
        self.starts.extend_from_slice(below.starts.get(range).unwrap_or_default());
    }

    /// Forgets the first bytes.
    pub(super) fn forget(&mut self, count: usize) {
        self.bytes.drain(..count);
        self.starts.drain(..count);
    }
}

/// A text with so many layers of escapes undone.
pub(crate) fn unescaped(text: &[u8], layers: usize) -> Vec<u8> {
    let mut layer = Layer::default();
    layer.add(text, 0);
    for _ in 0..layers {
        let mut above = Layer::default();
        layer.rise(&mut above, false);
        layer = above;
    }
    layer.bytes
}

/// Whether an escape may begin with this byte.
pub(super) fn is_introducer(byte: u8) -> bool {
    matches!(byte, b'%' | b'\\' | b'&')
}

/// What an escape means: a byte, or a character in UTF-8.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meant {
    bytes: [u8; 4],
    length: usize,
}

impl Meant {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn character(character: char) -> Self {
        let mut bytes = [0; 4];
        let length = character.encode_utf8(&mut bytes).len();
        Self { bytes, length }
    }
}

/// What the escape at the beginning of a text means, and its length; none if there is no escape.
pub(super) fn escape(text: &[u8]) -> Option<(Meant, usize)> {
    match text.first()? {
        b'%' => Some((Meant::byte(u8::try_from(hex(text.get(1..3)?)?).ok()?), 3)),
        b'\\' => backslash(text),
        b'&' if text.get(1) == Some(&b'#') => number(text),
        b'&' => name(text),
        _ => None,
    }
}

fn backslash(text: &[u8]) -> Option<(Meant, usize)> {
    let byte = match *text.get(1)? {
        byte @ (b'"' | b'\\' | b'/' | b'\'') => byte,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'f' => 12,
        b'r' => b'\r',
        b'u' => return unicode(text),
        _ => return None,
    };
    Some((Meant::byte(byte), 2))
}

/// `\u002b`, or the two of a surrogate pair.
fn unicode(text: &[u8]) -> Option<(Meant, usize)> {
    let unit = hex(text.get(2..6)?)?;
    if let Some(character) = char::from_u32(unit) {
        return Some((Meant::character(character), 6));
    }
    let second = text.get(6..12)?.strip_prefix(b"\\u")?;
    let units = [u16::try_from(unit).ok()?, u16::try_from(hex(second)?).ok()?];
    let character = char::decode_utf16(units).next()?.ok()?;
    Some((Meant::character(character), 12))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}

/// `&#43;` or `&#x2b;`.
fn number(text: &[u8]) -> Option<(Meant, usize)> {
    let (radix, first) = if matches!(text.get(2)?, b'x' | b'X') { (16, 3) } else { (10, 2) };
    let digits =
        text.get(first..)?.iter().take(MOST_DIGITS + 1).position(|byte| *byte == b';').filter(|count| *count > 0)?;
    let value = text
        .get(first..first + digits)?
        .iter()
        .try_fold(0_u32, |value, digit| value.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?))?;
    Some((Meant::character(char::from_u32(value)?), first + digits + 1))
}

/// `&plus;`.
fn name(text: &[u8]) -> Option<(Meant, usize)> {
    let name = text.get(1..)?;
    let length = name.iter().take(LONGEST_NAME + 1).position(|byte| *byte == b';')?;
    let name = name.get(..length)?;
    let (_, byte) = NAMED.iter().find(|(known, _)| known.as_bytes() == name)?;
    Some((Meant::byte(*byte), length + 2))
}

/// The names that HTML has for characters of ASCII: encoders that know them all use them all.
pub(super) const NAMED: [(&str, u8); 41] = [
    ("Tab", b'\t'),
    ("excl", b'!'),
    ("quot", b'"'),
    ("QUOT", b'"'),
    ("num", b'#'),
    ("dollar", b'$'),
    ("percnt", b'%'),
    ("amp", b'&'),
    ("AMP", b'&'),
    ("apos", b'\''),
    ("lpar", b'('),
    ("rpar", b')'),
    ("ast", b'*'),
    ("plus", b'+'),
    ("comma", b','),
    ("period", b'.'),
    ("sol", b'/'),
    ("colon", b':'),
    ("semi", b';'),
    ("lt", b'<'),
    ("LT", b'<'),
    ("equals", b'='),
    ("gt", b'>'),
    ("GT", b'>'),
    ("quest", b'?'),
    ("commat", b'@'),
    ("lbrack", b'['),
    ("lsqb", b'['),
    ("bsol", b'\\'),
    ("rbrack", b']'),
    ("rsqb", b']'),
    ("Hat", b'^'),
    ("lowbar", b'_'),
    ("grave", b'`'),
    ("lbrace", b'{'),
    ("lcub", b'{'),
    ("vert", b'|'),
    ("verbar", b'|'),
    ("rbrace", b'}'),
    ("rcub", b'}'),
    ("sim", b'~'),
];
