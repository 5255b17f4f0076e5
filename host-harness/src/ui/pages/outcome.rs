//! What a call came to: the result or the error, what it used, its requests and its log.

use std::sync::Arc;

use host::contract::ActionDefinition;
use host::{Exchange, ExchangeOutcome, LogLevel, LogSource, Trace};
use maud::{Markup, html};
use operator::values::shown_size;

use super::{brief, clock, count, failure, runs, segment, tabs, time, to_paste, told, tree, views};
use crate::graphql_request::Operation;
use crate::ui::run::{Run, STOPPED, Side};
use crate::ui::runs::{Phase, Record};
use crate::ui::shared::Shared;

/// Lines of log that are shown; a page of more helps nobody.
const MOST_LINES: usize = 500;

/// A message of more characters is shown when it is asked for.
const LONGEST_MESSAGE: usize = 160;
/// What is shown of a message, a URL or a header's value at most, in bytes: a page is drawn as a whole.
const MOST_SHOWN: usize = 2 * 1024;
/// Headers and requests that are shown at most.
const MOST_HEADERS: usize = 60;
const MOST_REQUESTS: usize = 500;
/// Requests whose document is set out: each is parsed.
const MOST_DOCUMENTS: usize = 50;

/// A run as it is now, with the other runs of its action.
pub(in crate::ui) fn show(shared: &Arc<Shared>, action: &ActionDefinition, record: &Record) -> Markup {
    let operation = format!("/actions/{}", segment(&action.key));
    let path = format!("{operation}/runs/{}", record.id);
    html! {
        @match &record.phase {
            Phase::UnderWay { since, .. } => (under_way(record, since.elapsed().as_millis(), &path)),
            // Its question is shown in its place.
            Phase::Asks(..) => {}
            Phase::Ended(run) => (ended(shared, action, record, run, &operation, &path)),
        }
        (runs::list(shared, action, record.id))
    }
}

/// A run that is not over. The script waits for its end.
fn under_way(record: &Record, milliseconds: u128, path: &str) -> Markup {
    html! {
        div .under-way data-run=(path) data-milliseconds=(milliseconds) {
            p { span .dot .busy aria-hidden="true" {} "Run " (record.id) ", since " (clock(record.started)) ": " span data-elapsed { (milliseconds / 1000) " s" } }
            p .progress data-progress={ (path) "/progress" } hidden {}
            p .quiet { "It goes on if you leave this page, and is found here again." }
            div .actions { button type="button" data-stop { "Stop" } }
        }
    }
}

fn ended(
    shared: &Shared,
    action: &ActionDefinition,
    record: &Record,
    run: &Run,
    operation: &str,
    path: &str,
) -> Markup {
    // What was given up took with it what it had sent: nought would be said too soon.
    let is_stopped = matches!(&run.result, Err(failed) if failed.kind == STOPPED);
    let counted = |of: &str, number: usize| if is_stopped { of.to_owned() } else { format!("{of} ({number})") };
    let (requests, log) = (counted("Requests", run.trace.exchanges.len()), counted("Log", run.trace.log.len()));
    // The file may still have what memory has not.
    let may_be_kept = shared.archive.is_some();
    let result = match &run.result {
        Ok(kept) if kept.is_some() || may_be_kept => {
            views("Result", &format!("{path}/result"), operation, &format!("{path}/download"))
        }
        Ok(_) if record.is_forgotten => {
            html! { p .quiet { "The result is forgotten with its connection, which was changed or forgotten." } }
        }
        Ok(_) => html! { p .quiet { "The result is no longer kept: newer runs took its place." } },
        Err(failed) => failure(failed),
    };
    let trace = &run.trace;
    // What was forgotten has no requests either, and not because a history left them out.
    let is_of_history =
        !record.is_forgotten && trace.requests > 0 && trace.exchanges.is_empty() && trace.exchanges_dropped == 0;
    let (exchanges, lines) = match (is_stopped, is_of_history) {
        (true, _) => (not_known(), not_known()),
        (false, true) => (not_in_history(), not_in_history()),
        (false, false) => (exchanges(trace, path), log_lines(trace)),
    };
    html! {
        @match &run.result {
            Err(failed) if failed.kind == STOPPED => p .used data-outcome="failed" { strong { "Stopped" } @if !trace.duration.is_zero() { span { "after " (time(trace.duration)) } } },
            result => (used(trace, result.is_ok())),
        }
        (told::show(action, record.values.as_deref(), &trace.exchanges))
        (tabs("run", "Result of the run", &[
            ("result", if run.result.is_ok() { "Result".into() } else { "Error".into() }, result),
            ("requests", requests, exchanges),
            ("log", log, lines),
            ("ways", "Use elsewhere".into(), to_paste::action(shared, action, record.values.as_deref(), to_paste::RUN)),
        ]))
    }
}

fn not_known() -> Markup {
    html! { p .quiet { "It was stopped while it ran: what it had sent and logged by then is not known." } }
}

fn not_in_history() -> Markup {
    html! { p .quiet { "This run is of an earlier start: a history keeps results, and neither requests nor logs." } }
}

