//! Questions before something is done that cannot be taken back. Before something is changed: what would be sent, as
//! whom, and where to. Before what was done is forgotten: how much that is. Before a trigger's state goes: which one.

use host::{Exchange, Trace};
use maud::{Markup, html};
use operator::values::shown_size;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{brief, connection_state, count, timeline};
use crate::ui::shared::Shared;
use crate::ui::trigger::Status;

/// Requests that are shown; a person reads no more.
const MOST_REQUESTS: usize = 5;
/// What is shown of a document, of variables, of another body, and of an address, in bytes.
const MOST_SHOWN: usize = 16 * 1024;
const LONGEST_URL: usize = 2 * 1024;

/// Shows what was kept back.
pub(in crate::ui) fn show(shared: &Shared, trace: &Trace) -> Markup {
    let kept_back: Vec<&Exchange> = trace.exchanges.iter().filter(|exchange| exchange.attempts == 0).collect();
    let memory = shared.memory();
    html! {
        p #ask-text {
            "The connector has taken the inputs. This may change data in " (shared.definition().label)
            ", and cannot be undone here. It has not been sent yet."
        }
        @for exchange in kept_back.iter().take(MOST_REQUESTS) { (request(exchange)) }
        @let more = kept_back.len().saturating_sub(MOST_REQUESTS) as u64;
        @if more > 0 { p .quiet { (count(more, "more request")) " not shown." } }
        @if kept_back.is_empty() {
            p .problem { "What it would send was too large to be kept, and cannot be shown:" }
            @for refusal in &trace.refusals { p .quiet { (brief(&refusal.what, LONGEST_URL)) } }
        }
        dl .facts {
            dt { "As" } dd { (connection_state(memory.connection.as_ref())) }
            @if let Some(Ok(origin)) = memory.connection.as_ref().map(|held| held.connection.origin()) {
                dt { "At" } dd { code .breakable { (origin) } }
            }
        }
    }
}

/// The place for a page's question; what is asked comes when it is known.
pub(super) fn dialog(title: &str, yes: &str) -> Markup {
    html! {
        dialog #ask aria-labelledby="ask-title" {
            h2 #ask-title { (title) }
            div data-question {}
            div .actions {
                button .primary type="button" data-answer="yes" { (yes) }
                button type="button" data-answer="no" { "Cancel" }
            }
        }
    }
}

/// What is forgotten with the connection: so many runs and polls still hold what they came to.
pub(in crate::ui) fn forgets(runs: usize, polls: usize, is_in_file: bool) -> Markup {
    let held = [(runs, "run"), (polls, "poll")].into_iter().filter(|(number, _)| *number > 0);
    let held = held.map(|(number, noun)| count(number as u64, noun)).collect::<Vec<_>>().join(" and ");
    html! {
        p {
            "What was done with this connection is not shown with another key: what " strong { (held) } " came to is forgotten, with requests and logs."
            @if is_in_file { " The results stay in the history file." }
            @else { " Nothing of it is kept anywhere else: save what you need first." }
        }
    }
}

/// What takes the place of a trigger's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Instead {
    File,
    Nothing,
}

/// Which state goes, and what the next poll will do without it.
pub(in crate::ui) fn gives_up(status: &Status, instead: Instead) -> Markup {
    html! {
        p {
            "The trigger's state is " (timeline::state(status)) ". "
            @match instead {
                Instead::File => "The file takes its place: the next poll goes on from there.",
                Instead::Nothing => "Without it the next poll is a first one: it marks where counting begins, and what \
                                     has changed since the last poll is never delivered.",
            }
        }
        p .quiet { "Its note on the timeline takes it back, for as long as this program runs and keeps it." }
    }
}

/// A GraphQL request as JSON holds it.
#[derive(Deserialize)]
struct GraphQl {
    query: String,
    #[serde(default)]
    variables: Option<Map<String, Value>>,
}

fn request(exchange: &Exchange) -> Markup {
    let body = &exchange.request_body;
    let graphql = serde_json::from_slice::<GraphQl>(body).ok();
    html! {
        p .breakable { strong { (exchange.method) } " " code { (brief(&exchange.url, LONGEST_URL)) } }
        @match graphql {
            Some(GraphQl { query, variables }) => {
                (shown("The document", &query, "document"))
                @if let Some(variables) = variables.filter(|variables| !variables.is_empty()) {
                    @let text = serde_json::to_string_pretty(&variables).unwrap_or_default();
                    (shown("Its variables", &text, "variables"))
                }
            }
            None if body.is_empty() => {}
            None => (shown("The body", &String::from_utf8_lossy(body), "body")),
        }
    }
}

fn shown(title: &str, text: &str, kind: &str) -> Markup {
    html! {
        div .will-send data-sends=(kind) tabindex="0" role="group" aria-label=(title) {
            pre { (brief(text, MOST_SHOWN)) }
        }
        @if text.len() > MOST_SHOWN { p .quiet { "The beginning of " (shown_size(text.len() as u64)) "." } }
    }
}
