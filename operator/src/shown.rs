//! Text for people as a terminal should show it: what a terminal would obey, and what changes the order in which text
//! is read, is shown as an escape and not done. Pure.

use std::borrow::Cow;

/// Whether a terminal would obey the character or change the direction or the line of what it writes: control
/// characters (C0, DEL and C1), the marks and embeddings of bidirectional text, the separators of lines and paragraphs.
/// And what is not seen at all, and so can hide text or tell two names apart that look the same; joiners are left,
/// because scripts and emoji are written with them.
pub fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(character, '\u{180e}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
        || matches!(character, '\u{ad}' | '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{200b}')
        || matches!(character, '\u{3164}' | '\u{ffa0}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0100}'..='\u{e01ef}')
        || matches!(character, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Text of any number of lines: line breaks and tabs stay, everything else that a terminal would obey is shown as its
/// escape.
pub fn lines(text: &str) -> Cow<'_, str> {
    shown(text, |character| match character {
        '\n' | '\t' => Shown::AsItIs,
        _ => Shown::Escaped,
    })
}

/// Text as part of one line: a line break or a tab becomes a blank, so that nothing in it can pass for a line of its
/// own.
pub fn one_line(text: &str) -> Cow<'_, str> {
    shown(text, |character| match character {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Shown::Blank,
        _ => Shown::Escaped,
    })
}

/// A character as JSON escapes it, which says the same.
pub fn json_escape(character: char) -> String {
    character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

/// How a character that a terminal would obey is shown.
enum Shown {
    AsItIs,
    Blank,
    Escaped,
}

fn shown(text: &str, how: impl Fn(char) -> Shown) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return text.into();
    }
    let mut result = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if !is_obeyed(character) {
            result.push(character);
            continue;
        }
        match how(character) {
            Shown::AsItIs => result.push(character),
            Shown::Blank => result.push(' '),
            Shown::Escaped => result.extend(character.escape_unicode()),
        }
    }
    result.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_text() {
        assert_eq!(lines("a\n\tb é"), "a\n\tb é");
        assert_eq!(lines("a\u{1b}]0;title\u{7}\rb\u{9b}2J\u{202e}"), r"a\u{1b}]0;title\u{7}\u{d}b\u{9b}2J\u{202e}");
    }

    #[test]
    fn every_character_of_the_class_is_an_escape_and_its_neighbours_are_not() {
        let seen = [0..=0x1f, 0x7f..=0x9f, 0x61c..=0x61c, 0x200e..=0x200f, 0x2028..=0x202e, 0x2060..=0x206f];
        let unseen = [0x180e..=0x180e, 0xfeff..=0xfeff, 0xfff9..=0xfffb, 0xe0000..=0xe007f];
        let blank = [0xad..=0xad, 0x34f..=0x34f, 0x115f..=0x1160, 0x17b4..=0x17b5, 0x200b..=0x200b, 0x3164..=0x3164];
        let fillers = [0xffa0..=0xffa0, 0x1d173..=0x1d17a, 0xe0100..=0xe01ef];
        let ranges = [&seen[..], &unseen[..], &blank[..], &fillers[..]].concat();
        for number in 0..=0x10_ffff {
            let Some(character) = char::from_u32(number) else { continue };
            assert_eq!(is_obeyed(character), ranges.iter().any(|range| range.contains(&number)), "{number:x}");
        }
    }

    #[test]
    fn text_of_several_lines_becomes_one() {
        assert_eq!(one_line("a\r\nb\tc\u{2028}d\u{85}e\u{1b}"), r"a  b c d\u{85}e\u{1b}");
        assert!(matches!(one_line("plain – é"), Cow::Borrowed(_)));
    }
}
