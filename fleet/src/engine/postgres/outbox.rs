//! Payloads that wait for their delivery. Of each trigger's, the oldest goes first, and the next only after it.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::value::RawValue;
use sqlx::Row;

use super::{Postgres, milliseconds, problem, rows};
use crate::engine::EngineError;
use crate::model::{Definition, Name, Payload, TriggerId, now};

/// A payload that this process is to deliver now.
#[derive(Debug)]
pub(crate) struct Claimed {
    sequence: i64,
    /// Whose it is.
    pub(crate) id: TriggerId,
    /// The trigger's definition as it is now; as it was when the payload was found, where the trigger was removed
    /// since.
    pub(crate) definition: Definition,
    /// Whether the trigger was removed since.
    pub(crate) removed: bool,
    /// What is to be delivered.
    pub(crate) payload: Payload,
    /// How often it was tried, with this time.
    pub(crate) attempts: u32,
}

impl Postgres {
    /// Takes up to `most` payloads that are due, for `time`: what was not settled until then is tried again, by whoever
    /// comes first. `under_way` says how many of each tenant's this process delivers already; of none are more than
    /// `most_of_a_tenant` taken with those, so that a flow that does not answer delays its own tenant's alone.
    pub(super) async fn claim(
        &self,
        most: usize,
        most_of_a_tenant: usize,
        under_way: &HashMap<Name, usize>,
        time: Duration,
    ) -> Result<Vec<Claimed>, EngineError> {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (tenants, counts): (Vec<&str>, Vec<i64>) =
            under_way.iter().map(|(tenant, count)| (tenant.as_str(), number(*count))).unzip();
        let claimed = sqlx::query(
            "WITH ranked AS (
                 SELECT waiting.sequence, row_number() OVER (PARTITION BY waiting.tenant ORDER BY waiting.due)
                     + coalesce(busy.count, 0) AS place
                 FROM fleet_outbox waiting LEFT JOIN unnest($3::text[], $4::bigint[]) AS busy (tenant, count)
                     ON busy.tenant = waiting.tenant
                 WHERE waiting.due <= now() AND NOT EXISTS (
                     SELECT 1 FROM fleet_outbox earlier
                     WHERE earlier.tenant = waiting.tenant AND earlier.name = waiting.name AND earlier.sequence < waiting.sequence)
             ), first AS (
                 SELECT waiting.sequence FROM fleet_outbox waiting JOIN ranked ON ranked.sequence = waiting.sequence
                 WHERE ranked.place <= $5 AND waiting.due <= now()
                 ORDER BY ranked.place, waiting.due LIMIT $1 FOR UPDATE OF waiting SKIP LOCKED
             ), taken AS (
                 UPDATE fleet_outbox waiting SET due = now() + $2 * interval '1 millisecond', attempts = waiting.attempts + 1
                 FROM first WHERE waiting.sequence = first.sequence RETURNING waiting.*
             )
             SELECT taken.sequence, taken.delivery, taken.tenant, taken.name, taken.body, taken.attempts,
                 (extract(epoch FROM now() - taken.queued) * 1000)::bigint AS waited,
                 coalesce(kept.definition, taken.definition) AS definition, kept.definition IS NULL AS removed
             FROM taken LEFT JOIN fleet_trigger kept
                 ON kept.tenant = taken.tenant AND kept.name = taken.name AND NOT kept.removed",
        );
        let claimed = claimed.bind(number(most)).bind(milliseconds(time)).bind(tenants).bind(counts);
        let claimed = claimed.bind(number(most_of_a_tenant)).fetch_all(&self.pool).await;
        claimed.map_err(problem)?.iter().map(read).collect()
    }

    /// Forgets a payload, because it was accepted or because nobody wants it any more.
    pub(crate) async fn settle(&self, claimed: &Claimed) -> Result<(), EngineError> {
        let done = sqlx::query("DELETE FROM fleet_outbox WHERE sequence = $1").bind(claimed.sequence);
        done.execute(&self.pool).await.map_err(problem)?;
        Ok(())
    }

    /// Has a payload tried again after a pause.
    pub(crate) async fn postpone(&self, claimed: &Claimed, pause: Duration) -> Result<(), EngineError> {
        let later =
            sqlx::query("UPDATE fleet_outbox SET due = now() + $2 * interval '1 millisecond' WHERE sequence = $1");
        later.bind(claimed.sequence).bind(milliseconds(pause)).execute(&self.pool).await.map_err(problem)?;
        Ok(())
    }

    /// How many payloads wait, of all triggers.
    pub(super) async fn waiting(&self) -> Result<u64, EngineError> {
        let row = sqlx::query("SELECT count(*) AS waiting FROM fleet_outbox").fetch_one(&self.pool).await;
        rows::unsigned(&row.map_err(problem)?, "waiting")
    }
}

fn read(row: &sqlx::postgres::PgRow) -> Result<Claimed, EngineError> {
    let body: String = row.try_get("body").map_err(problem)?;
    let body = RawValue::from_string(body)
        .map_err(|error| EngineError::Unusable(format!("the database has a payload that is no JSON: {error}")))?;
    let attempts: i32 = row.try_get("attempts").map_err(problem)?;
    Ok(Claimed {
        sequence: row.try_get("sequence").map_err(problem)?,
        id: rows::id(row)?,
        definition: rows::json(row, "definition")?,
        removed: row.try_get("removed").map_err(problem)?,
        payload: Payload {
            delivery: row.try_get("delivery").map_err(problem)?,
            body,
            found: now().saturating_sub(rows::unsigned(row, "waited")?),
        },
        attempts: attempts.try_into().unwrap_or_default(),
    })
}
