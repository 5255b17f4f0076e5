//! What a form sends, and the JSON that it becomes by the kind of each input. Knows the manifest and no page.

use std::collections::BTreeMap;

use host::contract::{InputField, InputKind, InputProblem};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The values of a form by the keys of its inputs, as they were typed.
pub(super) type Values = BTreeMap<String, Typed>;

/// What was typed into one control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Typed {
    /// A checkbox.
    Checked(bool),
    /// Any control that holds text.
    Text(String),
    /// An item picked from a data source: what is sent, and what is shown.
    Picked { value: String, label: String },
    /// Rows of a key-value list.
    Pairs(Vec<(String, String)>),
}

impl Typed {
    /// The text that is sent.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Picked { value: text, .. } => text,
            Self::Checked(true) => "true",
            Self::Checked(false) => "false",
            Self::Pairs(_) => "",
        }
    }
}

/// Makes the `inputs` object of a call. Blank controls are left out, so that defaults count. Problems are all found at once.
pub(super) fn read<'a>(
    inputs: impl IntoIterator<Item = &'a InputField>,
    values: &Values,
) -> Result<Map<String, Value>, Vec<InputProblem>> {
    let mut object = Map::new();
    let mut problems = Vec::new();
    for input in inputs {
        match values.get(&input.key).map_or(Ok(None), |typed| read_one(input, typed)) {
            Ok(Some(value)) => {
                object.insert(input.key.clone(), value);
            }
            Ok(None) if input.required && input.default.is_none() => {
                problems.push(problem(input, "is required: fill it in".into()));
            }
            Ok(None) => {}
            Err(message) => problems.push(problem(input, message)),
        }
    }
    if problems.is_empty() { Ok(object) } else { Err(problems) }
}

fn problem(input: &InputField, message: String) -> InputProblem {
    InputProblem { input: input.key.clone(), message }
}

fn read_one(input: &InputField, typed: &Typed) -> Result<Option<Value>, String> {
    if let Typed::Pairs(pairs) = typed {
        return read_pairs(pairs);
    }
    if let Typed::Checked(checked) = typed {
        return Ok(Some((*checked).into()));
    }
    let text = typed.text();
    if text.trim().is_empty() {
        return Ok(None);
    }
    match &input.kind {
        InputKind::Number => match serde_json::from_str::<serde_json::Number>(text.trim()) {
            Ok(number) => Ok(Some(Value::Number(number))),
            Err(_) => Err("must be a number, for example 25".into()),
        },
        InputKind::Boolean => match text.trim() {
            "true" => Ok(Some(true.into())),
            "false" => Ok(Some(false.into())),
            _ => Err("must be true or false".into()),
        },
        // Passed on as the text it is, which the contract lets a connector read: as values it could take a hundred times as much.
        InputKind::Code(language) if language == "json" => match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Ok(Some(text.into())),
            Err(error) => Err(format!("is not JSON: {error}")),
        },
        _ => Ok(Some(text.into())),
    }
}

fn read_pairs(pairs: &[(String, String)]) -> Result<Option<Value>, String> {
    let filled: Vec<_> = pairs.iter().filter(|(key, value)| !key.trim().is_empty() || !value.is_empty()).collect();
    if let Some((_, value)) = filled.iter().find(|(key, _)| key.trim().is_empty()) {
        let shown: String = value.chars().take(40).collect();
        return Err(format!("has a value without a name: {shown:?}"));
    }
    if filled.is_empty() {
        return Ok(None);
    }
    Ok(Some(filled.into_iter().map(|(key, value)| json!({"key": key.trim(), "value": value})).collect()))
}

/// Values that may be kept and shown again: those of known inputs that are not hidden while they are typed.
pub(super) fn keepable<'a>(inputs: impl IntoIterator<Item = &'a InputField>, mut values: Values) -> Values {
    let shown = inputs.into_iter().filter(|input| input.kind != InputKind::Password);
    shown.filter_map(|input| values.remove_entry(&input.key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(key: &str, kind: InputKind, required: bool) -> InputField {
        let text = json!({"key": key, "label": key, "kind": kind, "required": required, "help": "", "choices": []});
        serde_json::from_value(text).unwrap()
    }

    fn text(text: &str) -> Typed {
        Typed::Text(text.into())
    }

    fn read_typed(kind: InputKind, typed: Typed) -> Result<Map<String, Value>, Vec<InputProblem>> {
        read(&[input("x", kind, false)], &Values::from([("x".into(), typed)]))
    }

    #[test]
    fn each_kind_becomes_the_json_that_the_contract_names() {
        let json_code = || InputKind::Code("json".into());
        let cases = [
            (InputKind::Text, text(" a "), json!(" a ")),
            (InputKind::Number, text(" 25 "), json!(25)),
            (InputKind::Number, text("2.5"), json!(2.5)),
            (InputKind::Boolean, Typed::Checked(false), json!(false)),
            (InputKind::Choice, text("ECO"), json!("ECO")),
            (json_code(), text("{\"a\": [1]}"), json!("{\"a\": [1]}")),
            (InputKind::Code("graphql".into()), text("{ a }"), json!("{ a }")),
            (
                InputKind::KeyValueList,
                Typed::Pairs(vec![("a".into(), "1".into()), (String::new(), String::new())]),
                json!([{"key": "a", "value": "1"}]),
            ),
            (InputKind::Text, Typed::Picked { value: "id".into(), label: "Name".into() }, json!("id")),
        ];
        for (kind, typed, expected) in cases {
            assert_eq!(read_typed(kind, typed).unwrap()["x"], expected);
        }
    }

    #[test]
    fn a_blank_control_is_left_out_and_a_required_one_is_named() {
        assert!(read_typed(InputKind::Number, text("  ")).unwrap().is_empty());
        assert!(read_typed(InputKind::KeyValueList, Typed::Pairs(vec![])).unwrap().is_empty());
        let inputs = [input("a", InputKind::Text, true), input("b", InputKind::Number, false)];
        let problems = read(&inputs, &Values::from([("b".into(), text("many"))])).unwrap_err();
        assert_eq!(problems.iter().map(|problem| problem.input.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn json_that_cannot_be_read_says_where() {
        let problems = read_typed(InputKind::Code("json".into()), text("{\"a\": }")).unwrap_err();
        assert!(problems[0].message.contains("line 1 column 7"), "{problems:?}");
    }

    #[test]
    fn a_value_without_a_name_is_a_problem() {
        let pairs = Typed::Pairs(vec![(" ".into(), "lost".into())]);
        assert!(read_typed(InputKind::KeyValueList, pairs).unwrap_err()[0].message.contains("lost"));
    }

    #[test]
    fn hidden_and_unknown_values_are_not_kept() {
        let inputs = [input("a", InputKind::Text, false), input("b", InputKind::Password, false)];
        let values = Values::from(["a", "b", "c"].map(|key| (key.to_owned(), text("x"))));
        assert_eq!(keepable(&inputs, values).into_keys().collect::<Vec<_>>(), ["a"]);
    }
}
