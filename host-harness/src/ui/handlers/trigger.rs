//! Triggers: polls, schedule and timeline, and the buttons that change records.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;
use serde::{Deserialize, Serialize};

use super::{LONGEST_WAIT, Piece, Sent, connection_line, exchanged, not_found, raw_value, refused};
use crate::ui::events::Poll;
use crate::ui::forms;
use crate::ui::history;
use crate::ui::pages::{self, timeline};
use crate::ui::polling::{self, Came};
use crate::ui::run::Failed;
use crate::ui::shared::Shared;
use crate::ui::trigger::Trigger;

/// The longest pause of a schedule, in seconds.
const LONGEST_PAUSE: u64 = 24 * 3600;

/// A trigger's page, with the inputs that the address names.
pub(in crate::ui) async fn show(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    let (Some(definition), Some(trigger)) = (shared.definition().trigger(&key), shared.triggers.get(&key)) else {
        return not_found("trigger of this key");
    };
    trigger.look();
    let linked = forms::linked(&definition.inputs, &asked);
    pages::trigger::show(&shared, definition, trigger, linked).into_response()
}

pub(in crate::ui) async fn draft(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(sent): Json<Sent>,
) -> Response {
    match keep(&shared, &key, sent.values) {
        Some(kept) => Json(kept).into_response(),
        None => not_found("trigger of this key"),
    }
}

/// What is typed as something to paste elsewhere. Nothing is sent to the service.
pub(in crate::ui) async fn ways(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(sent): Json<Sent>,
) -> Response {
    let Some(trigger) = shared.definition().trigger(&key) else { return not_found("trigger of this key") };
    let values = forms::keepable(&trigger.inputs, sent.values);
    let every = Duration::from_secs(sent.every.unwrap_or(pages::trigger::DEFAULT_PAUSE).min(LONGEST_PAUSE));
    let html = pages::to_paste::trigger(&shared, trigger, &values, every);
    Piece::new(html, Vec::new(), "").into_response()
}

fn keep(shared: &Shared, key: &str, values: forms::Values) -> Option<forms::Values> {
    let values = forms::keepable(&shared.definition().trigger(key)?.inputs, values);
    shared.memory().forms.insert(format!("triggers/{key}"), values.clone());
    Some(values)
}

pub(in crate::ui) async fn poll(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(sent): Json<Sent>,
) -> Response {
    by_hand(&shared, &key, sent, false).await
}

/// Polls until nothing waits.
pub(in crate::ui) async fn drain(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(sent): Json<Sent>,
) -> Response {
    by_hand(&shared, &key, sent, true).await
}

/// Polls by hand, and says how it ended. It goes on when the page is left.
async fn by_hand(shared: &Arc<Shared>, key: &str, sent: Sent, drains: bool) -> Response {
    let Some(trigger) = shared.triggers.get(key) else { return not_found("trigger of this key") };
    keep(shared, key, sent.values.clone());
    let Some(work) = polling::ask(shared, trigger, key, sent.values, drains) else {
        let why = "it is being polled by hand already: wait for the end, or stop it";
        return refused(StatusCode::CONFLICT, why.into());
    };
    let came = work.await.unwrap_or_else(|_| Came::Failed(Failed::defect()));
    trigger.look();
    let say = match came {
        Came::Failed(failed) => return explained(failed),
        Came::Stopped => {
            let html = html! { p .notice { "Stopped. Nothing of the poll that was under way is taken over: the next \
            one finds it." } };
            return Piece::new(html, Vec::new(), "Stopped").into_response();
        }
        Came::To(true) => "More waits still",
        Came::To(false) if drains => "All of it is delivered",
        Came::To(false) => "Polled",
    };
    Piece::new(Default::default(), Vec::new(), say).into_response()
}

/// Stops the polling by hand that is under way.
pub(in crate::ui) async fn stop(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    let Some(trigger) = shared.triggers.get(&key) else { return not_found("trigger of this key") };
    match trigger.stop_asked() {
        true => StatusCode::NO_CONTENT.into_response(),
        false => refused(StatusCode::NOT_FOUND, "this poll is over already".into()),
    }
}

pub(in crate::ui) async fn schedule(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(sent): Json<Sent>,
) -> Response {
    let Some(trigger) = shared.triggers.get(&key) else { return not_found("trigger of this key") };
    keep(&shared, &key, sent.values.clone());
    // What can be said at once is better said here than by a schedule that ends with its first poll.
    if shared.memory().connection.is_none() {
        return explained(Failed::no_connection());
    }
    match sent.every {
        Some(seconds @ 1..=LONGEST_PAUSE) => {
            polling::start(shared.clone(), trigger.clone(), key, sent.values, Duration::from_secs(seconds));
            Piece::new(Default::default(), Vec::new(), "Polling on a schedule").into_response()
        }
        _ => refused(StatusCode::BAD_REQUEST, "the pause must be between 1 second and a day".into()),
    }
}

