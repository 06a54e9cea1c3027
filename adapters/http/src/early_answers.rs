//! Answers that hyper gives by itself, to what is no request of HTTP/1: made into problem documents, with an id and a line in the log.
//!
//! hyper writes such an answer without asking anybody, so it is found where the connection's bytes are written: it is an error that has
//! no id of a request, which every answer of ours has.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use tokio::io::AsyncWrite;
use warp::http::{Method, StatusCode};

use crate::{
    caller::{REQUEST_ID, new_request_id},
    metrics::{Metrics, NO_ROUTE},
    middleware::{self, ACCESS_LOG},
    problem::Problem,
};

/// What a client is sent, in which hyper's own answers are completed.
pub(crate) struct Completed<S> {
    stream: S,
    metrics: Metrics,
    /// What is left to be written in the place of an answer, and how long that was.
    instead: Option<(Bytes, usize)>,
}

impl<S> Completed<S> {
    pub(crate) fn new(stream: S, metrics: Metrics) -> Self {
        Self { stream, metrics, instead: None }
    }
}

/// The status of an answer that hyper gives by itself, if the bytes are one.
fn own_answer(bytes: &[u8]) -> Option<StatusCode> {
    let rest = bytes.strip_prefix(b"HTTP/1.1 ").or_else(|| bytes.strip_prefix(b"HTTP/1.0 "))?;
    let status = StatusCode::from_bytes(rest.get(..3)?).ok().filter(StatusCode::is_client_error)?;
    let is_whole = bytes.ends_with(b"\r\n\r\n");
    let has_id = bytes.windows(REQUEST_ID.len()).any(|name| name.eq_ignore_ascii_case(REQUEST_ID.as_bytes()));
    (is_whole && !has_id).then_some(status)
}

/// The same answer with a document.
fn completed(status: StatusCode) -> Bytes {
    let request_id = new_request_id();
    let problem = Problem::malformed_request(status);
    let text = problem.text(&request_id);
    let mut headers = problem.into_document(&request_id).headers().clone();
    middleware::dress(&mut headers, &request_id, &Method::GET, false);
    let reason = status.canonical_reason().unwrap_or("Bad Request");
    let mut answer =
        format!("HTTP/1.1 {} {reason}\r\nconnection: close\r\ncontent-length: {}\r\n", status.as_str(), text.len());
    for (name, value) in &headers {
        answer.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    }
    let mut answer = answer.into_bytes();
    answer.extend_from_slice(b"\r\n");
    answer.extend_from_slice(&text);
    tracing::info!(
        target: ACCESS_LOG,
        route = NO_ROUTE,
        status = status.as_u16(),
        request_id,
        caller = "public",
        "answered what is no request"
    );
    answer.into()
}

impl<S: AsyncWrite + Unpin> Completed<S> {
    /// Writes what stands in the place of hyper's answer, if the bytes are one.
    fn poll_instead(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Option<io::Result<usize>>> {
        if self.instead.is_none() {
            let Some(status) = own_answer(bytes) else { return Poll::Ready(None) };
            self.metrics.answered(NO_ROUTE, &Method::GET, status, Duration::ZERO);
            self.instead = Some((completed(status), bytes.len()));
        }
        let Some((left, length)) = &mut self.instead else { return Poll::Ready(None) };
        while !left.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, left)) {
                Ok(0) => return Poll::Ready(Some(Ok(0))),
                Ok(written) => left.advance(written),
                Err(reason) => return Poll::Ready(Some(Err(reason))),
            }
        }
        let length = *length;
        self.instead = None;
        Poll::Ready(Some(Ok(length)))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Completed<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(self.poll_instead(context, bytes)) {
            Some(written) => Poll::Ready(written),
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bytes.iter().find(|part| !part.is_empty()).map_or(&[][..], |part| part);
        match ready!(self.poll_instead(context, first)) {
            Some(written) => Poll::Ready(written),
            None => Pin::new(&mut self.stream).poll_write_vectored(context, bytes),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_hyper_is_taken_for_one() {
        for (bytes, status) in [
            (&b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"[..], Some(400)),
            (b"HTTP/1.0 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n", Some(431)),
            (b"HTTP/1.1 400 Bad Request\r\nX-Request-Id: 1\r\ncontent-length: 0\r\n\r\n", None),
            (b"HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 2\r\n\r\n{}", None),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", None),
            (b"HTTP/1.1 100 Continue\r\n\r\n", None),
            (b"HTTP/1.1 4", None),
            (b"{\"a\": \"HTTP/1.1 400 \r\n\r\n\"}", None),
            (b"", None),
        ] {
            let text = String::from_utf8_lossy(bytes);
            assert_eq!(own_answer(bytes).map(|status| status.as_u16()), status, "{text}");
        }
    }
}
