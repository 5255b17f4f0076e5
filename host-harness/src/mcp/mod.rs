//! A connector as tools for assistants, over the Model Context Protocol: actions are tools, records and triggers are
//! resources, data sources complete ids. Drawn from the manifest alone; it calls the library like any other embedder.
//!
//! `handler` answers the protocol, over standard input and output or `http_server`; `served` holds the connections with
//! what each may use (`budget`). `tools` and `uris` read the manifest; `calls` runs tools, with `confirm` before what
//! changes something; `pages` and `kept` bound results, `answer` writes them, `clean` makes them fit to be shown;
//! `resources` reads, and `watches` polls triggers.

mod answer;
mod budget;
mod calls;
mod clean;
mod confirm;
mod handler;
mod http_server;
mod in_flight;
mod kept;
mod pages;
mod resources;
mod served;
mod tools;
mod unread;
mod uris;
mod watches;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use host::Connector;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::{RoleServer, ServiceExt};

pub(crate) use answer::Text;
pub(crate) use budget::Bounds;
pub(crate) use http_server::HttpServer;
pub(crate) use served::{CALLS_AT_ONCE, McpOptions, NamedConnection, SMALLEST_PAGE};

use handler::Handler;
use in_flight::Bounded;
use served::Served;
use watches::Watches;

/// A message holds the arguments of a call, of 4 MiB at most, with their escapes. In bytes.
const LARGEST_LINE: usize = 8 * 1024 * 1024;
/// What calls have that are under way when a client closes standard input.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// A server that has been set up and serves nobody yet.
pub(crate) struct Server {
    served: Arc<Served>,
    watches: Arc<Watches>,
}

impl Server {
    /// The error is for whoever starts it.
    pub(crate) fn new(connector: Connector, options: McpOptions) -> Result<Self, String> {
        Ok(Self { served: Served::new(connector, options)?, watches: Arc::default() })
    }

    /// Serves one client on standard input and output, until it closes them. Calls that are under way then have a
    /// moment to end: a client waits no longer for this process. Gives how many did not.
    pub(crate) async fn serve_standard_streams(self) -> Result<usize, String> {
        let (input, output) = rmcp::transport::stdio();
        let transport = AsyncRwTransport::<RoleServer, _, _>::new(input, output).with_max_line_length(LARGEST_LINE);
        let (transport, in_flight, ended) = Bounded::of(transport);
        let serving = async {
            let serving = Handler::new(self.served, self.watches).serve(transport).await;
            let serving = serving.map_err(|error| format!("no client could be served: {error}"))?;
            serving.waiting().await.map(drop).map_err(|error| error.to_string())
        };
        let ended = async {
            ended.await.ok();
            tokio::time::sleep(LAST_MOMENT).await;
        };
        tokio::select! {
            served = serving => served.map(|()| 0),
            () = ended => Ok(in_flight.count()),
        }
    }

    /// Listens on an address of this machine, for whoever has the token.
    pub(crate) async fn listen(self, address: SocketAddr, token: String) -> Result<HttpServer, String> {
        HttpServer::open(self.served, self.watches, address, token).await
    }
}
