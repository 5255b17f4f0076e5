//! Text as one word of a POSIX shell's command line, for hints that a person copies. Pure.

use crate::shown;

/// A longer word is not copied from a terminal.
const LONGEST: usize = 2_000;

/// The text in quotes, as every POSIX shell reads it; none where it could not be shown as it is, or is too long to
/// copy.
pub fn quoted(text: &str) -> Option<String> {
    let can_be_shown = text.len() <= LONGEST && !text.contains(shown::is_obeyed);
    // Between single quotes nothing means anything, except the quote that ends them.
    can_be_shown.then(|| format!("'{}'", text.replace('\'', r"'\''")))
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
    #[cfg(unix)]
    fn a_shell_reads_back_what_was_quoted() {
        for text in ["plain", "it's", "'", "''", "$(id) `id` $HOME !! \\ \\n \" * ~ # ; & |", "-e", "é 日", ""] {
            let word = quoted(text).unwrap();
            let output = std::process::Command::new("sh").args(["-c", &format!("printf %s {word}")]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{word}");
        }
    }
}
