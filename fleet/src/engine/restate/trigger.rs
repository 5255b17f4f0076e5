//! The object that a trigger is: the only writer of its record. What a poll found and the state after it are kept
//! together, because both come from one invocation, which runs to its end however often it is begun.

use std::sync::Arc;

use restate_sdk::prelude::*;

use super::changes::{CHANGES, ChangesClient};
use super::delivery::{DeliveryClient, Message};
use super::parts::Parts;
use super::stored::{CommitCall, Configure, Delivered, Stored};
use crate::engine::Summary;
use crate::model::{Kept, Payload, TriggerId, Undelivered, now};

const RECORD: &str = "record";

pub(super) struct Trigger {
    pub(super) parts: Arc<Parts>,
}

#[object(
    name = "FleetTrigger",
    journal_retention = "0s",
    client_visibility = "pub(super)",
    invocation_retry_policy(initial_interval = "50ms", factor = 2.0, max_interval = "2s", max_attempts = 1000000)
)]
impl Trigger {
    /// Makes the trigger, or gives it another definition.
    #[handler]
    async fn configure(&self, ctx: ObjectContext<'_>, Json(configure): Json<Configure>) -> HandlerResult<Json<()>> {
        let id = id(ctx.key())?;
        self.parts.check(&configure.definition).map_err(refused)?;
        let stored = match stored(&ctx).await? {
            Some(mut stored) => {
                stored.definition = configure.definition;
                stored.version = stored.version.saturating_add(1);
                stored
            }
            None => Stored::new(configure),
        };
        ctx.set(RECORD, Json(stored));
        tell(&ctx, id);
        Ok(Json(()))
    }

    /// Leaves it alone until it is resumed.
    #[handler]
    async fn pause(&self, ctx: ObjectContext<'_>) -> HandlerResult<Json<()>> {
        set_paused(&ctx, true).await
    }

    /// Polls it again.
    #[handler]
    async fn resume(&self, ctx: ObjectContext<'_>) -> HandlerResult<Json<()>> {
        set_paused(&ctx, false).await
    }

    /// Forgets it. What waits for its delivery is tried once more, and then forgotten too.
    #[handler]
    async fn remove(&self, ctx: ObjectContext<'_>) -> HandlerResult<Json<()>> {
        known(&ctx).await?;
        ctx.clear(RECORD);
        tell(&ctx, id(ctx.key())?);
        Ok(Json(()))
    }

    /// Polls it now: one durable step, on a fresh instance, with what a worker would do around it.
    #[handler]
    async fn poll(&self, ctx: ObjectContext<'_>) -> HandlerResult<Json<()>> {
        let id = id(ctx.key())?;
        let mut stored = known(&ctx).await?;
        if stored.paused {
            return Err(TerminalError::new_with_code(409, format!("{id} is paused: resume it first")).into());
        }
        let (parts, record) = (self.parts.clone(), stored.clone().into_record(id.clone()));
        let found: Json<Result<Found, String>> =
            ctx.run(|| async move { Ok(Json(poll(&parts, &record).await)) }).name("poll").await?;
        let found = found.into_inner().map_err(|error| TerminalError::new_with_code(422, error))?;
        let call = CommitCall {
            incarnation: stored.incarnation.clone(),
            expected: stored.version,
            epoch: stored.epoch,
            kept: found.kept,
            payload: found.payload,
        };
        move_on(&ctx, &mut stored, call).await?;
        // Whoever polls it in turn must hear that it is not as they knew it.
        tell(&ctx, id);
        Ok(Json(()))
    }

    /// Moves it on as a worker's poll found it. Null where it is no longer as that poll had found it.
    #[handler]
    async fn commit(
        &self,
        ctx: ObjectContext<'_>,
        Json(call): Json<CommitCall>,
    ) -> HandlerResult<Json<Option<(u64, Undelivered)>>> {
        let Some(mut stored) = stored(&ctx).await? else { return Ok(Json(None)) };
        if !move_on(&ctx, &mut stored, call).await? {
            return Ok(Json(None));
        }
        Ok(Json(Some((stored.version, stored.undelivered))))
    }

