//! What a manifest declares, in words for people: a line an input where all are listed, and everything about one
//! operation where that one is asked for. The manifest's texts are the component's own words, so that each is kept to
//! its line, and cut where it is longer than anybody reads. Pure.

use host::contract::{ConnectionField, InputField, InputKind};
use host::text::cut;
use serde_json::Value;

use super::shell;
use super::shown::one_line;
use crate::input_word;
use crate::operation::{Kind, Operation};

/// The most bytes of a description or a help text.
const LONGEST_TEXT: usize = 4_000;
/// The most bytes of a default or an example beside its input.
const LONGEST_VALUE: usize = 40;
/// The most choices that are listed with their labels.
const MOST_CHOICES: usize = 50;
/// The most bytes of an example of a result.
const LONGEST_EXAMPLE: usize = 1_500;

/// An operation's first two lines in a list of all.
pub(super) fn heading(operation: Operation<'_>) -> String {
    let mark = match operation {
        Operation::Action(action) if action.changes_data => ", changes data",
        Operation::DataSource(source) if source.searchable => ", searchable",
        _ => "",
    };
    let what = match operation.kind() {
        Kind::Action => "Action",
        Kind::DataSource => "Data source",
        Kind::Trigger => "Trigger",
    };
    let (key, label) = (one_line(operation.key()), one_line(operation.label()));
    format!("\n{what} {key} - {label}{mark}\n  {}", one_line(operation.description()))
}

/// An input in one line.
pub(super) fn input(input: &InputField) -> String {
    let mut line = format!("  {:<22} {}", one_line(&input.key), kind(input));
    if let Some(source) = &input.data_source {
        line.push_str(&format!(", picked from {}", one_line(source)));
    }
    line
}

/// A connection's field: what becomes of its value, and where it can send requests.
pub(super) fn field(field: &ConnectionField) -> Vec<String> {
    let mut lines = vec![format!("{}{}", input(&field.input), becomes(field))];
    for environment in field.endpoint.iter().flat_map(|endpoint| &endpoint.environments) {
        lines.push(format!("    {:<20} {}", one_line(&environment.value), one_line(&environment.url)));
    }
    lines
}

/// What becomes of a connection field's value.
fn becomes(field: &ConnectionField) -> &'static str {
    match (&field.endpoint, field.secret) {
        (_, true) => ", secret: stays with the host",
        (Some(_), _) => ", endpoint: decides where requests with secrets go",
        _ => ", given to the component",
    }
}

/// Everything about one operation, for lines of this width.
pub(super) fn operation(operation: Operation<'_>, width: usize) -> String {
    let mut lines = vec![format!("{} - {}", one_line(operation.key()), one_line(operation.label()))];
    paragraph(operation.description(), 2, width, &mut lines);
    match operation {
        Operation::Action(action) if action.changes_data => lines.push("  It changes data.".to_owned()),
        Operation::DataSource(source) if source.searchable => lines.push("  It heeds --search.".to_owned()),
        _ => {}
    }
    lines.push(if operation.inputs().is_empty() { "\nIt has no inputs.".to_owned() } else { "\nInputs:".to_owned() });
    for input in operation.inputs() {
        lines.extend(input_in_full(input, width));
    }
    lines.push(format!("\nExample:\n  {}", command(operation)));
    if let Ok(example) = serde_json::to_string_pretty(operation.example()) {
        lines.push("\nA result, for example:".to_owned());
        let shown = cut(&example, LONGEST_EXAMPLE);
        lines.extend(shown.lines().map(|line| format!("  {}", one_line(line))));
    }
    lines.join("\n")
}

/// An input with all that helps to fill it in.
pub(super) fn input_in_full(input: &InputField, width: usize) -> Vec<String> {
    let mut first = format!("  {}  {}: {}", one_line(&input.key), one_line(&input.label), kind(input));
    if let Some(example) = input.example.as_ref().filter(|example| Some(*example) != input.default.as_ref()) {
        first.push_str(&format!(", for example {}", value(example)));
    }
    let mut lines = vec![first];
    paragraph(&input.help, 6, width, &mut lines);
    let choices = input.choices.iter().take(MOST_CHOICES);
    lines.extend(choices.map(|choice| format!("      {:<22} {}", one_line(&choice.value), one_line(&choice.label))));
    if let Some(more) = input.choices.len().checked_sub(MOST_CHOICES).filter(|more| *more > 0) {
        lines.push(format!("      and {more} more"));
    }
    if let Some(source) = &input.data_source {
        lines.push(format!("      `harness data-source {}` lists what can be picked", one_line(source)));
    }
    lines
}

