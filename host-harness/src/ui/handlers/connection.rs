//! The connection: filled in, tested, forgotten.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Piece, Sent, not_found};
use crate::ui::forms;
use crate::ui::history;
use crate::ui::memory::{self, Held};
use crate::ui::pages;
use crate::ui::refused;
use crate::ui::run::Failed;
use crate::ui::shared::Shared;

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
            let origin = memory::origin(shared.definition(), definition, sent.values);
            let html = pages::connection::destination(definition, origin.as_ref());
            let Json(piece) = Piece::new(html, Vec::new(), "");
            Json(Piece { overridden: Some(overridden), ..piece }).into_response()
        }
        None => not_found("connection of this kind"),
    }
}

/// Gives back what of a form may be kept: no secret, nothing that is held as one, and of an address what is none for sure.
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
    let read = {
        let memory = shared.memory();
        Held::read(shared.definition(), definition, sent.values, memory.connection.as_ref())
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
    pause_all(&shared, "the connection was changed");
    let (before, has_same_secrets) = {
        let mut memory = shared.memory();
        let before = memory.put(Some(held));
        let has_same = before.as_ref().is_some_and(|before| before.has_same_secrets(memory.connection.as_ref()));
        (before, has_same)
    };
    if !has_same_secrets {
        give_up(&shared, before).await;
    }
    test(&shared).await;
    let memory = shared.memory();
    let held = memory.connection.as_ref();
    let tested = held.and_then(|held| held.tested.as_ref());
    let failed = tested.and_then(|tested| tested.as_ref().err());
    let problems = failed.map(|failed| failed.problems.clone()).unwrap_or_default();
    let say = if failed.is_none() { "The connection works" } else { "The test failed" };
    let Json(mut piece) = Piece::new(pages::connection::result(shared.definition(), held), problems, say);
    piece.connection = Some(pages::connection_state(held).into_string());
    Json(piece).into_response()
}

/// Tests the connection that there is, and remembers what the test said.
pub(in crate::ui) async fn test(shared: &Shared) {
    let Some(connection) = shared.connection() else { return };
    let (options, _watched) = shared.progress.watch("connection", &shared.options);
    let mut tested = match shared.connector.test_connection(&connection, &options).await {
        Ok(outcome) => Ok(outcome.value),
        Err(failure) => Err(Failed::from(&failure.error)),
    };
    if let Err(failed) = &mut tested {
        refused::complete(shared, failed).await;
    }
    if let Some(held) = &mut shared.memory().connection {
        held.tested = Some(tested);
    }
}

/// Forgets the connection and its secrets.
pub(in crate::ui) async fn forget(State(shared): State<Arc<Shared>>) -> Json<Piece> {
    pause_all(&shared, "the connection was forgotten");
    let before = shared.memory().put(None);
    give_up(&shared, before).await;
    Piece::new(Markup::default(), Vec::new(), "Forgotten")
}

/// Forgets what was done with a connection that another has taken the place of, and the secrets of both.
async fn give_up(shared: &Shared, before: Option<Held>) {
    history::forget(shared);
    let now = shared.memory().connection.as_ref().map(|held| held.redactor().clone());
    for secrets in before.map(|held| held.redactor().clone()).into_iter().chain(now) {
        history::take_out(shared, secrets).await;
    }
}

fn pause_all(shared: &Shared, why: &str) {
    for trigger in shared.triggers.values() {
        if trigger.stop() {
            trigger.note(format!("Paused: {why}"));
        }
    }
}
