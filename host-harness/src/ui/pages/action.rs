//! An action's page: its form, the last result beside what to expect, and the question before something is changed.

use std::sync::Arc;

use host::contract::ActionDefinition;
use maud::{Markup, html};
use serde_json::Value;

use super::controls::Form;
use super::{Place, heading, needs_connection, outcome, page, question, schema, segment, tabs, to_paste, tree};
use crate::ui::forms::Values;
use crate::ui::runs::Record;
use crate::ui::shared::Shared;

/// What a page is opened with in place of the last run and what was typed last.
pub(in crate::ui) struct Opened {
    pub(in crate::ui) run: Option<Record>,
    pub(in crate::ui) values: Option<Values>,
}

pub(in crate::ui) fn show(shared: &Arc<Shared>, action: &ActionDefinition, opened: Opened) -> Markup {
    let path = format!("/actions/{}", segment(&action.key));
    let typed = || shared.memory().forms.get(&format!("actions/{}", action.key)).cloned();
    let values = opened.values.or_else(typed);
    let run = opened.run.or_else(|| shared.runs.of_action(&action.key).into_iter().next());
    let content = html! {
        (heading("Action", &action.label, &action.description))
        (needs_connection(shared))
        div .columns .three {
            (form(shared, action, &path, values.as_ref()))
            section .card .grow aria-labelledby="result-title" {
                h2 #result-title { "Result" }
                div #result {
                    @match run {
                        Some(run) => (outcome::show(shared, action, &run)),
                        None => p .quiet { "Nothing has run yet." },
                    }
                }
            }
            (expected(&path, &action.result_schema))
        }
        @if action.changes_data { (question::dialog(&format!("{}?", action.label), "Run it")) }
    };
    page(shared, Place::Action(&action.key), &action.label, &content)
}

fn form(shared: &Shared, action: &ActionDefinition, path: &str, values: Option<&Values>) -> Markup {
    let place = format!("actions/{}", segment(&action.key));
    let (nothing, sources) = (Values::new(), &shared.definition().data_sources);
    let form = Form { id: "input", values: values.unwrap_or(&nothing), sources, place: Some(&place), overridden: &[] };
    html! {
        form .card data-form={ (path) "/run" } data-draft={ (path) "/draft" } data-target="result"
            data-storage={ (shared.definition().key) "/" (place) } data-kept[values.is_some()]
            aria-label="Inputs" novalidate {
            @if action.changes_data {
                p .may-change { span .badge .warn { (super::changes(shared)) }
                    @if shared.options.grants.read_only { "What only reads is sent. What may change data is not: the \
                                                           page was started with " code { "--read-only" } "." }
                    @else { "What may change data is shown to you first, and sent once you agree." }
                }
            }
            @if action.inputs.is_empty() { p .quiet { "This action needs no input." } }
            @for input in &action.inputs { (form.field(input)) }
            div .actions {
                button .primary type="submit" data-busy="Running…" { "Run" }
                button type="button" data-cancel hidden { "Stop" }
            }
            (to_paste::beside(path))
        }
    }
}

/// What a flow is built against: shown whether or not the action has run.
pub(super) fn expected(path: &str, result: &Value) -> Markup {
    html! {
        section .card .grow aria-labelledby="expected-title" {
            h2 #expected-title { "What to expect" }
            (tabs("expected", "What to expect", &[
                ("example", "Example".into(), tree("Example payload", &format!("{path}/example"))),
                ("fields", "Fields".into(), schema::fields(result)),
                ("schema", "JSON Schema".into(), tree("JSON Schema of the result", &format!("{path}/schema"))),
            ]))
        }
    }
}