/// What an input takes, whether it must be there, and what it is without.
fn kind(input: &InputField) -> String {
    let mut text = match &input.kind {
        InputKind::Text => "text".to_owned(),
        InputKind::MultiLine => "text of several lines".to_owned(),
        InputKind::Password => "password".to_owned(),
        InputKind::Number => "number".to_owned(),
        InputKind::Boolean => "true or false".to_owned(),
        InputKind::Choice => {
            let values: Vec<_> =
                input.choices.iter().take(MOST_CHOICES).map(|choice| one_line(&choice.value)).collect();
            format!("one of {}", values.join(" | "))
        }
        InputKind::Code(language) => one_line(language).into_owned(),
        InputKind::KeyValueList => "pairs of key and value".to_owned(),
        InputKind::EndpointUrl => "URL".to_owned(),
        InputKind::Other(name) => one_line(name).into_owned(),
    };
    if input.required {
        text.push_str(", required");
    }
    if let Some(default) = &input.default {
        text.push_str(&format!(", default {}", value(default)));
    }
    text
}

/// The beginning of a value.
fn value(value: &Value) -> String {
    one_line(&cut(&value.to_string(), LONGEST_VALUE)).into_owned()
}

/// A command line that runs it: with what must be given, or else with one thing that can be.
fn command(operation: Operation<'_>) -> String {
    let must = |input: &&InputField| input.required && input.default.is_none();
    let mut given: Vec<&InputField> = operation.inputs().iter().filter(must).collect();
    if given.is_empty() {
        given.extend(operation.inputs().iter().find(|input| example(input).is_some()));
    }
    let state = if operation.kind() == Kind::Trigger { " --state poll.state" } else { "" };
    let words = given.iter().map(|input| format!(" --input {}", assignment(input)));
    let words: String = words.collect();
    format!("harness {} {}{state}{words}", operation.kind().command(), one_line(operation.key()))
}

/// `key=value`, as one word of a shell.
fn assignment(input: &InputField) -> String {
    let open = || format!("{}=…", input.key);
    let text = match example(input) {
        // An input is read from text as well, which is easier to write.
        Some(value @ (Value::Bool(_) | Value::Number(_))) => input_word::of(&input.key, &value.to_string().into()),
        Some(value) => input_word::of(&input.key, value),
        None => None,
    };
    let text = text.unwrap_or_else(open);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "=…-_.:/".contains(c);
    match text.chars().all(is_plain) {
        true => text,
        false => shell::quoted(&text).unwrap_or_else(|| format!("{}=…", one_line(&input.key))),
    }
}

/// A value that the input could have.
fn example(input: &InputField) -> Option<&Value> {
    let choice = || !input.choices.is_empty();
    let example = input.example.as_ref().or(input.default.as_ref());
    example.filter(|_| !matches!(input.kind, InputKind::Password) || choice())
}

/// A text set in by so many blanks, in lines of this width at most.
fn paragraph(text: &str, indent: usize, width: usize, lines: &mut Vec<String>) {
    let text = cut(text, LONGEST_TEXT);
    let text = one_line(&text);
    let room = width.saturating_sub(indent).max(20);
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && console::measure_text_width(&line) + 1 + console::measure_text_width(word) > room {
            lines.push(format!("{:indent$}{line}", ""));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(format!("{:indent$}{line}", ""));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn declared(more: Value) -> InputField {
        let mut input = json!({"key": "size", "label": "Size", "kind": "text", "required": false, "help": "How large.", "choices": []});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(input).unwrap()
    }

    #[test]
    fn an_input_says_what_it_takes_what_it_is_without_and_what_can_be_chosen() {
        let input = declared(json!({"kind": "choice", "required": true, "default": "s", "example": "l",
            "choices": [{"value": "s", "label": "Small"}, {"value": "l", "label": "Large\u{1b}[2J\nerror: x"}]}));
        let lines = input_in_full(&input, 80);
        assert_eq!(lines[0], "  size  Size: one of s | l, required, default \"s\", for example \"l\"");
        assert_eq!(lines[1], "      How large.");
        assert!(lines[3].ends_with(r"Large\u{1b}[2J error: x"), "{}", lines[3]);
        assert_eq!(assignment(&input), "size=l");
        assert_eq!(assignment(&declared(json!({"example": "a b's"}))), r"'size=a b'\''s'");
        assert_eq!(assignment(&declared(json!({"example": [1]}))), "'size:=[1]'");
        assert_eq!(assignment(&declared(json!({"example": "@/etc/passwd"}))), r#"'size:="@/etc/passwd"'"#);
        assert_eq!(assignment(&declared(json!({"example": 5}))), "size=5");
        assert_eq!(assignment(&declared(json!({}))), "size=…");
    }

    #[test]
    fn long_texts_are_broken_between_words_and_cut() {
        let mut lines = Vec::new();
        paragraph(&"word ".repeat(20), 2, 32, &mut lines);
        assert!(
            lines.len() == 4 && lines.iter().all(|line| line.len() <= 32 && line.starts_with("  word")),
            "{lines:?}"
        );
        lines.clear();
        paragraph(&"x".repeat(1 << 20), 0, 80, &mut lines);
        assert!(lines.concat().len() < LONGEST_TEXT + 10);
    }
}
