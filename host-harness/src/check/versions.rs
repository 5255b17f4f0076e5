//! Two versions of a connector: what a flow that was built on the older one would notice, and whether the number of the
//! newer one says so. Pure.

use std::collections::BTreeMap;

use host::contract::{ConnectorDefinition, InputField};
use serde_json::Value;

use super::Verdict;
use super::bench::name;
use crate::operation::Operation;

/// How much a change is, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Size {
    /// Texts, and what no flow sees.
    Patch,
    /// More than before.
    Minor,
    /// A flow that worked may no longer.
    Major,
}

#[derive(Default)]
struct Found(Vec<(Size, String)>);

/// Whether the newer version's number is large enough for what has changed.
pub(super) fn compared(older: &ConnectorDefinition, newer: &ConnectorDefinition) -> Verdict {
    let found = changes(older, newer);
    let largest = found.0.iter().map(|(size, _)| *size).max().unwrap_or(Size::Patch);
    let (Some(before), Some(after)) = (numbers(&older.version), numbers(&newer.version)) else {
        return Verdict::not_checked(format!("{} and {} are not both of the form 1.2.3", older.version, newer.version));
    };
    let said = |size: Size| {
        let of_size = found.0.iter().filter(|(of, _)| *of == size);
        of_size.map(|(_, text)| text.clone()).collect::<Vec<_>>()
    };
    if older == newer || is_enough(before, after, largest) {
        let (breaking, more) = (said(Size::Major).len(), said(Size::Minor).len());
        return Verdict::passed(format!(
            "{} to {}: {breaking} breaking changes, {more} additions",
            older.version, newer.version
        ));
    }
    let needed = needed(before, largest);
    let mut problems =
        vec![format!("{} follows {}, and what has changed needs {needed} or later", newer.version, older.version)];
    problems.extend(said(largest));
    Verdict::Failed { problems }
}

fn numbers(version: &str) -> Option<[u64; 3]> {
    let mut parts = version.split(['-', '+']).next()?.split('.').map(|part| part.parse().ok());
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

/// The least version after this one for a change of this size. Before 1.0.0, the second number is for breaking changes
/// and the third for the rest.
fn least([major, minor, patch]: [u64; 3], size: Size) -> [u64; 3] {
    match (size, major) {
        (Size::Major, 0) => [0, minor + 1, 0],
        (Size::Major, _) => [major + 1, 0, 0],
        (Size::Minor, 1..) => [major, minor + 1, 0],
        (Size::Minor | Size::Patch, _) => [major, minor, patch + 1],
    }
}

fn is_enough(before: [u64; 3], after: [u64; 3], size: Size) -> bool {
    after >= least(before, size)
}

fn needed(before: [u64; 3], size: Size) -> String {
    least(before, size).map(|number| number.to_string()).join(".")
}

fn changes(older: &ConnectorDefinition, newer: &ConnectorDefinition) -> Found {
    let mut found = Found::default();
    if older.key != newer.key {
        found.add(Size::Major, format!("the connector is called {} and no longer {}", newer.key, older.key));
    }
    for kind in &older.connections {
        let Some(now) = newer.connection(&kind.key) else {
            found.add(Size::Major, format!("the connection {} is gone", kind.key));
            continue;
        };
        let place = format!("the connection {}", kind.key);
        let of = |fields: &[host::contract::ConnectionField]| {
            fields.iter().map(|field| field.input.clone()).collect::<Vec<_>>()
        };
        found.inputs(&place, &of(&kind.fields), &of(&now.fields));
        for field in &kind.fields {
            let Some(now) = now.fields.iter().find(|now| now.input.key == field.input.key) else { continue };
            if (field.secret, &field.endpoint) != (now.secret, &now.endpoint) {
                let text =
                    format!("{place}: {} is secret, or where requests go, otherwise than before", field.input.key);
                found.add(Size::Major, text);
            }
        }
    }
    for kind in newer.connections.iter().filter(|kind| older.connection(&kind.key).is_none()) {
        found.add(Size::Minor, format!("the connection {} is new", kind.key));
    }
    let of = |definition| -> BTreeMap<String, (Vec<InputField>, Value)> {
        let all = Operation::all(definition);
        all.map(|of| (name(of), (of.inputs().to_vec(), of.result_schema().clone()))).collect()
    };
    let (before, after) = (of(older), of(newer));
    for (name, (inputs, schema)) in &before {
        match after.get(name) {
            None => found.add(Size::Major, format!("{name} is gone")),
            Some((inputs_now, schema_now)) => {
                found.inputs(name, inputs, inputs_now);
                found.results(&format!("the result of {name}"), schema, schema_now, 0);
            }
        }
    }
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        found.add(Size::Minor, format!("{name} is new"));
    }
    found
}

impl Found {
    fn add(&mut self, size: Size, text: String) {
        self.0.push((size, text));
    }

