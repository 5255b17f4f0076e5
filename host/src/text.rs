//! Text that somebody else wrote, cut to a length that fits.

use std::borrow::Cow;

/// The beginning of a text: as many whole characters as there are in so many bytes.
pub fn beginning(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}

/// A text up to so many bytes, with `…` behind it where it was cut.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match beginning(text, most) {
        start if start.len() < text.len() => format!("{start}…").into(),
        _ => text.into(),
    }
}

/// The same for a text of any length, saying how long it was.
pub fn cut_long(text: &str, most: usize) -> Cow<'_, str> {
    match beginning(text, most) {
        start if start.len() < text.len() => format!("{start} … (cut, {} bytes in all)", text.len()).into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        assert_eq!((cut("abc", 3), cut("abcd", 3), cut("", 0)), ("abc".into(), "abc…".into(), "".into()));
        assert_eq!((beginning("aé", 2), beginning("é", 1), beginning("é", 2)), ("a", "", "é"));
        assert_eq!(cut_long("abcd", 2), "ab … (cut, 4 bytes in all)");
        assert!(matches!(cut("as it is", 100), Cow::Borrowed("as it is")));
    }
}
