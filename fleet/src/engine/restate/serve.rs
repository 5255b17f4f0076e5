//! Serves the handlers to Restate.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use restate_sdk::endpoint::Endpoint;
use restate_sdk::http_server::HttpServer;
use tokio::net::TcpListener;

use super::changes::Changes;
use super::delivery::Delivery;
use super::leases::Leases;
use super::parts::Parts;
use super::rollouts::Rollouts;
use super::trigger::Trigger;
use crate::engine::EngineError;

/// How handlers are served.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// The longest pause between two tries of a delivery.
    pub(crate) longest_retry: Duration,
    /// Restate's public key (`publickeyv1_…`): requests of anyone else are refused.
    pub(crate) identity: Option<String>,
}

/// Listens, and gives where; the future serves until `end` ends.
pub(crate) fn serve(
    parts: Arc<Parts>,
    served: &Served,
    end: impl Future<Output = ()> + Send + 'static,
) -> Result<(SocketAddr, impl Future<Output = ()> + Send + 'static), EngineError> {
    let unusable =
        |error: std::io::Error| EngineError::Unusable(format!("{} cannot be listened on: {error}", served.listen));
    let socket = match served.listen {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4(),
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6(),
    };
    let socket = socket.map_err(unusable)?;
    // Several fleets of one user on one machine serve the same handlers: the kernel gives each connection to one that
    // lives.
    #[cfg(target_os = "linux")]
    socket.set_reuseport(true).map_err(unusable)?;
    socket.set_reuseaddr(true).map_err(unusable)?;
    socket.bind(served.listen).map_err(unusable)?;
    let listener: TcpListener = socket.listen(1_024).map_err(unusable)?;
    let address = listener.local_addr().map_err(unusable)?;
    let mut endpoint = Endpoint::builder()
        .bind(Trigger { parts: parts.clone() })
        .bind(Delivery { parts }.definition(served.longest_retry))
        .bind(Leases)
        .bind(Changes)
        .bind(Rollouts);
    if let Some(identity) = &served.identity {
        endpoint = endpoint.identity_key(identity).map_err(|error| {
            EngineError::Unusable(format!("--engine-identity: {identity:?} is no public key of Restate's: {error}"))
        })?;
    }
    let server = HttpServer::new(endpoint.build());
    Ok((address, async move { server.serve_with_cancel(listener, end).await }))
}
