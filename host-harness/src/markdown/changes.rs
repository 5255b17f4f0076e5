//! What a connector says has changed, as headings, lists, paragraphs and code of the page's own: its text is Markdown
//! too, and of that these are read. All else in it is words: no HTML, no link, no heading above the section's. Pure.

use super::{Page, code, text};

/// The highest heading within the section, and the lowest there is.
const HIGHEST: usize = 3;
const LOWEST: usize = 6;
/// Lists within lists are set in by as much, and no deeper.
const INDENT: usize = 2;
const DEEPEST: usize = 3;

/// What was begun, and goes on until something else begins.
enum Begun {
    Nothing,
    Words(String),
    /// Items, each with its level.
    Items(Vec<(usize, String)>),
    /// Code, and the fence that ends it.
    Code(String, String),
}

/// Writes it onto the page.
pub(super) fn write(page: &mut Page, changelog: &str) {
    let changelog = changelog.trim();
    // The section has a heading already.
    let body = match changelog.split_once('\n') {
        Some((first, rest)) if heading(first).is_some_and(|(level, _)| level == 1) => rest,
        _ => changelog,
    };
    let mut begun = Begun::Nothing;
    for line in body.lines() {
        begun = go_on(page, begun, line);
    }
    end(page, begun);
}

/// Takes a line, and gives what is begun after it.
fn go_on(page: &mut Page, begun: Begun, line: &str) -> Begun {
    let words = line.trim();
    let begun = match begun {
        Begun::Code(content, fence) if words != fence => return Begun::Code(content + line + "\n", fence),
        Begun::Code(..) => {
            end(page, begun);
            return Begun::Nothing;
        }
        begun => begun,
    };
    if let Some(fence) = fence(words) {
        end(page, begun);
        return Begun::Code(String::new(), fence);
    }
    if let Some((level, title)) = heading(line) {
        end(page, begun);
        let marks = "#".repeat((level + 1).clamp(HIGHEST, LOWEST));
        page.line(&format!("{marks} {}", inline(title)));
        return Begun::Nothing;
    }
    match (begun, item(words)) {
        (Begun::Items(mut items), Some(item)) => {
            // One level below the item before it at most: what is set in further is code.
            let most = items.last().map_or(0, |(level, _)| level + 1).min(DEEPEST);
            items.push((((line.len() - line.trim_start().len()) / INDENT).min(most), item.to_owned()));
            Begun::Items(items)
        }
        (begun, Some(item)) => {
            end(page, begun);
            Begun::Items(vec![(0, item.to_owned())])
        }
        (Begun::Items(items), None) if words.is_empty() => Begun::Items(items),
        (begun, None) if words.is_empty() => {
            end(page, begun);
            Begun::Nothing
        }
        (Begun::Words(begun), None) => Begun::Words(begun + " " + words),
        (Begun::Items(mut items), None) if line.starts_with([' ', '\t']) => {
            if let Some((_, item)) = items.last_mut() {
                item.push(' ');
                item.push_str(words);
            }
            Begun::Items(items)
        }
        (begun, None) => {
            end(page, begun);
            Begun::Words(words.to_owned())
        }
    }
}

fn end(page: &mut Page, begun: Begun) {
    match begun {
        Begun::Nothing => {}
        Begun::Words(words) => page.block(&block(&words)),
        Begun::Items(items) => {
            let line = |(level, item): &(usize, String)| format!("{}- {}", " ".repeat(level * INDENT), block(item));
            page.block(&items.iter().map(line).collect::<Vec<_>>().join("\n"));
        }
        Begun::Code(content, _) => page.fenced("text", content.trim_end()),
    }
}

/// The level and the words of a heading.
fn heading(line: &str) -> Option<(usize, &str)> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    let title = rest.strip_prefix(' ')?.trim();
    (1..=LOWEST).contains(&level).then_some((level, title))
}

fn item(words: &str) -> Option<&str> {
    ["- ", "* ", "+ "].iter().find_map(|mark| words.strip_prefix(mark))
}

/// The fence of code that a line begins.
fn fence(words: &str) -> Option<String> {
    let rest = words.trim_start_matches('`');
    let length = words.len() - rest.len();
    (length >= 3 && !rest.contains('`')).then(|| "`".repeat(length))
}

/// Words in which nothing is markup but code.
fn inline(words: &str) -> String {
    let (mut line, mut rest) = (String::with_capacity(words.len()), words);
    while let Some(Span { before, ticks, inside, after }) = code_span(rest) {
        line.push_str(&plain(before));
        // The page's own is for a table, where a bar has to be escaped.
        line.push_str(&inside.map_or_else(|| text(ticks), |inside| code(inside).replace("\\|", "|")));
        rest = after;
    }
    line.push_str(&plain(rest));
    line.trim().to_owned()
}

