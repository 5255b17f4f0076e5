//! The flow-builder page: a small web server on loopback that shows a connector as a flow builder meets it. Drawn from
//! the manifest alone; it calls the library like any other embedder.
//!
//! `operator::gate` decides who may talk to it, `server` says which address does what, `memory`, `runs` and `trigger`
//! remember, `archive` keeps runs and polls in a file, `performing`, `polling` and `trying` call the connector,
//! `refused` stands behind a call, `forms` and `run` translate, `ways` and `writing` write what leads out, `scrubbing`
//! looks at it last, `pages` draws, `assets` holds style and script.

mod archive;
mod assets;
mod changes;
mod events;
mod forms;
mod handlers;
mod held;
mod history;
mod memory;
mod pages;
mod payload;
mod performing;
mod polling;
mod progress;
mod recordings;
mod refused;
mod run;
mod runs;
mod scrubbing;
mod server;
mod shared;
mod started;
mod trigger;
mod trying;
mod ways;
mod writing;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use host::{CallOptions, Connector};
use operator::gate::Gate;
use tokio::net::TcpListener;

use crate::recording::Redaction;
use crate::variable::FromFile;
use archive::Archive;
use changes::ChangeButtons;
use held::Held;
use shared::{Beside, Shared};
use started::Started;

/// What the page is started with.
pub(crate) struct PageOptions {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub(crate) port: u16,
    /// A connection to begin with.
    pub(crate) connection: Option<FromFile>,
    /// A file in which runs are kept.
    pub(crate) history: Option<PathBuf>,
    /// States that triggers begin with, by the triggers' keys.
    pub(crate) states: Vec<(String, Vec<u8>)>,
    /// Whether the connection is tested at once.
    pub(crate) test: bool,
    /// A file of buttons that change records in a test service.
    pub(crate) changes: Option<PathBuf>,
    /// The words of the command line that it is started with, as a shell takes them, if it can.
    pub(crate) words: Option<Vec<String>>,
    /// Its flags that count for every call, likewise.
    pub(crate) call_flags: Option<Vec<String>>,
    /// The file of the component, where that is WebAssembly.
    pub(crate) component: Option<PathBuf>,
    /// What is taken out of recordings and of the history.
    pub(crate) redaction: Redaction,
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
            .map_err(|error| format!("{wanted} cannot be listened on: {error}; --port 0 takes a free one"))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let gate = Arc::new(Gate::new("harness", address, &[]).map_err(|error| error.to_string())?);
        let changes = options.changes.as_deref().map(ChangeButtons::read).transpose()?.unwrap_or_default();
        let held = options.connection.map(|file| Held::from_file(connector.definition(), file)).transpose()?;
        let key = connector.definition().key.clone();
        let redaction = Arc::new(options.redaction);
        let archive = options.history.as_deref().map(|path| Archive::open(path, &key)).transpose()?;
        let archive = archive.map(|archive| archive.without(redaction.clone()));
        let PageOptions { words, call_flags, component, .. } = options;
        let started = Started { words, call_flags, component, port: address.port() };
        let beside = Beside { archive, started, redaction };
        let shared = Arc::new(Shared::new(connector, options.call_options, gate, changes, held, beside));
        for (key, state) in options.states {
            let trigger = shared.triggers.get(&key).ok_or_else(|| no_trigger(&shared, &key))?;
            trigger.put(state, "from a file").await;
        }
        // What was typed before the connection had a file may hold its key. The page need not wait for it.
        let secrets = shared.memory().connection.as_ref().map(|held| held.redactor().clone());
        if let Some(secrets) = secrets {
            let shared = shared.clone();
            tokio::spawn(async move { history::take_out(&shared, secrets).await });
        }
        if options.test {
            trying::start(&shared).await.ok();
        }
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

fn no_trigger(shared: &Shared, key: &str) -> String {
    let known: Vec<&str> = shared.definition().triggers.iter().map(|trigger| trigger.key.as_str()).collect();
    format!("the connector has no trigger {key:?}; it has {}", known.join(", "))
}
