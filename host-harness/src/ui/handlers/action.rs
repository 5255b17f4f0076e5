//! Actions, their runs, and the dropdowns of their forms.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use host::contract::ActionDefinition;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{FIRST_WAIT, LONGEST_WAIT, Piece, Sent, connection_line, exchanged, not_found, raw_value, refused};
use crate::ui;
use crate::ui::forms::{self, Values};
use crate::ui::memory::Used;
use crate::ui::pages::{self, action::Opened};
use crate::ui::performing::{self, Order};
use crate::ui::progress::Purpose;
use crate::ui::run::Failed;
use crate::ui::runs::{Phase, Record};
use crate::ui::shared::Shared;

/// An action's page: with the last run, or the one that the address names, and the inputs that it names.
pub(in crate::ui) async fn show(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Query(mut asked): Query<BTreeMap<String, String>>,
) -> Response {
    let Some(action) = shared.definition().action(&key) else { return not_found("action of this key") };
    let run = match asked.remove("run") {
        Some(id) => match id.parse().ok().and_then(|id| shared.runs.get(&key, id)) {
            Some(run) => Some(run),
            None => return not_found("run of this number any more"),
        },
        None => None,
    };
    shared.runs.look(&key);
    let linked = forms::linked(&action.inputs, &asked);
    let values = (!linked.is_empty()).then_some(linked);
    let values = values.or_else(|| run.as_ref()?.values.as_deref().cloned().map(forms::for_a_form));
    pages::action::show(&shared, action, Opened { run, values }).into_response()
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

/// What is typed as something to paste elsewhere. Nothing is sent to the service.
pub(in crate::ui) async fn ways(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(sent): Json<Sent>,
) -> Response {
    let Some(action) = shared.definition().action(&key) else { return not_found("action of this key") };
    let values = forms::keepable(&action.inputs, sent.values);
    let html = pages::to_paste::action(&shared, action, Some(&values), pages::to_paste::FORM);
    Piece::new(html, Vec::new(), "").into_response()
}

/// Begins a run, and shows what it came to, or that it is under way.
pub(in crate::ui) async fn run(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(sent): Json<Sent>,
) -> Response {
    let Some(action) = shared.definition().action(&key) else { return not_found("action of this key") };
    let inputs = Value::Object(forms::read(&action.inputs, &sent.values));
    let kept = forms::keepable(&action.inputs, sent.values);
    shared.memory().forms.insert(format!("actions/{key}"), kept.clone());
    let Some(id) = performing::start(&shared, action, Order { values: kept, inputs, agreed: sent.agreed }) else {
        let why = "too many runs are under way: wait for one to end, or stop it";
        return refused(StatusCode::TOO_MANY_REQUESTS, why.into());
    };
    shared.runs.wait(id, FIRST_WAIT).await;
    shown(&shared, action, id)
}

/// A run as it is now. One that asks before it changes something has sent nothing of it, and is no run any more.
fn shown(shared: &Arc<Shared>, action: &ActionDefinition, id: u64) -> Response {
    let Some(record) = shared.runs.get(&action.key, id) else { return not_found("run of this number any more") };
    if let Phase::Asks(trace, question) = &record.phase {
        shared.runs.withdraw(id);
        return Piece::asking(pages::question::show(shared, trace), *question).into_response();
    }
    if record.run().is_some() {
        shared.runs.look(&action.key);
    }
    let result = record.run().map(|run| &run.result);
    let problems = result.and_then(|result| result.as_ref().err()).map(|failed| failed.problems.clone());
    let say = match result {
        None => "Running",
        Some(Ok(_)) => "Done",
        Some(Err(_)) => "Failed",
    };
    let Json(mut piece) = Piece::new(pages::outcome::show(shared, action, &record), problems.unwrap_or_default(), say);
    piece.connection = Some(connection_line(shared));
    Json(piece).into_response()
}

/// Waits for a run's end, and shows what it came to; or that it is still under way.
pub(in crate::ui) async fn end(State(shared): State<Arc<Shared>>, Path((key, id)): Path<(String, u64)>) -> Response {
    let Some(action) = shared.definition().action(&key) else { return not_found("action of this key") };
    shared.runs.wait(id, LONGEST_WAIT).await;
    shown(&shared, action, id)
}

pub(in crate::ui) async fn cancel(State(shared): State<Arc<Shared>>, Path((key, id)): Path<(String, u64)>) -> Response {
    match shared.runs.cancel(&key, id) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => refused(StatusCode::NOT_FOUND, "this run is over already".into()),
    }
}

