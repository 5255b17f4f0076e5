//! What a form's script asks for while it is filled in: the schema of a code input.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use host::contract::{InputField, InputKind};
use serde_json::Value;

use super::not_found;
use crate::ui::shared::Shared;

/// The schema of an action's or a trigger's code input: GraphQL's as text, JSON's as an object.
pub(in crate::ui) async fn schema(
    State(shared): State<Arc<Shared>>,
    Path((kind, key, input)): Path<(String, String, String)>,
) -> Response {
    let definition = shared.definition();
    let found = match kind.as_str() {
        "actions" => definition.action(&key).map(|action| (&action.inputs, &action.input_schema)),
        "triggers" => definition.trigger(&key).map(|trigger| (&trigger.inputs, &trigger.input_schema)),
        _ => None,
    };
    let input = found.and_then(|(inputs, schema)| Some((inputs.iter().find(|known| known.key == input)?, schema)));
    match input.and_then(|(input, schema)| schema_of(input, schema, definition.graphql_schema())) {
        Some(schema) => Json(schema).into_response(),
        None => not_found("schema of this input"),
    }
}

fn schema_of(input: &InputField, inputs: &Value, graphql: Option<&str>) -> Option<Value> {
    match &input.kind {
        InputKind::Code(language) if language == "graphql" => graphql.map(Value::from),
        InputKind::Code(language) if language == "json" => inputs.get("properties")?.get(&input.key).cloned(),
        _ => None,
    }
}
