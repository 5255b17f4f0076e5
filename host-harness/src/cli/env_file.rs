//! Environment files: a line NAME=VALUE for each variable, as shells read them.

use std::io;
use std::path::Path;

use super::shell;
use crate::files;

/// What such a file is usually called.
pub(super) const USUAL: &str = ".env";
/// Environment files have some dozens of lines.
const LARGEST_ENV_FILE: u64 = 1024 * 1024;

/// Whether an environment file does nothing but set variables to texts.
fn sets_variables_alone(path: &Path) -> bool {
    let is_harmless = |line: &str| {
        let line = line.trim();
        let is_text = |value: &str| {
            let within = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            let special = |character: char| "$`\\;&|<>()'\"".contains(character) || character.is_whitespace();
            within.is_some_and(|within| !within.contains('\'')) || !value.contains(special)
        };
        line.is_empty() || line.starts_with('#') || assignment(line).is_some_and(|(_, value)| is_text(value.trim_end()))
    };
    lines(path).is_ok_and(|text| text.lines().all(is_harmless))
}

/// How a shell is told of the variables in an environment file; none where it would run more than that.
pub(super) fn sourced(path: &Path) -> Option<String> {
    if !sets_variables_alone(path) {
        return None;
    }
    let file = path.to_str()?;
    // A shell looks for a name without a slash among its programs.
    let file = if file.contains('/') { file.to_owned() } else { format!("./{file}") };
    Some(format!("set -a; . {}; set +a", shell::word(&file)?))
}

/// Whether a line of an environment file sets the variable to something.
pub(super) fn sets(path: &Path, variable: &str) -> bool {
    let is_set = |line: &str| assignment(line).is_some_and(|(name, value)| name == variable && !value.is_empty());
    lines(path).is_ok_and(|text| text.lines().any(is_set))
}

/// What an environment file holds; nothing if there is none.
pub(super) fn lines(path: &Path) -> io::Result<String> {
    match files::read(path, LARGEST_ENV_FILE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

/// The text with this line in place of the one that sets the variable, or at its end. All else stays byte for byte;
/// what stands within the quotes of another value is no line of its own.
pub(super) fn with_line(before: &str, name: &str, key: &str) -> String {
    // A key is printable ASCII; between single quotes only a single quote means anything.
    let line = format!("{name}='{}'", key.replace('\'', "'\\''"));
    let ending = if before.contains("\r\n") { "\r\n" } else { "\n" };
    let (mark, text) = before.strip_prefix('\u{feff}').map_or(("", before), |text| ("\u{feff}", text));
    let mut after = mark.to_owned();
    let (mut found, mut quote, mut is_ours) = (false, None, false);
    for whole in text.split_inclusive('\n') {
        let content = whole.trim_end_matches(['\r', '\n']);
        if let Some(open) = quote {
            quote = if closes(content, open) { None } else { quote };
        } else {
            let set = assignment(content);
            is_ours = set.is_some_and(|(set, _)| set == name);
            quote = set.and_then(|(_, value)| opens(value));
            if is_ours && !std::mem::replace(&mut found, true) {
                let export = if content.trim_start().starts_with("export ") { "export " } else { "" };
                let end = whole.strip_prefix(content).filter(|end| !end.is_empty()).unwrap_or(ending);
                after.extend([export, &line, end]);
            }
        }
        if !is_ours {
            after.push_str(whole);
        }
    }
    if !found {
        let is_whole = after.len() == mark.len() || after.ends_with('\n');
        after.extend([if is_whole { "" } else { ending }, &line, ending]);
    }
    after
}

/// The variable that a line sets, and what stands behind the equals sign.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
    Some((name.trim(), value.trim_start())).filter(|(name, _)| is_name(name))
}

/// The quote that a value begins with and that is not closed on its line.
fn opens(value: &str) -> Option<char> {
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    (!closes(value.get(1..).unwrap_or_default(), quote)).then_some(quote)
}

/// Whether a quote ends in this text. A backslash escapes within double quotes.
fn closes(text: &str, quote: char) -> bool {
    let mut is_escaped = false;
    text.chars().any(|character| {
        let closes = character == quote && !is_escaped;
        is_escaped = character == '\\' && !is_escaped && quote == '"';
        closes
    })
}

/// Whether a variable can be called so.
pub(super) fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn one_line_of_an_environment_file_is_replaced_and_the_others_stay() {
        for (before, after) in [
            ("", "KEY='new'\n"),
            ("A=1\nKEY=old\n# KEY=kept\nMY_KEY=2\n", "A=1\nKEY='new'\n# KEY=kept\nMY_KEY=2\n"),
            ("export KEY = \"old\"\nKEY=older", "export KEY='new'\n"),
            ("KEYS=1", "KEYS=1\nKEY='new'\n"),
            ("A=1\r\nKEY=old\r\nB=2\r\n", "A=1\r\nKEY='new'\r\nB=2\r\n"),
            ("A=1\r\nB=2", "A=1\r\nB=2\r\nKEY='new'\r\n"),
            ("KEY=old", "KEY='new'\n"),
            ("\u{feff}KEY=old\n", "\u{feff}KEY='new'\n"),
            ("X=\"\nKEY=mine\n\"\nKEY=old\n", "X=\"\nKEY=mine\n\"\nKEY='new'\n"),
            ("X='it\\'\nKEY=\"one\ntwo\"\nB=2\n", "X='it\\'\nKEY='new'\nB=2\n"),
            ("X=\"a \\\"\nKEY=b\"\n", "X=\"a \\\"\nKEY=b\"\nKEY='new'\n"),
        ] {
            assert_eq!(with_line(before, "KEY", "new"), after, "{before}");
        }
        assert_eq!(with_line("", "KEY", "a'b"), "KEY='a'\\''b'\n");
    }

    #[test]
    fn a_file_that_a_shell_would_run_is_told_from_one_that_sets_variables() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        for (text, is_harmless) in [
            ("", true),
            ("# a note\nA=b\nexport C='d $e'\n", true),
            ("X=$(touch x)\n", false),
            ("X=a; touch x\n", false),
            ("X=`id`\n", false),
            ("touch x\n", false),
            ("X='a' touch\n", false),
            ("X='a'b'c'\n", false),
            ("X=\"$(id)\"\n", false),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(sets_variables_alone(&path), is_harmless, "{text}");
        }
    }

    #[test]
    fn names_of_variables_are_told_from_others() {
        assert!(is_name("API_KEY2") && !is_name("2KEY") && !is_name("") && !is_name("A=B") && !is_name("A B"));
    }
}
