//! What becomes of a body that nobody has read when the answer is ready, as that of a request that is refused at its head.
//!
//! HTTP/1 has the next request behind the body. What is left of a short body is read and thrown away, so that the connection goes on
//! (RFC 9112, 9.3). A long one ends the connection: the answer says so, and what the client still sends is thrown away for a while,
//! because a connection that is cut while its client sends may cost the client the answer (9.6). With HTTP/2 a stream that ends before
//! its body has come is reset behind the answer, and some clients then pass over the answer (curl 7.88): what they send is thrown away
//! for a while there, too.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, timeout_at};
use warp::{
    http::{
        HeaderValue, Request, Version,
        header::{CONNECTION, EXPECT},
    },
    reply::Response,
};

use crate::{
    body::BodyLimits,
    open_connections::{BodyWait, ConnectionState},
};

/// A body that its handler reads, and of which the connection keeps what is left.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Reading>>);

struct Reading {
    body: Incoming,
    read: usize,
    /// Whether anybody has asked for the body. A client that expects to be told waits until then.
    was_asked_for: bool,
    has_ended: bool,
    wait: BodyWait,
}

/// What the connection keeps of a request whose body may be left unread.
pub(crate) struct Unread {
    body: Shared,
    began: Instant,
    is_http_1: bool,
    waits_to_be_asked: bool,
}

/// The request with a body that is shared with the connection, where it has one.
pub(crate) fn shared(
    request: Request<Incoming>,
    state: &Arc<ConnectionState>,
    limits: &BodyLimits,
) -> (Request<Shared>, Option<Unread>) {
    let is_http_1 = request.version() < Version::HTTP_2;
    let waits_to_be_asked = request.headers().contains_key(EXPECT);
    let (head, body) = request.into_parts();
    let is_empty = body.is_end_stream();
    let reading =
        Reading { body, read: 0, was_asked_for: false, has_ended: is_empty, wait: state.body(limits.least_pace) };
    let shared = Shared(Arc::new(Mutex::new(reading)));
    let unread =
        (!is_empty).then(|| Unread { body: shared.clone(), began: Instant::now(), is_http_1, waits_to_be_asked });
    (Request::from_parts(head, shared), unread)
}

impl Unread {
    /// Sees to it that the client gets the answer, and that the connection ends if it can not go on.
    pub(crate) fn settle(self, response: &mut Response, limits: &BodyLimits) {
        let (remaining, read) = {
            let reading = self.body.reading();
            if reading.has_ended || reading.body.is_end_stream() {
                return;
            }
            if self.is_http_1 && self.waits_to_be_asked && !reading.was_asked_for {
                // The client has sent nothing, and will not where the answer comes first.
                return close(response);
            }
            (reading.body.size_hint().exact(), reading.read)
        };
        let goes_on = remaining.is_some_and(|remaining| remaining <= limits.largest as u64);
        // HTTP/2 ends one stream and no more.
        let close = |response: &mut Response| {
            if self.is_http_1 {
                close(response);
            }
        };
        if !goes_on {
            close(response);
        }
        // Whoever has sent for as long as a client may is not waited for.
        let end = self.began + limits.read_timeout;
        let most = limits.most_discarded.saturating_sub(read);
        if most > 0 && end > Instant::now() {
            tokio::spawn(timeout_at(end, self.body.discard(most)));
        } else {
            close(response);
        }
    }
}

fn close(response: &mut Response) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

impl Shared {
    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn discard(mut self, most: usize) {
        let mut discarded = 0_usize;
        while let Some(Ok(frame)) = self.frame().await {
            discarded = discarded.saturating_add(frame.data_ref().map_or(0, Bytes::len));
            if discarded > most {
                return;
            }
        }
    }
}

impl Body for Shared {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut reading = self.reading();
        reading.was_asked_for = true;
        let polled = Pin::new(&mut reading.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                reading.read = reading.read.saturating_add(frame.data_ref().map_or(0, Bytes::len));
            }
            Poll::Ready(_) => reading.has_ended = true,
            Poll::Pending => {}
        }
        let read = reading.read;
        reading.wait.note(polled.is_pending(), read);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.reading().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.reading().body.size_hint()
    }
}
