//! Actions and the dropdowns of their forms.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Piece, Sent, as_json, not_found, raw_value};
use crate::ui::asking::{self, Performed};
use crate::ui::forms::{self, Values};
use crate::ui::history;
use crate::ui::pages;
use crate::ui::refused;
use crate::ui::run::{self, Failed, Run, Side};
use crate::ui::shared::Shared;

pub(in crate::ui) async fn show(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    match shared.definition().action(&key) {
        Some(action) => pages::action::show(&shared, action).into_response(),
        None => not_found("action of this key"),
    }
}

/// Keeps what was typed, so that a reload finds it.
pub(in crate::ui) async fn draft(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(sent): Json<Sent>,
) -> Response {
    let Some(action) = shared.definition().action(&key) else { return not_found("action of this key") };
    let values = forms::keepable(&action.inputs, sent.values);
    shared.memory().forms.insert(format!("actions/{key}"), values.clone());
    Json(values).into_response()
}

pub(in crate::ui) async fn run(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(sent): Json<Sent>,
) -> Response {
    let Some(action) = shared.definition().action(&key) else { return not_found("action of this key") };
    let inputs = Value::Object(forms::read(&action.inputs, &sent.values));
    let kept = forms::keepable(&action.inputs, sent.values);
    shared.memory().forms.insert(format!("actions/{key}"), kept);
    let mut run = match shared.connection() {
        None => Run::refused(Failed::no_connection()),
        Some(connection) => match asking::perform(&shared, action, &connection, &inputs, sent.confirmed).await {
            Performed::Asks(trace) => return Piece::asking(pages::question::show(&shared, &trace)).into_response(),
            Performed::Ended(outcome) => Run::of(outcome, Into::into),
        },
    };
    if let Err(failed) = &mut run.result {
        refused::complete(&shared, failed).await;
    }
    shared.memory().heard(run.result.as_ref().err());
    let run = Arc::new(run);
    shared.memory().runs.insert(key.clone(), run.clone());
    history::trim(&shared);
    let problems = run.result.as_ref().err().map(|failed| failed.problems.clone()).unwrap_or_default();
    let say = if run.result.is_ok() { "Done" } else { "Failed" };
    let path = format!("/actions/{}", pages::segment(&key));
    let Json(mut piece) = Piece::new(pages::outcome::show(&run, &path), problems, say);
    piece.connection = Some(pages::connection_state(shared.memory().connection.as_ref()).into_string());
    Json(piece).into_response()
}

pub(in crate::ui) async fn result(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    let run = shared.memory().runs.get(&key).cloned();
    match run.as_ref().map(|run| &run.result) {
        Some(Ok(Some(value))) => raw_value(value),
        _ => not_found("result"),
    }
}

pub(in crate::ui) async fn example(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    match shared.definition().action(&key) {
        Some(action) => Json(&action.example_payload).into_response(),
        None => not_found("action of this key"),
    }
}

pub(in crate::ui) async fn schema(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    match shared.definition().action(&key) {
        Some(action) => Json(&action.result_schema).into_response(),
        None => not_found("action of this key"),
    }
}

pub(in crate::ui) async fn exchange(
    State(shared): State<Arc<Shared>>,
    Path((key, index, side)): Path<(String, usize, String)>,
) -> Response {
    let run = shared.memory().runs.get(&key).cloned();
    let body = run.zip(Side::named(&side)).and_then(|(run, side)| run::body(&run.trace, index, side));
    body.map_or_else(|| not_found("such body"), |body| as_json(&body))
}

/// What a dropdown asks for.
#[derive(Deserialize)]
pub(in crate::ui) struct Wanted {
    #[serde(default)]
    values: Values,
    #[serde(default)]
    search: Option<String>,
    #[serde(default)]
    cursor: Option<String>,
}

/// One page of a dropdown, or `{"error": …}`.
pub(in crate::ui) async fn query(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(wanted): Json<Wanted>,
) -> Response {
    let Some(source) = shared.definition().data_source(&key) else { return not_found("data source of this key") };
    let Some(connection) = shared.connection() else { return explained(&Failed::no_connection()) };
    let inputs = Value::Object(forms::read(&source.inputs, &wanted.values));
    let search = wanted.search.as_deref().filter(|search| !search.trim().is_empty());
    let cursor = wanted.cursor.as_deref();
    match shared.connector.query(&key, &connection, &inputs, search, cursor, &shared.options).await {
        Ok(outcome) => Json(outcome.value).into_response(),
        Err(failure) => {
            let mut failed = Failed::from(&failure.error);
            refused::complete(&shared, &mut failed).await;
            shared.memory().heard(Some(&failed));
            explained(&failed)
        }
    }
}

fn explained(failed: &Failed) -> Response {
    Json(json!({ "error": format!("{}. {}", failed.message, failed.advice) })).into_response()
}
