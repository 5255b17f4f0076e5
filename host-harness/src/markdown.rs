//! A manifest as a page of Markdown, in the shape that people know from the pages of published connectors: the
//! connection with its setup, what starts a flow, what a flow can do, with inputs and examples. Its texts are the
//! component's own: nothing in them becomes markup. Pure.

mod changes;

use host::contract::{ConnectionDefinition, ConnectorDefinition, InputField, InputKind};
use serde_json::Value;

use crate::shown::one_line;

/// The page.
pub(crate) fn page(definition: &ConnectorDefinition) -> String {
    let mut page = Page::default();
    page.line(&format!("# {}", text(&definition.label)));
    page.paragraph(&definition.description);
    let mut facts = vec![format!("Version {}", text(&definition.version))];
    facts.extend(definition.category().map(text));
    if let Some(url) = definition.documentation_url.as_deref().and_then(link) {
        facts.push(format!("[documentation of the service]({url})"));
    }
    page.block(&(facts.join(" · ")));
    for connection in &definition.connections {
        page.connection(connection);
    }
    for trigger in &definition.triggers {
        page.line(&format!("## Trigger: {}", text(&trigger.label)));
        page.block(&code(&trigger.key));
        page.paragraph(&trigger.description);
        page.inputs(&trigger.inputs);
        page.example("A payload, for example", &trigger.example_payload);
    }
    if !definition.actions.is_empty() {
        page.line("## Actions");
        let rows = definition.actions.iter().map(|action| {
            let changes = if action.changes_data { "changes data" } else { "reads" };
            [format!("[{}](#{})", text(&action.label), anchor(&action.label)), code(&action.key), changes.to_owned()]
        });
        page.table(["Action", "Key", ""], rows);
    }
    for action in &definition.actions {
        page.line(&format!("### {}", text(&action.label)));
        page.block(&code(&action.key));
        page.paragraph(&action.description);
        if action.changes_data {
            page.block("**It changes data.**");
        }
        page.inputs(&action.inputs);
        page.example("A result, for example", &action.example_payload);
    }
    for source in &definition.data_sources {
        page.line(&format!("## Data source: {}", text(&source.label)));
        page.block(&format!("{}{}", code(&source.key), if source.searchable { ", which can be searched" } else { "" }));
        page.paragraph(&source.description);
        page.inputs(&source.inputs);
        page.example("A page of it, for example", &source.example_payload);
    }
    if let Some(changelog) = definition.changelog() {
        page.line("## What changed");
        changes::write(&mut page, changelog);
    }
    page.0.trim_end().to_owned() + "\n"
}

#[derive(Default)]
struct Page(String);

impl Page {
    /// A line of its own, with a blank one behind it.
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push_str("\n\n");
    }

    fn block(&mut self, markdown: &str) {
        if !markdown.is_empty() {
            self.line(markdown);
        }
    }

    fn paragraph(&mut self, words: &str) {
        for part in words.split("\n\n").map(str::trim).filter(|part| !part.is_empty()) {
            self.line(&text(part));
        }
    }

    fn connection(&mut self, connection: &ConnectionDefinition) {
        self.line(&format!("## Connection: {}", text(&connection.label)));
        self.block(&code(&connection.key));
        self.paragraph(&connection.description);
        let rows = connection.fields.iter().map(|field| {
            let mut help = text(&field.input.help);
            if field.secret {
                help.push_str(" **Secret: it stays with the host.**");
            }
            for environment in field.endpoint.iter().flat_map(|endpoint| &endpoint.environments) {
                help.push_str(&format!("<br>{}: {}", text(&environment.value), code(&environment.url)));
            }
            [text(&field.input.label), code(&field.input.key), takes(&field.input), help]
        });
        self.table(["Field", "Key", "Takes", ""], rows);
    }

    fn inputs(&mut self, inputs: &[InputField]) {
        if inputs.is_empty() {
            return self.line("It has no inputs.");
        }
        let rows = inputs.iter().map(|input| [text(&input.label), code(&input.key), takes(input), text(&input.help)]);
        self.table(["Input", "Key", "Takes", ""], rows);
    }

    fn table<const N: usize>(&mut self, head: [&str; N], rows: impl Iterator<Item = [String; N]>) {
        self.0.push_str(&format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(N)));
        for row in rows {
            self.0.push_str(&format!("| {} |\n", row.join(" | ")));
        }
        self.0.push('\n');
    }

    fn example(&mut self, title: &str, value: &Value) {
        self.line(&format!("{title}:"));
        let json = serde_json::to_string_pretty(value).unwrap_or_default();
        self.fenced("json", &json);
    }

    /// Text as it is, between fences that are longer than any in it.
    fn fenced(&mut self, language: &str, content: &str) {
        let longest = content.split(|character| character != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let lines: Vec<_> = content.lines().map(one_line).collect();
        self.line(&format!("{fence}{language}\n{}\n{fence}", lines.join("\n")));
    }
}

