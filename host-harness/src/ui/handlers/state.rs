//! A trigger's state: looked at, saved, loaded, reset, taken back. What replaces one that exists asks first, and what is
//! loaded is checked before.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::saved::file;
use super::{Piece, Sent, not_found, refused};
use crate::state_check;
use crate::ui::forms;
use crate::ui::history;
use crate::ui::pages::question::{self, Instead};
use crate::ui::pages::{self, timeline};
use crate::ui::run::Failed;
use crate::ui::shared::Shared;
use crate::ui::trigger::Trigger;

/// What an answer to a question names. It counts whichever state there is by then: a schedule may poll meanwhile, and
/// what is replaced can be taken back.
const GIVE_UP: u64 = 1;

pub(in crate::ui) async fn show(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    let state = shared.triggers.get(&key).and_then(|trigger| trigger.status().state);
    state.map_or_else(|| not_found("state"), |state| Json(timeline::readable(&state)).into_response())
}

/// The state as `harness poll --state` takes it.
pub(in crate::ui) async fn save(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    let state = shared.triggers.get(&key).and_then(|trigger| trigger.status().state);
    match state {
        Some(state) => file("application/octet-stream", &format!("{key}.state"), state.to_vec()),
        None => not_found("state yet"),
    }
}

/// Takes a state over that the connector takes, with the inputs as they are typed. They stand in a line before it.
pub(in crate::ui) async fn load(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    content: Bytes,
) -> Response {
    let Some(trigger) = shared.triggers.get(&key) else { return not_found("trigger of this key") };
    let (head, state) = match content.iter().position(|byte| *byte == b'\n') {
        Some(end) => (content.slice(..end), content.slice(end + 1..)),
        None => (content, Bytes::new()),
    };
    let Ok(sent) = serde_json::from_slice::<Sent>(&head) else {
        return refused(StatusCode::BAD_REQUEST, "the inputs are missing before the state: reload the page".into());
    };
    let most = shared.options.limits.state_bytes;
    if state.is_empty() || state.len() as u64 > most {
        let why = format!("a state has between 1 and {most} bytes, and this file has {}", state.len());
        return refused(StatusCode::PAYLOAD_TOO_LARGE, why);
    }
    if let Err(failed) = check(&shared, &key, sent.values, &state).await {
        return Piece::new(pages::failure(&failed), failed.problems, "The file was not loaded").into_response();
    }
    if let Some(question) = question(trigger, sent.agreed, Instead::File) {
        return question.into_response();
    }
    trigger.put(state.into(), "from a file").await;
    changed(&shared, &key, "The state was loaded").await
}

/// Whether the connector takes it; what to do where it does not.
async fn check(shared: &Shared, key: &str, values: forms::Values, state: &[u8]) -> Result<(), Failed> {
    let Some(connection) = shared.connection() else {
        let advice =
            "Fill in the connection first: the connector says whether it takes a state, and needs it for that.";
        return Err(Failed { advice, ..not_loaded(Failed::no_connection()) });
    };
    let inputs = shared.definition().trigger(key).map(|trigger| forms::read(&trigger.inputs, &values));
    let inputs = Value::Object(inputs.unwrap_or_default());
    let checked = state_check::taken(&shared.connector, key, &connection, &inputs, state, &shared.options).await;
    checked.map_err(|error| not_loaded(Failed::from(&error)))
}

fn not_loaded(failed: Failed) -> Failed {
    let advice = match failed.kind {
        "invalid-state" => {
            "Choose a file that was saved here or by harness poll, with the inputs that it was made with."
        }
        "invalid-input" => "A state is looked at together with the inputs: correct them, then load the file again.",
        _ => failed.advice,
    };
    let message = format!("the file was not loaded, and the state is as it was: {}", failed.message);
    Failed { message, advice, ..failed }
}

pub(in crate::ui) async fn reset(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(sent): Json<Sent>,
) -> Response {
    let Some(trigger) = shared.triggers.get(&key) else { return not_found("trigger of this key") };
    if let Some(question) = question(trigger, sent.agreed, Instead::Nothing) {
        return question.into_response();
    }
    trigger.reset().await;
    changed(&shared, &key, "The state was reset").await
}

#[derive(Deserialize)]
pub(in crate::ui) struct Back {
    event: u64,
}

pub(in crate::ui) async fn back(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(back): Json<Back>,
) -> Response {
    let Some(trigger) = shared.triggers.get(&key) else { return not_found("trigger of this key") };
    if trigger.back(back.event).await {
        changed(&shared, &key, "The state was taken back").await
    } else {
        refused(StatusCode::NOT_FOUND, "the timeline no longer has the state from before this".into())
    }
}

/// Asks before a state that there is goes, unless a person has agreed to that.
fn question(trigger: &Trigger, agreed: Option<u64>, instead: Instead) -> Option<Json<Piece>> {
    let status = trigger.status();
    (status.state.is_some() && agreed != Some(GIVE_UP))
        .then(|| Piece::asking(question::gives_up(&status, instead), GIVE_UP))
}

/// What is kept of it, in memory and in the file, and what is said.
async fn changed(shared: &Shared, key: &str, say: &'static str) -> Response {
    history::keep(shared, key).await;
    history::trim(shared);
    Piece::new(Default::default(), Vec::new(), say).into_response()
}
