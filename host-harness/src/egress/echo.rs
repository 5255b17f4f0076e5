//! Finds a secret in what a service answers, in whatever spelling its encoder chose: JSON escapes (once or twice), percent encoding and
//! HTML entities, character by character and mixed. Letters and digits are taken to stand as they are, because every encoder
//! leaves them alone. Pure.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

use memchr::memmem;
use zeroize::Zeroizing;

/// One secret, ready to be looked for.
pub(super) struct Echo {
    secret: Zeroizing<Vec<u8>>,
    /// Its longest run of letters and digits: what is searched for; the rest is compared around it.
    anchor: Range<usize>,
}

impl Echo {
    /// None for a secret without a letter or digit, and for one outside ASCII.
    pub(super) fn of(secret: &str) -> Option<Self> {
        if !secret.is_ascii() {
            return None;
        }
        let mut anchor = 0..0;
        let mut run = 0..0;
        for (index, byte) in secret.bytes().enumerate() {
            run = if byte.is_ascii_alphanumeric() { run.start..index + 1 } else { index + 1..index + 1 };
            if run.len() > anchor.len() {
                anchor = run.clone();
            }
        }
        (!anchor.is_empty()).then(|| Self { secret: Zeroizing::new(secret.as_bytes().to_vec()), anchor })
    }

    pub(super) fn len(&self) -> usize {
        self.secret.len()
    }

    /// Every place where the secret stands, in order and without overlaps.
    pub(super) fn find_all(&self, body: &[u8]) -> Vec<Range<usize>> {
        let anchor = self.secret.get(self.anchor.clone()).unwrap_or_default();
        let finder = memmem::Finder::new(anchor);
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut from = 0;
        while let Some(place) = body.get(from..).and_then(|rest| finder.find(rest)) {
            let at = from + place;
            // One byte further only: an anchor may overlap itself.
            from = at + 1;
            if let Some(range) = self.around(body, at, anchor.len())
                && found.last().is_none_or(|last| last.end <= range.start)
            {
                from = range.end.max(from);
                found.push(range);
            }
        }
        found
    }

    /// The whole secret around an anchor, its widest spelling.
    fn around(&self, body: &[u8], at: usize, length: usize) -> Option<Range<usize>> {
        let before = self.secret.get(..self.anchor.start)?;
        let mut starts = BTreeSet::from([at]);
        for byte in before.iter().rev() {
            starts = step(&starts, *byte, |place, spelling| {
                body.get(..place)?.ends_with(spelling).then(|| place - spelling.len())
            });
        }
        let start = *starts.first()?;
        let mut ends = BTreeSet::from([at + length]);
        for byte in self.secret.get(self.anchor.end..)? {
            ends = step(&ends, *byte, |place, spelling| {
                body.get(place..)?.starts_with(spelling).then(|| place + spelling.len())
            });
        }
        Some(start..*ends.last()?)
    }
}

/// The places that one more character leads to, from any of those so far.
fn step(places: &BTreeSet<usize>, byte: u8, matches: impl Fn(usize, &[u8]) -> Option<usize>) -> BTreeSet<usize> {
    let spellings = spellings(byte);
    places.iter().flat_map(|place| spellings.iter().filter_map(|spelling| matches(*place, spelling))).collect()
}

/// How encoders write an ASCII character.
fn spellings(byte: u8) -> &'static [Vec<u8>] {
    static TABLE: OnceLock<Vec<Vec<Vec<u8>>>> = OnceLock::new();
    let table = TABLE.get_or_init(|| (0..128_u8).map(spell).collect());
    table.get(usize::from(byte)).map_or(&[], Vec::as_slice)
}

fn spell(byte: u8) -> Vec<Vec<u8>> {
    let plain = char::from(byte).to_string();
    if byte.is_ascii_alphanumeric() {
        return vec![plain.into_bytes()];
    }
    let mut json = vec![format!("\\u{byte:04x}"), format!("\\u{byte:04X}")];
    match byte {
        b'"' | b'\\' | b'/' => json.push(format!("\\{plain}")),
        b'\t' => json.push("\\t".into()),
        _ => {}
    }
    // JSON inside a JSON string, as when a service quotes the request that it did not like.
    let twice = json.iter().map(|text| text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut all: Vec<String> = twice.collect();
    all.append(&mut json);
    all.extend([format!("%{byte:02X}"), format!("%{byte:02x}"), format!("&#{byte};")]);
    all.extend([format!("&#x{byte:x};"), format!("&#x{byte:X};")]);
    let named = match byte {
        b'"' => "&quot;",
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'\'' => "&apos;",
        b' ' => "+",
        _ => "",
    };
    all.extend([named.to_owned(), plain]);
    all.into_iter().filter(|text| !text.is_empty()).map(String::into_bytes).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_secret_is_found_in_every_spelling_of_its_characters() {
        let echo = Echo::of(r#"/k"3+y=\&e<f "#.trim_end()).unwrap();
        for text in [
            r#"/k"3+y=\&e<f"#,
            r#"\/k\"3+y=\\&e<f"#,
            r#"\u002fk\u00223\u002by\u003d\u005c\u0026e\u003cf"#,
            r#"\u002Fk\u00223\u002By\u003D\u005C\u0026e\u003Cf"#,
            r#"/k\\\"3+y=\\\\&e<f"#,
            r#"\\u002fk\\u00223+y=\\\\&e<f"#,
            "%2Fk%223%2By%3D%5C%26e%3Cf",
            "/k&quot;3+y=\\&amp;e&lt;f",
            "&#47;k&#34;3&#x2B;y=\\&#38;e&#60;f",
        ] {
            let body = format!("before {text} after");
            assert_eq!(echo.find_all(body.as_bytes()), vec![Range { start: 7, end: 7 + text.len() }], "{text}");
        }
        assert_eq!(echo.find_all(b"/k\"3+y=\\&e<"), []);
    }

    #[test]
    fn places_that_only_look_alike_at_first_do_not_hide_the_real_one() {
        let echo = Echo::of("aa-b").unwrap();
        assert_eq!(echo.find_all(b"aaa-b aa-c aa-b"), [1..5, 11..15]);
    }

    proptest! {
        #[test]
        fn whatever_spelling_each_character_takes_it_is_found(
            secret in "[ -~]{4,30}",
            picks in proptest::collection::vec(any::<prop::sample::Index>(), 30),
        ) {
            prop_assume!(secret.bytes().any(|byte| byte.is_ascii_alphanumeric()));
            let mut body = b"{\"message\": \"".to_vec();
            for (byte, pick) in secret.bytes().zip(picks) {
                body.extend_from_slice(pick.get::<Vec<u8>>(spellings(byte)));
            }
            body.extend_from_slice(b"\"}");
            prop_assert_eq!(Echo::of(&secret).unwrap().find_all(&body).len(), 1);
        }
    }
}
