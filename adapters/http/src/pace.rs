//! Clients that read too slowly: those that take nothing of an answer for long are cut off, so that it does not stay in memory.
//!
//! HTTP/1 shows it where bytes can not be written. With HTTP/2 the client has a window for each answer, so it also shows where an answer
//! is not asked for its next piece. For that, and so that hyper holds little of each answer, long answers are handed over in pieces.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::AsyncWrite;

use crate::open_connections::Underway;

/// How much of an answer HTTP/2 is given at a time.
pub(crate) const A_PIECE: usize = 16 << 10;

/// Since when each answer of one connection has waited for its client.
#[derive(Clone, Default)]
pub(crate) struct Pace(Arc<Mutex<Waits>>);

#[derive(Default)]
struct Waits {
    /// Since when bytes could not be written.
    writing: Option<Instant>,
    answers: HashMap<u64, Instant>,
    next: u64,
}

impl Pace {
    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the client has taken nothing of an answer for so long.
    pub(crate) fn is_stuck(&self, patience: Duration) -> bool {
        self.has_waited().is_some_and(|waited| waited >= patience)
    }

    /// For how long the client has taken nothing of an answer, if one waits.
    pub(crate) fn has_waited(&self) -> Option<Duration> {
        let waits = self.waits();
        waits.writing.iter().chain(waits.answers.values()).min().map(Instant::elapsed)
    }

    /// What the client is sent, of which it is noted whether it can be written.
    pub(crate) fn watch<S>(&self, stream: S) -> Watched<S> {
        Watched { stream, pace: self.clone() }
    }

    /// The body of an answer over HTTP/2, in pieces.
    pub(crate) fn in_pieces<B>(&self, body: B, underway: Underway) -> InPieces<B> {
        let mut waits = self.waits();
        waits.next += 1;
        let pace = Some(self.clone());
        InPieces { body, rest: Bytes::new(), number: waits.next, pace, _underway: underway }
    }
}

pub(crate) struct Watched<S> {
    stream: S,
    pace: Pace,
}

impl<S> Watched<S> {
    fn note<T>(&self, written: Poll<T>) -> Poll<T> {
        let mut waits = self.pace.waits();
        match written {
            Poll::Ready(_) => waits.writing = None,
            Poll::Pending => _ = waits.writing.get_or_insert_with(Instant::now),
        }
        written
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A body, over HTTP/2 in pieces. Its request is under way until it is handed over.
pub(crate) struct InPieces<B> {
    body: B,
    rest: Bytes,
    number: u64,
    pace: Option<Pace>,
    _underway: Underway,
}

impl<B> InPieces<B> {
    /// The body as it is.
    pub(crate) fn whole(body: B, underway: Underway) -> Self {
        Self { body, rest: Bytes::new(), number: 0, pace: None, _underway: underway }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for InPieces<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let Some(pace) = this.pace.clone() else { return Pin::new(&mut this.body).poll_frame(context) };
        pace.waits().answers.remove(&this.number);
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                other => return Poll::Ready(other),
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(A_PIECE));
        if !this.is_end_stream() {
            pace.waits().answers.insert(this.number, Instant::now());
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let hint = self.body.size_hint();
        let mut with_rest = SizeHint::new();
        with_rest.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            with_rest.set_upper(upper + rest);
        }
        with_rest
    }
}

impl<B> Drop for InPieces<B> {
    fn drop(&mut self) {
        if let Some(pace) = &self.pace {
            pace.waits().answers.remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Full};

    use super::*;
    use crate::open_connections::OpenConnections;

    #[tokio::test]
    async fn a_long_answer_comes_in_pieces_and_waits_for_its_client() {
        let connection = OpenConnections::default().admit([127, 0, 0, 1].into(), 1).unwrap();
        let (state, pace) = (connection.state(), connection.state().pace());
        let mut body = pace.in_pieces(Full::new(Bytes::from(vec![7; 2 * A_PIECE + 1])), state.request());
        let mut seen = 0;
        for (length, waits) in [(A_PIECE, true), (A_PIECE, true), (1, false)] {
            assert_eq!(body.size_hint().exact(), Some((2 * A_PIECE + 1 - seen) as u64));
            let piece = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!((piece.len(), pace.is_stuck(Duration::ZERO)), (length, waits));
            seen += piece.len();
        }
        assert!(body.frame().await.is_none() && !pace.is_stuck(Duration::from_secs(9)));
        drop(body);
        assert!(state.has_waited().is_some(), "the whole answer is handed over");
        let mut left = pace.in_pieces(Full::new(Bytes::from(vec![7; 2 * A_PIECE])), state.request());
        assert!(left.frame().await.is_some() && pace.is_stuck(Duration::ZERO));
        drop(left);
        assert!(!pace.is_stuck(Duration::ZERO), "an answer that is given up waits for nobody");
    }
}
