//! What every request and answer goes through: the caller, panics, problem documents, `ETag`, headers and the log.

use std::{convert::Infallible, net::IpAddr, panic::AssertUnwindSafe, time::Instant};

use futures_util::FutureExt as _;
use hyper::body::Body as _;
use ipnet::IpNet;
use tower::{Service, ServiceExt as _};
use tracing::Instrument as _;
use warp::{
    Reply as _,
    http::{
        HeaderName, HeaderValue, Method, Request, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH, SET_COOKIE, VARY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
    reply::Response,
};

use crate::{
    caller::{Caller, REQUEST_ID},
    problem::Problem,
};

/// Passes one request to the API, and completes its answer.
pub(crate) async fn answer<S, B>(api: S, peer: IpAddr, trusted_proxies: &[IpNet], mut request: Request<B>) -> Response
where
    S: Service<Request<B>, Response = Response, Error = Infallible>,
{
    let began = Instant::now();
    let caller = Caller::of(request.headers(), peer, trusted_proxies);
    let request_id = caller.request_id.clone();
    let method = request.method().clone();
    let span = tracing::info_span!("request", %request_id, %method, path = request.uri().path());
    let known_tags: Vec<HeaderValue> = request.headers().get_all(IF_NONE_MATCH).iter().cloned().collect();
    request.extensions_mut().insert(caller.clone());
    if method == Method::HEAD {
        // HEAD has the same answer without its body, so the same handler makes it.
        *request.method_mut() = Method::GET;
    }
    let response = match AssertUnwindSafe(api.oneshot(request)).catch_unwind().instrument(span.clone()).await {
        Ok(Ok(response)) => response,
        Err(_panic) => Problem::internal().into_response(),
    };
    let mut response = written(response, &request_id);
    if matches!(method, Method::GET | Method::HEAD) && is_known(&response, &known_tags) {
        response = not_modified(&response);
    }
    dress(response.headers_mut(), &request_id);
    if let Some(cookie) = caller.take_extension() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    if method == Method::HEAD {
        response = without_body(response);
    }
    span.in_scope(|| {
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(status = response.status().as_u16(), duration_ms, "answered");
    });
    response
}

/// Replaces an answer that carries a problem by the problem's document.
fn written(mut response: Response, request_id: &str) -> Response {
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem.into_document(request_id),
        None => response,
    }
}

fn is_known(response: &Response, known_tags: &[HeaderValue]) -> bool {
    let Some(tag) = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok()) else { return false };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    response.status() == StatusCode::OK
        && known_tags
            .iter()
            .flat_map(|value| value.to_str().unwrap_or_default().split(','))
            .any(|known| known.trim() == "*" || opaque(known) == opaque(tag))
}

fn not_modified(response: &Response) -> Response {
    let mut answer = StatusCode::NOT_MODIFIED.into_response();
    *answer.headers_mut() = response.headers().clone();
    answer.headers_mut().remove(CONTENT_TYPE);
    answer
}

fn dress(headers: &mut HeaderMap, request_id: &str) {
    // `no-cache` lets a client keep the answer, but it must validate it before each use.
    let caching = if headers.contains_key(ETAG) { "no-cache" } else { "no-store" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static(REQUEST_ID), request_id);
    }
}

fn without_body(mut response: Response) -> Response {
    let length = response.body().size_hint().exact();
    if let Some(length) = length.filter(|length| *length > 0) {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    *response.body_mut() = Default::default();
    response
}
