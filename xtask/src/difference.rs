//! What changed between two texts, for people.

/// How many lines of each side are shown.
const LINES_SHOWN: usize = 20;

/// The lines that differ, `-` before the old and `+` before the new, from the first difference to the last; none when
/// the texts are equal.
pub(crate) fn difference(old: &str, new: &str) -> Option<String> {
    if old == new {
        return None;
    }
    let old: Vec<&str> = old.split('\n').collect();
    let new: Vec<&str> = new.split('\n').collect();
    let same_before = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same_before;
    let same_after = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let mut text = format!("@@ line {} @@", same_before + 1);
    for (sign, lines) in [('-', &old), ('+', &new)] {
        let changed = lines.get(same_before..lines.len() - same_after).unwrap_or_default();
        for line in changed.iter().take(LINES_SHOWN) {
            text.push_str(&format!("\n{sign}{line}"));
        }
        if changed.len() > LINES_SHOWN {
            text.push_str(&format!("\n{sign}… {} more lines", changed.len() - LINES_SHOWN));
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
    }

    #[test]
    fn a_changed_line_is_shown_with_its_number_and_both_sides() {
        assert_eq!(difference("a\nb\nc\n", "a\nB\nc\n").unwrap(), "@@ line 2 @@\n-b\n+B");
    }

    #[test]
    fn added_and_removed_lines_are_shown_alone() {
        assert_eq!(difference("a\nc\n", "a\nb\nc\n").unwrap(), "@@ line 2 @@\n+b");
        assert_eq!(difference("a\na\na\n", "a\na\n").unwrap(), "@@ line 3 @@\n-a");
    }

    #[test]
    fn a_missing_newline_at_the_end_is_a_difference() {
        assert_eq!(difference("a", "a\n").unwrap(), "@@ line 2 @@\n+");
    }

    #[test]
    fn a_long_difference_is_cut_and_says_by_how_much() {
        let old: String = (0..50).map(|number| format!("old {number}\n")).collect();
        let text = difference(&old, "").unwrap();
        assert!(text.contains("-old 19\n") && !text.contains("-old 20"), "{text}");
        assert!(text.contains("-… 30 more lines"), "{text}");
    }
}
