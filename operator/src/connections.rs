//! The connections that a server takes: so many at a time, each for so long.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// The pause after the system could not give a connection, because it has no more files, for example.
const PAUSE: Duration = Duration::from_millis(200);

/// What a server allows.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at the same time.
    pub most: usize,
    /// How long one may take from one request to the head of the next.
    pub longest_headers: Duration,
    /// How long it may last; none for as long as its requests do.
    pub longest: Option<Duration>,
    /// Whether a second request may follow the first.
    pub keep_alive: bool,
}

impl Bounds {
    /// Those of a page for people.
    pub const PAGE: Self = Self {
        // A browser opens six, and a window or two more. Whoever fills them up keeps them for as long as a head may
        // take.
        most: 256,
        // A browser opens a new one when it needs it.
        longest_headers: Duration::from_secs(10),
        longest: None,
        keep_alive: true,
    };
}

/// Answers until the listener fails.
pub async fn serve<S, B>(listener: TcpListener, bounds: Bounds, service: S) -> io::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let places = Arc::new(Semaphore::new(bounds.most));
    loop {
        let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // An answer in several pieces does not wait for the other side to take note of the first.
        stream.set_nodelay(true).ok();
        let service = service.clone();
        tokio::spawn(async move {
            let mut http = http1::Builder::new();
            http.keep_alive(bounds.keep_alive).timer(TokioTimer::new()).header_read_timeout(bounds.longest_headers);
            let connection = http.serve_connection(TokioIo::new(stream), service);
            // How it ends is the other side's affair.
            match bounds.longest {
                Some(longest) => drop(tokio::time::timeout(longest, connection).await),
                None => drop(connection.await),
            }
            drop(place);
        });
    }
}
