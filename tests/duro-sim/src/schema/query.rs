//! What can be asked.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::component::{Component, Product};
use super::connections::{ChangeOrders, Components, Products};
use super::inputs::{ChangeOrdersOrderByInput, ComponentsOrderByInput, LibraryType, SearchFields};
use super::shared::{ApiToken, User};
use crate::records::{ComponentFilter, change_order_order, component_order};
use crate::service::state;
use crate::table::{Record, Table};

pub(crate) struct Query;

#[Object]
impl Query {
    /// The company's library where no library is named.
    async fn components(
        &self,
        context: &Context<'_>,
        library_type: Option<LibraryType>,
        order_by: Option<Vec<Option<ComponentsOrderByInput>>>,
        search: Option<SearchFields>,
    ) -> Result<Option<Components>> {
        let filter = ComponentFilter::new(library_type.unwrap_or(LibraryType::General), search);
        let order = component_order(order_by);
        let list = state(context)?.world().components.list(&filter, &order);
        Ok(Some(Components { list, order }))
    }

    async fn components_by_ids(
        &self,
        context: &Context<'_>,
        ids: Option<Vec<Option<ID>>>,
    ) -> Result<Option<Vec<Option<Arc<Component>>>>> {
        let service = state(context)?;
        let keep_unknown = service.settings().null_for_unknown_ids;
        Ok(Some(by_ids(&service.world().components, ids, keep_unknown)))
    }

    async fn products(&self, context: &Context<'_>, library_type: Option<LibraryType>) -> Result<Option<Products>> {
        let library = library_type.unwrap_or(LibraryType::General);
        let list = state(context)?.world().products.list(&library, &Vec::new());
        Ok(Some(Products { list, order: Vec::new() }))
    }

    async fn products_by_ids(
        &self,
        context: &Context<'_>,
        ids: Option<Vec<Option<ID>>>,
    ) -> Result<Option<Vec<Option<Arc<Product>>>>> {
        let service = state(context)?;
        let keep_unknown = service.settings().null_for_unknown_ids;
        Ok(Some(by_ids(&service.world().products, ids, keep_unknown)))
    }

    async fn change_orders(
        &self,
        context: &Context<'_>,
        order_by: Option<Vec<Option<ChangeOrdersOrderByInput>>>,
    ) -> Result<Option<ChangeOrders>> {
        let order = change_order_order(order_by);
        let list = state(context)?.world().change_orders.list(&(), &order);
        Ok(Some(ChangeOrders { list, order }))
    }

    /// The user that the key belongs to.
    async fn user_by_id(&self, context: &Context<'_>) -> Result<Option<Arc<User>>> {
        Ok(state(context)?.world().current_user())
    }

    /// A new key, which is accepted from now on. Whether the old ones go on is set by `renewal_revokes`: nobody has
    /// said what the service does.
    async fn api_token(&self, context: &Context<'_>) -> Result<Option<ApiToken>> {
        let service = state(context)?;
        let token = service.world().new_key();
        let mut settings = service.settings();
        if settings.renewal_revokes {
            settings.keys.clear();
        }
        settings.keys.push(token.clone());
        Ok(Some(ApiToken { token: Some(token) }))
    }
}

fn by_ids<T: Record>(table: &Table<T>, ids: Option<Vec<Option<ID>>>, keep_unknown: bool) -> Vec<Option<Arc<T>>> {
    let found = ids.into_iter().flatten().map(|id| id.and_then(|id| table.get(&id)));
    found.filter(|record| keep_unknown || record.is_some()).collect()
}
