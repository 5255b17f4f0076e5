//! A connector for __LABEL__.
//!
//! The tables below are all there is: to add an action, `cargo xtask new action NAME --connector __NAME__`. Each
//! operation is a file of its own, beside its query and an example of its result.

mod actions;
mod connection;
mod data_sources;
mod service;
mod triggers;

#[cfg(test)]
mod tests;

use connector_sdk::{About, Account, ActionRow, Call, ConnectionKind, Connector, DataSourceRow, Error, TriggerRow};

/// The connector.
#[derive(Debug)]
pub struct __TYPE__;

impl Connector for __TYPE__ {
    const ABOUT: About = About {
        category: None,
        ..About::new(
            "__CRATE__",
            "__LABEL__",
            "Things of __LABEL__, and what changed about them.",
            env!("CARGO_PKG_VERSION"),
        )
    };

    const CONNECTIONS: &'static [ConnectionKind] = &[connection::API_KEY];

    const ACTIONS: &'static [ActionRow] = &[
        ActionRow::of::<actions::ListThings>(),
    ];

    const DATA_SOURCES: &'static [DataSourceRow] = &[DataSourceRow::of::<data_sources::SelectThing>()];

    const TRIGGERS: &'static [TriggerRow] = &[TriggerRow::of::<triggers::PollChanges>()];

    fn account(call: &Call<'_>) -> Result<Account, Error> {
        connection::account(call)
    }
}

connector_sdk::export!(crate::__TYPE__);
