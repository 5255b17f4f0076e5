//! The object that delivers a trigger's payloads, one after the other. Nothing of a try is kept but that it was made:
//! Restate begins the whole handler again until it ends, and the id that the receiver sees is always the same.

use std::sync::Arc;
use std::time::Duration;

use restate_sdk::context::RequestTarget;
use restate_sdk::endpoint::ServiceOptions;
use restate_sdk::prelude::*;
use restate_sdk::service::{IntoServiceDefinition, ServiceDefinition};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::parts::Parts;
use super::stored::{Delivered, TRIGGER};
use crate::delivery::DeliveryError;
use crate::engine::Engine;
use crate::model::{Definition, Destination, Handler, Payload, TriggerId};
use crate::seen::Whose;

pub(super) struct Delivery {
    pub(super) parts: Arc<Parts>,
}

/// A payload with its destination as it was when it was found.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) payload: Payload,
    pub(super) definition: Definition,
}

impl Delivery {
    /// The object, with its pauses between two tries: from 100 ms to `longest`.
    pub(super) fn definition(self, longest: Duration) -> ServiceDefinition {
        let options = ServiceOptions::new()
            .journal_retention(Duration::ZERO)
            .retry_policy_initial_interval(Duration::from_millis(100))
            .retry_policy_exponentiation_factor(2.0)
            .retry_policy_max_interval(longest)
            // Restate's own default is to give up after 70, and to wait for a person.
            .retry_policy_max_attempts(u32::MAX.into());
        self.into_service_definition().options(options)
    }

    /// One try.
    async fn send(
        &self,
        ctx: &ObjectContext<'_>,
        id: &TriggerId,
        definition: &Definition,
        payload: &Payload,
    ) -> Result<(), DeliveryError> {
        let Destination::Handler { restate_handler } = &definition.deliver else {
            return self.parts.sender.send(id, definition, payload).await;
        };
        let message = self.parts.sender.message_for(restate_handler, id, payload)?;
        let request = ctx.request::<Json<Box<RawValue>>, ()>(target(restate_handler), Json(message));
        // From here on it is Restate's to bring it there, once.
        request.idempotency_key(payload.delivery.clone()).send();
        Ok(())
    }
}

#[object(name = "FleetDelivery", client_visibility = "pub(super)", ingress_private = true)]
impl Delivery {
    /// Delivers one payload.
    #[handler]
    async fn deliver(&self, ctx: ObjectContext<'_>, Json(message): Json<Message>) -> HandlerResult<()> {
        let key = ctx.key().to_owned();
        let id: TriggerId = key.parse().map_err(|error| TerminalError::new_with_code(400, format!("{error}")))?;
        let payload = message.payload;
        let delivered = Delivered { delivery: payload.delivery.clone(), bytes: payload.bytes() };
        let waited = payload.waited();
        let seen = &self.parts.seen;
        let definition = match message.definition.deliver {
            Destination::Http { .. } => message.definition,
            // Where there is no such handler, it is Restate that says so, when this has ended, and begins this again:
            // by then the owner may have named another.
            Destination::Handler { .. } => match self.parts.restate.record(&id).await? {
                Some(record) => record.definition,
                None => return Ok(()),
            },
        };
        let whose = Whose { id: &id, definition: &definition };
        if let Err(first) = self.send(&ctx, &id, &definition, &payload).await {
            // The owner may have changed where it goes since, or have removed the trigger.
            let record = self.parts.restate.record(&id).await?;
            seen.not_delivered(whose, &first.to_string(), waited, record.is_some());
            match record {
                None => return Ok(()),
                Some(record) if record.definition.deliver == definition.deliver => return Err(first.into()),
                Some(record) => self.send(&ctx, &id, &record.definition, &payload).await?,
            }
        }
        seen.delivered(whose, waited);
        ctx.request::<Json<Delivered>, ()>(RequestTarget::object(TRIGGER, key, "delivered"), Json(delivered)).send();
        Ok(())
    }
}

fn target(handler: &Handler) -> RequestTarget {
    match handler.parts().as_slice() {
        [object, key, handler] => RequestTarget::object(*object, *key, *handler),
        parts => RequestTarget::service(handler.service(), parts.last().copied().unwrap_or_default()),
    }
}