/// How a result is asked for.
#[derive(Deserialize)]
pub(in crate::ui) struct How {
    /// As a history keeps it, whether there is one or not.
    #[serde(default)]
    kept: bool,
}

pub(in crate::ui) async fn result(
    State(shared): State<Arc<Shared>>,
    Path((key, id)): Path<(String, u64)>,
    Query(how): Query<How>,
) -> Response {
    let Some(record) = shared.runs.get(&key, id) else { return not_found("run of this number") };
    match shared.result(&record).await {
        Some(value) if how.kept => match shared.as_kept(value, &record).await {
            Some(kept) => raw_value(&shared, kept, &[]).await,
            None => refused(StatusCode::INTERNAL_SERVER_ERROR, "the result cannot be read".into()),
        },
        Some(value) => raw_value(&shared, value, &[]).await,
        None if record.is_forgotten => not_found("result any more: it is forgotten with its connection"),
        None => not_found("result any more: newer runs took its place"),
    }
}

/// Two runs of an action, side by side.
pub(in crate::ui) async fn compare(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Query(chosen): Query<Vec<(String, u64)>>,
) -> Response {
    let Some(action) = shared.definition().action(&key) else { return not_found("action of this key") };
    let chosen = chosen.iter().filter(|(name, _)| name == "run").filter_map(|(_, id)| shared.runs.get(&key, *id));
    match <[Record; 2]>::try_from(chosen.collect::<Vec<_>>()) {
        Ok([first, second]) => {
            let (older, newer) = if first.id < second.id { (first, second) } else { (second, first) };
            pages::compare::show(&shared, action, &older, &newer).into_response()
        }
        Err(_) => not_found("pair of runs in this address: choose two on the action's page"),
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

/// A body of a request or its answer, or the request as a command line.
pub(in crate::ui) async fn exchange(
    State(shared): State<Arc<Shared>>,
    Path((key, id, index, side)): Path<(String, u64, usize, String)>,
) -> Response {
    let record = shared.runs.get(&key, id);
    let Some(trace) = record.as_ref().and_then(Record::run).map(|run| &run.trace) else {
        return not_found("such body");
    };
    exchanged(&shared, trace, index, &side)
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
    /// The number under which its script asks how far it is.
    #[serde(default)]
    number: u64,
}

/// `{"page": …}` of a dropdown, or `{"error": …}`, with the line on the connection.
pub(in crate::ui) async fn query(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    Json(wanted): Json<Wanted>,
) -> Response {
    let Some(source) = shared.definition().data_source(&key) else { return not_found("data source of this key") };
    let used = shared.memory().used();
    let Some(Used { connection, number, .. }) = used else { return explained(&shared, &Failed::no_connection()) };
    let inputs = Value::Object(forms::read(&source.inputs, &wanted.values));
    let search = wanted.search.as_deref().filter(|search| !search.trim().is_empty());
    let cursor = wanted.cursor.as_deref();
    let (options, _watched) = shared.progress.watch(Purpose::List(wanted.number), &shared.options);
    match shared.connector.query(&key, &connection, &inputs, search, cursor, &options).await {
        Ok(outcome) => {
            shared.memory().heard(number, outcome.trace.requests, None);
            Json(json!({ "page": outcome.value, "connection": connection_line(&shared) })).into_response()
        }
        Err(failure) => {
            let mut failed = Failed::from(&failure.error);
            ui::refused::complete(&shared, &mut failed).await;
            shared.memory().heard(number, failure.trace.requests, Some(&failed));
            explained(&shared, &failed)
        }
    }
}

fn explained(shared: &Shared, failed: &Failed) -> Response {
    let error = format!("{}. {}", failed.message, failed.advice);
    Json(json!({ "error": error, "connection": connection_line(shared) })).into_response()
}
