//! The runs of an action: when, with what, and how they ended; to open, to compare, to run again.

use std::sync::Arc;

use host::contract::ActionDefinition;
use host::text::cut;
use maud::{Markup, html};

use super::{brief, clock, segment, time};
use crate::ui::forms::{self, Typed, Values};
use crate::ui::runs::{Phase, Record};
use crate::ui::shared::Shared;

/// Inputs of a run in the list, in bytes; the form shows all of them.
const LONGEST_INPUTS: usize = 160;
const LONGEST_INPUT: usize = 60;

/// The list; `shown` is the run that is looked at.
pub(super) fn list(shared: &Arc<Shared>, action: &ActionDefinition, shown: u64) -> Markup {
    let records = shared.runs.of_action(&action.key);
    let path = format!("/actions/{}", segment(&action.key));
    let kept = if shared.archive.is_some() { ", in the history file too" } else { "" };
    let trouble = shared.archive.as_ref().and_then(|archive| archive.trouble());
    html! {
        details .runs open {
            summary { "Runs (" (records.len()) ")" }
            @if let Some(text) = trouble { p .problem { (self::trouble(&text)) } }
            @if records.len() > 1 {
                p { input .filter type="search" placeholder="Search the runs" aria-label="Search the runs" autocomplete="off" spellcheck="false" data-filter; " " span .quiet data-filtered role="status" {} }
            }
            form action={ (path) "/compare" } data-compare {
                ol {
                    @for record in &records { (one(action, record, &path, record.id == shown)) }
                }
                @if records.len() > 1 {
                    div .actions { button .small type="submit" { "Compare two" } span .quiet { "Choose two runs." } }
                }
            }
            div .actions {
                button .small type="button" data-delete-listed data-delete={ (path) "/runs/clear" } data-sure={ "Delete all runs of “" (action.label) "” that are over, with their results" (kept) "?" } { "Delete all of these" }
                button .small type="button" data-delete="/history/clear" data-sure={ "Delete all runs of all actions that are over, and all that is on the timelines of triggers" (kept) "? The states of triggers stay." } { "Delete the whole history" }
            }
        }
    }
}

/// That the file does not work, and why.
pub(super) fn trouble(text: &str) -> String {
    format!("The history file does not work: {}", cut(text, 500))
}

fn one(action: &ActionDefinition, record: &Record, path: &str, is_shown: bool) -> Markup {
    let address = format!("{path}?run={}", record.id);
    let name = format!("Run {}", record.id);
    html! {
        li aria-current=[is_shown.then_some("true")] {
            input type="checkbox" name="run" value=(record.id) aria-label={ "Compare run " (record.id) };
            a href=(address) { (name) }
            (clock(record.started))
            (outcome(record))
            span .run-inputs { (inputs_of(action, record)) }
            @if let Some(values) = &record.values {
                @if forms::lack_something(values) {
                    span .quiet { "not all of its inputs are kept: open it, and fill in what is missing" }
                } @else {
                    button .small type="button" data-again=(address) aria-label={ "Run again what run " (record.id) " did" } { "Run again" }
                }
            }
            @if record.run().is_some() {
                button .small .plain .remove type="button" data-delete={ (path) "/runs/" (record.id) "/delete" } data-sure={ "Delete run " (record.id) ", with its result?" }
                    aria-label={ "Delete run " (record.id) } title={ "Delete run " (record.id) } { "×" }
            }
        }
    }
}

/// What a run was asked for, or why that is gone.
fn inputs_of(action: &ActionDefinition, record: &Record) -> String {
    match &record.values {
        Some(values) => inputs(action, values),
        None if record.is_forgotten => "inputs forgotten with the connection".to_owned(),
        None => "inputs no longer kept".to_owned(),
    }
}

/// How a run ended, and how long it took.
pub(super) fn outcome(record: &Record) -> Markup {
    match &record.phase {
        Phase::UnderWay { .. } => html! { span .badge .warn { "running" } },
        Phase::Asks(..) => html! { span .badge .warn { "asks" } },
        Phase::Ended(run) => html! {
            @match &run.result {
                Ok(_) => span .badge .good { "done" },
                Err(failed) => span .badge .bad { (failed.kind) },
            }
            span .quiet { (time(run.trace.duration)) }
        },
    }
}

/// Inputs in a line, by their labels.
pub(super) fn inputs(action: &ActionDefinition, values: &Values) -> String {
    let label = |key: &str| {
        action.inputs.iter().find(|input| input.key == key).map_or(key.to_owned(), |input| input.label.clone())
    };
    let filled = values.iter().filter_map(|(key, typed)| Some(format!("{}: {}", label(key), said(typed)?)));
    let line = filled.collect::<Vec<_>>().join(", ");
    if line.is_empty() { "no inputs".to_owned() } else { brief(&line, LONGEST_INPUTS) }
}

fn said(typed: &Typed) -> Option<String> {
    let text = match typed {
        Typed::Checked(true) => "yes",
        Typed::Checked(false) => return None,
        Typed::Pairs(pairs) if pairs.is_empty() => return None,
        Typed::Pairs(pairs) => return Some(super::count(pairs.len() as u64, "row")),
        Typed::Picked { label, .. } if !label.is_empty() => label,
        typed => typed.text(),
    };
    // Of a long text the beginning is enough, and quick to look at.
    let text = cut(text, 4 * LONGEST_INPUT);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| cut(&text, LONGEST_INPUT).into_owned())
}

/// The link to a form that is filled in as it was for a run.
pub(super) fn link(path: &str, values: &Values) -> String {
    let query = forms::link(values);
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
