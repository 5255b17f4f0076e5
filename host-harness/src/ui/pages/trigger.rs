//! A trigger's page: its inputs, the polling, its state, the buttons that change records, and the timeline.

use std::time::Duration;

use host::contract::TriggerDefinition;
use maud::{Markup, html};

use super::controls::Form;
use super::{Place, action, chart, heading, needs_connection, page, question, runs, segment, timeline, to_paste};
use crate::ui::forms::Values;
use crate::ui::shared::Shared;
use crate::ui::trigger::Trigger;

/// The pauses that are offered, in seconds.
const PAUSES: [u64; 5] = [2, 5, 15, 60, 300];
pub(in crate::ui) const DEFAULT_PAUSE: u64 = 5;

/// The page; `linked` are the inputs that its address names.
pub(in crate::ui) fn show(
    shared: &Shared,
    definition: &TriggerDefinition,
    trigger: &Trigger,
    linked: Values,
) -> Markup {
    let path = format!("/triggers/{}", segment(&definition.key));
    let typed = || shared.memory().forms.get(&format!("triggers/{}", definition.key)).cloned();
    let place = format!("triggers/{}", segment(&definition.key));
    let status = trigger.status();
    // A schedule goes on with what it was started with, whatever an address says.
    let kept = Some(linked).filter(|linked| !linked.is_empty() && status.every.is_none()).or_else(typed);
    let events = trigger.events_after(0);
    let (nothing, sources) = (Values::new(), &shared.definition().data_sources);
    let values = kept.as_ref().unwrap_or(&nothing);
    let form = Form { id: "input", values, sources, place: Some(&place), overridden: &[] };
    let pause = status.every.as_ref().map_or(DEFAULT_PAUSE, Duration::as_secs);
    let content = html! {
        (heading("Trigger", &definition.label, &definition.description))
        (needs_connection(shared))
        div .columns #trigger data-trigger-path=(path) data-version=(status.version) data-last=(events.first().map_or(0, |event| event.id))
            data-running=(status.every.is_some()) data-asked=(status.is_asked) {
            div .stack {
                form .card #trigger-form data-draft={ (path) "/draft" } data-storage={ (shared.definition().key) "/" (place) } data-kept[kept.is_some()]
                    aria-label="Inputs and polling" novalidate {
                    fieldset .bare disabled[status.every.is_some()] {
                        legend .visually-hidden { "Inputs" }
                        @for input in &definition.inputs { (form.field(input)) }
                    }
                    p #trigger-status .status role="status" { (timeline::status(&status)) }
                    div .actions {
                        button .primary type="submit" data-trigger="poll" data-busy="Polling…" { "Poll once" }
                        button type="button" data-trigger="drain" data-busy="Delivering…" hidden[!status.more || status.every.is_some()] { "Deliver what waits" }
                        button type="button" data-stop hidden[!status.is_asked] { "Stop" }
                        span .schedule {
                            label for="every" { "every" }
                            select #every disabled[status.every.is_some()] {
                                @for seconds in PAUSES {
                                    option value=(seconds) selected[seconds == pause] { (pause_label(seconds)) }
                                }
                            }
                            button type="button" data-trigger="schedule" hidden[status.every.is_some()] { "Start polling" }
                            button type="button" data-trigger="pause" hidden[status.every.is_none()] { "Pause" }
                        }
                    }
                    p .progress data-progress={ (path) "/progress" } hidden {}
                    div #trigger-error {}
                    (to_paste::beside(&path))
                }
                (changes(shared))
                section .card aria-labelledby="state-title" {
                    h2 #state-title { "State" }
                    p #trigger-state { (timeline::state(&status)) }
                    details #state-content hidden[status.state.is_none()] {
                        summary { "What it holds" }
                        (super::tree("State", &format!("{path}/state")))
                        p { a href={ (path) "/state/file" } download { "Save the state" } ", for " code { "harness poll --state" } }
                    }
                    div .actions {
                        button type="button" data-trigger="reset" { "Reset the state" }
                        label .button { "Load a state" input .visually-hidden type="file" data-load={ (path) "/state/file" }; }
                    }
                }
            }
            div .stack .grow {
                section .card aria-labelledby="timeline-title" {
                    h2 #timeline-title { "Timeline" }
                    p #timeline-empty .quiet hidden[!events.is_empty()] {
                        "Nothing has happened yet. The first poll marks where counting begins, and delivers nothing."
                    }
                    div #chart { (chart::show(events.iter().map(|event| &**event))) }
                    ol #timeline .timeline aria-label="Polls and what they delivered, the newest first" {
                        @for event in &events { (timeline::event(event, &path)) }
                    }
                    @let trouble = shared.archive.as_ref().and_then(|archive| archive.trouble());
                    @if let Some(trouble) = trouble { p .problem { (runs::trouble(&trouble)) } }
                    div #timeline-actions .actions hidden[events.is_empty()] {
                        button .small type="button" data-delete={ (path) "/clear" } data-sure="Delete all that is on this timeline? The state stays, so that the next poll goes on there." { "Clear the timeline" }
                    }
                }
                (action::expected(&path, &definition.result_schema))
            }
        }
        (question::dialog("Give up the state?", "Give it up"))
    };
    page(shared, Place::Trigger(&definition.key), &definition.label, &content)
}

fn changes(shared: &Shared) -> Markup {
    let buttons = shared.changes.buttons();
    html! {
        @if !buttons.is_empty() {
            section .card aria-labelledby="changes-title" {
                h2 #changes-title { "Change something in the service" }
                p .quiet { "These change records behind the connector's back, in the test service; the next poll \
                            should find them." }
                div .actions {
                    @for (index, button) in buttons.iter().enumerate() {
                        button type="button" data-change=(index) { (button.label) }
                    }
                }
            }
        }
    }
}

fn pause_label(seconds: u64) -> String {
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}