/// The same where a line begins, without what would begin a list, underline a heading, or be a line across the page.
fn block(words: &str) -> String {
    let line = inline(words);
    let number = line.trim_start_matches(|first: char| first.is_ascii_digit());
    if line.starts_with(['-', '+', '=']) || (number.len() < line.len() && number.starts_with(['.', ')'])) {
        let (number, mark) = line.split_at_checked(line.len() - number.len()).unwrap_or(("", &line));
        return format!("{number}\\{mark}");
    }
    line
}

/// Words with the blanks at their ends, and without addresses that readers of Markdown make links of.
fn plain(words: &str) -> String {
    let blank = |is_there: bool| if is_there { " " } else { "" };
    let safe = text(words).replace("://", "\\://").replace("www.", "www\\.");
    let (before, after) = (words.starts_with(char::is_whitespace), words.ends_with(char::is_whitespace));
    format!("{}{safe}{}", blank(before), blank(after && !safe.is_empty()))
}

/// Code between ticks, or ticks that nothing ends, and what is around it.
struct Span<'a> {
    before: &'a str,
    ticks: &'a str,
    inside: Option<&'a str>,
    after: &'a str,
}

fn code_span(words: &str) -> Option<Span<'_>> {
    let run = |text: &str| text.len() - text.trim_start_matches('`').len();
    let (before, rest) = words.split_at_checked(words.find('`')?)?;
    let (ticks, rest) = rest.split_at_checked(run(rest))?;
    let mut from = 0;
    while let Some(next) = rest.get(from..).and_then(|rest| rest.find('`')) {
        let at = from + next;
        let length = rest.get(at..).map_or(1, run);
        if length == ticks.len() {
            return Some(Span { before, ticks, inside: rest.get(..at), after: rest.get(at + length..)? });
        }
        from = at + length;
    }
    Some(Span { before, ticks, inside: None, after: rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(changelog: &str) -> String {
        let mut page = Page::default();
        write(&mut page, changelog);
        page.0
    }

    #[test]
    fn a_changelog_is_headings_lists_and_code_below_the_sections_own_heading() {
        let changelog = "# Changes\n\n## 1.1.0\n\n- `a | b`, and more\n  of it.\n  - Within.\n      - Deeper.\n\n- \
                         Last.\nWords\nthat go on.\n\n```sh\nrun # this\n```\n\n### Fixed\n* One.\n";
        let expected = "### 1.1.0\n\n- `a | b`, and more of it.\n  - Within.\n    - Deeper.\n- Last.\n\nWords that go \
                        on.\n\n```text\nrun # this\n```\n\n#### Fixed\n\n- One.\n\n";
        assert_eq!(written(changelog), expected);
        assert_eq!(written("Only words"), "Only words\n\n");
    }

    #[test]
    fn nothing_in_a_changelog_breaks_out_of_its_section_or_becomes_markup() {
        for (hostile, expected) in [
            ("a\n# Not above\n## 1.0.0\n", "a\n\n### Not above\n\n### 1.0.0\n\n"),
            (
                "Title\n=====\n\n====\n\n---\n\n1. one\n\n- - x",
                "Title =====\n\n\\====\n\n\\---\n\n1\\. one\n\n- \\- x\n\n",
            ),
            ("<script>x</script> <!-- y", "&lt;script&gt;x&lt;/script&gt; &lt;!-- y\n\n"),
            (
                "[x](https://a.example) ![y](z) https://a.example www.a.example",
                "\\[x\\](https\\://a.example) !\\[y\\](z) https\\://a.example www\\.a.example\n\n",
            ),
            ("- **bold** `un*ended", "- \\*\\*bold\\*\\* \\`un\\*ended\n\n"),
            ("| a | b |\n| --- | --- |", "\\| a \\| b \\| \\| --- \\| --- \\|\n\n"),
            ("        # code?", "### code?\n\n"),
            ("- a\n        - b", "- a\n  - b\n\n"),
            ("```\nopen\n# still code", "```text\nopen\n# still code\n```\n\n"),
            ("````\n```\n# still\n````\nout", "````text\n```\n# still\n````\n\nout\n\n"),
            ("`` a`b `` and `<i>`", "``a`b`` and `<i>`\n\n"),
            ("[x]: https://a.example", "\\[x\\]: https\\://a.example\n\n"),
            ("a\r# b\u{202e}", "a \\# b\\\\u{202e}\n\n"),
        ] {
            assert_eq!(written(hostile), expected, "{hostile:?}");
        }
    }
}
