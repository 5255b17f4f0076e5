//! The connection: filled in, tested, forgotten.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{FIRST_WAIT, LONGEST_WAIT, Piece, Sent, not_found, refused};
use crate::ui::forms;
use crate::ui::held::{self, Held};
use crate::ui::history;
use crate::ui::pages;
use crate::ui::shared::Shared;
use crate::ui::trying;

#[derive(Deserialize)]
pub(in crate::ui) struct Kind {
    kind: Option<String>,
}

pub(in crate::ui) async fn show(State(shared): State<Arc<Shared>>, Query(asked): Query<Kind>) -> Response {
    let held = shared.memory().connection.as_ref().map(|held| held.connection.key().to_owned());
    let connections = &shared.definition().connections;
    let definition = match asked.kind.or(held) {
        Some(key) => shared.definition().connection(&key),
        None => connections.first(),
    };
    match definition {
        Some(definition) => pages::connection::show(&shared, definition).into_response(),
        None => not_found("connection of this kind"),
    }
}

/// Says where a form as it is filled in would send the key: nothing is kept, and nothing is sent.
pub(in crate::ui) async fn destination(State(shared): State<Arc<Shared>>, Json(sent): Json<Sent>) -> Response {
    match sent.kind.as_deref().and_then(|kind| shared.definition().connection(kind)) {
        Some(definition) => {
            let overridden = pages::connection::overridden(definition, &sent.values);
            let origin = held::origin(shared.definition(), definition, sent.values);
            let html = pages::connection::destination(definition, origin.as_ref());
            let Json(piece) = Piece::new(html, Vec::new(), "");
            Json(Piece { overridden: Some(overridden), ..piece }).into_response()
        }
        None => not_found("connection of this kind"),
    }
}

/// Gives back what of a form may be kept: no secret, nothing that is held as one, and of an address what is none for
/// sure.
pub(in crate::ui) async fn draft(State(shared): State<Arc<Shared>>, Json(sent): Json<Sent>) -> Response {
    match sent.kind.as_deref().and_then(|kind| shared.definition().connection(kind)) {
        Some(definition) => {
            let public = definition.fields.iter().filter(|field| !field.secret).map(|field| &field.input);
            let kept = forms::keepable(public.clone(), sent.values);
            Json(forms::without_what_addresses_hide(public, kept)).into_response()
        }
        None => not_found("connection of this kind"),
    }
}

/// Takes the connection over and tests it. Schedules are paused: their states belong to what they were made with.
pub(in crate::ui) async fn save(State(shared): State<Arc<Shared>>, Json(sent): Json<Sent>) -> Response {
    let Some(definition) = sent.kind.as_deref().and_then(|kind| shared.definition().connection(kind)) else {
        return not_found("connection of this kind");
    };
    let (read, has_same_secrets) = {
        let memory = shared.memory();
        let before = memory.connection.as_ref();
        let read = Held::read(shared.definition(), definition, sent.values, before);
        let has_same = read.as_ref().is_ok_and(|held| before.is_some_and(|before| before.has_same_secrets(Some(held))));
        (read, has_same)
    };
    let held = match read {
        Ok(held) => held,
        Err(problems) => {
            let elsewhere = problems.iter().filter(|problem| problem.input.is_empty());
            let html = html! {
                p .quiet { "Correct the marked fields. Nothing was sent." }
                @for problem in elsewhere { p .problem { (problem.message) } }
            };
            return Piece::new(html, problems, "Some fields cannot be used").into_response();
        }
    };
    if !has_same_secrets && let Some(question) = question(&shared, sent.agreed) {
        return question.into_response();
    }
    // It is done as a whole although nobody may wait for it.
    let taking_over = shared.clone();
    let work = tokio::spawn(async move {
        put(&taking_over, Some(held), "the connection was changed").await;
        trying::start(&taking_over);
    });
    work.await.ok();
    trying::wait(&shared, FIRST_WAIT).await;
    tested(&shared).into_response()
}

