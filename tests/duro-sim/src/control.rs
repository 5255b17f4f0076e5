//! The control endpoints: what a demonstration does to the data from another process. JSON in and out, no key asked
//! (the service listens on loopback alone). The list of them is [`CONTROL_HELP`].

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::changes::Resource;
use crate::faults::{Fault, parse_duration};
use crate::schema::inputs::LibraryType;
use crate::schema::time::DateTime;
use crate::service::Service;

/// The control endpoints, for help texts. `RESOURCE` is `components` or `change-orders`.
pub const CONTROL_HELP: &str = "\
Control endpoints (JSON, loopback only; RESOURCE is components or change-orders):
  GET    /control/state                        time, counts, requests received
  GET    /control/RESOURCE                     the 20 newest: id, name, created, lastModified
  POST   /control/RESOURCE                     {\"name\": \"…\"}: add one
  POST   /control/RESOURCE/add-many            {\"count\": 500, \"gap\": \"1ms\"}: add many, gap optional
  POST   /control/RESOURCE/touch-many          {\"count\": 50}: change many at the same millisecond
  POST   /control/RESOURCE/ID/rename           {\"name\": \"…\"}
  POST   /control/RESOURCE/ID/touch            stamp it as changed
  POST   /control/RESOURCE/ID/show-time        {\"lastModified\": \"…\"}: show this instead, whatever it is; {}: the true one
  DELETE /control/RESOURCE/ID
  POST   /control/advance                      {\"by\": \"90s\"}: move the service's clock
  POST   /control/faults                       {\"fault\": \"503\", \"times\": 2}: for the next requests
  DELETE /control/faults                       no faults any more";

/// More than this at once is a slip of the keyboard.
const MOST_AT_ONCE: usize = 100_000;

type Answer = Result<Json<Value>, Refusal>;

/// Why a control request was not carried out.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/control/state", get(state))
        .route("/control/advance", post(advance))
        .route("/control/faults", post(add_fault).delete(clear_faults))
        .route("/control/{resource}", get(newest).post(add))
        .route("/control/{resource}/add-many", post(add_many))
        .route("/control/{resource}/touch-many", post(touch_many))
        .route("/control/{resource}/{id}", delete(remove))
        .route("/control/{resource}/{id}/rename", post(rename))
        .route("/control/{resource}/{id}/touch", post(touch))
        .route("/control/{resource}/{id}/show-time", post(show_time))
        .with_state(service)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Many {
    count: usize,
    gap: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    by: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultTimes {
    fault: String,
    times: Option<usize>,
}

async fn state(State(service): State<Arc<Service>>) -> Json<Value> {
    let requests = service.requests().count;
    let world = service.world();
    Json(json!({
        "now": DateTime(world.clock.now()).to_text(),
        "components": world.components.len(),
        "changeOrders": world.change_orders.len(),
        "requests": requests,
    }))
}

async fn newest(State(service): State<Arc<Service>>, Path(resource): Path<String>) -> Answer {
    let resource = known(&resource)?;
    let mut records = service.views(resource, LibraryType::General);
    records.sort_by_key(|record| std::cmp::Reverse(record.last_modified));
    records.truncate(20);
    let shown = records.into_iter().map(|record| {
        let (created, last_modified) = (DateTime(record.created).to_text(), DateTime(record.last_modified).to_text());
        json!({ "id": record.id, "name": record.name, "created": created, "lastModified": last_modified })
    });
    Ok(Json(json!({ "records": shown.collect::<Vec<_>>() })))
}

async fn add(State(service): State<Arc<Service>>, Path(resource): Path<String>, Json(named): Json<Named>) -> Answer {
    let id = service.add(known(&resource)?, &[named.name], Duration::ZERO).pop();
    Ok(Json(json!({ "id": id })))
}

async fn add_many(State(service): State<Arc<Service>>, Path(resource): Path<String>, Json(many): Json<Many>) -> Answer {
    let resource = known(&resource)?;
    let gap = many.gap.as_deref().map_or(Ok(Duration::ZERO), parse_duration).map_err(bad)?;
    Ok(Json(json!({ "ids": service.add_many(resource, bounded(many.count)?, gap) })))
}

async fn touch_many(
    State(service): State<Arc<Service>>,
    Path(resource): Path<String>,
    Json(many): Json<Many>,
) -> Answer {
    let resource = known(&resource)?;
    if many.gap.is_some() {
        return Err(bad("touch-many changes all at the same millisecond: leave gap out".to_owned()));
    }
    Ok(Json(json!({ "ids": service.touch_many(resource, bounded(many.count)?) })))
}

async fn rename(
    State(service): State<Arc<Service>>,
    Path((resource, id)): Path<(String, String)>,
    Json(named): Json<Named>,
) -> Answer {
    found(service.rename(known(&resource)?, &id, &named.name), id)
}

async fn touch(State(service): State<Arc<Service>>, Path((resource, id)): Path<(String, String)>) -> Answer {
    found(service.touch(known(&resource)?, &id), id)
}

async fn show_time(
    State(service): State<Arc<Service>>,
    Path((resource, id)): Path<(String, String)>,
    Json(shown): Json<Map<String, Value>>,
) -> Answer {
    let is_there = service.view(known(&resource)?, &id).is_some();
    if let Some(other) = shown.keys().find(|key| *key != "lastModified") {
        return Err(bad(format!("there is no `{other}` to show: give lastModified, or nothing")));
    }
    if is_there {
        service.show_last_modified(&id, shown.get("lastModified").cloned());
    }
    found(is_there, id)
}

async fn remove(State(service): State<Arc<Service>>, Path((resource, id)): Path<(String, String)>) -> Answer {
    found(service.delete(known(&resource)?, &id), id)
}

async fn advance(State(service): State<Arc<Service>>, Json(advance): Json<Advance>) -> Answer {
    let by = parse_duration(&advance.by).map_err(bad)?;
    let mut world = service.world();
    world.clock.advance(by);
    Ok(Json(json!({ "now": DateTime(world.clock.now()).to_text() })))
}

async fn add_fault(State(service): State<Arc<Service>>, Json(wanted): Json<FaultTimes>) -> Answer {
    let fault: Fault = wanted.fault.parse().map_err(|error: crate::faults::UnknownFault| bad(error.to_string()))?;
    let times = bounded(wanted.times.unwrap_or(1))?;
    let mut faults = service.faults();
    for _ in 0..times {
        faults.push(fault.clone());
    }
    Ok(Json(json!({ "queued": faults.queued() })))
}

async fn clear_faults(State(service): State<Arc<Service>>) -> Json<Value> {
    service.faults().clear();
    Json(json!({ "queued": 0 }))
}

fn known(resource: &str) -> Result<Resource, Refusal> {
    resource.parse().map_err(|message| Refusal(StatusCode::NOT_FOUND, message))
}

fn bad(message: String) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, message)
}

fn bounded(count: usize) -> Result<usize, Refusal> {
    if count > MOST_AT_ONCE { Err(bad(format!("{count} at once: at most {MOST_AT_ONCE}"))) } else { Ok(count) }
}

fn found(done: bool, id: String) -> Answer {
    if done {
        Ok(Json(json!({ "id": id })))
    } else {
        Err(Refusal(StatusCode::NOT_FOUND, format!("there is no record with the id `{id}`")))
    }
}
