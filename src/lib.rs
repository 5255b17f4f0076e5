//! A connector for Duro PLM: parts, change orders, and what changed about them.
//!
//! Compiled to `wasm32-unknown-unknown` this is a component that imports `http` and `log` and nothing else (see
//! `wit/`). Compiled natively it is a library over the [`host::Host`] trait, which the tests and benchmarks use. This
//! file holds the component's exports, each of which hands over to one module.

pub mod actions;
#[cfg(any(target_family = "wasm", test))]
mod allocator;
mod bindings;
pub mod connection;
pub mod data_sources;
pub mod duro;
pub mod error;
pub mod host;
pub mod inputs;
pub mod json;
pub mod manifest;
pub mod triggers;

#[cfg(test)]
mod testing;

use bindings::ComponentHost;
use bindings::exports::integration::connector as exports;
use bindings::integration::connector::types;
use host::{Host as _, Level};

struct Component;

/// The component's exported symbols, all of them generated.
#[allow(unreachable_pub)]
mod symbols {
    use super::{Component, bindings};

    bindings::export!(Component with_types_in bindings);
}

impl exports::connections::Guest for Component {
    fn test(connection: types::Connection) -> Result<exports::connections::Account, types::Error> {
        log_panics();
        Ok(connection::test(&ComponentHost, configured(&connection))?.into())
    }
}

impl exports::actions::Guest for Component {
    fn perform(key: String, connection: types::Connection, inputs: String) -> Result<String, types::Error> {
        log_panics();
        Ok(actions::perform(&ComponentHost, &key, configured(&connection), &inputs)?)
    }
}

impl exports::data_sources::Guest for Component {
    fn query(
        key: String,
        connection: types::Connection,
        inputs: String,
        search: Option<String>,
        cursor: Option<String>,
    ) -> Result<exports::data_sources::Page, types::Error> {
        log_panics();
        let asked = data_sources::Query { inputs: &inputs, search: search.as_deref(), cursor: cursor.as_deref() };
        Ok(data_sources::query(&ComponentHost, &key, configured(&connection), &asked)?.into())
    }
}

impl exports::triggers::Guest for Component {
    fn poll(
        key: String,
        connection: types::Connection,
        inputs: String,
        state: Option<Vec<u8>>,
    ) -> Result<exports::triggers::PollResult, types::Error> {
        log_panics();
        let poll = triggers::poll(&ComponentHost, &key, configured(&connection), &inputs, state.as_deref())?;
        Ok(poll.into())
    }
}

/// Makes a panic log its message and place before it traps, so that the host can say more than "unreachable".
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| ComponentHost.log(Level::Error, &panic.to_string())));
}

fn configured(connection: &types::Connection) -> connection::Configured<'_> {
    connection::Configured { key: &connection.key, fields: &connection.fields }
}
