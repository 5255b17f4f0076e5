//! The page of recordings: the switch, what was recorded, and a recording that is looked at.

use maud::{Markup, html};

use super::{Place, brief, clock, count, heading, outcome, page, tabs, tree};
use crate::recording::{Call, Difference};
use crate::ui::recordings::{Opened, Status};
use crate::ui::shared::Shared;

/// Calls that are shown at most: a page is drawn as a whole.
const MOST_CALLS: usize = 200;
/// What is shown of a name, or of why something is not done, in bytes: whoever wrote the file chose its length.
const LONGEST: usize = 2 * 1024;

pub(in crate::ui) fn show(shared: &Shared) -> Markup {
    let status = shared.recordings.status();
    let content = html! {
        (heading("Connector", "Recordings", "What was asked of the connector, what it asked of the service, and what \
                                             came of it, in one file: for a colleague, a report, or a test that needs \
                                             no network."))
        div .columns .even {
            (record(&status, shared.recordings.takes_more()))
            section .card aria-labelledby="open-title" {
                h2 #open-title { "Look at a recording" }
                p .quiet { "One that was saved here, or that " code { "harness --record FILE" } " wrote. It takes the place of the one below." }
                div .actions { label .button { "Open a recording" input .visually-hidden type="file" accept=".har,application/json" data-upload="/recordings/opened" data-reload="#opened button"; } }
            }
        }
        @if let Some(opened) = &status.opened { (opened_one(opened)) }
    };
    page(shared, Place::Recordings, "Recordings", &content)
}

fn record(status: &Status, takes_more: bool) -> Markup {
    html! {
        section .card aria-labelledby="record-title" {
            h2 #record-title { "Record" }
            @if let Some(since) = status.since {
                p #recording-status { span .dot .busy aria-hidden="true" {} "Recording since " (clock(since)) ": " (count(status.heard as u64, "call")) " so far." }
                p .quiet { "Tests of the connection, actions, dropdowns and polls are in it, whichever page makes \
                            them." }
                div .actions { button .primary type="button" data-post="/recordings/stop" data-reload="[data-post='/recordings/start']" { "Stop recording" } }
            } @else {
                p #recording-status { "Nothing is recorded now." }
                p .quiet { "The connection's secrets are never in a recording, nor are passwords, tokens and cookies. \
                            What the service says of its records is."
                            @if takes_more { " What this page was started with, " code { "--redact" } " or " code { "--redact-pattern" } ", takes out more." } }
                div .actions { button .primary[status.made.is_none()] type="button" data-post="/recordings/start" data-reload="[data-post='/recordings/stop']" { "Start recording" } }
            }
            @if let Some(made) = &status.made {
                h3 { "The last one" }
                p { (count(made.recording.calls.len() as u64, "call")) ". " a href="/recordings/file" download { "Save the recording" } ", for " code { "harness replay" } " or the network panel of a browser." }
                @for warning in &made.warnings { p .problem { (brief(warning, LONGEST)) } }
            }
        }
    }
}

fn opened_one(opened: &Opened) -> Markup {
    let calls = &opened.recording.calls;
    html! {
        section .card #opened aria-labelledby="opened-title" {
            h2 #opened-title { "The recording: " (count(calls.len() as u64, "call")) }
            @if let Some(component) = &opened.recording.component { p .quiet { "Of " (brief(&component.key, LONGEST)) " " (brief(&component.version, LONGEST)) }  }
            div .actions { button type="button" data-post="/recordings/replay" data-reload="#opened button" { "Replay on this component" } span .quiet { "Sends nothing: the recorded answers are given again." } }
            @if let Some(replayed) = &opened.replayed { (verdict(replayed)) }
            ol .exchanges {
                @for (index, call) in calls.iter().enumerate().take(MOST_CALLS) {
                    li { (one(index, call, opened.replayed.as_ref().and_then(|replayed| replayed.get(index)))) }
                }
            }
            @if calls.len() > MOST_CALLS { p .quiet { (count((calls.len() - MOST_CALLS) as u64, "more call")) " not shown." } }
        }
    }
}

fn verdict(replayed: &[Result<Vec<Difference>, String>]) -> Markup {
    let other = replayed.iter().filter(|call| !matches!(call, Ok(found) if found.is_empty())).count() as u64;
    html! {
        p #replay-verdict role="status" {
            @if other == 0 { span .badge .good { "the same" } " Every call came to what was recorded." }
            @else { span .badge .bad { "differs" } " " (count(other, "call")) " came to something else." }
        }
    }
}

fn one(index: usize, call: &Call, replayed: Option<&Result<Vec<Difference>, String>>) -> Markup {
    let path = format!("/recordings/opened/{index}");
    let name = brief(&call.title(), LONGEST);
    let trace = call.trace();
    let came = match call.result() {
        Some(_) => tree("Result", &format!("{path}/result")),
        None => tree("Error", &format!("{path}/error")),
    };
    let inputs = match call.inputs() {
        Some(_) => tree("Inputs", &format!("{path}/inputs")),
        None => html! { p .quiet { "It has no inputs." } },
    };
    let requests = format!("Requests ({})", trace.exchanges.len());
    let title = if call.result().is_some() { "Result" } else { "Error" };
    html! {
        details open[index == 0] {
            summary {
                @if call.result().is_some() { span .badge .good { "done" } } @else { span .badge .bad { "failed" } }
                " " span .operation .breakable { (name) } " " (clock(call.started()))
                @match replayed { Some(Ok(found)) if found.is_empty() => {}, Some(_) => { " " span .badge .bad { "differs" } }, None => {} }
            }
            @match replayed {
                Some(Err(why)) => p .problem { "It cannot be replayed: " (brief(why, LONGEST)) },
                Some(Ok(found)) if !found.is_empty() => (differences(found)),
                _ => {},
            }
            (tabs(&format!("call-{index}"), &name, &[
                ("result", title.into(), came),
                ("inputs", "Inputs".into(), inputs),
                ("requests", requests, outcome::exchanges(&trace, &path)),
                ("log", format!("Log ({})", trace.log.len()), outcome::log_lines(&trace)),
            ]))
        }
    }
}

fn differences(found: &[Difference]) -> Markup {
    let shown = |value: &Option<String>| value.as_ref().map_or_else(|| "–".to_owned(), |text| brief(text, LONGEST));
    html! {
        div .fields tabindex="0" role="group" aria-label="Differences" {
            table {
                thead { tr { th scope="col" { "Where" } th scope="col" { "Recorded" } th scope="col" { "Now" } } }
                tbody { @for one in found { tr { th scope="row" .breakable { (brief(&one.place, LONGEST)) } td .breakable { (shown(&one.recorded)) } td .breakable { (shown(&one.now)) } } } }
            }
        }
    }
}
