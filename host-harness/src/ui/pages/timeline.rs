//! The parts of a trigger's page that change while it is looked at: its status, its state, and the events of its
//! timeline.

use maud::{Markup, html};
use operator::values::shown_size;
use serde_json::Value;

use super::{clock, count, outcome, sentence, tree, views};
use crate::shown;
use crate::ui::events::{Event, Kept, Poll, What};
use crate::ui::run::Failed;
use crate::ui::trigger::Status;

/// What is going on, in a line.
pub(in crate::ui) fn status(status: &Status) -> Markup {
    html! {
        @if status.is_polling { span .dot .busy aria-hidden="true" {} "Polling now…" }
        @else if let Some(every) = status.every { span .dot .good aria-hidden="true" {} "Polls every " (super::time(every)) }
        @else { span .dot .off aria-hidden="true" {} "Paused: polls only when asked" }
        @if status.more { span .badge .warn { "more waits" } }
    }
}

/// The state: its size and where it comes from.
pub(in crate::ui) fn state(status: &Status) -> Markup {
    html! {
        @match &status.state {
            None => "No state: the next poll is a first one, and marks where counting begins.",
            Some(state) => { strong { (shown_size(state.len() as u64)) } ", " (shown::lines(&status.origin)) },
        }
    }
}

/// A state as a person can read it: JSON or text as it is, anything else in hex.
pub(in crate::ui) fn readable(state: &[u8]) -> Value {
    match (serde_json::from_slice(state), std::str::from_utf8(state)) {
        (Ok(value), _) => value,
        (Err(_), Ok(text)) => text.into(),
        (Err(_), Err(_)) => {
            state.chunks(16).map(|row| row.iter().map(|byte| format!("{byte:02x} ")).collect::<String>()).collect()
        }
    }
}

/// One event; `path` is the trigger's address.
pub(in crate::ui) fn event(event: &Event, path: &str) -> Markup {
    html! {
        li .event id={ "event-" (event.id) } data-event=(event.id) data-kind=(match event.what { What::Poll(_) => "poll", What::Note(_) => "note" })
            data-quiet[is_quiet(event)] {
            div .event-when { (clock(event.at)) }
            div .event-what {
                @match &event.what {
                    What::Note(note) => {
                        p .note { (shown::lines(&note.text)) }
                        @if note.replaced.is_some() {
                            button .small type="button" data-trigger="back" data-event=(event.id) { "Take the state from before it back" }
                        }
                    }
                    What::Poll(poll) => (self::poll(poll, path, event.id)),
                }
            }
        }
    }
}

fn poll(poll: &Poll, operation: &str, id: u64) -> Markup {
    let path = &format!("{operation}/polls/{id}");
    let before = poll.before.as_ref().map_or(0, |state| state.len() as u64);
    html! {
        p .event-title {
            strong { "Poll " (poll.number) }
            @if poll.run.result.is_err() { span .badge .bad { "failed" } }
            @else if poll.is_first { span .badge { "first poll: counting begins here" } }
            @else if poll.no_changes { span .badge { "no changes" } }
            @for list in poll.delivery.lists.iter().filter(|list| list.length > 0) {
                span .badge .good { (list.length) " " (shown::lines(&list.name)) }
            }
            @if poll.delivery.repeats > 0 { span .badge .warn { (count(poll.delivery.repeats as u64, "repeat")) } }
            @if poll.more { span .badge .warn { "more waits" } }
        }
        @for list in poll.delivery.lists.iter().filter(|list| !list.titles.is_empty()) {
            p .titles { (shown::lines(&list.name)) ": " @for (index, title) in list.titles.iter().enumerate() {
                @if index > 0 { ", " } q { (shown::lines(title)) } }
                @if list.length > list.titles.len() { " and " (list.length - list.titles.len()) " more" }
            }
        }
        @if let Err(failed) = &poll.run.result {
            p .event-error { (sentence(&failed.message)) }
            (ways_out(failed))
        }
        details .more {
            summary { "Details" }
            (outcome::used(&poll.run.trace, poll.run.result.is_ok()))
            @match poll.kept {
                Kept::Whole => {}
                Kept::Emptied => p .quiet { "Its payload, requests, log and states are no longer kept: newer polls \
                                             took their place, or its connection was given up." },
                Kept::InFile => p .quiet { "This poll is of an earlier start: a history keeps payloads, and neither \
                                            requests, logs nor the states between polls." },
            }
            @if matches!(poll.run.result, Ok(Some(_))) || poll.kept == Kept::InFile && poll.run.result.is_ok() { (views("Payload", &format!("{path}/payload"), operation, &format!("{path}/download"))) }
            @if poll.kept == Kept::Whole { details { summary { "State after it, " (shown_size(poll.after.as_ref().map_or(0, |state| state.len() as u64))) " (before: " (shown_size(before)) ")" }
                (tree("State after the poll", &format!("{path}/state"))) } }
            @if poll.kept != Kept::InFile {
                details { summary { "Requests (" (poll.run.trace.exchanges.len()) ")" } (outcome::exchanges(&poll.run.trace, path)) }
                details { summary { "Log (" (poll.run.trace.log.len()) ")" } (outcome::log_lines(&poll.run.trace)) }
            }
            @if poll.run.result.is_ok() && poll.kept == Kept::Whole {
                button .small type="button" data-trigger="back" data-event=(id) { "Take the state from before poll " (poll.number) }
            }
        }
    }
}

/// Whether a poll found nothing and nothing else is to be said of it.
fn is_quiet(event: &Event) -> bool {
    event.poll().is_some_and(|poll| poll.run.result.is_ok() && poll.no_changes && !poll.more && !poll.is_first)
}

/// What can be done on the spot about a poll that failed.
pub(in crate::ui) fn ways_out(failed: &Failed) -> Markup {
    html! {
        @if failed.kind == "invalid-state" {
            p { button .small type="button" data-trigger="reset" { "Reset the state" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::readable;

    #[test]
    fn a_state_is_shown_as_json_as_text_or_in_hex() {
        assert_eq!(readable(b"{\"a\": 1}"), json!({"a": 1}));
        assert_eq!(readable("plain é".as_bytes()), json!("plain é"));
        assert_eq!(readable(&[0xff; 17]), json!(["ff ".repeat(16), "ff "]));
    }
}