/// What a call used, in a line.
pub(super) fn used(trace: &Trace, succeeded: bool) -> Markup {
    html! {
        p .used data-outcome=(if succeeded { "done" } else { "failed" }) {
            strong { @if succeeded { "Done" } @else { "Failed" } }
            span { "in " (time(trace.duration)) }
            span { (count(trace.requests, "request")) }
            span { (shown_size(trace.sent_bytes)) " sent" }
            span { (shown_size(trace.received_bytes)) " received" }
            span { (shown_size(trace.memory_bytes)) " memory" }
        }
    }
}

/// The requests and their answers; bodies are fetched when they are opened.
pub(super) fn exchanges(trace: &Trace, path: &str) -> Markup {
    html! {
        @if trace.exchanges.is_empty() && trace.exchanges_dropped == 0 { p .quiet { "No request was recorded." } }
        @for refusal in &trace.refusals { p .problem { (brief(&refusal.to_string(), MOST_SHOWN)) } }
        ol .exchanges {
            @for (index, exchange) in trace.exchanges.iter().enumerate().take(MOST_REQUESTS) {
                @let operation = Some(index).filter(|index| *index < MOST_DOCUMENTS).and_then(|_| Operation::of(&exchange.request_body));
                li { (one_exchange(exchange, operation.as_ref(), &format!("{path}/exchanges/{index}"))) }
            }
        }
        @let more = trace.exchanges_dropped + trace.exchanges.len().saturating_sub(MOST_REQUESTS) as u64;
        @if more > 0 { p .quiet { (count(more, "more request")) " not kept: there was no room for their bodies." } }
    }
}

fn one_exchange(exchange: &Exchange, operation: Option<&Operation>, path: &str) -> Markup {
    let (status, is_good) = match &exchange.outcome {
        ExchangeOutcome::Answered { status, .. } => (status.to_string(), *status < 400),
        ExchangeOutcome::Failed(failure) => (failure.kind().to_owned(), false),
    };
    html! {
        details {
            summary {
                span .badge .good[is_good] .bad[!is_good] { (status) }
                @if let Some(operation) = operation { span .operation .breakable { (brief(&operation.name, 200)) } " " }
                span .method { (brief(&exchange.method, 200)) } " "
                span .breakable { (brief(&exchange.url, MOST_SHOWN)) }
                span .quiet { " " (time(exchange.duration)) @if exchange.attempts > 1 { ", " (count(exchange.attempts.into(), "attempt")) } }
            }
            h3 { "Request" }
            (headers(&exchange.request_headers))
            @if let Some(operation) = operation { (graphql(operation)) }
            (body(&exchange.request_body, "Body of the request", &format!("{path}/{}", Side::Request.name())))
            button .small type="button" data-copy-from={ (path) "/curl" } { "Copy as curl" }
            h3 { "Answer" }
            @match &exchange.outcome {
                ExchangeOutcome::Answered { headers: sent, body: received, .. } => {
                    (headers(sent))
                    (body(received, "Body of the answer", &format!("{path}/{}", Side::Answer.name())))
                }
                ExchangeOutcome::Failed(failure) => p .problem { (brief(&failure.to_string(), MOST_SHOWN)) }
            }
        }
    }
}

fn headers(headers: &[(String, String)]) -> Markup {
    html! {
        dl .headers {
            @for (name, value) in headers.iter().take(MOST_HEADERS) { dt { (brief(name, 200)) } dd { (brief(value, MOST_SHOWN)) } }
        }
        @if headers.len() > MOST_HEADERS { p .quiet { (count((headers.len() - MOST_HEADERS) as u64, "more header")) " not shown." } }
    }
}

fn body(body: &[u8], label: &str, path: &str) -> Markup {
    html! {
        @if body.is_empty() { p .quiet { "No body." } }
        @else { details .body { summary { (label) ", " (shown_size(body.len() as u64)) } (tree(label, path)) } }
    }
}

/// A message; a long one opens.
fn message(text: &str) -> Markup {
    if text.len() <= LONGEST_MESSAGE {
        return html! { span .message { (brief(text, MOST_SHOWN)) } };
    }
    html! {
        details .message { summary { (brief(text, LONGEST_MESSAGE)) } pre { (brief(text, MOST_SHOWN)) } }
    }
}

/// The log.
pub(super) fn log_lines(trace: &Trace) -> Markup {
    let more = trace.log.len().saturating_sub(MOST_LINES) as u64 + trace.log_lines_dropped;
    html! {
        @if trace.log.is_empty() { p .quiet { "Nothing was logged." } }
        @else {
            ol .log {
                @for line in trace.log.iter().take(MOST_LINES) {
                    li data-level=(line.level.name()) {
                        span .at { (time(line.at)) }
                        span .level .bad[line.level >= LogLevel::Warn] { (line.level.name()) }
                        span .source { (match line.source { LogSource::Connector => "connector", LogSource::Host => "host" }) }
                        (message(&line.message))
                    }
                }
            }
        }
        @if more > 0 { p .quiet { (count(more, "more line")) " not shown." } }
    }
}

/// The document and the variables of a request of GraphQL.
fn graphql(operation: &Operation) -> Markup {
    html! {
        pre .document tabindex="0" role="group" aria-label="Document" { (crate::shown::lines(&operation.document)) }
        @if let Some(variables) = &operation.variables {
            h4 { "Variables" }
            pre .document tabindex="0" role="group" aria-label="Variables" { (crate::shown::lines(variables)) }
        }
    }
}
