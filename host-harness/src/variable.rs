//! What the variable of the environment is called that holds a secret, wherever one is proposed, and which texts read
//! variables. Pure.

use std::cell::RefCell;

use operator::variables::filled_in;
use serde_json::Value;

/// A connection as its file has it.
pub(crate) struct FromFile {
    /// With what the environment holds in the place of each variable.
    pub(crate) value: Value,
    /// As it is written, with the names of variables.
    pub(crate) written: Value,
}

/// The name of the environment's variable for a secret field of a kind of connection: `API_KEY` of `plm` is
/// `PLM_API_KEY`, and of `plmApiKey` as well.
pub(crate) fn of_secret(kind: &str, field: &str) -> String {
    let (kind, field) = (upper_snake(kind), upper_snake(field));
    let is_named = kind == field || kind.strip_suffix(&field).is_some_and(|start| start.ends_with('_'));
    let name = if is_named { kind } else { format!("{kind}_{field}") };
    // No shell has a variable that begins with a digit.
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// Whether a text of a connection file reads a variable, or is one and nothing beside it.
pub(crate) fn reads(text: &str, alone: bool) -> bool {
    let parts = parts(text);
    parts.iter().any(|part| matches!(part, Part::Variable(_))) && (!alone || parts.len() == 1)
}

/// A part of a text of a connection file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    Variable(String),
}

/// What a text of a connection file is made of; the text itself where it cannot be read.
pub(crate) fn parts(text: &str) -> Vec<Part> {
    // Stands in no text of JSON that people write, and were it there, the text would be taken for itself.
    const PLACE: &str = "\0";
    let names = RefCell::new(Vec::new());
    let named = |name: &str| {
        names.borrow_mut().push(name.to_owned());
        Some(PLACE.to_owned())
    };
    let read = filled_in(text, &named, &mut |_| {}).ok().filter(|_| !text.contains(PLACE));
    let Some(read) = read else { return vec![Part::Text(text.to_owned())] };
    let mut names = names.into_inner().into_iter();
    let mut parts = Vec::new();
    for (number, between) in read.split(PLACE).enumerate() {
        if number > 0 {
            parts.extend(names.next().map(Part::Variable));
        }
        parts.extend(Some(between).filter(|text| !text.is_empty()).map(|text| Part::Text(text.to_owned())));
    }
    parts
}

/// `plmApiKey` as `PLM_API_KEY`.
fn upper_snake(name: &str) -> String {
    let mut snake = String::new();
    let mut was_lower = false;
    for character in name.chars() {
        if !character.is_ascii_alphanumeric() {
            if !snake.ends_with('_') {
                snake.push('_');
            }
            was_lower = false;
            continue;
        }
        if character.is_ascii_uppercase() && was_lower {
            snake.push('_');
        }
        was_lower = !character.is_ascii_uppercase();
        snake.push(character.to_ascii_uppercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_a_text_are_told_from_what_only_looks_like_one() {
        let text = |text: &str| Part::Text(text.to_owned());
        let variable = |name: &str| Part::Variable(name.to_owned());
        assert_eq!(parts("${A}"), [variable("A")]);
        assert_eq!(
            parts("https://${HOST}/$${x}?${T}"),
            [text("https://"), variable("HOST"), text("/${x}?"), variable("T")]
        );
        assert_eq!(parts("${no"), [text("${no")]);
        assert_eq!((reads("${A}", true), reads("a${A}", true), reads("a${A}", false)), (true, false, true));
        assert!(!reads("$${A}", false) && !reads("A", false) && !reads("", true));
    }

    #[test]
    fn a_variable_is_named_after_the_connection_and_its_field() {
        for (kind, field, expected) in [
            ("plmApiKey", "apiKey", "PLM_API_KEY"),
            ("k", "apiKey", "K_API_KEY"),
            ("apiKey", "apiKey", "API_KEY"),
            ("acme-things", "token", "ACME_THINGS_TOKEN"),
            ("3d", "key", "_3D_KEY"),
        ] {
            assert_eq!(of_secret(kind, field), expected);
        }
    }
}