fn explained(failed: Failed) -> Response {
    let html = html! { (pages::failure(&failed)) (timeline::ways_out(&failed)) };
    Piece::new(html, failed.problems, "The poll failed").into_response()
}

pub(in crate::ui) async fn pause(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    let Some(trigger) = shared.triggers.get(&key) else { return not_found("trigger of this key") };
    trigger.stop();
    Piece::new(Default::default(), Vec::new(), "Paused").into_response()
}

#[derive(Deserialize)]
pub(in crate::ui) struct Seen {
    version: u64,
    last: u64,
}

/// What changed on a trigger's page.
#[derive(Serialize)]
pub(in crate::ui) struct News {
    version: u64,
    last: u64,
    running: bool,
    polling: bool,
    /// Whether somebody polls by hand.
    asked: bool,
    more: bool,
    /// The line on the connection.
    connection: String,
    chart: String,
    has_state: bool,
    status: String,
    state: String,
    /// The events that are new, the newest first.
    events: Vec<String>,
}

/// Waits for something new, and gives it.
pub(in crate::ui) async fn news(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Query(seen): Query<Seen>,
) -> Response {
    let Some(trigger) = shared.triggers.get(&key) else { return not_found("trigger of this key") };
    trigger.newer_than(seen.version, LONGEST_WAIT).await;
    trigger.look();
    let status = trigger.status();
    let events = trigger.events_after(seen.last);
    let path = format!("/triggers/{}", pages::segment(&key));
    Json(News {
        version: status.version,
        last: events.first().map_or(seen.last, |event| event.id),
        running: status.every.is_some(),
        polling: status.is_polling,
        asked: status.is_asked,
        more: status.more,
        connection: connection_line(&shared),
        chart: pages::chart::show(trigger.events_after(0).iter().map(|event| &**event)).into_string(),
        has_state: status.state.is_some(),
        status: timeline::status(&status).into_string(),
        state: timeline::state(&status).into_string(),
        events: events.iter().map(|event| timeline::event(event, &path).into_string()).collect(),
    })
    .into_response()
}

pub(in crate::ui) async fn example(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    match shared.definition().trigger(&key) {
        Some(trigger) => Json(&trigger.example_payload).into_response(),
        None => not_found("trigger of this key"),
    }
}

pub(in crate::ui) async fn schema(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    match shared.definition().trigger(&key) {
        Some(trigger) => Json(&trigger.result_schema).into_response(),
        None => not_found("trigger of this key"),
    }
}

/// The payload of a poll, or the state after it.
pub(in crate::ui) async fn part(
    State(shared): State<Arc<Shared>>,
    Path((key, id, part)): Path<(String, u64, String)>,
) -> Response {
    let trigger = shared.triggers.get(&key);
    let Some((trigger, poll)) = trigger.and_then(|trigger| Some((trigger, poll_of(trigger, id)?))) else {
        return not_found("poll of this number");
    };
    match (part.as_str(), &poll.after) {
        ("payload", _) => match shared.payload(&key, id).await {
            Some(payload) => raw_value(&shared, payload, trigger.lists()).await,
            None => not_found("payload: it is no longer kept"),
        },
        ("state", Some(state)) => Json(timeline::readable(state)).into_response(),
        _ => not_found("such part of a poll"),
    }
}

pub(in crate::ui) async fn exchange(
    State(shared): State<Arc<Shared>>,
    Path((key, id, index, side)): Path<(String, u64, usize, String)>,
) -> Response {
    let poll = shared.triggers.get(&key).and_then(|trigger| poll_of(trigger, id));
    poll.map_or_else(|| not_found("such body"), |poll| exchanged(&shared, &poll.run.trace, index, &side))
}

fn poll_of(trigger: &Trigger, id: u64) -> Option<Poll> {
    trigger.event(id)?.poll().cloned()
}

/// Presses a button that changes records, and notes it in every timeline.
pub(in crate::ui) async fn change(State(shared): State<Arc<Shared>>, Path(index): Path<usize>) -> Response {
    match shared.changes.press(index).await {
        Ok(label) => {
            for (key, trigger) in &shared.triggers {
                trigger.note(format!("You pressed “{label}”"));
                history::keep(&shared, key).await;
            }
            Piece::new(Default::default(), Vec::new(), "Changed").into_response()
        }
        Err(why) => refused(StatusCode::BAD_GATEWAY, why),
    }
}
