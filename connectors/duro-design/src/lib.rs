//! An experimental connector for Duro Design: components, and what changed about them.
//!
//! It is made of what public traces show of the service's API and was never run against it. What they do not show is
//! not built: `README.md` beside this folder says what that is. The tables below are all there is: to add an action,
//! `cargo xtask new action NAME --connector duro-design`.

mod actions;
mod connection;
mod data_sources;
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
pub struct DuroDesign;

impl Connector for DuroDesign {
    const ABOUT: About = About {
        documentation_url: Some("https://docs.durohub.com"),
        category: Some("Product lifecycle management"),
        changelog: Some(include_str!("CHANGELOG.md")),
        ..About::new(
            "duro-design",
            "Duro Design (experimental)",
            "Components of a library in Duro Design, and their changes. Experimental: made from public descriptions of \
             the service, and never run against it.",
            env!("CARGO_PKG_VERSION"),
        )
    };

    const CONNECTIONS: &'static [ConnectionKind] = &[connection::API_KEY];

    const ACTIONS: &'static [ActionRow] = &[
        ActionRow::of::<actions::FindComponentsByPartNumber>(),
        ActionRow::of::<actions::GetComponentById>(),
        ActionRow::of::<actions::ListComponents>(),
        ActionRow::of::<actions::RawRequest>(),
    ];

    const DATA_SOURCES: &'static [DataSourceRow] = &[DataSourceRow::of::<data_sources::SelectComponent>()];

    const TRIGGERS: &'static [TriggerRow] = &[TriggerRow::of::<triggers::PollChanges>()];

    const GRAPHQL: Option<GraphQl> = Some(GraphQl {
        schema: include_str!(concat!(env!("OUT_DIR"), "/schema.graphql")),
        secret: "apiKey",
        header: "x-api-key",
        queries: &[connection::QUERIES, actions::QUERIES, data_sources::QUERIES, triggers::QUERIES],
    });

    fn account(call: &Call<'_>) -> Result<Account, Error> {
        connection::account(call)
    }
}

connector_sdk::export!(crate::DuroDesign);
