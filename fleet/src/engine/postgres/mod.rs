//! The engine on PostgreSQL: a row a trigger, an outbox for payloads, and shards lent by a row each. Each change is one
//! statement, so that it is there, whole, or it is not.

mod delivering;
mod outbox;
mod rows;
mod shards;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection, Row, raw_sql};

pub(crate) use delivering::deliver_from;
use outbox::Claimed;

use super::{Engine, EngineError, Lease, LeaseRequest, Lent, Summary};
use crate::model::{
    Commit, Definition, Destination, Incarnation, Name, Record, Rollout, SHARDS, TriggerId, Undelivered,
};

/// What is to be there before anything else is.
const SCHEMA: &str = include_str!("schema.sql");
/// How many connections a process opens at most.
const CONNECTIONS: u32 = 16;
/// How long is waited for one of them, a broken server included.
const PATIENCE: Duration = Duration::from_secs(5);
/// Whoever makes the tables takes this lock, so that two do not make them at once. Any number that nobody else uses.
const SCHEMA_LOCK: i64 = 0x666c_6565_7401;

/// A database that keeps a fleet.
#[derive(Debug, Clone)]
pub(crate) struct Postgres {
    pool: PgPool,
}

impl Postgres {
    /// Connects, and makes the tables that are not there. `url` can hold a password, which no error repeats.
    pub(crate) async fn connect(url: &str) -> Result<Self, EngineError> {
        let options: PgConnectOptions = url.parse().map_err(|_| {
            // The parser's own words may repeat a part of the URL.
            EngineError::Unusable("the store's URL cannot be read: postgres://USER:PASSWORD@HOST:PORT/DATABASE".into())
        })?;
        // By itself first: a pool says only that it has waited.
        let connecting = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
        let connecting = connecting.map_err(|_| EngineError::Unavailable("the database does not answer".into()))?;
        connecting.map_err(problem)?.close().await.map_err(problem)?;
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        let pool = pool.connect_with(options.application_name("fleet")).await.map_err(problem)?;
        let mut transaction = pool.begin().await.map_err(problem)?;
        let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(SCHEMA_LOCK);
        lock.execute(&mut *transaction).await.map_err(problem)?;
        raw_sql(SCHEMA).execute(&mut *transaction).await.map_err(problem)?;
        let shards = sqlx::query(
            "INSERT INTO fleet_shard (shard) SELECT generate_series(0, $1 - 1) ON CONFLICT (shard) DO NOTHING",
        );
        shards.bind(i32::from(SHARDS)).execute(&mut *transaction).await.map_err(problem)?;
        transaction.commit().await.map_err(problem)?;
        Ok(Self { pool })
    }

    /// Tells the holder of the trigger's shard that its owner changed something.
    async fn touch(&self, id: &TriggerId, set: Change) -> Result<(), EngineError> {
        // Written out, because a statement is a constant.
        let statement = match set {
            Change::Pause | Change::Resume => {
                "WITH shard AS (UPDATE fleet_shard SET changes = changes + 1 WHERE shard = $3 RETURNING changes)
                 UPDATE fleet_trigger SET paused = $4, version = version + 1, changed = shard.changes
                 FROM shard WHERE tenant = $1 AND name = $2 AND NOT removed"
            }
            Change::Remove => {
                "WITH shard AS (UPDATE fleet_shard SET changes = changes + 1 WHERE shard = $3 RETURNING changes),
                 waiting AS (DELETE FROM fleet_outbox WHERE tenant = $1 AND name = $2)
                 UPDATE fleet_trigger SET removed = true, paused = $4, version = version + 1, state = NULL,
                     state_before = NULL, changed = shard.changes
                 FROM shard WHERE tenant = $1 AND name = $2 AND NOT removed"
            }
            Change::PollNow => {
                "WITH shard AS (UPDATE fleet_shard SET changes = changes + 1 WHERE shard = $3 RETURNING changes)
                 UPDATE fleet_trigger SET version = version + 1, changed = shard.changes
                 FROM shard WHERE tenant = $1 AND name = $2 AND NOT removed AND paused IN (false, $4)"
            }
        };
        let done = sqlx::query(statement)
            .bind(id.tenant.as_str())
            .bind(id.name.as_str())
            .bind(i32::from(id.shard().0))
            .bind(matches!(set, Change::Pause))
            .execute(&self.pool)
            .await
            .map_err(problem)?;
        if done.rows_affected() == 0 { Err(EngineError::Unknown(id.to_string())) } else { Ok(()) }
    }
}

/// What an owner does to a trigger that is there.
#[derive(Clone, Copy)]
enum Change {
    Pause,
    Resume,
    Remove,
    PollNow,
}

impl Engine for Postgres {
    const NAME: &'static str = "PostgreSQL";

