//! A connector that breaks every rule a host has, each on demand: the action's key is the verb (`spin`, `panic`,
//! `fetch`…), see `verbs`. `cargo xtask test` builds it as `dist/test/misbehaving.wasm`. It may touch everything,
//! because that is what it is for.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a component whose purpose is to crash need not avoid it"
)]

mod manifest;
mod verbs;

#[allow(missing_docs, unreachable_pub, clippy::all, clippy::indexing_slicing, clippy::unwrap_used)]
mod generated {
    wit_bindgen::generate!({
        world: "connector",
        path: "../../wit",
        pub_export_macro: true,
        default_bindings_module: "crate::generated",
    });
}

use generated::exports::integration::connector as exports;
use generated::integration::connector::log::{Level, log};
use generated::integration::connector::types::{Connection, Error};

struct Component;

/// The component's exported symbols, all of them generated.
#[allow(unreachable_pub)]
mod symbols {
    use super::{Component, generated};

    generated::export!(Component with_types_in generated);
}

impl exports::manifest::Guest for Component {
    fn describe() -> exports::manifest::ConnectorDefinition {
        manifest::describe()
    }
}

impl exports::connections::Guest for Component {
    fn test(_: Connection) -> Result<exports::connections::Account, Error> {
        // As large as the connection test can be made: nothing else of its result has a limit of its own.
        let user = "u".repeat(3 << 20);
        Ok(exports::connections::Account { user, organization: None, endpoint: String::new(), extensions: None })
    }
}

impl exports::actions::Guest for Component {
    fn perform(key: String, connection: Connection, inputs: String) -> Result<String, Error> {
        log_panics();
        verbs::perform(&key, &connection, &inputs)
    }
}

impl exports::data_sources::Guest for Component {
    fn query(
        key: String,
        _: Connection,
        inputs: String,
        _: Option<String>,
        _: Option<String>,
    ) -> Result<exports::data_sources::Page, Error> {
        log_panics();
        verbs::query(&key, &inputs)
    }
}

impl exports::triggers::Guest for Component {
    fn poll(
        key: String,
        _: Connection,
        inputs: String,
        _: Option<Vec<u8>>,
    ) -> Result<exports::triggers::PollResult, Error> {
        log_panics();
        verbs::poll(&key, &inputs)
    }
}

/// As every connector does: the host is tested on whether the message of a panic arrives.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| log(Level::Error, &panic.to_string())));
}
