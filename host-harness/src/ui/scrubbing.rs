//! The last look at what leaves: should a secret of the connection have got into it by whatever way, it is taken out.
//! Of what is there as a whole, in one piece; of what is written while it is sent, as it passes.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use host::egress::Secrets;
use hyper::body::{Body as _, Frame};

use super::shared::Shared;

/// More than this is searched on a thread of its own. In bytes.
const QUICK: usize = 256 * 1024;
/// What passes is searched in pieces of this size, in bytes.
const PIECE: usize = 1024 * 1024;
/// What is held back of each until what follows was searched with it: no spelling of a secret is longer. In bytes.
const OVERLAP: usize = 1024 * 1024;

/// The middleware.
pub(super) async fn scrub(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let Some(secrets) = shared.memory().connection.as_ref().map(|held| held.scrubber().clone()) else {
        return response;
    };
    if secrets.is_empty() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    if body.size_hint().exact().is_none() {
        let held = Vec::new();
        return Response::from_parts(parts, Body::new(Passing { body, secrets, held, is_over: false }));
    }
    // It is in memory already, and not copied.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let clean = match body.len() {
        ..=QUICK => clean(body, &secrets),
        _ => match tokio::task::spawn_blocking(move || clean(body, &secrets)).await {
            Ok(clean) => clean,
            Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
    };
    let (body, was_there) = clean;
    if was_there {
        parts.headers.remove(header::CONTENT_LENGTH);
    }
    Response::from_parts(parts, Body::from(body))
}

/// The body without secrets, and whether there was one. One without is the same bytes still, however many share them.
fn clean(body: Bytes, secrets: &Secrets) -> (Bytes, bool) {
    if !secrets.may_hold(&body) {
        return (body, false);
    }
    let mut clean = Vec::from(body.as_ref());
    match secrets.scrub_bytes(&mut clean) {
        true => (clean.into(), true),
        false => (body, false),
    }
}

/// A body that passes.
struct Passing {
    body: Body,
    secrets: Arc<Secrets>,
    held: Vec<u8>,
    is_over: bool,
}

impl hyper::body::Body for Passing {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        while !self.is_over && self.held.len() < PIECE + OVERLAP {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => {
                    // Trailers, which nothing here has, are no data.
                    if let Ok(data) = frame.into_data() {
                        self.held.extend_from_slice(&data);
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => self.is_over = true,
            }
        }
        let Self { secrets, held, is_over, .. } = &mut *self;
        secrets.scrub_bytes(held);
        let kept = if *is_over { 0 } else { OVERLAP };
        let passed = held.len().saturating_sub(kept);
        let piece: Vec<u8> = held.drain(..passed).collect();
        Poll::Ready(match piece.is_empty() {
            true => None,
            false => Some(Ok(Frame::data(piece.into()))),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    const KEY: &str = "canary-key-of-a-stream-4711";

    fn secrets() -> Arc<Secrets> {
        let mut secrets = Secrets::default();
        secrets.hide(KEY);
        secrets.into()
    }

    /// A body that comes in these pieces.
    struct InPieces(VecDeque<Bytes>);

    impl hyper::body::Body for InPieces {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
        }
    }

    #[tokio::test]
    async fn a_secret_is_taken_out_of_what_passes_wherever_the_pieces_are_cut() {
        let escaped: String = KEY.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        for before in [0, PIECE - 10, PIECE, PIECE + OVERLAP - 10, 2 * (PIECE + OVERLAP) - 10] {
            for spelling in [KEY, &escaped] {
                let text = format!("{}{spelling}{}", "x,".repeat(before / 2), ",y".repeat(PIECE));
                for length in [7_001, PIECE + 3] {
                    let pieces = text.as_bytes().chunks(length).map(Bytes::copy_from_slice).collect();
                    let body = Body::new(InPieces(pieces));
                    let passing = Passing { body, secrets: secrets(), held: Vec::new(), is_over: false };
                    let passed = to_bytes(Body::new(passing), usize::MAX).await.unwrap();
                    let expected = text.replace(spelling, "[redacted]");
                    assert!(passed == expected.as_bytes(), "after {before} bytes, in pieces of {length}");
                }
            }
        }
    }

    #[test]
    fn what_holds_no_secret_is_not_copied() {
        let body = Bytes::from(vec![b'x'; 1000]);
        let (same, was_there) = clean(body.clone(), &secrets());
        assert!(!was_there && same.as_ptr() == body.as_ptr());
        let (other, was_there) = clean(Bytes::from(format!("x{KEY}")), &secrets());
        assert!(was_there && other == "x[redacted]");
    }
}
