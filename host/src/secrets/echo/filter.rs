//! Tells at the speed of memory whether a text can hold a form of a secret at all. Nearly every answer holds none, and
//! is not looked at more closely. Lets through everything in which `find` would find something.

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, Input, MatchKind, Span};
use zeroize::Zeroizing;

use super::forms::{LAYERS, base64_cores, cases_of, hex, is_line_break};
use super::spelling::{LONGEST_ESCAPE, Layer, escape, is_introducer};

/// Longer parts would not tell apart any better.
const LONGEST_PART: usize = 12;
/// Shorter parts stand in many texts by chance.
const SHORTEST_PART: usize = 5;
/// Encoders break lines at 64 or 76 characters: of two parts within these, at most one is broken.
const SHORTEST_LINE: usize = 48;
/// As many as one vector search is good for.
const MOST_IN_A_PASS: usize = 48;
/// The longest spelling of a character in several layers that is looked at for itself. The text around a longer one is
/// searched.
const LONGEST_SPELLING: usize = 96;
/// Bytes that are read in vain to see what escapes within escapes mean, beside a half of the text, before it is
/// searched for good.
const MOST_IN_VAIN: usize = 16 * 1024;

/// What every text holds that holds a secret: one of the `parts` as it is, or one of the parts' characters as an
/// escape.
pub(super) struct Filter {
    /// None where a searcher could not be made: then every text can hold one.
    passes: Option<Vec<Pass>>,
    /// The characters of the parts, in both cases.
    telling: Box<[bool; 256]>,
    /// Whether one of them has a JSON escape of its own, as the quotation mark has, so that every backslash matters.
    is_escaped_alone: bool,
}

/// Some texts that are looked for together: parts first, then beginnings of escapes.
struct Pass {
    searcher: Either,
    parts: usize,
}

enum Either {
    Vector(Searcher),
    /// Where the processor has no instructions for it, or the parts are too short for them.
    Automaton(AhoCorasick),
}

impl Filter {
    pub(super) fn of(secrets: &[Zeroizing<Vec<u8>>]) -> Self {
        let mut parts: Vec<Zeroizing<Vec<u8>>> = secrets.iter().flat_map(|secret| parts_of(secret)).collect();
        parts.sort_by(|a, b| a.as_slice().cmp(b));
        parts.dedup();
        let mut telling = Box::new([false; 256]);
        for byte in parts.iter().flat_map(|part| part.iter()) {
            for byte in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
                telling.iter_mut().skip(byte.into()).take(1).for_each(|tells| *tells = true);
            }
        }
        let mut filter = Self { passes: None, telling, is_escaped_alone: false };
        let is_escaped_alone = |byte| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\' | b'/' | b'\'');
        filter.is_escaped_alone = (0..=u8::MAX).any(|byte| is_escaped_alone(byte) && filter.is_telling(byte));
        let mut groups: Vec<(Vec<&[u8]>, usize)> = parts
            .chunks(MOST_IN_A_PASS)
            .map(|group| (group.iter().map(|part| part.as_slice()).collect(), group.len()))
            .collect();
        let escapes = filter.escapes();
        if let Some((group, _)) = groups.last_mut() {
            group.extend(escapes.iter().map(String::as_bytes));
        }
        filter.passes = groups.into_iter().map(|(texts, parts)| Pass::of(&texts, parts)).collect();
        filter
    }

    fn is_telling(&self, byte: u8) -> bool {
        self.telling.get(usize::from(byte)).copied().unwrap_or_default()
    }

    /// The beginnings of the JSON escapes that can mean a telling character, or an introducer of a further escape.
    fn escapes(&self) -> Vec<String> {
        let begins = |high: &u8| {
            let mut bytes = high * 16..=high * 16 + 15;
            bytes.any(|byte| self.is_telling(byte) || is_introducer(byte))
        };
        (0..8).filter(begins).map(|high| format!("\\u00{high}")).collect()
    }

    /// Whether a secret may be in the text.
    pub(super) fn may_hold(&self, text: &[u8]) -> bool {
        let Some(passes) = &self.passes else { return true };
        let mut left = MOST_IN_VAIN + text.len() / 2;
        let mut tells = |at| self.tells(text, at, &mut left);
        if passes.iter().any(|pass| pass.finds(text, &mut tells)) {
            return true;
        }
        if self.is_escaped_alone {
            memchr::memchr3_iter(b'%', b'&', b'\\', text).any(tells)
        } else {
            memchr::memchr2_iter(b'%', b'&', text).any(tells)
        }
    }

    /// Whether the escape at a place means a telling character, in one layer or several.
    fn tells(&self, text: &[u8], at: usize, left: &mut usize) -> bool {
        let rest = text.get(at..).unwrap_or_default();
        let (first, length) = match escape(rest) {
            Some((meant, _)) if self.begins_telling(meant.as_bytes()) => return true,
            Some((meant, length)) => (meant.as_bytes().first().copied().unwrap_or_default(), length),
            None => (rest.first().copied().unwrap_or_default(), 1),
        };
        if !is_introducer(first) {
            return false;
        }
        // It means the beginning of a further escape, or it begins one of which a character further on is escaped
        // itself.
        let after = rest.get(length..).unwrap_or_default();
        let after = after.get(..LONGEST_ESCAPE).unwrap_or(after);
        let mut together = [0; LONGEST_ESCAPE + 1];
        together.iter_mut().zip([first].iter().chain(after)).for_each(|(place, byte)| *place = *byte);
        let goes_on = match escape(&together) {
            Some((meant, _)) if self.begins_telling(meant.as_bytes()) => return true,
            Some((meant, _)) => meant.as_bytes().first().copied().is_some_and(is_introducer),
            None => {
                let plain = after.split(|byte| is_introducer(*byte)).next().unwrap_or_default();
                plain.len() < after.len() && may_continue(first, plain)
            }
        };
        if !goes_on {
            return false;
        }
        let Some(rest_left) = left.checked_sub(LONGEST_SPELLING) else { return true };
        *left = rest_left;
        let more = rest.len() > LONGEST_SPELLING;
        let mut layer = Layer::default();
        layer.add(rest.get(..LONGEST_SPELLING).unwrap_or(rest), 0);
        for _ in 0..LAYERS {
            let mut above = Layer::default();
            layer.rise(&mut above, more);
            // Longer than what is looked at, or telling and not as it stands.
            if above.bytes.is_empty() || (above.end(0) > 1 && self.begins_telling(&above.bytes)) {
                return true;
            }
            layer = above;
        }
        false
    }

    /// Whether the first character of a text is telling.
    fn begins_telling(&self, text: &[u8]) -> bool {
        let mut character = text.iter().enumerate().take_while(|(place, byte)| *place == 0 || !byte.is_ascii());
        character.any(|(_, byte)| self.is_telling(*byte))
    }
}

