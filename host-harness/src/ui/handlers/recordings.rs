//! The page's recording: begun, ended, saved; and one that is opened, looked at, and replayed.

use std::io::Write;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::Markup;

use super::saved::written;
use super::{Piece, exchanged, not_found, raw_json, refused};
use crate::recording::{Component, Recording};
use crate::ui::pages;
use crate::ui::shared::Shared;

pub(in crate::ui) async fn show(State(shared): State<Arc<Shared>>) -> Markup {
    pages::recordings::show(&shared)
}

pub(in crate::ui) async fn start(State(shared): State<Arc<Shared>>) -> Response {
    shared.recordings.start();
    done("Recording has begun")
}

pub(in crate::ui) async fn stop(State(shared): State<Arc<Shared>>) -> Response {
    let component = Component::of(&shared.connector, None);
    shared.recordings.stop(&shared.connector, component, &shared.options.limits).await;
    done("Recording has ended")
}

/// What was recorded, as a file.
pub(in crate::ui) async fn save(State(shared): State<Arc<Shared>>) -> Response {
    let Some(made) = shared.recordings.status().made else { return not_found("recording yet: start one first") };
    let name = format!("{}.har", shared.definition().key);
    let write = move |out: &mut dyn Write| Ok(serde_json::to_writer_pretty(out, &made.recording.har())?);
    written(&shared, "application/json", &name, write).await
}

/// Takes a recording to be looked at.
pub(in crate::ui) async fn open(State(shared): State<Arc<Shared>>, content: Bytes) -> Response {
    let wrong = |why: String| refused(StatusCode::UNPROCESSABLE_ENTITY, format!("This is no recording to show: {why}"));
    let Ok(text) = std::str::from_utf8(&content) else { return wrong("it is no text".into()) };
    let recording = match Recording::read(text) {
        Ok(recording) => recording,
        Err(why) => return wrong(why),
    };
    if let Err(why) = recording.check(&shared.definition().key) {
        return wrong(why);
    }
    shared.recordings.open(recording);
    done("The recording is open")
}

pub(in crate::ui) async fn replay(State(shared): State<Arc<Shared>>) -> Response {
    shared.recordings.replay(&shared.connector, &shared.options.limits).await;
    done("Replayed")
}

/// What a call of the opened recording was given, or what came of it.
pub(in crate::ui) async fn part(
    State(shared): State<Arc<Shared>>,
    Path((index, part)): Path<(usize, String)>,
) -> Response {
    let opened = shared.recordings.opened();
    let call = opened.as_ref().and_then(|opened| opened.recording.calls.get(index));
    let value = call.and_then(|call| match part.as_str() {
        "inputs" => call.inputs(),
        "result" => call.result(),
        "error" => call.error(),
        _ => None,
    });
    value.map_or_else(|| not_found("such part of a recording"), |value| raw_json(value.get().to_owned()))
}

/// A body of a request of the opened recording, or of its answer.
pub(in crate::ui) async fn exchange(
    State(shared): State<Arc<Shared>>,
    Path((index, exchange, side)): Path<(usize, usize, String)>,
) -> Response {
    let trace = shared.recordings.opened().and_then(|opened| Some(opened.recording.calls.get(index)?.trace()));
    trace.map_or_else(|| not_found("such body"), |trace| exchanged(&shared, &trace, exchange, &side))
}

fn done(say: &'static str) -> Response {
    Piece::new(Markup::default(), Vec::new(), say).into_response()
}
