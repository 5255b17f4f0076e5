//! What can be saved as a file: records, and the connection without its secrets.

use std::io::{self, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use host::contract::RecordList;
use serde_json::value::RawValue;

use super::{not_found, shared_bytes};
use crate::json_parts::items;
use crate::record_text::{self, Records};
use crate::records::found;
use crate::ui::shared::Shared;
use crate::ui::writing::NotWritten;

/// Cells of a table that is saved, blank ones included: a table of a hundred columns has room for 100,000 records.
const MOST_CELLS: u64 = 10_000_000;

/// The records of a result as CSV or as lines of JSON, as the command line prints them, or all of it as JSON.
pub(in crate::ui) async fn records(
    State(shared): State<Arc<Shared>>,
    Path((key, id, format)): Path<(String, u64, String)>,
) -> Response {
    let Some(record) = shared.runs.get(&key, id) else { return not_found("run of this number") };
    let Some(result) = shared.result(&record).await else { return not_found("result: it is no longer kept") };
    records_of(&shared, result, &format, &format!("{key}-{id}"), Vec::new()).await
}

/// The records of a poll's payload, each with the name of its list.
pub(in crate::ui) async fn payload(
    State(shared): State<Arc<Shared>>,
    Path((key, id, format)): Path<(String, u64, String)>,
) -> Response {
    let Some(trigger) = shared.triggers.get(&key) else { return not_found("trigger of this key") };
    match shared.payload(&key, id).await {
        Some(payload) => {
            let (name, lists) = (format!("{key}-poll-{id}"), trigger.lists().to_vec());
            records_of(&shared, payload, &format, &name, lists).await
        }
        None => not_found("payload: it is no longer kept"),
    }
}

/// Where the records of a result are, or those of a payload: its first list that has any.
pub(super) fn place_of_records(value: &str, lists: &[RecordList]) -> Option<Vec<String>> {
    match found(value, lists).filter(|_| !lists.is_empty()) {
        Some(found) => {
            let (name, _) =
                found.into_iter().find(|(_, records)| items(records).is_some_and(|mut of| of.next().is_some()))?;
            lists.iter().find(|list| list.name() == name).map(|list| list.path().to_vec())
        }
        None => record_text::place(value),
    }
}

async fn records_of(
    shared: &Shared,
    value: Arc<RawValue>,
    format: &str,
    name: &str,
    lists: Vec<RecordList>,
) -> Response {
    let name = format!("{name}.{format}");
    let (kind, is_csv) = match format {
        "json" => return file("application/json", &name, shared_bytes(value)),
        "csv" => ("text/csv; charset=utf-8", true),
        "ndjson" => ("application/x-ndjson", false),
        _ => return not_found("such format"),
    };
    let write = move |out: &mut dyn Write| {
        let records = match found(value.get(), &lists).filter(|_| !lists.is_empty()) {
            Some(lists) => Records::of_lists(lists.into_iter()),
            None => Records::of(value.get()),
        };
        if is_csv { records.write_csv(false, MOST_CELLS, out) } else { records.write_lines(out) }
    };
    written(shared, kind, &name, write).await
}

/// A file that is written while it is sent, or why not.
pub(super) async fn written(
    shared: &Shared,
    kind: &'static str,
    name: &str,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> Response {
    match shared.writing.begin(write).await {
        Ok(body) => file(kind, name, body),
        Err(NotWritten::Busy) => {
            let why = "Other files are being written, and whoever asked for them does not take them: try again.\n";
            (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
        }
        Err(NotWritten::Refused(error)) => (StatusCode::UNPROCESSABLE_ENTITY, format!("{error}\n")).into_response(),
    }
}

/// The connection, with the variable of each secret in its place.
pub(in crate::ui) async fn connection(State(shared): State<Arc<Shared>>) -> Response {
    let saved = shared.memory().connection.as_ref().map(|held| format!("{:#}\n", held.file()));
    match saved {
        Some(saved) => file("application/json", "connection.json", saved),
        None => not_found("connection yet: fill it in first"),
    }
}

/// A file to be saved. Its name is of plain characters, whatever a key holds.
pub(super) fn file(kind: &'static str, name: &str, content: impl Into<Body>) -> Response {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_');
    let name: String =
        name.chars().map(|character| if is_plain(character) { character } else { '_' }).take(120).collect();
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], content.into())
        .into_response()
}
