//! An object a connector, which knows how the connector's versions are rolled out.

use restate_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::model::Rollout;

const ROLLOUT: &str = "rollout";

pub(super) struct Rollouts;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hold {
    pub(super) version: String,
    pub(super) reason: String,
}

#[object(
    name = "FleetRollouts",
    journal_retention = "0s",
    client_visibility = "pub(super)",
    invocation_retry_policy(initial_interval = "50ms", factor = 2.0, max_interval = "2s", max_attempts = 1000000)
)]
impl Rollouts {
    /// How it is rolled out; null where nobody has said so.
    #[handler]
    async fn get(&self, ctx: SharedObjectContext<'_>) -> HandlerResult<Json<Option<Rollout>>> {
        Ok(Json(ctx.get::<Json<Rollout>>(ROLLOUT).await?.map(Json::into_inner)))
    }

    /// Says how it is to be rolled out.
    #[handler]
    async fn set(&self, ctx: ObjectContext<'_>, rollout: Json<Rollout>) -> HandlerResult<Json<()>> {
        ctx.set(ROLLOUT, rollout);
        Ok(Json(()))
    }

    /// Holds a version back.
    #[handler]
    async fn hold(&self, ctx: ObjectContext<'_>, Json(hold): Json<Hold>) -> HandlerResult<Json<()>> {
        if let Some(Json(mut rollout)) = ctx.get::<Json<Rollout>>(ROLLOUT).await?
            && rollout.hold(&hold.version, &hold.reason)
        {
            ctx.set(ROLLOUT, Json(rollout));
        }
        Ok(Json(()))
    }
}
