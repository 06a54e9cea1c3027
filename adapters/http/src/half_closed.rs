//! Clients that end what they send behind their request and wait for the answer, as `nc -N` does.
//!
//! hyper takes the end of what a client sends for the end of the client, and drops what it does for it. Mostly that is right: a client
//! that goes away looks the same. So the end is told a while later where an answer is due, and at once where more of the request is
//! waited for. With HTTP/2 no client ends its side to wait.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use crate::open_connections::ConnectionState;

/// For how long an answer is prepared for a client that may have gone. A stream of events is followed for as long.
const LONGEST: Duration = Duration::from_secs(10);

/// How often it is looked whether an answer is due.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a client sends, of which the end comes later where an answer is due.
pub(crate) struct HalfClosed<S> {
    stream: S,
    state: Arc<ConnectionState>,
    ended: Option<Ended>,
}

struct Ended {
    at: Instant,
    look: Pin<Box<Sleep>>,
}

impl<S> HalfClosed<S> {
    pub(crate) fn new(stream: S, state: Arc<ConnectionState>) -> Self {
        Self { stream, state, ended: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HalfClosed<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.ended.is_none() {
            let before = into.filled().len();
            ready!(Pin::new(&mut this.stream).poll_read(context, into))?;
            if into.filled().len() > before || into.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        let ended = this.ended.get_or_insert_with(|| Ended { at: Instant::now(), look: Box::pin(sleep(LOOK_EVERY)) });
        loop {
            // Also the first time: hyper may look for more before it hands over the request that came with the end.
            ready!(ended.look.as_mut().poll(context));
            if !this.state.owes_an_answer() || ended.at.elapsed() >= LONGEST {
                return Poll::Ready(Ok(()));
            }
            ended.look.as_mut().reset(Instant::now() + LOOK_EVERY);
        }
    }
}
