//! How far calls are that are under way, in words, for the scripts that wait for them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::ui::progress::Purpose;
use crate::ui::shared::Shared;

pub(in crate::ui) async fn of_test(State(shared): State<Arc<Shared>>) -> Json<Value> {
    said(&shared, &Purpose::Test)
}

pub(in crate::ui) async fn of_run(
    State(shared): State<Arc<Shared>>,
    Path((_, id)): Path<(String, u64)>,
) -> Json<Value> {
    said(&shared, &Purpose::Run(id))
}

pub(in crate::ui) async fn of_poll(State(shared): State<Arc<Shared>>, Path(key): Path<String>) -> Json<Value> {
    said(&shared, &Purpose::Poll(key))
}

pub(in crate::ui) async fn of_list(
    State(shared): State<Arc<Shared>>,
    Path((_, number)): Path<(String, u64)>,
) -> Json<Value> {
    said(&shared, &Purpose::List(number))
}

fn said(shared: &Shared, purpose: &Purpose) -> Json<Value> {
    Json(json!({ "text": shared.progress.said(purpose) }))
}
