//! The connection of every case, as each of them wants it.

use anyhow::{Context, Result};
use host::{Connection, Connector};
use serde_json::{Value, json};

/// The endpoint of a connection whose requests nobody sends.
pub(crate) const NOWHERE: &str = "http://127.0.0.1/graphql";

/// The key of every connection.
pub(crate) const KEY: &str = "a-key-to-measure-with";

/// The fields of a connection to this endpoint as the connector sees them.
pub(crate) fn plain(url: &str) -> connector_sdk::Connection {
    let fields = json!({ "customDuroEnvironment": url }).to_string();
    connector_sdk::Connection { key: "duroApiKey".to_owned(), endpoint: url.to_owned(), fields }
}

/// A connection to this endpoint as it is filled in, and stands in a connection file.
pub(crate) fn connection_values(url: &str) -> Value {
    let fields = json!({ "apiKey": KEY, "customDuroEnvironment": url });
    json!({ "key": "duroApiKey", "fields": fields })
}

/// The same as the host holds it.
pub(crate) fn connection(connector: &Connector, url: &str) -> Result<Connection> {
    Connection::new(connector.definition(), connection_values(url)).context("the connection")
}