    async fn configure(&self, id: &TriggerId, definition: &Definition) -> Result<(), EngineError> {
        if matches!(definition.deliver, Destination::Handler { .. }) {
            let text = "\"deliver\": a Restate handler can be delivered to from Restate alone: name a URL";
            return Err(EngineError::Unusable(text.into()));
        }
        let incarnation = Incarnation::new().map_err(|error| EngineError::Unavailable(error.to_string()))?;
        let definition = serde_json::to_string(definition).map_err(|error| EngineError::Unusable(error.to_string()))?;
        let done = sqlx::query(
            "WITH shard AS (UPDATE fleet_shard SET changes = changes + 1 WHERE shard = $3 RETURNING changes)
             INSERT INTO fleet_trigger AS kept (tenant, name, shard, changed, incarnation, version, epoch, paused, removed, definition)
             SELECT $1, $2, $3, changes, $4, 0, 0, false, false, $5 FROM shard
             ON CONFLICT (tenant, name) DO UPDATE SET
                 changed = excluded.changed,
                 incarnation = CASE WHEN kept.removed THEN excluded.incarnation ELSE kept.incarnation END,
                 version = CASE WHEN kept.removed THEN 0 ELSE kept.version + 1 END,
                 epoch = CASE WHEN kept.removed THEN 0 ELSE kept.epoch END,
                 paused = kept.paused AND NOT kept.removed,
                 removed = false,
                 definition = excluded.definition",
        )
        .bind(id.tenant.as_str())
        .bind(id.name.as_str())
        .bind(i32::from(id.shard().0))
        .bind(incarnation.to_string())
        .bind(definition)
        .execute(&self.pool)
        .await
        .map_err(problem)?;
        match done.rows_affected() {
            0 => Err(EngineError::Unusable("the database has lost the row of a shard: restart the fleet".into())),
            _ => Ok(()),
        }
    }

    async fn pause(&self, id: &TriggerId, paused: bool) -> Result<(), EngineError> {
        self.touch(id, if paused { Change::Pause } else { Change::Resume }).await
    }

    async fn remove(&self, id: &TriggerId) -> Result<(), EngineError> {
        self.touch(id, Change::Remove).await
    }

    async fn poll_now(&self, id: &TriggerId) -> Result<(), EngineError> {
        self.touch(id, Change::PollNow).await
    }

    async fn record(&self, id: &TriggerId) -> Result<Option<Record>, EngineError> {
        let row = sqlx::query(rows::ONE).bind(id.tenant.as_str()).bind(id.name.as_str());
        row.fetch_optional(&self.pool).await.map_err(problem)?.as_ref().map(rows::record).transpose()
    }

    async fn list(&self, tenant: Option<&Name>) -> Result<Vec<Summary>, EngineError> {
        let rows = sqlx::query(rows::SUMMARIES).bind(tenant.map(Name::as_str));
        let rows = rows.fetch_all(&self.pool).await.map_err(problem)?;
        Ok(rows.iter().filter_map(|row| rows::readable(rows::summary(row))).collect())
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<(u64, Undelivered), EngineError> {
        let (delivery, body) = match &commit.payload {
            Some(payload) => (Some(payload.delivery.as_str()), Some(payload.body.get())),
            None => (None, None),
        };
        let moved = sqlx::query(
            "WITH found AS (
                 SELECT tenant, name, state, written_by FROM fleet_trigger
                 WHERE tenant = $1 AND name = $2 AND incarnation = $3 AND version = $4 AND epoch <= $5 AND NOT paused AND NOT removed
                 FOR UPDATE
             ), moved AS (
                 UPDATE fleet_trigger kept SET version = kept.version + 1, epoch = $5, state = $6, written_by = $7,
                     state_before = CASE WHEN found.written_by <> $7 THEN found.state ELSE kept.state_before END,
                     written_by_before = CASE WHEN found.written_by <> $7 THEN found.written_by ELSE kept.written_by_before END
                 FROM found WHERE kept.tenant = found.tenant AND kept.name = found.name
                 RETURNING kept.version, kept.definition
             ), queued AS (
                 INSERT INTO fleet_outbox (delivery, tenant, name, definition, body)
                 SELECT $8, $1, $2, moved.definition, $9 FROM moved WHERE $8::text IS NOT NULL
                 RETURNING body
             ), waiting AS (
                 SELECT body FROM fleet_outbox WHERE tenant = $1 AND name = $2 UNION ALL SELECT body FROM queued
             )
             SELECT version, (SELECT count(*) FROM waiting) AS undelivered,
                 (SELECT coalesce(sum(octet_length(body)), 0)::bigint FROM waiting) AS undelivered_bytes FROM moved",
        )
        .bind(commit.id.tenant.as_str())
        .bind(commit.id.name.as_str())
        .bind(commit.incarnation.to_string())
        .bind(i64::try_from(commit.expected).unwrap_or(i64::MAX))
        .bind(i64::try_from(commit.epoch).unwrap_or(i64::MAX))
        .bind(commit.state)
        .bind(commit.written_by)
        .bind(delivery)
        .bind(body)
        .fetch_optional(&self.pool)
        .await
        .map_err(problem)?
        .ok_or(EngineError::Conflict)?;
        Ok((rows::unsigned(&moved, "version")?, rows::undelivered(&moved)?))
    }

