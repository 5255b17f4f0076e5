//! The flow that receives as an object on the same Restate.

use std::sync::Arc;

use restate_sdk::endpoint::Endpoint;
use restate_sdk::http_server::HttpServer;
use restate_sdk::prelude::*;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::receiver::Receiver;

/// The object's name.
pub(crate) const SERVICE: &str = "TrialFlow";

struct Flow {
    receiver: Arc<Receiver>,
}

#[object(name = "TrialFlow")]
impl Flow {
    /// Takes one delivery.
    #[handler]
    async fn receive(&self, _ctx: ObjectContext<'_>, Json(body): Json<Value>) -> HandlerResult<()> {
        self.receiver.take(&body).map_err(|error| TerminalError::new(error.to_string()))?;
        Ok(())
    }
}

/// Serves it until the process ends.
pub(crate) async fn serve(port: u16, receiver: Arc<Receiver>) {
    match TcpListener::bind(("127.0.0.1", port)).await {
        Ok(listener) => HttpServer::new(Endpoint::builder().bind(Flow { receiver }).build()).serve(listener).await,
        Err(error) => eprintln!("error: the handlers' port {port}: {error}"),
    }
}
