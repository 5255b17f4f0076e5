//! A service that answers as it is told to and has no idea of HTTP: it takes every blank line for the end of a request,
//! and the body of a request for the beginning of the next.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Nothing here takes long; a test that waits for longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came in over one socket.
#[derive(Clone, Default)]
pub(crate) struct Socket {
    pub(crate) received: Vec<u8>,
    pub(crate) is_closed: bool,
}

/// The service. It ends with the test's runtime.
pub(crate) struct RawService {
    pub(crate) url: String,
    sockets: Arc<Mutex<Vec<Socket>>>,
}

impl RawService {
    /// Answers every request with the same bytes.
    pub(crate) async fn spawn(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<[u8]> = answer.into().into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let sockets: Arc<Mutex<Vec<Socket>>> = Arc::default();
        let all = sockets.clone();
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let number = {
                    let mut all = all.lock().unwrap();
                    all.push(Socket::default());
                    all.len() - 1
                };
                tokio::spawn(serve(stream, number, all.clone(), answer.clone()));
            }
        });
        Self { url, sockets }
    }

    /// Answers every request with a status line, headers and a body, whose length is told.
    pub(crate) async fn answering(head: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
        Self::spawn([head.as_bytes(), body].concat()).await
    }

    /// Every socket that was opened so far.
    pub(crate) fn sockets(&self) -> Vec<Socket> {
        self.sockets.lock().unwrap().clone()
    }

    /// Waits until the other side has closed all sockets.
    pub(crate) async fn all_closed(&self) {
        let closed = async {
            while !self.sockets().iter().all(|socket| socket.is_closed) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, closed).await.expect("sockets stay open");
    }
}

async fn serve(mut stream: TcpStream, number: usize, all: Arc<Mutex<Vec<Socket>>>, answer: Arc<[u8]>) {
    let mut answered = 0;
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let requests = {
            let received = &mut all.lock().unwrap()[number].received;
            received.extend_from_slice(&buffer[..count]);
            received.windows(4).filter(|window| window == b"\r\n\r\n").count()
        };
        for _ in answered..requests {
            if stream.write_all(&answer).await.is_err() {
                break;
            }
        }
        answered = requests;
    }
    all.lock().unwrap()[number].is_closed = true;
}