    async fn undelivered(&self) -> Result<u64, EngineError> {
        self.waiting().await
    }

    async fn beat(&self, worker: &str, ttl: Duration) -> Result<Vec<String>, EngineError> {
        let rows = sqlx::query(
            "WITH gone AS (DELETE FROM fleet_worker WHERE until < now() AND worker <> $1),
             me AS (
                 INSERT INTO fleet_worker (worker, until) VALUES ($1, now() + $2 * interval '1 millisecond')
                 ON CONFLICT (worker) DO UPDATE SET until = excluded.until RETURNING worker
             )
             SELECT worker FROM fleet_worker WHERE until >= now() AND $2 > 0
             UNION SELECT worker FROM me WHERE $2 > 0 ORDER BY worker",
        );
        let rows = rows.bind(worker).bind(milliseconds(ttl)).fetch_all(&self.pool).await.map_err(problem)?;
        rows.iter().map(|row| row.try_get("worker").map_err(problem)).collect()
    }

    async fn lease(&self, request: &LeaseRequest<'_>) -> Result<Vec<Lent>, EngineError> {
        shards::lease(&self.pool, request).await
    }

    async fn rollout(&self, connector: &Name) -> Result<Option<Rollout>, EngineError> {
        let row = sqlx::query("SELECT rollout FROM fleet_rollout WHERE connector = $1").bind(connector.as_str());
        let Some(row) = row.fetch_optional(&self.pool).await.map_err(problem)? else { return Ok(None) };
        rows::json(&row, "rollout").map(Some)
    }

    async fn roll_out(&self, connector: &Name, rollout: &Rollout) -> Result<(), EngineError> {
        let text = serde_json::to_string(rollout).map_err(|error| EngineError::Unusable(error.to_string()))?;
        let statement = sqlx::query(
            "INSERT INTO fleet_rollout (connector, rollout) VALUES ($1, $2)
             ON CONFLICT (connector) DO UPDATE SET rollout = excluded.rollout",
        );
        statement.bind(connector.as_str()).bind(text).execute(&self.pool).await.map_err(problem)?;
        Ok(())
    }

    async fn hold(&self, connector: &Name, version: &str, reason: &str) -> Result<(), EngineError> {
        let mut transaction = self.pool.begin().await.map_err(problem)?;
        let row = sqlx::query("SELECT rollout FROM fleet_rollout WHERE connector = $1 FOR UPDATE");
        let row = row.bind(connector.as_str()).fetch_optional(&mut *transaction).await.map_err(problem)?;
        let Some(row) = row else { return Ok(()) };
        let mut rollout: Rollout = rows::json(&row, "rollout")?;
        if !rollout.hold(version, reason) {
            return Ok(());
        }
        let text = serde_json::to_string(&rollout).map_err(|error| EngineError::Unusable(error.to_string()))?;
        let statement = sqlx::query("UPDATE fleet_rollout SET rollout = $2 WHERE connector = $1");
        statement.bind(connector.as_str()).bind(text).execute(&mut *transaction).await.map_err(problem)?;
        transaction.commit().await.map_err(problem)
    }
}

/// What went wrong with the database, without its URL and without what was sent to it.
fn problem(error: sqlx::Error) -> EngineError {
    match &error {
        sqlx::Error::Database(database) => {
            // A class of two letters: 08 and 57 are connections and shutdowns, 40 a transaction to repeat, 53 no room.
            let code = database.code().unwrap_or_default().into_owned();
            let text = format!("the database refused: {} ({code})", database.message());
            match code.get(..2) {
                Some("08" | "40" | "53" | "55" | "57" | "58") => EngineError::Unavailable(text),
                _ => EngineError::Unusable(text),
            }
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
            EngineError::Unusable(format!("the database's tables are not this fleet's: {error}"))
        }
        _ => EngineError::Unavailable(format!("the database does not answer: {error}")),
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What a worker says that it has seen, where it has seen nothing.
fn seen(lease: &Lease) -> i64 {
    lease.seen.map_or(-1, |seen| i64::try_from(seen).unwrap_or(i64::MAX))
}
