//! Mutations: of bytes, of words, and of the tokens that all of these formats are made of.

use fastrand::Rng;

/// Longer inputs say nothing that shorter ones do not, and take longer.
const LONGEST: usize = 8_000;

/// An input with one to six mutations, some of which take parts of another input.
pub(crate) fn mutated(input: &[u8], other: &[u8], words: &[&str], random: &mut Rng) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..random.usize(1..=6) {
        once(&mut bytes, other, words, random);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn once(bytes: &mut Vec<u8>, other: &[u8], words: &[&str], random: &mut Rng) {
    const BYTES: &[u8] = b"\"\\{}[]:,.0123456789-+eE \n\r\t\0\x7f\x80\xc3\xff@/#?%$";
    let at = random.usize(0..=bytes.len());
    let until = (at + random.usize(0..=16)).min(bytes.len());
    match random.u8(0..13) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.u8(0..8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = BYTES[random.usize(0..BYTES.len())];
            }
        }
        2 => bytes.insert(at, BYTES[random.usize(0..BYTES.len())]),
        3 => bytes.insert(at, random.u8(..)),
        4 => drop(bytes.drain(at..until)),
        5 => {
            let part = bytes[at..until].to_vec();
            let times = if random.u8(0..16) == 0 { 200 } else { 2 };
            for _ in 0..times {
                insert(bytes, at, &part);
            }
        }
        6 | 7 => {
            if !words.is_empty() {
                insert(bytes, at, words[random.usize(0..words.len())].as_bytes());
            }
        }
        8 | 9 => {
            let (from, to) = token(bytes, at);
            let word = match random.u8(0..4) {
                0 if !other.is_empty() => {
                    let (from, to) = token(other, random.usize(0..other.len()));
                    other[from..to].to_vec()
                }
                _ if words.is_empty() => Vec::new(),
                _ => words[random.usize(0..words.len())].as_bytes().to_vec(),
            };
            bytes.splice(from..to, word);
        }
        10 => {
            let from = random.usize(0..=other.len());
            let to = (from + random.usize(0..=64)).min(other.len());
            insert(bytes, at, &other[from..to]);
        }
        11 => {
            let (from, to) = token(bytes, at);
            let part: Vec<u8> = bytes.drain(from..to).collect();
            let place = random.usize(0..=bytes.len());
            insert(bytes, place, &part);
        }
        _ => {
            if random.u8(0..8) == 0 {
                bytes.truncate(at);
            } else {
                let place = random.usize(0..=other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[place..]);
            }
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    if bytes.len() + part.len() <= LONGEST {
        bytes.splice(at..at, part.iter().copied());
    }
}

/// The token around a place: a quoted text, a word or number, or one other byte.
fn token(bytes: &[u8], at: usize) -> (usize, usize) {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'"' | b'_' | b'-' | b'.');
    let Some(byte) = bytes.get(at) else { return (at, at) };
    if !is_word(byte) {
        return (at, at + 1);
    }
    let from = bytes[..at].iter().rposition(|byte| !is_word(byte)).map_or(0, |place| place + 1);
    let to = bytes[at..].iter().position(|byte| !is_word(byte)).map_or(bytes.len(), |place| at + place);
    (from, to)
}
