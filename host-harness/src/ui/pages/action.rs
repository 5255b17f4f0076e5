//! An action's page: its form, the last result beside what to expect, and the question before something is changed.

use host::contract::ActionDefinition;
use maud::{Markup, html};

use super::controls::Form;
use super::{Place, heading, needs_connection, outcome, page, segment, tabs, tree};
use crate::ui::forms::Values;
use crate::ui::shared::Shared;

pub(in crate::ui) fn show(shared: &Shared, action: &ActionDefinition) -> Markup {
    let path = format!("/actions/{}", segment(&action.key));
    let (values, run) = {
        let memory = shared.memory();
        let values = memory.forms.get(&format!("actions/{}", action.key)).cloned();
        (values, memory.runs.get(&action.key).cloned())
    };
    let content = html! {
        (heading("Action", &action.label, &action.description))
        (needs_connection(shared))
        div .columns .three {
            (form(shared, action, &path, values.as_ref()))
            section .card .grow aria-labelledby="result-title" {
                h2 #result-title { "Result" }
                div #result {
                    @match run {
                        Some(run) => (outcome::show(&run, &path)),
                        None => p .quiet { "Nothing has run yet." },
                    }
                }
            }
            (expected(&path))
        }
        @if action.changes_data { (question(action)) }
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
            @if action.inputs.is_empty() { p .quiet { "This action needs no input." } }
            @for input in &action.inputs { (form.field(input)) }
            div .actions {
                button .primary type="submit" data-busy="Running…" { "Run" }
                button type="button" data-cancel hidden { "Stop" }
            }
            p .progress data-progress={ "/progress/" (place) } hidden {}
        }
    }
}

/// What a flow is built against: shown whether or not the action has run.
pub(super) fn expected(path: &str) -> Markup {
    html! {
        section .card .grow aria-labelledby="expected-title" {
            h2 #expected-title { "What to expect" }
            (tabs("expected", "What to expect", &[
                ("example", "Example".into(), tree("Example payload", &format!("{path}/example"))),
                ("schema", "JSON Schema".into(), tree("JSON Schema of the result", &format!("{path}/schema"))),
            ]))
        }
    }
}

/// The place for the question; what is asked comes when it is known.
fn question(action: &ActionDefinition) -> Markup {
    html! {
        dialog #ask aria-labelledby="ask-title" {
            h2 #ask-title { (action.label) "?" }
            div data-question {}
            div .actions {
                button .primary type="button" data-answer="yes" { "Run it" }
                button type="button" data-answer="no" { "Cancel" }
            }
        }
    }
}