    /// Notes that a payload was accepted.
    #[handler(ingress_private = true)]
    async fn delivered(&self, ctx: ObjectContext<'_>, Json(delivered): Json<Delivered>) -> HandlerResult<()> {
        if let Some(mut stored) = stored(&ctx).await?
            && delivered.delivery.starts_with(&stored.incarnation.0)
        {
            stored.undelivered = stored.undelivered.without(delivered.bytes);
            ctx.set(RECORD, Json(stored));
        }
        Ok(())
    }

    /// All that is kept of it; null where there is none.
    #[handler]
    async fn record(&self, ctx: SharedObjectContext<'_>) -> HandlerResult<Json<Option<Stored>>> {
        Ok(Json(ctx.get::<Json<Stored>>(RECORD).await?.map(Json::into_inner)))
    }

    /// How it stands; null where there is none.
    #[handler]
    async fn status(&self, ctx: SharedObjectContext<'_>) -> HandlerResult<Json<Option<Summary>>> {
        let id = id(ctx.key())?;
        let stored = ctx.get::<Json<Stored>>(RECORD).await?;
        Ok(Json(stored.map(|Json(stored)| stored.summary(id))))
    }
}

/// What a poll inside of the object found.
#[derive(serde::Serialize, serde::Deserialize)]
struct Found {
    kept: Kept,
    payload: Option<Payload>,
}

async fn poll(parts: &Parts, record: &crate::model::Record) -> Result<Found, String> {
    let polled = parts.polls.once(record).await?;
    let payload =
        Payload { delivery: Payload::id(&record.incarnation, record.version), body: polled.body, found: now() };
    Ok(Found { kept: polled.kept, payload: (!polled.no_changes).then_some(payload) })
}

/// Keeps what a poll found: the state, and the payload with whoever delivers it.
async fn move_on(ctx: &ObjectContext<'_>, stored: &mut Stored, mut call: CommitCall) -> Result<bool, TerminalError> {
    if !stored.moves_on(&call) {
        return Ok(false);
    }
    if let Some(payload) = call.payload.take() {
        let message = Message { payload, definition: stored.definition.clone() };
        ctx.object_client::<DeliveryClient<'_>>(ctx.key()).deliver(Json(message)).send();
    }
    ctx.set(RECORD, Json(stored.clone()));
    Ok(true)
}

async fn set_paused(ctx: &ObjectContext<'_>, paused: bool) -> HandlerResult<Json<()>> {
    let mut stored = known(ctx).await?;
    stored.paused = paused;
    stored.version = stored.version.saturating_add(1);
    ctx.set(RECORD, Json(stored));
    tell(ctx, id(ctx.key())?);
    Ok(Json(()))
}

/// Tells the workers that the owner changed something.
fn tell(ctx: &ObjectContext<'_>, id: TriggerId) {
    ctx.object_client::<ChangesClient<'_>>(CHANGES).changed(Json(id)).send();
}

async fn stored(ctx: &ObjectContext<'_>) -> Result<Option<Stored>, TerminalError> {
    Ok(ctx.get::<Json<Stored>>(RECORD).await?.map(Json::into_inner))
}

async fn known(ctx: &ObjectContext<'_>) -> Result<Stored, TerminalError> {
    // 410 and not 404: that is what Restate itself says where nothing is registered.
    stored(ctx).await?.ok_or_else(|| TerminalError::new_with_code(410, format!("there is no trigger {}", ctx.key())))
}

fn id(key: &str) -> Result<TriggerId, TerminalError> {
    key.parse().map_err(refused)
}

fn refused(error: impl std::fmt::Display) -> TerminalError {
    TerminalError::new_with_code(400, error.to_string())
}

#[cfg(test)]
mod tests {
    use restate_sdk::service::Discoverable;

    use super::*;
    use crate::engine::restate::stored::TRIGGER;

    #[test]
    fn the_object_has_the_name_that_others_ask_for() {
        assert_eq!(<Trigger as Discoverable>::discover().name.to_string(), TRIGGER);
    }
}
