//! What the connector declares: its connection, its actions, data source and trigger, with their inputs, schemas and
//! example payloads. Constants only: nothing here reads inputs or sends a request.

mod actions;
mod check;
mod connection;
mod data_sources;
mod definition;
mod triggers;

#[cfg(test)]
mod input_schema;
#[cfg(test)]
mod result_schema_tests;
#[cfg(test)]
mod tests;

pub use actions::{
    ACTIONS, CHANGE_ORDER_TYPES, CREATE_CHANGE_ORDER, GET_COMPONENT_BY_ID, GET_CURRENT_USER, LIBRARIES,
    LIST_CHANGE_ORDERS, LIST_COMPANY_USERS, LIST_COMPONENTS, RAW_REQUEST,
};
pub use check::mismatch;
pub use connection::{CONNECTION, CONNECTIONS, ENVIRONMENTS};
pub use data_sources::{DATA_SOURCES, SELECT_COMPONENT};
pub use definition::{
    About, Action, Choice, Connection, ConnectionField, DataSource, Definition, Endpoint, Environment, Input, Kind,
    Trigger,
};
pub use triggers::{POLL_CHANGES, RESOURCE_TYPES, TRIGGERS};

/// Describes the connector.
pub fn describe() -> Definition {
    Definition {
        key: "duro-plm",
        label: "Duro PLM",
        description: "Parts, change orders and their changes in Duro, the product lifecycle management service.",
        version: env!("CARGO_PKG_VERSION"),
        documentation_url: None,
        connections: CONNECTIONS,
        actions: ACTIONS,
        data_sources: DATA_SOURCES,
        triggers: TRIGGERS,
    }
}
