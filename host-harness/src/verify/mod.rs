//! Holds what a connector asks of a GraphQL service against what a live one has. Knows no service: the queries and the
//! schema that they were made against come from the manifest.

mod compare;
mod evidence;
mod schema;

use std::collections::BTreeSet;

use host::contract::ConnectorDefinition;
use serde::{Deserialize, Serialize};

pub(crate) use compare::compare;
pub(crate) use evidence::{judge, variables};
pub(crate) use schema::{INTROSPECTION, Kind, Schema, Type};

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

/// How a finding begins that repeats the service's own words.
pub(super) const SERVICE_SAYS: &str = "the service says: ";

impl Finding {
    /// The same for a file that is given away: of the service's own words, in which records may be named, those alone
    /// that stand in what the connector asks.
    pub(crate) fn without_foreign_words(&self, asked: &Asked) -> Self {
        let Some(words) = self.problem.strip_prefix(SERVICE_SAYS) else { return self.clone() };
        let names = |text: &str| -> BTreeSet<String> {
            let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
            text.split(|character| !is_part(character)).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        // What the schema calls things, and not how it describes them: descriptions hold the words of everybody.
        let mut known: BTreeSet<String> = asked.schema.split("\"\"\"").step_by(2).flat_map(names).collect();
        asked.queries.iter().for_each(|query| known.extend(names(&query.query)));
        let told: Vec<String> = names(words).intersection(&known).cloned().collect();
        Self { problem: format!("the service refuses it, with words about {}", told.join(", ")), ..self.clone() }
    }
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
