//! The beginning of a foreign text, for a message.

/// At most so many characters of a text, with a sign where there are more.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(most).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}