    fn inputs(&mut self, place: &str, older: &[InputField], newer: &[InputField]) {
        for input in older {
            let Some(now) = newer.iter().find(|now| now.key == input.key) else {
                self.add(Size::Major, format!("{place}: the input {} is gone", input.key));
                continue;
            };
            let at = format!("{place}: the input {}", input.key);
            if input.kind != now.kind {
                self.add(Size::Major, format!("{at} is of another kind"));
            }
            if now.required && now.default.is_none() && !(input.required && input.default.is_none()) {
                self.add(Size::Major, format!("{at} is needed now"));
            }
            if input.default != now.default && !(now.required && now.default.is_none()) {
                self.add(Size::Major, format!("{at} has another default"));
            }
            let has =
                |choices: &[host::contract::Choice], value: &str| choices.iter().any(|choice| choice.value == value);
            for choice in input.choices.iter().filter(|choice| !has(&now.choices, &choice.value)) {
                self.add(Size::Major, format!("{at} has no choice {} any more", choice.value));
            }
            if now.choices.iter().any(|choice| !has(&input.choices, &choice.value)) {
                self.add(Size::Minor, format!("{at} has more choices"));
            }
        }
        for input in newer.iter().filter(|input| !older.iter().any(|known| known.key == input.key)) {
            let is_needed = input.required && input.default.is_none();
            let size = if is_needed { Size::Major } else { Size::Minor };
            self.add(
                size,
                format!("{place}: the input {} is new{}", input.key, if is_needed { ", and needed" } else { "" }),
            );
        }
    }

    /// What a flow reads from a result: members by name, and their types.
    fn results(&mut self, place: &str, older: &Value, newer: &Value, depth: usize) {
        if depth > 60 || older == newer {
            return;
        }
        let (before, after) = (older.get("type"), newer.get("type"));
        if let (Some(before), Some(after)) = (before, after) {
            let types = |of: &Value| match of {
                Value::Array(items) => items.clone(),
                one => vec![one.clone()],
            };
            if types(after).iter().any(|one| !types(before).contains(one)) {
                self.add(Size::Major, format!("{place} can be {after}, and was {before}"));
            }
        }
        let members = |of: &Value| of.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let (known, now) = (members(older), members(newer));
        for (name, schema) in &known {
            match now.get(name) {
                None => self.add(Size::Major, format!("{place}: {name} is gone")),
                Some(other) => self.results(&format!("{place}, {name}"), schema, other, depth + 1),
            }
        }
        for name in now.keys().filter(|name| !known.contains_key(*name)) {
            self.add(Size::Minor, format!("{place}: {name} is new"));
        }
        let required = |of: &Value| of.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for name in required(older) {
            if known.get(name.as_str().unwrap_or_default()).is_some()
                && now.contains_key(name.as_str().unwrap_or_default())
                && !required(newer).contains(&name)
            {
                self.add(Size::Major, format!("{place}: {} can be missing now", name.as_str().unwrap_or_default()));
            }
        }
        if let (Some(before), Some(after)) = (older.get("items"), newer.get("items")) {
            self.results(&format!("{place}, its items"), before, after, depth + 1);
        }
        for word in ["anyOf", "oneOf", "allOf"] {
            let (before, after) =
                (older.get(word).and_then(Value::as_array), newer.get(word).and_then(Value::as_array));
            for (before, after) in before.into_iter().flatten().zip(after.into_iter().flatten()) {
                self.results(place, before, after, depth + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(version: &str, change: impl Fn(&mut Value)) -> ConnectorDefinition {
        let mut manifest: Value = serde_json::from_str(include_str!("../../../manifest.json")).unwrap();
        manifest["version"] = version.into();
        change(&mut manifest);
        serde_json::from_value(manifest).unwrap()
    }

    fn problems(before: &str, after: &str, change: impl Fn(&mut Value)) -> Vec<String> {
        match compared(&definition(before, |_| {}), &definition(after, change)) {
            Verdict::Failed { problems } => problems,
            verdict => vec![format!("{verdict:?}")],
        }
    }

    /// A change of the manifest, and what is said of it.
    type Change = (fn(&mut Value), &'static str);

    #[test]
    fn what_a_flow_would_notice_is_named_and_needs_a_number_that_says_so() {
        let breaking: [Change; 6] = [
            (|m| drop(m["actions"].as_array_mut().unwrap().remove(0)), "is gone"),
            (|m| drop(m["actions"][0]["inputs"].as_array_mut().unwrap().remove(0)), "the input name is gone"),
            (|m| m["actions"][0]["inputs"][1]["required"] = true.into(), "the input description is needed now"),
            (|m| m["actions"][0]["inputs"][1]["kind"] = "number".into(), "is of another kind"),
            (|m| m["triggers"][0]["inputs"][0]["choices"] = serde_json::json!([]), "has no choice components"),
            (|m| m["triggers"][0]["resultSchema"]["properties"] = serde_json::json!({}), "body is gone"),
        ];
        for (change, said) in breaking {
            for (before, after, needed) in [("1.2.3", "1.3.0", "2.0.0"), ("0.1.0", "0.1.1", "0.2.0")] {
                let problems = problems(before, after, change);
                assert!(problems[0].contains(&format!("needs {needed}")), "{problems:?}");
                assert!(problems[1..].iter().any(|problem| problem.contains(said)), "{said}: {problems:?}");
            }
            assert!(problems("1.2.3", "2.0.0", change)[0].starts_with("Passed"));
        }
        let more: Change = (
            |m| {
                let mut action = m["actions"][0].clone();
                action["key"] = "another".into();
                m["actions"].as_array_mut().unwrap().push(action);
            },
            "the action another is new",
        );
        assert!(problems("1.2.3", "1.2.4", more.0)[1].contains(more.1));
        assert!(problems("1.2.3", "1.3.0", more.0)[0].starts_with("Passed"));
        assert!(problems("1.2.3", "1.2.3", |_| {})[0].starts_with("Passed"));
        assert!(problems("1.2.3", "1.2.3", |m| m["label"] = "Other".into())[0].contains("needs 1.2.4"));
    }
}
