//! The forms in which an honest service may repeat a secret: as it is, in base64 and in hexadecimal. How each of their
//! characters is spelled is for `spelling`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::SHORTEST_SCRUBBED;
use super::spelling::unescaped;

/// Layers of escapes that are undone: a key percent-encoded in a URL within HTML within JSON has three.
pub(super) const LAYERS: usize = 3;

/// Shorter base64 cores would hit by chance as well; a secret of nine bytes has one this long.
const SHORTEST_BASE64: usize = 10;

/// One form of a secret, folded as text is before it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) text: Zeroizing<Vec<u8>>,
    /// Whether line breaks may stand within it: as encoders break long lines, or because the secret has lines itself.
    pub(super) wraps: bool,
}

impl Form {
    fn new(text: &[u8], is_encoded: bool) -> Self {
        let wraps = is_encoded || text.iter().copied().any(is_line_break);
        let text = text.iter().copied().filter(|byte| !is_line_break(*byte)).map(fold).collect();
        Self { text: Zeroizing::new(text), wraps }
    }
}

/// Letters are compared without their case, because there are services that change that of a whole text, and a blank is
/// as good as the plus that stands for it in forms.
pub(super) fn fold(byte: u8) -> u8 {
    if byte == b' ' { b'+' } else { byte.to_ascii_lowercase() }
}

pub(super) fn is_line_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Every form of a secret.
pub(super) fn forms_of(secret: &[u8]) -> Vec<Form> {
    let mut texts = vec![Zeroizing::new(secret.to_vec())];
    for cased in cases_of(secret) {
        // A secret may hold what looks like an escape, and would then be undone with those of the text around it: its
        // own, and one that only a character before it makes of its beginning.
        let alone = Zeroizing::new(unescaped(&cased, LAYERS));
        for before in [b'%', b'\\', b'&'] {
            let together = Zeroizing::new([&[before], cased.as_slice()].concat());
            let together = Zeroizing::new(unescaped(&together, LAYERS));
            if together.split_first() != Some((&before, &alone)) {
                texts.push(together);
            }
        }
        texts.push(alone);
    }
    let plain = texts.iter().map(|text| Form::new(text, false));
    let cores = base64_cores(secret);
    let encoded = cores.iter().chain([&hex(secret)]).map(|text| Form::new(text, true)).collect::<Vec<_>>();
    let mut forms: Vec<Form> = Vec::new();
    for form in plain.chain(encoded).filter(|form| form.text.len() >= SHORTEST_SCRUBBED) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// A text as it is, and as services that change its case give it back.
pub(super) fn cases_of(text: &[u8]) -> [Zeroizing<Vec<u8>>; 3] {
    [text.to_vec(), text.to_ascii_lowercase(), text.to_ascii_uppercase()].map(Zeroizing::new)
}

/// The secret in base64, at each of the three places where it can begin within a longer text, in both alphabets.
pub(super) fn base64_cores(secret: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut cores = Vec::new();
    for offset in 0..3 {
        let mut padded = Zeroizing::new(vec![0; offset]);
        padded.extend_from_slice(secret);
        // Characters at both ends also carry bits of what stands beside the secret: only those between are certain.
        let (from, to) = ((offset * 8).div_ceil(6), padded.len() * 8 / 6);
        for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let encoded = Zeroizing::new(alphabet.encode(&*padded));
            if let Some(core) = encoded.get(from..to).filter(|core| core.len() >= SHORTEST_BASE64) {
                cores.push(Zeroizing::new(core.as_bytes().to_vec()));
            }
        }
    }
    cores
}

pub(super) fn hex(secret: &[u8]) -> Zeroizing<Vec<u8>> {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default());
    Zeroizing::new(secret.iter().flat_map(digits).map(|digit| digit as u8).collect())
}
