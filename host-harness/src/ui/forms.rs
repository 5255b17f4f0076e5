//! What a form sends, and the JSON that it becomes. Knows the manifest and no page.

use std::collections::BTreeMap;

use host::contract::{InputField, InputKind};
use host::egress::{REDACTED, Secrets};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use crate::recording::Redaction;

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
    /// Its texts.
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Checked(_) => Vec::new(),
            Self::Text(text) => vec![text],
            Self::Picked { value, label } => vec![value, label],
            Self::Pairs(pairs) => pairs.iter().flat_map(|(key, value)| [key.as_str(), value]).collect(),
        }
    }

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

/// What values hold in memory, in bytes.
pub(super) fn held_bytes(values: &Values) -> u64 {
    let texts = values.iter().map(|(key, typed)| {
        key.len()
            + match typed {
                Typed::Checked(_) => 1,
                Typed::Text(text) => text.len(),
                Typed::Picked { value, label } => value.len() + label.len(),
                Typed::Pairs(pairs) => pairs.iter().map(|(key, value)| key.len() + value.len() + 48).sum(),
            }
    });
    texts.sum::<usize>() as u64
}

/// Makes the `inputs` object of a call. Everything is passed on as it was typed, which the contract lets a connector
/// read: it knows its inputs, and says of all of them at once what is wrong. Blank controls are left out, so that
/// defaults count; but what a required input began with was taken away where it is blank, and the connector is to say
/// so.
pub(super) fn read<'a>(inputs: impl IntoIterator<Item = &'a InputField>, values: &Values) -> Map<String, Value> {
    let emptied = |input: &InputField| (input.required && input.default.is_some()).then(|| "".into());
    let read = |input: &InputField| {
        let typed = values.get(&input.key)?;
        let emptied = || emptied(input).filter(|_| matches!(typed, Typed::Text(_)));
        Some((input.key.clone(), read_one(typed).or_else(emptied)?))
    };
    inputs.into_iter().filter_map(read).collect()
}

fn read_one(typed: &Typed) -> Option<Value> {
    match typed {
        Typed::Checked(checked) => Some((*checked).into()),
        Typed::Pairs(pairs) => {
            // Empty rows at the end are what a form leaves behind. Those in between count, so that a problem names the
            // row that is seen.
            let is_filled = |(key, value): &(String, String)| !key.trim().is_empty() || !value.is_empty();
            let last = pairs.iter().rposition(is_filled)?;
            Some(pairs.iter().take(last + 1).map(|(key, value)| json!({"key": key, "value": value})).collect())
        }
        Typed::Text(text) | Typed::Picked { value: text, .. } => {
            (!text.trim().is_empty()).then(|| text.as_str().into())
        }
    }
}

/// The values that a link to a form names, of those inputs that are not hidden while they are typed: a text each, and
/// rows as JSON.
pub(super) fn linked<'a>(inputs: impl IntoIterator<Item = &'a InputField>, asked: &BTreeMap<String, String>) -> Values {
    let read = |input: &InputField, text: &String| match input.kind {
        InputKind::Boolean => Some(Typed::Checked(text == "true")),
        InputKind::KeyValueList => serde_json::from_str(text).ok().map(Typed::Pairs),
        _ => Some(Typed::Text(text.clone())),
    };
    let shown = inputs.into_iter().filter(|input| input.kind != InputKind::Password);
    shown.filter_map(|input| Some((input.key.clone(), read(input, asked.get(&input.key)?)?))).collect()
}

/// The query of a link that fills a form with these values.
pub(super) fn link(values: &Values) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (key, typed) in values {
        match typed {
            Typed::Pairs(pairs) if pairs.is_empty() => {}
            Typed::Pairs(pairs) => {
                query.append_pair(key, &json!(pairs).to_string());
            }
            typed if typed.text().is_empty() => {}
            typed => {
                query.append_pair(key, typed.text());
            }
        }
    }
    query.finish()
}

/// Values that may be kept and shown again: those of known inputs that are not hidden while they are typed.
pub(super) fn keepable<'a>(inputs: impl IntoIterator<Item = &'a InputField>, mut values: Values) -> Values {
    let shown = inputs.into_iter().filter(|input| input.kind != InputKind::Password);
    shown.filter_map(|input| values.remove_entry(&input.key)).collect()
}

/// The same values without these secrets.
pub(super) fn scrubbed(values: &Values, secrets: &Secrets) -> Values {
    let scrub = |text: &String| secrets.scrub(text.clone());
    let typed = |typed: &Typed| match typed {
        Typed::Checked(checked) => Typed::Checked(*checked),
        Typed::Text(text) => Typed::Text(scrub(text)),
        Typed::Picked { value, label } => Typed::Picked { value: scrub(value), label: scrub(label) },
        Typed::Pairs(pairs) => Typed::Pairs(pairs.iter().map(|(key, value)| (scrub(key), scrub(value))).collect()),
    };
    values.iter().map(|(key, value)| (key.clone(), typed(value))).collect()
}

/// The same values without what a recording is without.
pub(super) fn redacted(values: &Values, redaction: &Redaction) -> Values {
    let mut json = serde_json::to_string(values).unwrap_or_default();
    redaction.take_out(&mut [&mut json], &mut [], &[]);
    serde_json::from_str(&json).unwrap_or_default()
}

