//! Rows read into the model. What a row says is checked like anything from outside: others may write to the tables.

use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::postgres::PgRow;
use tracing::warn;

use super::problem;
use crate::engine::{EngineError, Summary};
use crate::model::{Definition, Incarnation, Kept, Name, Record, TriggerId, Undelivered};

/// One trigger: `$1` tenant, `$2` name.
pub(super) const ONE: &str = "SELECT kept.*, waiting.* FROM fleet_trigger kept, LATERAL (
         SELECT count(*) AS undelivered, coalesce(sum(octet_length(body)), 0)::bigint AS undelivered_bytes
         FROM fleet_outbox o WHERE o.tenant = kept.tenant AND o.name = kept.name
     ) waiting WHERE kept.tenant = $1 AND kept.name = $2 AND NOT removed";

/// All of `$1`'s triggers, without their states; of all tenants where it is null.
pub(super) const SUMMARIES: &str = "SELECT tenant, name, definition, paused, version, written_by, waiting.*
     FROM fleet_trigger kept, LATERAL (
         SELECT count(*) AS undelivered, coalesce(sum(octet_length(body)), 0)::bigint AS undelivered_bytes
         FROM fleet_outbox o WHERE o.tenant = kept.tenant AND o.name = kept.name
     ) waiting WHERE NOT removed AND ($1::text IS NULL OR tenant = $1) ORDER BY tenant, name";

/// The triggers of shards `$1` that were changed after `$2`, a number each, the removed ones among them.
pub(super) const CHANGED: &str = "SELECT kept.*, waiting.* FROM fleet_trigger kept
     JOIN unnest($1::integer[], $2::bigint[]) AS wanted (shard, seen) ON kept.shard = wanted.shard AND kept.changed > wanted.seen,
     LATERAL (
         SELECT count(*) AS undelivered, coalesce(sum(octet_length(body)), 0)::bigint AS undelivered_bytes
         FROM fleet_outbox o WHERE o.tenant = kept.tenant AND o.name = kept.name
     ) waiting WHERE NOT (removed AND wanted.seen < 0)";

/// What was read; an error of one row is said, and stops no other: a newer fleet may have written it.
pub(super) fn readable<T>(read: Result<T, EngineError>) -> Option<T> {
    read.inspect_err(|error| warn!("{error}")).ok()
}

pub(super) fn id(row: &PgRow) -> Result<TriggerId, EngineError> {
    let name = |column: &str| -> Result<Name, EngineError> {
        let text: String = row.try_get(column).map_err(problem)?;
        text.parse()
            .map_err(|error| EngineError::Unusable(format!("the database has a trigger whose {column} {error}")))
    };
    Ok(TriggerId { tenant: name("tenant")?, name: name("name")? })
}

pub(super) fn record(row: &PgRow) -> Result<Record, EngineError> {
    Ok(Record {
        id: id(row)?,
        incarnation: Incarnation(row.try_get("incarnation").map_err(problem)?),
        version: unsigned(row, "version")?,
        definition: json(row, "definition")?,
        paused: row.try_get("paused").map_err(problem)?,
        state: kept(row, "state", "written_by")?,
        before: kept(row, "state_before", "written_by_before")?,
        undelivered: undelivered(row)?,
    })
}

pub(super) fn summary(row: &PgRow) -> Result<Summary, EngineError> {
    let definition: Definition = json(row, "definition")?;
    let undelivered = undelivered(row)?;
    Ok(Summary {
        id: id(row)?,
        connector: definition.connector.to_string(),
        trigger: definition.trigger,
        paused: row.try_get("paused").map_err(problem)?,
        version: unsigned(row, "version")?,
        polled_by: row.try_get("written_by").map_err(problem)?,
        undelivered: undelivered.payloads,
        undelivered_bytes: undelivered.bytes,
    })
}

fn kept(row: &PgRow, state: &str, written_by: &str) -> Result<Option<Kept>, EngineError> {
    let state: Option<Vec<u8>> = row.try_get(state).map_err(problem)?;
    let written_by: Option<String> = row.try_get(written_by).map_err(problem)?;
    Ok(state.map(|state| Kept { state, written_by: written_by.unwrap_or_default() }))
}

pub(super) fn unsigned(row: &PgRow, column: &str) -> Result<u64, EngineError> {
    let number: i64 = row.try_get(column).map_err(problem)?;
    u64::try_from(number).map_err(|_| EngineError::Unusable(format!("the database has a {column} below zero")))
}

pub(super) fn undelivered(row: &PgRow) -> Result<Undelivered, EngineError> {
    let payloads = u32::try_from(unsigned(row, "undelivered")?).unwrap_or(u32::MAX);
    Ok(Undelivered { payloads, bytes: unsigned(row, "undelivered_bytes")? })
}

pub(super) fn json<T: DeserializeOwned>(row: &PgRow, column: &str) -> Result<T, EngineError> {
    let text: String = row.try_get(column).map_err(problem)?;
    serde_json::from_str(&text)
        .map_err(|error| EngineError::Unusable(format!("the database has a {column} that cannot be read: {error}")))
}
