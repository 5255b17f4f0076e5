//! What was done: deleted by whoever looks at it, and marked where nobody has looked yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{not_found, refused};
use crate::ui::history;
use crate::ui::pages;
use crate::ui::runs::Mark;
use crate::ui::shared::Shared;

/// Deletes one run of an action.
pub(in crate::ui) async fn delete(State(shared): State<Arc<Shared>>, Path((key, id)): Path<(String, u64)>) -> Response {
    match history::delete(&shared, &key, id).await {
        true => StatusCode::NO_CONTENT.into_response(),
        false => refused(StatusCode::NOT_FOUND, "this run is not there any more, or still under way".into()),
    }
}

/// Deletes all runs of an action.
pub(in crate::ui) async fn clear_action(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    if shared.definition().action(&key).is_none() {
        return not_found("action of this key");
    }
    history::clear_action(&shared, &key).await;
    StatusCode::NO_CONTENT.into_response()
}

/// Deletes what is on a trigger's timeline.
pub(in crate::ui) async fn clear_trigger(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    if shared.definition().trigger(&key).is_none() {
        return not_found("trigger of this key");
    }
    history::clear_trigger(&shared, &key).await;
    StatusCode::NO_CONTENT.into_response()
}

/// Deletes all runs and all timelines.
pub(in crate::ui) async fn clear_all(State(shared): State<Arc<Shared>>) -> StatusCode {
    history::clear_all(&shared).await;
    StatusCode::NO_CONTENT
}

/// The marks of the navigation, by the places of its operations.
#[derive(Serialize)]
pub(in crate::ui) struct Marks {
    marks: BTreeMap<String, String>,
    /// Whether something is under way, so that it is worth asking again soon.
    running: bool,
}

pub(in crate::ui) async fn marks(State(shared): State<Arc<Shared>>) -> Json<Marks> {
    let definition = shared.definition();
    let actions = definition.actions.iter().map(|action| format!("actions/{}", action.key));
    let triggers = definition.triggers.iter().map(|trigger| format!("triggers/{}", trigger.key));
    let (mut marks, mut running) = (BTreeMap::new(), false);
    for place in actions.chain(triggers) {
        let mark = shared.mark(&place);
        running |= mark == Some(Mark::UnderWay);
        marks.insert(place, pages::mark(mark).into_string());
    }
    Json(Marks { marks, running })
}
