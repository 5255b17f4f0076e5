//! Asks a person at a terminal for the inputs that a call needs and has not got. Without a terminal nothing is asked,
//! and the connector says what is missing.

use std::collections::HashSet;

use host::Connection;
use host::contract::{InputField, JsonText};

use super::command_error::CommandError;
use super::inputs::Inputs;
use super::pick::{Picked, Picker};
use super::session::Session;
use super::{ask, output};

/// Asks for them one by one; from its data source, where an input has one.
pub(super) async fn ask_for(
    session: &Session,
    connection: &Connection,
    declared: &[InputField],
    inputs: &mut Inputs,
) -> Result<(), CommandError> {
    if !ask::can_ask() {
        return Ok(());
    }
    // Of these it was said why nothing can be picked.
    let mut failed = HashSet::new();
    for input in declared {
        if !is_missing(input, inputs) {
            continue;
        }
        ask::say(input);
        let source = input.data_source.as_deref().and_then(|key| session.connector.definition().data_source(key));
        let picked = match source.filter(|source| !failed.contains(&source.key)) {
            Some(source) => {
                Picker { session, connection, source, inputs: inputs.of(&source.inputs) }.pick(input).await?
            }
            None => Picked::ByHand,
        };
        if let (Picked::Failed(why), Some(source)) = (&picked, source) {
            output::message(&format!("note: nothing can be picked from {}, so type it in: {why}", source.key));
            failed.insert(&source.key);
        }
        let answer = match picked {
            // Where it is none of the kind, the connector says so.
            Picked::Key(key) => Some(ask::value(&input.kind, &key).unwrap_or_else(|_| JsonText::string(&key))),
            Picked::ByHand | Picked::Failed(_) => ask::answer(input, true)?,
        };
        if let Some(answer) = answer {
            inputs.set(&input.key, answer);
        }
    }
    Ok(())
}

/// Whether a call without it would be refused.
fn is_missing(input: &InputField, inputs: &Inputs) -> bool {
    let is_blank = |value: &JsonText| {
        value.get() == "null" || serde_json::from_str::<String>(value.get()).is_ok_and(|text| text.trim().is_empty())
    };
    input.required && input.default.is_none() && inputs.get(&input.key).is_none_or(is_blank)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_a_call_would_be_refused_without_is_missing() {
        let input = |required: bool, default: Option<&str>| -> InputField {
            let input = json!({"key": "a", "label": "", "kind": "text", "required": required, "default": default, "help": "", "choices": []});
            serde_json::from_value(input).unwrap()
        };
        let mut inputs = Inputs::default();
        assert!(is_missing(&input(true, None), &inputs));
        assert!(!is_missing(&input(false, None), &inputs) && !is_missing(&input(true, Some("x")), &inputs));
        inputs.set("a", JsonText::string("  "));
        assert!(is_missing(&input(true, None), &inputs));
        inputs.set("a", JsonText::string("x"));
        assert!(!is_missing(&input(true, None), &inputs));
    }
}
