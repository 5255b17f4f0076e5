//! Why a call failed, in the words of the manifest: inputs by their labels, what was probably meant, and what the
//! command at hand can do about it. Pure.

use host::CallError;
use host::contract::{ConnectorDefinition, Error, InputProblem};

use super::inputs::Inputs;
use super::suggest::did_you_mean;
use crate::operation::{Kind, Operation};
use crate::problems;

/// The call that failed.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) kind: Kind,
    pub(super) key: &'a str,
    pub(super) inputs: &'a Inputs,
}

/// What to say of an error in place of its own words; none where these say it all.
pub(super) fn explained(error: &CallError, definition: &ConnectorDefinition, call: Option<Call<'_>>) -> Option<String> {
    let CallError::Connector(said) = error else { return None };
    match said {
        Error::InvalidInput(problems) => Some(problems_by_label(problems, definition, call)),
        Error::UnknownKey(text) => call.map(|call| format!("{text}{}", meant(definition, call))),
        Error::InvalidState(text) => {
            // Only a poll has a state.
            let key = call.filter(|call| call.kind == Kind::Trigger)?.key;
            Some(format!(
                "{text} To begin anew, and never hear of what has changed since the last poll: \
                 `harness poll {key}` with --reset-state, as `watch` has it too"
            ))
        }
        _ => None,
    }
}

/// Each problem with the label of its input or field.
fn problems_by_label(problems: &[InputProblem], definition: &ConnectorDefinition, call: Option<Call<'_>>) -> String {
    let operation = call.and_then(|call| Operation::of(definition, call.kind, call.key));
    let given = |key: &str| serde_json::from_str(call?.inputs.get(key)?.get()).ok();
    problems::by_label(problems, definition, operation, &given)
}

/// The operation that was probably meant, of this kind or of another.
fn meant(definition: &ConnectorDefinition, call: Call<'_>) -> String {
    let other = Operation::all(definition).find(|operation| operation.key() == call.key);
    match other.filter(|other| other.kind() != call.kind) {
        Some(other) => {
            format!("; {} is a {}: `harness {} {}`", call.key, other.kind().noun(), other.kind().command(), call.key)
        }
        None => {
            let known = Operation::all(definition).filter(|operation| operation.kind() == call.kind);
            did_you_mean(call.key, known.map(Operation::key))
        }
    }
}

#[cfg(test)]
mod tests {
    use host::contract::JsonText;
    use serde_json::json;

    use super::*;

    fn definition() -> ConnectorDefinition {
        let input = json!({"key": "type", "label": "Type", "kind": "choice", "required": true, "help": "",
            "choices": [{"value": "ECO", "label": ""}, {"value": "MCO", "label": ""}]});
        let operation = |key: &str, input: &serde_json::Value| {
            json!({"key": key, "label": "", "description": "", "changesData": false,
            "searchable": false, "inputs": [input], "inputSchema": {}, "resultSchema": {}, "examplePayload": {}})
        };
        serde_json::from_value(json!({
            "key": "example", "label": "Example", "description": "", "version": "1.0.0", "connections": [],
            "actions": [operation("createOrder", &input), operation("listOrders", &input)], "dataSources": [],
            "triggers": [operation("pollOrders", &input)],
        }))
        .unwrap()
    }

    fn said(error: Error, key: &str, value: &str) -> Option<String> {
        let mut inputs = Inputs::default();
        inputs.set("type", JsonText::string(value));
        let call = Call { kind: Kind::Action, key, inputs: &inputs };
        explained(&CallError::Connector(error), &definition(), Some(call))
    }

    #[test]
    fn a_problem_names_the_label_and_the_choice_that_was_meant() {
        let problem = |input: &str| InputProblem { input: input.into(), message: "must be one of ECO, MCO".into() };
        let one = said(Error::InvalidInput(vec![problem("type")]), "createOrder", "EC0").unwrap();
        assert_eq!(one, "Type (type): must be one of ECO, MCO; did you mean ECO?");
        let two = said(Error::InvalidInput(vec![problem("type"), problem("other")]), "createOrder", "ECO").unwrap();
        assert_eq!(two, "\nType (type): must be one of ECO, MCO\nother: must be one of ECO, MCO");
        let misspelt = said(Error::InvalidInput(vec![problem("tpye")]), "createOrder", "ECO").unwrap();
        assert_eq!(misspelt, "tpye: must be one of ECO, MCO; did you mean type?");
    }

    #[test]
    fn an_unknown_key_is_met_with_the_nearest_or_with_the_command_that_knows_it() {
        let unknown = || Error::UnknownKey("there is no such action".into());
        assert_eq!(said(unknown(), "listOrder", "").unwrap(), "there is no such action; did you mean listOrders?");
        assert_eq!(
            said(unknown(), "pollOrders", "").unwrap(),
            "there is no such action; pollOrders is a trigger: `harness poll pollOrders`"
        );
        assert_eq!(said(Error::Forbidden("no".into()), "listOrders", ""), None);
    }
}
