//! Asks a person at a terminal for what is missing. Questions are written to standard error; what a manifest says in
//! them is shown as any other text of a stranger's is.

use std::io::{self, IsTerminal};

use dialoguer::theme::ColorfulTheme;
use dialoguer::{Confirm, Input, Password, Select};
use host::contract::{InputField, InputKind, JsonText};
use host::text::cut;
use serde_json::Value;

use super::command_error::CommandError;
use super::described;
use super::output::{self, one_line};

/// The most bytes of a question or of an answer to choose from.
const LONGEST: usize = 200;
/// So many choices are shown at a time.
const CHOICES_SHOWN: usize = 12;

/// Whether somebody is there to be asked.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal() && !output::is_quiet()
}

/// How wide a line for a person may be.
pub(super) fn width() -> usize {
    usize::from(console::Term::stderr().size().1).clamp(40, 100)
}

/// Shows what is asked for, before the question.
pub(super) fn say(input: &InputField) {
    for line in described::input_in_full(input, width()) {
        output::message(&line);
    }
}

/// The name of an input, as a question.
pub(super) fn prompt(input: &InputField) -> String {
    question(if input.label.is_empty() { &input.key } else { &input.label })
}

/// The answer to one question: none where a person leaves open what need not be filled in.
pub(super) fn answer(input: &InputField, is_required: bool) -> Result<Option<JsonText>, CommandError> {
    let prompt = prompt(input);
    if !input.choices.is_empty() {
        return choice(input, &prompt, is_required);
    }
    match &input.kind {
        InputKind::Boolean => {
            let is_usual = input.default == Some(Value::Bool(true));
            Ok(Some(if confirm(&prompt, is_usual)? { json("true") } else { json("false") }))
        }
        InputKind::Password => {
            let asked =
                Password::with_theme(&theme()).with_prompt(prompt).allow_empty_password(!is_required).interact();
            Ok(Some(asked.map_err(failed)?).filter(|text| !text.is_empty()).map(|text| JsonText::string(&text)))
        }
        kind => {
            let kind = kind.clone();
            let right = move |text: &String| value(&kind, text).map(drop);
            let asked = text(&prompt, usual(input), is_required, right)?;
            Ok(asked.and_then(|text| value(&input.kind, &text).ok()))
        }
    }
}

/// What stands for an answer that is left open, as it would be typed.
fn usual(input: &InputField) -> Option<String> {
    let text = match input.default.as_ref()? {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    // What a terminal would obey is not offered, and neither is what nobody would type.
    Some(text).filter(|text| text.len() <= LONGEST && one_line(text) == *text)
}

/// Asks for a line of text that is right; none where it is left open.
pub(super) fn text(
    prompt: &str,
    default: Option<String>,
    is_required: bool,
    right: impl Fn(&String) -> Result<(), String>,
) -> Result<Option<String>, CommandError> {
    let theme = theme();
    let mut asked = Input::<String>::with_theme(&theme).with_prompt(prompt).allow_empty(!is_required);
    if let Some(default) = default {
        asked = asked.default(default);
    }
    let is_right = |text: &String| if text.trim().is_empty() && !is_required { Ok(()) } else { right(text) };
    let text = asked.validate_with(is_right).interact_text().map_err(failed)?;
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

/// Asks for yes or no.
pub(super) fn confirm(prompt: &str, default: bool) -> Result<bool, CommandError> {
    Confirm::with_theme(&theme()).with_prompt(prompt).default(default).interact().map_err(failed)
}

/// Asks for one of these; gives its place.
pub(super) fn select(prompt: &str, labels: &[String]) -> Result<Option<usize>, CommandError> {
    select_from(prompt, labels, 0)
}

/// The same, beginning at this place; none where a person wants none of them.
pub(super) fn select_from(prompt: &str, labels: &[String], at: usize) -> Result<Option<usize>, CommandError> {
    let theme = theme();
    let asked = Select::with_theme(&theme).with_prompt(prompt).items(labels).default(at).max_length(CHOICES_SHOWN);
    asked.interact_opt().map_err(failed)
}

fn choice(input: &InputField, prompt: &str, is_required: bool) -> Result<Option<JsonText>, CommandError> {
    let mut labels: Vec<String> = input
        .choices
        .iter()
        .map(|choice| question(if choice.label.is_empty() { &choice.value } else { &choice.label }))
        .collect();
    if !is_required {
        labels.push("(leave it open)".to_owned());
    }
    let usual = input.choices.iter().position(|choice| input.default.as_ref() == Some(&choice.value.as_str().into()));
    let chosen = select_from(prompt, &labels, usual.unwrap_or_default())?.and_then(|place| input.choices.get(place));
    Ok(chosen.map(|choice| JsonText::string(&choice.value)))
}

/// What a person has typed, as the JSON that this kind of input takes.
pub(super) fn value(kind: &InputKind, text: &str) -> Result<JsonText, String> {
    match kind {
        InputKind::Number => match text.trim().parse::<serde_json::Number>() {
            Ok(number) => Ok(json(&number.to_string())),
            Err(_) => Err("that is no number".to_owned()),
        },
        InputKind::KeyValueList => {
            JsonText::read(text.to_owned()).map_err(|error| format!("write {{\"name\": \"value\"}}: {error}"))
        }
        InputKind::Code(language) if language == "json" => {
            JsonText::read(text.to_owned()).map_err(|error| format!("that is not JSON: {error}"))
        }
        _ if text.trim().is_empty() => Err("that is blank".to_owned()),
        _ => Ok(JsonText::string(text)),
    }
}

fn json(text: &str) -> JsonText {
    JsonText::read(text.to_owned()).unwrap_or_else(|_| JsonText::string(text))
}

/// Text of a stranger, as it is asked for or to be chosen from.
pub(super) fn question(text: &str) -> String {
    one_line(&cut(text, LONGEST)).into_owned()
}

fn theme() -> ColorfulTheme {
    ColorfulTheme::default()
}

fn failed(error: dialoguer::Error) -> CommandError {
    let dialoguer::Error::IO(error) = error;
    // What reads keys says so of Ctrl-C.
    if error.kind() == io::ErrorKind::Interrupted {
        return CommandError::Cancelled;
    }
    CommandError::usage(format!("nothing could be asked: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_the_json_that_the_kind_takes() {
        let typed = |kind: InputKind, text: &str| value(&kind, text).map(|json| json.get().to_owned());
        assert_eq!(typed(InputKind::Number, " 12 ").unwrap(), "12");
        assert_eq!(typed(InputKind::Text, "12").unwrap(), "\"12\"");
        assert_eq!(typed(InputKind::Code("json".into()), "[1]").unwrap(), "[1]");
        assert_eq!(typed(InputKind::Code("graphql".into()), "{a}").unwrap(), "\"{a}\"");
        for (kind, text) in [(InputKind::Number, "x"), (InputKind::KeyValueList, "a=b"), (InputKind::Text, " ")] {
            assert!(typed(kind, text).is_err(), "{text}");
        }
    }
}
