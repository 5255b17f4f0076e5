//! What a shell completes beside flags: keys and inputs, which the component declares. The component is loaded as a
//! command would load it, and nothing is sent. What a shell would take for more than a word is not offered. See
//! [`documents`](super::documents) for the scripts that call this.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap_complete::CompletionCandidate;
use host::contract::{ConnectorDefinition, InputField};
use host::{CompileCache, Runtime, RuntimeOptions};

use super::options::component;
use super::output::one_line;
use crate::operation::{Kind, Operation};

/// The keys of all operations.
pub(super) fn any_key(current: &OsStr) -> Vec<CompletionCandidate> {
    keys(current, |_| true)
}

/// The keys of actions.
pub(super) fn action_key(current: &OsStr) -> Vec<CompletionCandidate> {
    keys(current, |kind| kind == Kind::Action)
}

/// The keys of data sources.
pub(super) fn data_source_key(current: &OsStr) -> Vec<CompletionCandidate> {
    keys(current, |kind| kind == Kind::DataSource)
}

/// The keys of triggers.
pub(super) fn trigger_key(current: &OsStr) -> Vec<CompletionCandidate> {
    keys(current, |kind| kind == Kind::Trigger)
}

/// The inputs of the operation that the line names, each with its equals sign, and then their choices.
pub(super) fn input(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(definition) = definition() else { return Vec::new() };
    let words: Vec<OsString> = words().collect();
    let named = Operation::all(&definition).find(|operation| words.iter().any(|word| word == operation.key()));
    let inputs = named.map(Operation::inputs).unwrap_or_default();
    inputs_or_choices(inputs, &current.to_string_lossy())
}

fn inputs_or_choices(inputs: &[InputField], current: &str) -> Vec<CompletionCandidate> {
    let plain = inputs.iter().filter(|input| is_word(&input.key));
    match current.split_once('=') {
        None => {
            let words = plain.filter(|input| begins(&input.key, current));
            let words = words.map(|input| candidate(&format!("{}=", input.key), &input.label));
            words.collect()
        }
        Some((key, value)) => {
            let choices = plain.filter(|input| input.key == key).flat_map(|input| &input.choices);
            let choices = choices.filter(|choice| begins(&choice.value, value));
            choices.map(|choice| candidate(&format!("{key}={}", choice.value), &choice.label)).collect()
        }
    }
}

fn keys(current: &OsStr, wanted: impl Fn(Kind) -> bool) -> Vec<CompletionCandidate> {
    let Some(definition) = definition() else { return Vec::new() };
    let current = current.to_string_lossy();
    let wanted = |operation: &Operation<'_>| wanted(operation.kind()) && begins(operation.key(), &current);
    let operations = Operation::all(&definition).filter(wanted);
    operations.map(|operation| candidate(operation.key(), operation.label())).collect()
}

fn candidate(value: &str, label: &str) -> CompletionCandidate {
    CompletionCandidate::new(value).help(Some(one_line(label).into_owned().into()))
}

/// Whether a word that has begun so may become this one. Not every shell looks.
fn begins(word: &str, begun: &str) -> bool {
    is_word(word) && word.starts_with(begun)
}

/// Whether every shell takes it for one word.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// The words of the line that is completed: a shell gives them behind `--`.
fn words() -> impl Iterator<Item = OsString> {
    std::env::args_os().skip_while(|word| word != "--").skip(1)
}

/// The component that the line names.
fn named_component() -> Option<PathBuf> {
    let mut words = words();
    while let Some(word) = words.next() {
        if word == "--component" {
            return words.next().map(PathBuf::from);
        }
        if let Some(path) = word.to_str().and_then(|word| word.strip_prefix("--component=")) {
            return Some(path.into());
        }
    }
    None
}

/// What the component declares; none where there is none to be had, in which case nothing is offered.
fn definition() -> Option<ConnectorDefinition> {
    let path = component(named_component().as_deref()).ok()?;
    let options = RuntimeOptions { concurrent_calls: 1, cache: CompileCache::standard(), ..RuntimeOptions::default() };
    let runtime = Runtime::new(options).ok()?;
    let executor = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let connector = executor.block_on(runtime.load_file(&path)).ok()?;
    Some(connector.definition().clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn inputs_are_offered_and_then_their_choices_but_nothing_that_a_shell_would_run() {
        let input = json!({"key": "size", "label": "Size", "kind": "choice", "required": true, "help": "",
            "choices": [{"value": "small", "label": "S"}, {"value": "$(reboot)", "label": "L"}]});
        let evil = json!({"key": "x;reboot", "label": "", "kind": "text", "required": true, "help": "", "choices": []});
        let inputs: Vec<InputField> = serde_json::from_value(json!([input, evil])).unwrap();
        let offered = |current: &str| -> Vec<OsString> {
            inputs_or_choices(&inputs, current).iter().map(|candidate| candidate.get_value().to_owned()).collect()
        };
        assert_eq!(offered("si"), ["size="]);
        assert_eq!(offered("size="), ["size=small"]);
        assert!(offered("x").is_empty() && offered("size=l").is_empty());
        assert!(offered("other=").is_empty());
    }
}
