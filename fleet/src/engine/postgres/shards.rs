//! Shards, lent by a row each.

use std::collections::HashMap;

use sqlx::Row;
use sqlx::postgres::PgPool;

use super::{milliseconds, problem, rows, seen};
use crate::engine::{EngineError, LeaseRequest, Lent};
use crate::model::Shard;

pub(super) async fn lease(pool: &PgPool, request: &LeaseRequest<'_>) -> Result<Vec<Lent>, EngineError> {
    if !request.given_back.is_empty() {
        let shards: Vec<i32> = request.given_back.iter().map(|shard| i32::from(shard.0)).collect();
        let given_back =
            sqlx::query("UPDATE fleet_shard SET holder = NULL, until = NULL WHERE shard = ANY($2) AND holder = $1");
        given_back.bind(request.worker).bind(shards).execute(pool).await.map_err(problem)?;
    }
    let wanted: Vec<i32> = request.wanted.iter().map(|lease| i32::from(lease.shard.0)).collect();
    // A row that another worker takes at this moment is left to it.
    let taken = sqlx::query(
        "WITH free AS (
             SELECT shard FROM fleet_shard
             WHERE shard = ANY($3) AND (holder IS NULL OR holder = $1 OR until < now())
             ORDER BY shard FOR UPDATE SKIP LOCKED
         )
         UPDATE fleet_shard held SET holder = $1, until = now() + $2 * interval '1 millisecond',
             epoch = CASE WHEN held.holder = $1 AND held.until >= now() THEN held.epoch ELSE held.epoch + 1 END
         FROM free WHERE held.shard = free.shard RETURNING held.shard, held.epoch, held.changes",
    );
    let taken = taken.bind(request.worker).bind(milliseconds(request.ttl)).bind(wanted);
    let taken = taken.fetch_all(pool).await.map_err(problem)?;
    let mut lent: HashMap<u16, Lent> = HashMap::with_capacity(taken.len());
    for row in &taken {
        let shard = shard(row)?;
        let (epoch, seen) = (rows::unsigned(row, "epoch")?, rows::unsigned(row, "changes")?);
        lent.insert(shard.0, Lent { shard, epoch, seen, changed: Vec::new(), removed: Vec::new() });
    }
    let held = request.wanted.iter().filter(|lease| lent.contains_key(&lease.shard.0));
    let (shards, seen): (Vec<i32>, Vec<i64>) = held.map(|lease| (i32::from(lease.shard.0), seen(lease))).unzip();
    let changed = sqlx::query(rows::CHANGED).bind(shards).bind(seen).fetch_all(pool).await.map_err(problem)?;
    for row in &changed {
        let Some(lent) = lent.get_mut(&shard(row)?.0) else { continue };
        match row.try_get("removed").map_err(problem)? {
            true => lent.removed.extend(rows::readable(rows::id(row))),
            false => lent.changed.extend(rows::readable(rows::record(row))),
        }
    }
    Ok(lent.into_values().collect())
}

fn shard(row: &sqlx::postgres::PgRow) -> Result<Shard, EngineError> {
    let number: i32 = row.try_get("shard").map_err(problem)?;
    let number =
        u16::try_from(number).map_err(|_| EngineError::Unusable("the database has a shard below zero".into()))?;
    Ok(Shard(number))
}
