//! What a call came to: the result or the error, what it used, its requests and its log.

use host::text::cut;
use host::{Exchange, ExchangeOutcome, LogLevel, LogSource, Trace};
use maud::{Markup, html};

use super::{count, failure, size, tabs, time, tree};
use crate::ui::run::{Run, Side};

/// Lines of log that are shown; a page of more helps nobody.
const MOST_LINES: usize = 500;

/// A message of more characters is shown when it is asked for.
const LONGEST_MESSAGE: usize = 160;
/// What is shown of a message, a URL or a header's value at most, in bytes: a page is drawn as a whole.
const MOST_SHOWN: usize = 2 * 1024;
/// Headers and requests that are shown at most.
const MOST_HEADERS: usize = 60;
const MOST_REQUESTS: usize = 500;

/// A run; `path` is the address of its parts.
pub(in crate::ui) fn show(run: &Run, path: &str) -> Markup {
    let requests = format!("Requests ({})", run.trace.exchanges.len());
    let log = format!("Log ({})", run.trace.log.len());
    let result = match &run.result {
        Ok(Some(_)) => tree("Result", &format!("{path}/result")),
        Ok(None) => html! { p .quiet { "The result is no longer kept: newer runs took its place." } },
        Err(failed) => failure(failed),
    };
    html! {
        (used(&run.trace, run.result.is_ok()))
        (tabs("run", "Result of the run", &[
            ("result", if run.result.is_ok() { "Result".into() } else { "Error".into() }, result),
            ("requests", requests, exchanges(&run.trace, path)),
            ("log", log, log_lines(&run.trace)),
        ]))
    }
}

/// What a call used, in a line.
pub(super) fn used(trace: &Trace, succeeded: bool) -> Markup {
    html! {
        p .used data-outcome=(if succeeded { "done" } else { "failed" }) {
            strong { @if succeeded { "Done" } @else { "Failed" } }
            span { "in " (time(trace.duration)) }
            span { (count(trace.requests, "request")) }
            span { (size(trace.sent_bytes)) " sent" }
            span { (size(trace.received_bytes)) " received" }
            span { (size(trace.memory_bytes)) " memory" }
        }
    }
}

/// The requests and their answers; bodies are fetched when they are opened.
pub(super) fn exchanges(trace: &Trace, path: &str) -> Markup {
    html! {
        @if trace.exchanges.is_empty() && trace.exchanges_dropped == 0 { p .quiet { "No request was recorded." } }
        @for refusal in &trace.refusals { p .problem { (refusal) } }
        ol .exchanges {
            @for (index, exchange) in trace.exchanges.iter().enumerate().take(MOST_REQUESTS) {
                li { (one_exchange(exchange, &format!("{path}/exchanges/{index}"))) }
            }
        }
        @let more = trace.exchanges_dropped + trace.exchanges.len().saturating_sub(MOST_REQUESTS) as u64;
        @if more > 0 { p .quiet { (count(more, "more request")) " not kept: there was no room for their bodies." } }
    }
}

fn one_exchange(exchange: &Exchange, path: &str) -> Markup {
    let (status, is_good) = match &exchange.outcome {
        ExchangeOutcome::Answered { status, .. } => (status.to_string(), *status < 400),
        ExchangeOutcome::Failed(failure) => (failure.kind().to_owned(), false),
    };
    html! {
        details {
            summary {
                span .badge .good[is_good] .bad[!is_good] { (status) }
                span .method { (exchange.method) } " "
                span .breakable { (cut(&exchange.url, MOST_SHOWN)) }
                span .quiet { " " (time(exchange.duration)) @if exchange.attempts > 1 { ", " (count(exchange.attempts.into(), "attempt")) } }
            }
            h3 { "Request" }
            (headers(&exchange.request_headers))
            (body(&exchange.request_body, "Body of the request", &format!("{path}/{}", Side::Request.name())))
            h3 { "Answer" }
            @match &exchange.outcome {
                ExchangeOutcome::Answered { headers: sent, body: received, .. } => {
                    (headers(sent))
                    (body(received, "Body of the answer", &format!("{path}/{}", Side::Answer.name())))
                }
                ExchangeOutcome::Failed(failure) => p .problem { (failure) }
            }
        }
    }
}

fn headers(headers: &[(String, String)]) -> Markup {
    html! {
        dl .headers {
            @for (name, value) in headers.iter().take(MOST_HEADERS) { dt { (cut(name, 200)) } dd { (cut(value, MOST_SHOWN)) } }
        }
        @if headers.len() > MOST_HEADERS { p .quiet { (count((headers.len() - MOST_HEADERS) as u64, "more header")) " not shown." } }
    }
}

fn body(body: &[u8], label: &str, path: &str) -> Markup {
    html! {
        @if body.is_empty() { p .quiet { "No body." } }
        @else { details .body { summary { (label) ", " (size(body.len() as u64)) } (tree(label, path)) } }
    }
}

/// A message; a long one opens.
fn message(text: &str) -> Markup {
    if text.len() <= LONGEST_MESSAGE {
        return html! { span .message { (text) } };
    }
    html! {
        details .message { summary { (cut(text, LONGEST_MESSAGE)) } pre { (cut(text, MOST_SHOWN)) } }
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
