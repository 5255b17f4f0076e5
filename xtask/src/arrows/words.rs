//! The name of one service, where nothing may know a service.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// What must not be named.
const WORD: &str = "duro";
/// And where.
const FOLDERS: &[&str] = &["host", "host-harness/src", "connector-sdk"];

/// Every place where it stands nevertheless.
pub(super) fn problems(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for folder in FOLDERS {
        look(root, &root.join(folder), &mut problems)?;
    }
    problems.sort();
    Ok(problems)
}

fn look(root: &Path, folder: &Path, problems: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            look(root, &path, problems)?;
            continue;
        }
        // What is no text holds no words.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        problems.extend(lines(&text).map(|line| format!("{shown}:{line} names {WORD}")));
    }
    Ok(())
}

/// The numbers of the lines with the word.
fn lines(text: &str) -> impl Iterator<Item = usize> {
    let has = |(_, line): &(usize, &str)| line.to_ascii_lowercase().contains(WORD);
    text.lines().enumerate().filter(has).map(|(index, _)| index + 1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_word_is_found_in_any_capitals_and_inside_others() {
        let found: Vec<usize> = super::lines("a\nDURO_API_KEY\nb\nendured\nmy-duroPlm\nduration").collect();
        assert_eq!(found, [2, 5]);
    }
}