/// Whether something was taken out of the values, so that what was done with them cannot be done again as it was.
pub(super) fn lack_something(values: &Values) -> bool {
    values.values().flat_map(Typed::texts).any(|text| text.contains(REDACTED))
}

/// The values that a form is filled in with: what was taken out as a whole is left blank, for a person to type again.
pub(super) fn for_a_form(mut values: Values) -> Values {
    values.retain(|_, typed| !matches!(typed, Typed::Text(_) | Typed::Picked { .. }) || typed.text() != REDACTED);
    values
}

/// The same values without what may be a secret in an address: who may use it, and what is asked of it. An address that
/// is none yet, because somebody is in the middle of typing it, may end in such.
pub(super) fn without_what_addresses_hide<'a>(
    inputs: impl IntoIterator<Item = &'a InputField>,
    mut values: Values,
) -> Values {
    for input in inputs {
        let Some(Typed::Text(text)) = values.get_mut(&input.key) else { continue };
        match Url::parse(text.trim()) {
            Ok(mut url) if url.has_host() => {
                let hides = !url.username().is_empty() || url.password().is_some();
                if hides || url.query().is_some() || url.fragment().is_some() {
                    url.set_query(None);
                    url.set_fragment(None);
                    // Neither fails for an address that has a host.
                    url.set_username("").and_then(|()| url.set_password(None)).ok();
                    *text = url.into();
                }
            }
            _ if input.kind == InputKind::EndpointUrl => text.clear(),
            _ => {}
        }
    }
    values
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

    fn read_typed(kind: InputKind, typed: Typed) -> Map<String, Value> {
        read(&[input("x", kind, false)], &Values::from([("x".into(), typed)]))
    }

    #[test]
    fn what_was_typed_is_passed_on_as_it_is_whatever_the_kind() {
        let cases = [
            (InputKind::Text, text(" a "), json!(" a ")),
            (InputKind::Number, text(" 25 "), json!(" 25 ")),
            (InputKind::Number, text("many"), json!("many")),
            (InputKind::Boolean, Typed::Checked(false), json!(false)),
            (InputKind::Choice, text("ECO"), json!("ECO")),
            (InputKind::Code("json".into()), text("{\"a\": }"), json!("{\"a\": }")),
            (
                InputKind::KeyValueList,
                Typed::Pairs(
                    ["a1", "  ", " 2", "  "].map(|row| (row[..1].trim().into(), row[1..].trim().into())).into(),
                ),
                json!([{"key": "a", "value": "1"}, {"key": "", "value": ""}, {"key": "", "value": "2"}]),
            ),
            (InputKind::Text, Typed::Picked { value: "id".into(), label: "Name".into() }, json!("id")),
        ];
        for (kind, typed, expected) in cases {
            assert_eq!(read_typed(kind, typed)["x"], expected);
        }
    }

    #[test]
    fn a_blank_control_is_left_out_so_that_the_default_counts() {
        assert!(read_typed(InputKind::Number, text("  ")).is_empty());
        assert!(read_typed(InputKind::KeyValueList, Typed::Pairs(vec![])).is_empty());
        assert!(read(&[input("a", InputKind::Text, true)], &Values::new()).is_empty());
    }

    #[test]
    fn a_link_fills_the_form_with_what_it_was_made_of_and_holds_nothing_hidden() {
        let kinds = [("a", InputKind::Text), ("b", InputKind::Boolean), ("c", InputKind::KeyValueList)];
        let mut inputs = kinds.map(|(key, kind)| input(key, kind, false)).to_vec();
        inputs.push(input("secret", InputKind::Password, false));
        let values = Values::from([
            ("a".into(), text("1/4\" & é=?")),
            ("b".into(), Typed::Checked(true)),
            ("c".into(), Typed::Pairs(vec![("x".into(), "1".into())])),
        ]);
        let read = |query: &str| {
            let asked = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            linked(&inputs, &asked)
        };
        assert_eq!(read(&link(&values)), values);
        assert!(read("secret=x&unknown=y&c=no").is_empty());
    }

    #[test]
    fn an_address_is_kept_without_its_query_its_user_and_its_beginnings() {
        let kept = |kind: InputKind, typed: &str| {
            let values = Values::from([("x".to_owned(), text(typed))]);
            without_what_addresses_hide(&[input("x", kind, false)], values)["x"].text().to_owned()
        };
        for (typed, expected) in [
            ("https://plm.example/graphql", "https://plm.example/graphql"),
            ("https://plm.example/graphql?token=canary", "https://plm.example/graphql"),
            ("https://plm.example/#canary", "https://plm.example/"),
            ("https://me:canary@plm.example", "https://plm.example/"),
            ("https://me:cana", ""),
            ("plm.example/?token=canary", ""),
        ] {
            assert_eq!(kept(InputKind::EndpointUrl, typed), expected, "{typed}");
        }
        assert_eq!(kept(InputKind::Text, "https://plm.example/?token=canary"), "https://plm.example/");
        assert_eq!(kept(InputKind::Text, "Ada & Co: yes?"), "Ada & Co: yes?");
    }

    #[test]
    fn hidden_and_unknown_values_are_not_kept() {
        let inputs = [input("a", InputKind::Text, false), input("b", InputKind::Password, false)];
        let values = Values::from(["a", "b", "c"].map(|key| (key.to_owned(), text("x"))));
        assert_eq!(keepable(&inputs, values).into_keys().collect::<Vec<_>>(), ["a"]);
    }
}
