//! What can be saved as a file and loaded again: records, the connection without its secrets, a trigger's state.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Piece, not_found, refused};
use crate::record_text::Records;
use crate::records::found;
use crate::ui::shared::Shared;

/// The records of a result as CSV or as lines of JSON, as the command line prints them, or all of it as JSON.
pub(in crate::ui) async fn records(
    State(shared): State<Arc<Shared>>,
    Path((key, id, format)): Path<(String, u64, String)>,
) -> Response {
    let Some(record) = shared.runs.get(&key, id) else { return not_found("run of this number") };
    let Some(result) = shared.result(&record).await else { return not_found("result: it is no longer kept") };
    written(result.get(), &format, &format!("{key}-{id}"), &[])
}

/// The records of a poll's payload, each with the name of its list.
pub(in crate::ui) async fn payload(
    State(shared): State<Arc<Shared>>,
    Path((key, id, format)): Path<(String, u64, String)>,
) -> Response {
    let Some(trigger) = shared.triggers.get(&key) else { return not_found("trigger of this key") };
    match trigger.payload(id) {
        Some(payload) => written(payload.get(), &format, &format!("{key}-poll-{id}"), trigger.lists()),
        None => not_found("payload: it is no longer kept"),
    }
}

fn written(json: &str, format: &str, name: &str, lists: &[host::contract::RecordList]) -> Response {
    let records = || match found(json, lists).filter(|_| !lists.is_empty()) {
        Some(lists) => Records::of_lists(lists.into_iter()),
        None => Records::of(json),
    };
    let mut out = Vec::new();
    let (kind, done) = match format {
        "csv" => ("text/csv; charset=utf-8", records().write_csv(false, &mut out)),
        "ndjson" => ("application/x-ndjson", records().write_lines(&mut out)),
        "json" => {
            out.extend_from_slice(json.as_bytes());
            ("application/json", Ok(()))
        }
        _ => return not_found("such format"),
    };
    match done {
        Ok(()) => file(kind, &format!("{name}.{format}"), out),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, format!("{error}\n")).into_response(),
    }
}

/// The connection, with the variable of each secret in its place.
pub(in crate::ui) async fn connection(State(shared): State<Arc<Shared>>) -> Response {
    let saved = shared.memory().connection.as_ref().map(|held| format!("{:#}\n", held.file()));
    match saved {
        Some(saved) => file("application/json", "connection.json", saved.into()),
        None => not_found("connection yet: fill it in first"),
    }
}

/// A trigger's state, as `harness poll --state` takes it.
pub(in crate::ui) async fn state(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Response {
    let state = shared.triggers.get(&key).and_then(|trigger| trigger.status().state);
    match state {
        Some(state) => file("application/octet-stream", &format!("{key}.state"), state.to_vec()),
        None => not_found("state yet"),
    }
}

/// Takes a state over. Whether it is one of this trigger's, the next poll says.
pub(in crate::ui) async fn load_state(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
    state: Bytes,
) -> Response {
    let Some(trigger) = shared.triggers.get(&key) else { return not_found("trigger of this key") };
    let most = shared.options.limits.state_bytes;
    if state.is_empty() || state.len() as u64 > most {
        let why = format!("a state has between 1 and {most} bytes, and this file has {}", state.len());
        return refused(StatusCode::PAYLOAD_TOO_LARGE, why);
    }
    trigger.put(state.into(), "from a file").await;
    Piece::new(Default::default(), Vec::new(), "The state was loaded").into_response()
}

/// A file to be saved. Its name is of plain characters, whatever a key holds.
pub(super) fn file(kind: &'static str, name: &str, content: Vec<u8>) -> Response {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_');
    let name: String =
        name.chars().map(|character| if is_plain(character) { character } else { '_' }).take(120).collect();
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], content).into_response()
}
