//! What every request and answer goes through: the caller, panics, problem documents, `ETag`, headers and the log.

use std::{
    convert::Infallible,
    net::IpAddr,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use futures_util::FutureExt as _;
use hyper::body::Body as _;
use ipnet::IpNet;
use jpauto::ErrorCode;
use tower::{Service, ServiceExt as _};
use tracing::Instrument as _;
use warp::{
    Reply as _,
    http::{
        HeaderName, HeaderValue, Method, Request, StatusCode, Version,
        header::{
            CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, ETAG, HOST, HeaderMap,
            IF_NONE_MATCH, REFERRER_POLICY, SET_COOKIE, VARY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    reply::Response,
};

use crate::{
    caller::{Caller, REQUEST_ID},
    cross_origin, forgery,
    gate::Lane,
    metrics::{Metrics, NO_ROUTE, Route},
    page,
    problem::Problem,
    server::ServerConfig,
};

/// The target of the lines of the log that tell of one answered request each.
pub const ACCESS_LOG: &str = "jpauto_http::access";

/// Passes one request to the API, and completes its answer.
pub(crate) async fn answer<S, B>(
    api: S,
    peer: IpAddr,
    config: &ServerConfig,
    metrics: &Metrics,
    mut request: Request<B>,
) -> Response
where
    S: Service<Request<B>, Response = Response, Error = Infallible>,
{
    let began = Instant::now();
    let trusted_proxies = &config.trusted_proxies;
    let mut caller = Caller::of(request.headers(), peer, trusted_proxies);
    caller.lane = lane(request.method());
    caller.asks_for_head = request.method() == Method::HEAD;
    say_once_if_a_proxy_is_not_trusted(request.headers(), peer, trusted_proxies);
    let request_id = caller.request_id.clone();
    let method = request.method().clone();
    let span = tracing::info_span!("request", %request_id);
    let page = cross_origin::Page::of(&method, request.headers(), &config.allowed_origins);
    let known_tags: Vec<HeaderValue> = request.headers().get_all(IF_NONE_MATCH).iter().cloned().collect();
    request.extensions_mut().insert(caller.clone());
    if method == Method::HEAD {
        // HEAD has the same answer without its body, so the same handler makes it.
        *request.method_mut() = Method::GET;
    }
    let for_people = page::is_wanted(request.headers());
    let response = if let Err(problem) = must_be_well_formed(&request) {
        problem.into_response()
    } else if is_forged(&method, request.uri().path(), request.headers(), config) {
        let problem = Problem::new(ErrorCode::CrossSiteRequest, "the page of another website sent this");
        if for_people { problem.into_page(&request_id, "") } else { problem.into_response() }
    } else {
        match AssertUnwindSafe(api.oneshot(request)).catch_unwind().instrument(span.clone()).await {
            Ok(Ok(response)) => response,
            Err(_panic) => Problem::internal().into_response(),
        }
    };
    let route = response.extensions().get::<Route>().map_or(NO_ROUTE, |route| route.0);
    let mut response = written(response, &request_id, !caller.proves_something());
    if matches!(method, Method::GET | Method::HEAD) && is_known(&response, &known_tags) {
        response = not_modified(&response);
    }
    dress(response.headers_mut(), &request_id, &method, caller.proves_something());
    cross_origin::note_that_it_differs(&config.allowed_origins, response.headers_mut());
    if let Some(page) = page {
        page.admit(response.status(), response.headers_mut());
    }
    if let Some(cookie) = caller.take_extension() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    if method == Method::HEAD {
        response = without_body(response);
    }
    let (status, took) = (response.status(), began.elapsed());
    metrics.answered(route, &method, status, took);
    // The pattern of the path and not the path: what a client writes there is nobody's business.
    tracing::info!(
        target: ACCESS_LOG,
        method = crate::metrics::name_of(&method),
        route,
        status = status.as_u16(),
        milliseconds = took.as_micros() as f64 / 1_000.0,
        request_id,
        caller = caller.kind(),
        "answered"
    );
    response
}

/// A request that names no path, as `CONNECT` does, is one to a proxy. Without one `Host` nobody knows which server is meant (RFC 9112,
/// 3.2); HTTP/2 has it in the address.
fn must_be_well_formed<B>(request: &Request<B>) -> Result<(), Problem> {
    if request.method() == Method::CONNECT || request.uri().path_and_query().is_none() {
        return Err(Problem::new(ErrorCode::MalformedRequest, "this server is no proxy"));
    }
    let hosts = request.headers().get_all(HOST).iter().count();
    let is_named = match request.version() {
        Version::HTTP_11 => hosts == 1,
        _ => hosts <= 1,
    };
    if is_named { Ok(()) } else { Err(Problem::new(ErrorCode::MalformedRequest, "expected one header Host")) }
}

/// Only what a browser adds by itself can be misused by others, which is a cookie. Signing in needs none: another website must
/// not sign its visitors in as somebody else.
fn is_forged(method: &Method, path: &str, headers: &HeaderMap, config: &ServerConfig) -> bool {
    (headers.contains_key(COOKIE) || path.starts_with("/api/auth/"))
        && forgery::may_be_forged(method, headers, &config.allowed_origins)
}

/// Behind a proxy that is not trusted all clients look like one, and share one allowance.
fn say_once_if_a_proxy_is_not_trusted(headers: &HeaderMap, peer: IpAddr, trusted_proxies: &[IpNet]) {
    static SAID: AtomicBool = AtomicBool::new(false);
    let is_forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
    let peer = peer.to_canonical();
    if is_forwarded
        && !trusted_proxies.iter().any(|network| network.contains(&peer))
        && !SAID.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(
            %peer,
            "a request came through a proxy that is not trusted, so its clients count as one; \
             if the proxy is yours, start the server with --trust-proxy and its network"
        );
    }
}

/// Which queue a request stands in. The writes of those who prove nothing have one of their own; `App` tells them apart.
fn lane(method: &Method) -> Lane {
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => Lane::Reads,
        _ => Lane::Writes,
    }
}

/// Replaces an answer that carries a problem by the problem's document.
fn written(mut response: Response, request_id: &str, is_for_the_public: bool) -> Response {
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) if is_for_the_public => problem.for_the_public().into_document(request_id),
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

/// What every answer has: how long it may be kept, what a browser may do with it, and the id of its request.
pub(crate) fn dress(headers: &mut HeaderMap, request_id: &str, method: &Method, is_personal: bool) {
    // `no-cache` lets a client keep the answer, but it must validate it before each use. What staff sees is kept by nobody else.
    let caching = match (headers.contains_key(ETAG) && matches!(*method, Method::GET | Method::HEAD), is_personal) {
        (false, _) => "no-store",
        (true, false) => "no-cache",
        (true, true) => "private, no-cache",
    };
    // A photo, which never changes, says so itself.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static(caching));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The page of a sign-in link says otherwise.
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    // An answer is data. Shown as a page it runs nothing, loads nothing and stands in no frame.
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(CONTENT_SECURITY_POLICY, nothing);
    }
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
