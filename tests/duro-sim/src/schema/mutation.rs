//! What can be changed. Changes last until the service stops.

use std::sync::Arc;

use async_graphql::{Context, Error, Object, Result};

use super::change_order::ChangeOrder;
use super::component::Component;
use super::inputs::{CreateChangeOrderInput, UpdateComponentInput};
use crate::service::state;

pub(crate) struct Mutation;

#[Object]
impl Mutation {
    /// The new change order is a draft.
    async fn create_change_order(
        &self,
        context: &Context<'_>,
        input: Option<CreateChangeOrderInput>,
    ) -> Result<Option<Arc<ChangeOrder>>> {
        let input = input.ok_or_else(|| Error::new("createChangeOrder needs an input"))?;
        let name = input.name.unwrap_or_default();
        let created = state(context)?.world().create_change_order(&name, input.description, input.kind);
        created.map(Some).map_err(Error::new)
    }

    /// Sets the children where they are given, and stamps `lastModified`.
    async fn update_component(
        &self,
        context: &Context<'_>,
        input: Option<UpdateComponentInput>,
    ) -> Result<Option<Arc<Component>>> {
        let input = input.ok_or_else(|| Error::new("updateComponent needs an input"))?;
        state(context)?.world().update_component(input).map(Some).map_err(Error::new)
    }
}