/// What the test came to, or that it is under way.
fn tested(shared: &Shared) -> Json<Piece> {
    let memory = shared.memory();
    let held = memory.connection.as_ref();
    let failed = held.and_then(|held| held.tested.as_ref()).and_then(|tested| tested.as_ref().err());
    let problems = failed.map(|failed| failed.problems.clone()).unwrap_or_default();
    let say = match held.map(|held| held.tested.as_ref()) {
        _ if memory.testing().is_some() => "Testing",
        Some(Some(Ok(_))) => "The connection works",
        Some(Some(Err(_))) => "The test failed",
        Some(None) | None => "Not tested",
    };
    let Json(mut piece) = Piece::new(pages::connection::result(shared.definition(), held), problems, say);
    piece.connection = Some(pages::connection_state(held).into_string());
    Json(piece)
}

/// Waits for the end of the test that is under way, and shows what it came to; or that it is still under way.
pub(in crate::ui) async fn test_end(State(shared): State<Arc<Shared>>) -> Json<Piece> {
    trying::wait(&shared, LONGEST_WAIT).await;
    tested(&shared)
}

/// Stops the test that is under way.
pub(in crate::ui) async fn test_cancel(State(shared): State<Arc<Shared>>) -> Response {
    let cancel = shared.memory().testing().map(|test| test.cancel.clone());
    match cancel {
        Some(cancel) => {
            cancel.notify_one();
            StatusCode::NO_CONTENT.into_response()
        }
        None => refused(StatusCode::NOT_FOUND, "this test is over already".into()),
    }
}

/// What a person has agreed to, if they have.
#[derive(Deserialize)]
pub(in crate::ui) struct Agreed {
    #[serde(default)]
    agreed: Option<u64>,
}

/// Forgets the connection and its secrets.
pub(in crate::ui) async fn forget(State(shared): State<Arc<Shared>>, Json(sent): Json<Agreed>) -> Json<Piece> {
    if let Some(question) = question(&shared, sent.agreed) {
        return question;
    }
    let forgetting = shared.clone();
    let work = tokio::spawn(async move { put(&forgetting, None, "the connection was forgotten").await });
    work.await.ok();
    Piece::new(Markup::default(), Vec::new(), "Forgotten")
}

/// Asks before what was done with the connection that there is is forgotten with it, unless a person has agreed to
/// that, or there is nothing. Its number is the connection's: an answer counts for that one.
fn question(shared: &Shared, agreed: Option<u64>) -> Option<Json<Piece>> {
    let number = shared.memory().connections();
    let runs = shared.runs.held().len();
    let polls: usize = shared.triggers.values().map(|trigger| trigger.polls_held()).sum();
    (runs + polls > 0 && agreed != Some(number))
        .then(|| Piece::asking(pages::question::forgets(runs, polls, shared.archive.is_some()), number))
}

/// Puts a connection, or none, in the place of the one that there was. What was done with other secrets is forgotten,
/// with the secrets of both.
async fn put(shared: &Arc<Shared>, held: Option<Held>, why: &str) {
    for (key, trigger) in &shared.triggers {
        let polls_by_hand = trigger.stop_asked();
        if trigger.stop() || polls_by_hand {
            trigger.note(format!("Paused: {why}"));
            history::keep(shared, key).await;
        }
    }
    let (before, has_same_secrets) = {
        let mut memory = shared.memory();
        let before = memory.put(held);
        let has_same = before.as_ref().is_some_and(|before| before.has_same_secrets(memory.connection.as_ref()));
        (before, has_same)
    };
    if has_same_secrets {
        return;
    }
    history::forget(shared);
    let now = shared.memory().connection.as_ref().map(|held| held.redactor().clone());
    for secrets in before.map(|held| held.redactor().clone()).into_iter().chain(now) {
        history::take_out(shared, secrets).await;
    }
}
