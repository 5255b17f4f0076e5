//! Files that are written while they are sent. What a few bytes of JSON become as a table can be a thousand times as
//! much, so it is made on a thread of its own, a few at a time, no further ahead than somebody takes it, and to a
//! bound.

use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Frame;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Files that are written at the same time: a person saves one.
const AT_A_TIME: usize = 2;
/// How long one waits for its turn, and a turn for whoever is to take it. A browser takes a file as fast as it comes.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is made at once, in bytes, and how many of these wait to be taken.
const PIECE: usize = 64 * 1024;
const AHEAD: usize = 4;
/// No file becomes larger. In bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The places of those who write.
pub(super) struct Writing {
    places: Arc<Semaphore>,
    patience: Duration,
}

/// Why nothing was written.
#[derive(Debug)]
pub(super) enum NotWritten {
    /// Others write, and do not come to an end.
    Busy,
    /// It cannot be written, in words for people.
    Refused(io::Error),
}

impl Default for Writing {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_A_TIME)), patience: PATIENCE }
    }
}

impl Writing {
    /// Begins to write, and gives what is to be sent. What `write` finds wrong before it has written anything is an
    /// error here; afterwards the body ends with one, and whoever reads it knows that it is not whole.
    pub(super) async fn begin(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    ) -> Result<Body, NotWritten> {
        let place = tokio::time::timeout(self.patience, self.places.clone().acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(NotWritten::Busy) };
        let (sender, mut pieces) = mpsc::channel(AHEAD);
        let is_whole = Arc::new(AtomicBool::new(false));
        let (done, patience, runtime) = (is_whole.clone(), self.patience, Handle::current());
        tokio::task::spawn_blocking(move || {
            let mut out = Pieces { sender, runtime, patience, piece: Vec::with_capacity(PIECE), written: 0 };
            match write(&mut out).and_then(|()| out.flush()) {
                Ok(()) => done.store(true, Ordering::Release),
                // Of no use to whoever is gone, and there is no room for it where nobody takes anything.
                Err(error) => drop(out.sender.try_send(Err(error))),
            }
            drop(place);
        });
        let first = match pieces.recv().await {
            Some(Ok(piece)) => piece,
            Some(Err(error)) => return Err(NotWritten::Refused(error)),
            None => Bytes::new(),
        };
        Ok(Body::new(Sent { first: Some(first), pieces, is_whole }))
    }
}

/// Hands over what is written in pieces.
struct Pieces {
    sender: Sender<io::Result<Bytes>>,
    runtime: Handle,
    patience: Duration,
    piece: Vec<u8>,
    written: u64,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE.saturating_sub(self.piece.len()).max(1);
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.piece.extend_from_slice(taken);
        self.written += taken.len() as u64;
        if self.written > LARGEST {
            return Err(io::Error::other(format!("it would have more than {LARGEST} bytes")));
        }
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE)));
        // Nobody who has gone or takes nothing is waited for.
        let sent = tokio::time::timeout(self.patience, self.sender.send(Ok(piece)));
        match self.runtime.block_on(sent) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// What is sent.
struct Sent {
    first: Option<Bytes>,
    pieces: Receiver<io::Result<Bytes>>,
    is_whole: Arc<AtomicBool>,
}

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(first) = self.first.take().filter(|first| !first.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        self.pieces.poll_recv(context).map(|piece| match piece {
            Some(piece) => Some(piece.map(Frame::data)),
            None if self.is_whole.swap(true, Ordering::Acquire) => None,
            None => Some(Err(io::ErrorKind::UnexpectedEof.into())),
        })
    }
}

#[cfg(test)]
#[path = "writing_tests.rs"]
mod tests;
