//! A connector for Duro PLM: parts, change orders, and what changed about them.
//!
//! Compiled to `wasm32-unknown-unknown` this is a component that imports `http` and `log` and nothing else (see
//! `wit/`). Compiled natively it is a library over the SDK's `Host` trait, which the tests and benchmarks use.
//!
//! The tables below are all there is: to add an action, add its row. Each operation is a file of its own, beside its
//! query and an example of its result.

mod actions;
mod connection;
mod data_sources;
mod inputs;
mod service;
mod triggers;

#[cfg(test)]
mod tests;

use connector_sdk::{
    About, Account, ActionRow, Call, ConnectionKind, Connector, DataSourceRow, Error, GraphQl, TriggerRow,
};

/// What the states of the trigger, and their refusals, call things.
pub use triggers::NAMES;

/// The connector.
#[derive(Debug)]
pub struct Duro;

impl Connector for Duro {
    const ABOUT: About = About {
        key: "duro-plm",
        label: "Duro PLM",
        description: "Parts, change orders and their changes in Duro, the product lifecycle management service.",
        version: env!("CARGO_PKG_VERSION"),
        documentation_url: Some("https://mfg-core-api.duro.app/docs/"),
        category: Some("Product lifecycle management"),
        icon: Some(include_bytes!("icon.png")),
        changelog: Some(include_str!("CHANGELOG.md")),
    };

    const CONNECTIONS: &'static [ConnectionKind] = &[connection::API_KEY];

    const ACTIONS: &'static [ActionRow] = &[
        ActionRow::of::<actions::CreateChangeOrder>(),
        ActionRow::of::<actions::FindComponents>(),
        ActionRow::of::<actions::GetBillOfMaterials>(),
        ActionRow::of::<actions::GetChangeOrder>(),
        ActionRow::of::<actions::GetComponentById>(),
        ActionRow::of::<actions::GetCurrentUser>(),
        ActionRow::of::<actions::GetProductById>(),
        ActionRow::of::<actions::ListChangeOrders>(),
        ActionRow::of::<actions::ListCompanyUsers>(),
        ActionRow::of::<actions::ListComponents>(),
        ActionRow::of::<actions::ListProducts>(),
        ActionRow::of::<actions::RawRequest>(),
    ];

    const DATA_SOURCES: &'static [DataSourceRow] =
        &[DataSourceRow::of::<data_sources::SelectComponent>(), DataSourceRow::of::<data_sources::SelectProduct>()];

    const TRIGGERS: &'static [TriggerRow] = &[TriggerRow::of::<triggers::PollChanges>()];

    const GRAPHQL: Option<GraphQl> = Some(GraphQl {
        schema: include_str!(concat!(env!("OUT_DIR"), "/schema.graphql")),
        secret: "apiKey",
        header: "apiToken",
        queries: &[actions::QUERIES, data_sources::QUERIES, triggers::QUERIES, connection::QUERIES],
    });

    fn account(call: &Call<'_>) -> Result<Account, Error> {
        connection::account(call)
    }
}

// What is built around it for the tests of `harness check` exports these names itself.
#[cfg(not(planted_faults))]
connector_sdk::export!(crate::Duro);
