//! Text as one word of a POSIX shell's command line, for hints that a person copies. Pure.

use crate::shown;

/// A longer word is not copied from a terminal.
const LONGEST: usize = 2_000;

/// The text in quotes, as every POSIX shell reads it; none where it could not be shown as it is, or is too long to
/// copy.
pub fn quoted(text: &str) -> Option<String> {
    (!text.contains('\n')).then(|| quoted_lines(text, LONGEST)).flatten()
}

/// The text as one word: as it is where nothing in it means anything to a shell, else in quotes; none as for these.
pub fn word(text: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,+@%".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) { Some(text.to_owned()) } else { quoted(text) }
}

/// The same of text with line breaks, up to so many bytes.
pub fn quoted_lines(text: &str, longest: usize) -> Option<String> {
    let is_obeyed = |character| character != '\n' && shown::is_obeyed(character);
    let can_be_shown = text.len() <= longest && !text.contains(is_obeyed);
    // Between single quotes nothing means anything, except the quote that ends them.
    can_be_shown.then(|| format!("'{}'", text.replace('\'', r"'\''")))
}

/// JSON with every character as an escape that a terminal would obey: it says the same.
pub fn json_to_show(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\n' => shown.push(character),
            // Between tokens a blank is as good; strings hold neither as they are.
            '\t' | '\r' => shown.push(' '),
            character if shown::is_obeyed(character) => shown.push_str(&shown::json_escape(character)),
            character => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_shown_is_not_quoted() {
        for text in ["a\nb", "a\u{1b}", "\u{202e}", "\0", "\u{85}", &"x".repeat(LONGEST + 1)] {
            assert_eq!(quoted(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_word_is_quoted_where_a_shell_would_read_more_than_a_word() {
        for (text, word) in [("./.env", "./.env"), ("a b", "'a b'"), ("", "''"), ("$(id)", "'$(id)'"), ("~", "'~'")] {
            assert_eq!(super::word(text).unwrap(), word);
        }
        assert_eq!(super::word("\u{1b}"), None);
    }

    #[test]
    fn lines_are_quoted_where_they_are_asked_for_and_nothing_else_that_a_terminal_obeys() {
        assert_eq!(quoted_lines("a\n'b'", 100).unwrap(), "'a\n'\\''b'\\'''");
        assert_eq!((quoted_lines("a\u{1b}", 100), quoted_lines("abc", 2)), (None, None));
    }

    #[test]
    fn json_that_is_shown_says_the_same_without_what_a_terminal_obeys() {
        for text in ["\u{202e}x", "\u{7f}", "\u{e0001}", "plain é"] {
            let shown = json_to_show(&serde_json::to_string(text).unwrap());
            assert!(!shown.contains(shown::is_obeyed), "{shown}");
            assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_shell_reads_back_what_was_quoted() {
        for text in ["plain", "it's", "'", "''", "$(id) `id` $HOME !! \\ \\n \" * ~ # ; & |", "-e", "é 日", ""] {
            let word = quoted(text).unwrap();
            let output = std::process::Command::new("sh").args(["-c", &format!("printf %s {word}")]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{word}");
        }
    }
}
