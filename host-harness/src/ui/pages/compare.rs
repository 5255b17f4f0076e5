//! Two runs of an action side by side: what was asked for, how they ended, and what differs in what they gave.

use std::collections::BTreeSet;
use std::sync::Arc;

use host::contract::ActionDefinition;
use maud::{Markup, html};

use super::{Place, brief, clock, heading, page, runs, segment};
use crate::ui::forms::{self, Values};
use crate::ui::runs::Record;
use crate::ui::shared::Shared;

/// A value of an input is shown up to this many bytes.
const LONGEST_VALUE: usize = 500;

pub(in crate::ui) fn show(shared: &Arc<Shared>, action: &ActionDefinition, older: &Record, newer: &Record) -> Markup {
    let path = format!("/actions/{}", segment(&action.key));
    let both_done = [older, newer].iter().all(|record| record.run().is_some_and(|run| run.result.is_ok()));
    // What the file is without differs from nothing: of two that come from there and from memory, neither shows it.
    let is_held = |record: &Record| record.run().is_some_and(|run| matches!(&run.result, Ok(Some(_))));
    let as_kept = shared.archive.is_some() && both_done && !(is_held(older) && is_held(newer));
    let how = if as_kept { "?kept=true" } else { "" };
    let result = |record: &Record| format!("{path}/runs/{}/result{how}", record.id);
    let asked = |record: &Record| {
        let values = record.values.as_deref();
        values.map(|values| if as_kept { forms::redacted(values, &shared.redaction) } else { values.clone() })
    };
    let content = html! {
        (heading("Comparison", &format!("Run {} and run {}", older.id, newer.id), &action.label))
        p { a href=(path) { "Back to the action" } }
        section .card aria-labelledby="inputs-title" {
            h2 #inputs-title { "What was asked for" }
            div .fields tabindex="0" role="group" aria-labelledby="inputs-title" {
                table {
                    thead { tr { td {} @for record in [older, newer] { th scope="col" { a href={ (path) "?run=" (record.id) } { "Run " (record.id) } } } } }
                    tbody {
                        tr { th scope="row" { "When" } @for record in [older, newer] { td { (clock(record.started)) } } }
                        tr { th scope="row" { "Outcome" } @for record in [older, newer] { td { (runs::outcome(record)) } } }
                        (inputs(action, asked(older).as_ref(), asked(newer).as_ref()))
                    }
                }
            }
        }
        section .card aria-labelledby="differences-title" {
            h2 #differences-title { "What differs in the results" }
            @if as_kept { p .quiet { "What the history file does not keep, passwords and tokens for example, is not compared." } }
            @if both_done {
                div #differences data-older=(result(older)) data-newer=(result(newer)) aria-busy="true" {}
            } @else {
                @for record in [older, newer] {
                    @match record.run().map(|run| &run.result) {
                        Some(Err(failed)) => { p { "Run " (record.id) " failed: " (brief(&failed.message, LONGEST_VALUE)) } },
                        None => { p { "Run " (record.id) " is still under way." } },
                        Some(Ok(_)) => { p { "Run " (record.id) " is done." } },
                    }
                }
            }
        }
    };
    page(shared, Place::Action(&action.key), "Comparison", &content)
}

/// The inputs of both, those that differ marked.
fn inputs(action: &ActionDefinition, older: Option<&Values>, newer: Option<&Values>) -> Markup {
    let read = |values: Option<&Values>| values.map(|values| forms::read(&action.inputs, values)).unwrap_or_default();
    let (older, newer) = (read(older), read(newer));
    let keys: BTreeSet<&String> = older.keys().chain(newer.keys()).collect();
    let value = |value: Option<&serde_json::Value>| match value {
        None => "–".to_owned(),
        Some(serde_json::Value::String(text)) => brief(text, LONGEST_VALUE),
        Some(other) => brief(&other.to_string(), LONGEST_VALUE),
    };
    html! {
        @for input in action.inputs.iter().filter(|input| keys.contains(&input.key)) {
            @let (before, after) = (older.get(&input.key), newer.get(&input.key));
            tr data-differs[before != after] {
                th scope="row" { (input.label) @if before != after { " " span .badge .warn { "differs" } } }
                td .breakable { (value(before)) }
                td .breakable { (value(after)) }
            }
        }
    }
}
