//! An input that says when it has ended.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::oneshot;

pub(super) struct UntilEnd<R> {
    input: R,
    end: Option<oneshot::Sender<()>>,
}

impl<R> UntilEnd<R> {
    /// The same input, and what hears of its end.
    pub(super) fn of(input: R) -> (Self, oneshot::Receiver<()>) {
        let (end, ended) = oneshot::channel();
        (Self { input, end: Some(end) }, ended)
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for UntilEnd<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.input).poll_read(context, buffer);
        let has_ended = match &read {
            Poll::Ready(Ok(())) => buffer.filled().len() == before,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if has_ended && let Some(end) = self.end.take() {
            end.send(()).ok();
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn the_end_is_heard_when_all_was_read_and_not_before() {
        let (mut input, mut ended) = UntilEnd::of(&b"ab"[..]);
        let mut two = [0; 2];
        input.read_exact(&mut two).await.unwrap();
        assert!(ended.try_recv().is_err());
        assert_eq!(input.read(&mut two).await.unwrap(), 0);
        assert!(ended.try_recv().is_ok());
    }
}
