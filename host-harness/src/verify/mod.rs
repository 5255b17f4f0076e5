//! Holds what a connector asks of a GraphQL service against what a live one has. Knows no service: the queries and the schema that they were made
//! against come from the manifest.

mod compare;
mod evidence;
mod schema;

use host::contract::ConnectorDefinition;
use serde::{Deserialize, Serialize};

pub(crate) use compare::compare;
pub(crate) use evidence::{judge, variables};
pub(crate) use schema::{INTROSPECTION, Schema};

/// What a manifest says of the connector's queries.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    pub(crate) secret: String,
    pub(crate) secret_header: String,
    schema: String,
    pub(crate) queries: Vec<Query>,
}

/// One query, and the key of what sends it.
#[derive(Debug, Deserialize)]
pub(crate) struct Query {
    pub(crate) operation: String,
    pub(crate) query: String,
}

/// Something that a service lacks or has otherwise, so that an operation would stop working.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Finding {
    /// The key of the operation.
    pub(crate) operation: String,
    /// Where: a type and a field, or the place in the query.
    pub(crate) place: String,
    /// What is otherwise.
    pub(crate) problem: String,
}

impl Asked {
    /// Reads it from a manifest. The error says what is missing.
    pub(crate) fn of(definition: &ConnectorDefinition) -> Result<Self, String> {
        let extension = definition.extensions.as_ref().and_then(|extensions| extensions.get("graphql"));
        let extension = extension
            .ok_or("this connector's manifest does not say what it asks of its service (extensions.graphql)")?;
        Self::deserialize(extension)
            .map_err(|error| format!("the manifest's extensions.graphql cannot be read: {error}"))
    }

    /// The schema that the queries were made against.
    pub(crate) fn schema(&self) -> Result<Schema, String> {
        Schema::of_text(&self.schema).map_err(|error| format!("the manifest's schema cannot be read: {error}"))
    }
}