/// Whether an escape can go on like this, before one of its characters that is escaped itself.
fn may_continue(introducer: u8, text: &[u8]) -> bool {
    match introducer {
        b'%' => text.len() < 2 && text.iter().all(u8::is_ascii_hexdigit),
        b'\\' => text.first().is_none_or(|byte| *byte == b'u'),
        _ => text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#'),
    }
}

impl Pass {
    fn of(texts: &[&[u8]], parts: usize) -> Option<Self> {
        let vector = packed::Config::new().match_kind(packed::MatchKind::LeftmostFirst).builder().extend(texts).build();
        let searcher = match vector {
            Some(searcher) => Either::Vector(searcher),
            None => Either::Automaton(AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(texts).ok()?),
        };
        Some(Self { searcher, parts })
    }

    /// Whether one of the parts is there, or an escape that tells.
    fn finds(&self, text: &[u8], tells: &mut impl FnMut(usize) -> bool) -> bool {
        let mut from = 0;
        while from < text.len() {
            let rest = Span { start: from, end: text.len() };
            let found = match &self.searcher {
                Either::Vector(searcher) => searcher.find_in(text, rest),
                Either::Automaton(automaton) => automaton.find(Input::new(text).span(rest)),
            };
            let Some(found) = found else { return false };
            if found.pattern().as_usize() < self.parts || tells(found.start()) {
                return true;
            }
            from = found.start() + 1;
        }
        false
    }
}

/// The parts of a secret's forms of which each text that holds the secret holds one.
fn parts_of(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let plain = part_of(secret);
    let mut parts = Vec::new();
    for cased in cases_of(plain) {
        // A blank may be written as a plus.
        parts.push(cased.iter().map(|byte| if *byte == b' ' { b'+' } else { *byte }).collect());
        parts.push(cased.to_vec());
    }
    for core in base64_cores(secret) {
        let line = core.len().checked_sub(SHORTEST_LINE).and_then(|from| core.get(from..)).unwrap_or(&core);
        let (first, second) = line.split_at(line.len() / 2);
        parts.extend([part_of(first).to_vec(), part_of(second).to_vec()]);
    }
    let digits = hex(secret);
    parts.extend([part_of(&digits).to_vec(), part_of(&digits).to_ascii_uppercase()]);
    parts.into_iter().map(Zeroizing::new).collect()
}

/// A part of a text that encoders leave as it is, as far as there is one: the end of its longest run of letters and
/// digits, or of what else no URL escapes. Beginnings are no good, because keys often share them with other texts.
fn part_of(text: &[u8]) -> &[u8] {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let enough = SHORTEST_PART.min(text.len());
    let run = [longest_run(text, |byte| byte.is_ascii_alphanumeric()), longest_run(text, is_unreserved)];
    let run = run.into_iter().find(|run| run.len() >= enough);
    let run = run.unwrap_or_else(|| longest_run(text, |byte| !is_line_break(byte)));
    run.len().checked_sub(LONGEST_PART).and_then(|from| run.get(from..)).unwrap_or(run)
}

fn longest_run(text: &[u8], belongs: impl Fn(u8) -> bool) -> &[u8] {
    text.split(|byte| !belongs(*byte)).max_by_key(|run| run.len()).unwrap_or_default()
}
