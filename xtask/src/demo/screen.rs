//! How the tour looks: headings, commands and answers on standard output, in colour on a terminal only.

use std::borrow::Cow;
use std::io::IsTerminal;

/// The columns that text is laid out for.
pub(super) const WIDTH: usize = 100;

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const CYAN: &str = "36";

/// Standard output.
pub(super) struct Screen {
    has_colors: bool,
}

impl Screen {
    /// Colours only where a person looks, and only if that person has not asked for none (<https://no-color.org>).
    pub(super) fn for_standard_output() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { has_colors: std::io::stdout().is_terminal() && !refused }
    }

    pub(super) fn heading(&self, text: &str) {
        println!("\n{}", self.painted(BOLD, text));
    }

    /// A paragraph, wrapped.
    pub(super) fn words(&self, text: &str) {
        println!("{}", wrapped(text, WIDTH));
    }

    /// A command line that can be copied.
    pub(super) fn command(&self, line: &str) {
        println!("\n{}", self.painted(CYAN, &format!("$ {line}")));
    }

    /// What a command printed.
    pub(super) fn came_back(&self, text: &str) {
        println!("{}", text.trim_end());
    }

    /// What a command printed on standard error.
    pub(super) fn said_beside(&self, text: &str) {
        println!("{}", self.painted(DIM, text.trim_end()));
    }

    pub(super) fn passed(&self, fact: &str) {
        println!("{} {fact}", self.painted(GREEN, "✓"));
    }

    pub(super) fn failed(&self, reason: &str) {
        println!("{} {reason}", self.painted(RED, "✗"));
    }

    fn painted<'text>(&self, style: &str, text: &'text str) -> Cow<'text, str> {
        if self.has_colors { Cow::Owned(format!("\u{1b}[{style}m{text}\u{1b}[0m")) } else { Cow::Borrowed(text) }
    }
}

/// An argument as a POSIX shell reads it back.
pub(super) fn quoted(argument: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        Cow::Borrowed(argument)
    } else {
        Cow::Owned(format!("'{}'", argument.replace('\'', r"'\''")))
    }
}

/// The first lines of a text, each cut to a screen's width, with a note of how many follow.
pub(super) fn first_lines(text: &str, limit: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let mut shown: Vec<String> = lines.iter().take(limit).map(|line| cut(line)).collect();
    if lines.len() > limit {
        shown.push(format!("… {} more lines", lines.len() - limit));
    }
    shown.join("\n")
}

fn cut(line: &str) -> String {
    const LINE: usize = 3 * WIDTH;
    let length = line.chars().count();
    if length <= LINE {
        return line.to_owned();
    }
    let start: String = line.chars().take(LINE).collect();
    format!("{start}… {} more characters", length - LINE)
}

fn wrapped(text: &str, width: usize) -> String {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{first_lines, quoted, wrapped};

    #[test]
    fn an_argument_is_quoted_only_where_a_shell_would_misread_it() {
        assert_eq!(quoted("type=ECO"), "type=ECO");
        assert_eq!(quoted("name=Replace 1/4\" screws"), "'name=Replace 1/4\" screws'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("$HOME"), "'$HOME'");
    }

    #[test]
    fn a_long_text_is_cut_and_says_by_how_much() {
        assert_eq!(first_lines("a\nb\nc\nd\n", 2), "a\nb\n… 2 more lines");
        assert_eq!(first_lines("a\nb\n", 2), "a\nb");
        assert!(first_lines(&"x".repeat(400), 1).ends_with("… 100 more characters"));
    }

    #[test]
    fn words_are_wrapped_between_words() {
        assert_eq!(wrapped("one two three", 8), "one two\nthree");
        assert_eq!(wrapped("unbreakable", 3), "unbreakable");
    }
}
