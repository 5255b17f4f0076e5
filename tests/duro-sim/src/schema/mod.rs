//! The GraphQL schema, type for type as in `src/duro-v1.graphql` of this repository.

pub(crate) mod change_order;
pub(crate) mod component;
pub(crate) mod connections;
pub(crate) mod inputs;
pub(crate) mod mutation;
pub(crate) mod query;
#[cfg(test)]
mod sdl_tests;
pub(crate) mod shared;
pub(crate) mod time;

use std::sync::Arc;

use async_graphql::EmptySubscription;

use crate::service::Service;

/// Deep enough for introspection and for children of children; bounds what a query that nests itself can cost.
const DEPTH_LIMIT: usize = 24;

pub(crate) type Schema = async_graphql::Schema<query::Query, mutation::Mutation, EmptySubscription>;

pub(crate) fn schema(service: Arc<Service>) -> Schema {
    builder().data(service).finish()
}

fn builder() -> async_graphql::SchemaBuilder<query::Query, mutation::Mutation, EmptySubscription> {
    async_graphql::Schema::build(query::Query, mutation::Mutation, EmptySubscription).limit_depth(DEPTH_LIMIT)
}
