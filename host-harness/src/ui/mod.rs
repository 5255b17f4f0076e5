//! The flow-builder page: a small web server on loopback that shows a connector as a flow builder meets it. Drawn from
//! the manifest alone; it calls the library like any other embedder.
//!
//! `security` decides who may talk to it, `server` says which address does what, `memory` and `trigger` remember,
//! `forms` and `run` translate, `asking` and `refused` stand before and behind a call, `pages` draws, `assets` holds
//! style and script.

mod asking;
mod assets;
mod changes;
mod forms;
mod handlers;
mod history;
mod memory;
mod pages;
mod payload;
mod polling;
mod progress;
mod refused;
mod run;
mod security;
mod server;
mod shared;
mod started;
mod trigger;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use host::{CallOptions, Connector};
use serde_json::Value;
use tokio::net::TcpListener;

use changes::ChangeButtons;
use memory::Held;
use security::Gate;
use shared::Shared;
use started::Started;

/// What the page is started with.
pub(crate) struct PageOptions {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub(crate) port: u16,
    /// A connection to begin with, as its file holds it.
    pub(crate) connection: Option<Value>,
    /// A file of buttons that change records in a test service.
    pub(crate) changes: Option<PathBuf>,
    /// The words of the command line that it is started with, as a shell takes them, if it can.
    pub(crate) words: Option<Vec<String>>,
    /// How calls are made.
    pub(crate) call_options: CallOptions,
}

/// The page, listening and not yet answering.
pub(crate) struct PageServer {
    listener: TcpListener,
    shared: Arc<Shared>,
}

impl PageServer {
    /// Takes the port. The error is for people.
    pub(crate) async fn open(connector: Connector, options: PageOptions) -> Result<Self, String> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let listener = TcpListener::bind(wanted)
            .await
            .map_err(|error| format!("{wanted} cannot be listened on: {error}; --port 0 takes a free port"))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let gate = Arc::new(Gate::new(address).map_err(|error| error.to_string())?);
        let changes = options.changes.as_deref().map(ChangeButtons::read).transpose()?.unwrap_or_default();
        let held = options.connection.map(|value| Held::from_file(connector.definition(), value)).transpose()?;
        let started = Started { words: options.words, port: address.port() };
        let shared = Arc::new(Shared::new(connector, options.call_options, gate, changes, held, started));
        Ok(Self { listener, shared })
    }

    /// The link to print.
    pub(crate) fn link(&self) -> String {
        self.shared.gate.link()
    }

    /// The link to start a browser with.
    pub(crate) fn launch_link(&self) -> String {
        self.shared.gate.launch_link()
    }

    /// Answers until it is dropped.
    pub(crate) async fn serve(self) -> std::io::Result<()> {
        server::serve(self.listener, server::router(self.shared)).await
    }
}
