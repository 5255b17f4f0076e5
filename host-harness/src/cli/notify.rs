//! `watch --notify`: an address of this machine where a POST makes the next poll come at once. Whoever posts, and what,
//! does not matter: nothing of a body is read, so that a webhook of any shape serves, and one that is lost loses
//! nothing, because the schedule goes on.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use operator::bearer;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::command_error::CommandError;
use super::output;
use super::values::listening_address;
use crate::connections::{self, Bounds};

const CONNECTIONS: Bounds = Bounds {
    most: 16,
    longest_headers: Duration::from_secs(5),
    longest: Some(Duration::from_secs(10)),
    // The body is never read, so that no second request can follow it.
    keep_alive: false,
};
#[derive(Args)]
pub(super) struct Options {
    /// Poll at once, two seconds after the last poll at the earliest, when this address of this machine gets a POST
    /// with `Authorization: Bearer TOKEN` [default: 127.0.0.1:0, any free port]
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:0", value_parser = listening_address)]
    notify: Option<SocketAddr>,
    /// The file that holds the token; without it one is made, and printed once on standard error
    #[arg(long, value_name = "FILE", requires = "notify")]
    notify_token_file: Option<PathBuf>,
}

/// What was posted.
pub(super) struct Posts(Arc<Notify>);

impl Posts {
    /// Waits for a post; many of them since the last wait are one.
    pub(super) async fn next(&self) {
        self.0.notified().await;
    }
}

impl Options {
    /// Opens the address, if there is to be one.
    pub(super) async fn open(self) -> Result<Option<Posts>, CommandError> {
        let Some(address) = self.notify else { return Ok(None) };
        if !address.ip().is_loopback() {
            return Err(CommandError::usage(format!(
                "--notify {address}: only an address of this machine itself can be opened, such as 127.0.0.1:8787; put \
                 a proxy with TLS before it"
            )));
        }
        let warn = |warning| output::message(&format!("warning: {warning}"));
        let token = bearer::from_file(self.notify_token_file.as_deref(), warn);
        let (token, is_made) = token.map_err(CommandError::usage)?;
        let failed = |error: std::io::Error| CommandError::usage(format!("--notify {address}: {error}"));
        let is_free = address.port() == 0;
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let says = format!(
            "note: a POST to http://{address}/ with `Authorization: Bearer …` makes the next poll come at once"
        );
        // A port that was free is known to nobody else.
        if is_free {
            output::line(&says)
        } else {
            output::message(&says)
        }
        if is_made {
            output::line(&format!("note: the token is {token}"));
        }
        let posted = Arc::new(Notify::new());
        tokio::spawn(listen(listener, Arc::from(token), posted.clone()));
        Ok(Some(Posts(posted)))
    }
}

async fn listen(listener: TcpListener, token: Arc<str>, posted: Arc<Notify>) {
    let service = service_fn(move |request| {
        let answer = answer(&request, &token, &posted);
        async move { Ok::<_, Infallible>(answer) }
    });
    // Whatever ends it, the schedule goes on.
    connections::serve(listener, CONNECTIONS, service).await.ok();
}

fn answer(request: &Request<Incoming>, token: &str, posted: &Notify) -> Response<String> {
    let status = if !bearer::is_authorised(request.headers(), token) {
        StatusCode::UNAUTHORIZED
    } else if request.method() == Method::POST {
        posted.notify_one();
        StatusCode::ACCEPTED
    } else {
        StatusCode::METHOD_NOT_ALLOWED
    };
    let mut response = Response::new(String::new());
    *response.status_mut() = status;
    response
}