/// What an input takes, and whether it is needed.
fn takes(input: &InputField) -> String {
    let mut parts = vec![match &input.kind {
        InputKind::Text => "text".to_owned(),
        InputKind::MultiLine => "text of several lines".to_owned(),
        InputKind::Password => "text that is not shown".to_owned(),
        InputKind::Number => "number".to_owned(),
        InputKind::Boolean => "yes or no".to_owned(),
        InputKind::Choice => {
            let choices: Vec<String> = input.choices.iter().map(|choice| code(&choice.value)).collect();
            format!("one of {}", choices.join(", "))
        }
        InputKind::Code(language) => text(language),
        InputKind::KeyValueList => "pairs of key and value".to_owned(),
        InputKind::EndpointUrl => "URL".to_owned(),
        InputKind::Other(kind) => text(kind),
    }];
    if input.required && input.default.is_none() {
        parts.push("**required**".to_owned());
    }
    if let Some(default) = &input.default {
        parts.push(format!("{} if left out", value(default)));
    }
    if let Some(source) = &input.data_source {
        parts.push(format!("picked from {}", code(source)));
    }
    if let Some(example) = input.example.as_ref().filter(|example| Some(*example) != input.default.as_ref()) {
        parts.push(format!("for example {}", value(example)));
    }
    parts.join(", ")
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => code(text),
        other => code(&other.to_string()),
    }
}

/// Words in which nothing is markup.
fn text(words: &str) -> String {
    let mut safe = String::with_capacity(words.len());
    for character in one_line(&words.split_whitespace().collect::<Vec<_>>().join(" ")).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' => safe.extend(['\\', character]),
            character => safe.push(character),
        }
    }
    safe
}

/// A key or a value, as it is.
fn code(words: &str) -> String {
    let words = one_line(&words.split_whitespace().collect::<Vec<_>>().join(" ")).replace('|', "\\|");
    // As many ticks in a row as it began with end such a span, and no others.
    let longest = words.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let pad = if words.starts_with('`') || words.ends_with('`') { " " } else { "" };
    if words.is_empty() { String::new() } else { format!("{ticks}{pad}{words}{pad}{ticks}") }
}

/// An address that can stand in a link.
fn link(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.as_str().replace(')', "%29").replace('(', "%28"))
}

/// What a heading is called in a link to it.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-'))
        .map(|character| if character == ' ' { '-' } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_manifest_says_becomes_markup() {
        assert_eq!(
            text("a | b <script> [x](y) `c` *d*\n# e"),
            "a \\| b &lt;script&gt; \\[x\\](y) \\`c\\` \\*d\\* \\# e"
        );
        assert_eq!(code("a`b|c"), "``a`b\\|c``");
        assert_eq!(code("`"), "`` ` ``");
        // As many in a row as it begins with would end it: what follows would be markup.
        assert_eq!(code("```<img>"), "```` ```<img> ````");
        assert_eq!(link("javascript:alert(1)"), None);
        assert_eq!(link("https://a.example/(x)").as_deref(), Some("https://a.example/%28x%29"));
        let mut page = Page::default();
        page.fenced("text", "a\n```\nb");
        assert_eq!(page.0, "````text\na\n```\nb\n````\n\n");
    }

    #[test]
    fn everything_that_is_declared_is_on_the_page() {
        let definition: ConnectorDefinition = serde_json::from_str(include_str!("../../manifest.json")).unwrap();
        let page = page(&definition);
        for action in &definition.actions {
            assert!(page.contains(&format!("\n`{}`\n", action.key)), "{}", action.key);
            assert!(action.inputs.iter().all(|input| page.contains(&code(&input.key))), "{}", action.key);
        }
        let connection = format!("## Connection: {}", text(&definition.connections[0].label));
        assert!(page.contains(&connection) && page.contains("Secret: it stays with the host"));
        let (trigger, source) = (code(&definition.triggers[0].key), code(&definition.data_sources[0].key));
        assert!(page.contains(&trigger) && page.contains(&format!("{source}, which can be searched")));
    }
}
