//! The lists: `{ connection(first, after) { totalCount edges { cursor node } pageInfo } }`, once for each kind of
//! record.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};

use super::change_order::ChangeOrder;
use super::component::{Component, Product};
use super::shared::PageInfo;
use crate::cursor::page;
use crate::service::state;
use crate::table::{List, Order};

/// The three types of one kind of list. GraphQL has no generics, and neither do the schema's names.
macro_rules! connection {
    ($list:ident, $connection:ident, $edge:ident, $record:ident) => {
        /// A list as it was when the request came.
        pub(crate) struct $list {
            pub(crate) list: List<$record>,
            pub(crate) order: Order<$record>,
        }

        #[Object]
        impl $list {
            async fn connection(
                &self,
                context: &Context<'_>,
                first: Option<i32>,
                after: Option<String>,
            ) -> Result<Option<$connection>> {
                let settings = state(context)?.settings();
                let (kind, size) = (settings.cursor_kind, settings.page_size);
                let page = page(&self.list, &self.order, kind, size, first, after.as_deref())?;
                let end_cursor = page.rows.last().map(|(cursor, _)| cursor.clone());
                let edges = page.rows.into_iter();
                let edges = edges.map(|(cursor, node)| Some($edge { cursor: Some(cursor), node: Some(node) }));
                Ok(Some($connection {
                    total_count: Some(i32::try_from(page.total)?),
                    edges: Some(edges.collect()),
                    page_info: Some(PageInfo { has_next_page: Some(page.has_next), end_cursor }),
                }))
            }
        }

        #[derive(SimpleObject)]
        pub(crate) struct $connection {
            total_count: Option<i32>,
            edges: Option<Vec<Option<$edge>>>,
            page_info: Option<PageInfo>,
        }

        #[derive(SimpleObject)]
        pub(crate) struct $edge {
            cursor: Option<String>,
            node: Option<Arc<$record>>,
        }
    };
}

connection!(Components, ComponentConnection, ComponentEdge, Component);
connection!(Products, ProductConnection, ProductEdge, Product);
connection!(ChangeOrders, ChangeOrderConnection, ChangeOrderEdge, ChangeOrder);
