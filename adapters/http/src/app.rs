//! What every handler needs: the dealership behind its gate, the filters that pass it in, and JSON answers.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use jpauto::{Dealership, Desk};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use warp::{
    Filter, Rejection, Reply as _,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, ETAG},
    },
    reply::Response,
};

use crate::{
    caller::Caller,
    gate::{Gate, GateLimits},
    health::{self, Readiness},
    inventory,
    problem::Problem,
    request::BodyLimits,
    routes, submissions, tokens,
};

/// The open dealership and its gate. It is cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    shared: Arc<Shared>,
}

struct Shared {
    dealership: Dealership,
    gate: Gate,
    readiness: Readiness,
    body: BodyLimits,
}

impl App {
    pub(crate) fn new(dealership: Dealership, gate: GateLimits, body: BodyLimits) -> Self {
        Self { shared: Arc::new(Shared { dealership, gate: Gate::new(gate), readiness: Readiness::default(), body }) }
    }

    pub(crate) fn body_limits(&self) -> &BodyLimits {
        &self.shared.body
    }

    /// Calls the library as the caller, through the gate. The caller's credential is looked up first.
    pub(crate) async fn at_desk<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Desk) -> jpauto::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let (lane, caller, dealership) = (caller.lane, caller.clone(), self.shared.dealership.clone());
        let work = move || work(&dealership.acting_as(caller.authenticate(&dealership)?));
        Ok(self.shared.gate.run(lane, work).await??)
    }

    /// Whether the database answers and has the right schema. It does not wait at the gate.
    pub(crate) async fn check_ready(&self) -> Result<(), Problem> {
        self.shared.readiness.check(&self.shared.dealership).await
    }
}

/// The whole API. It answers every request: the last filter takes what no handler takes.
pub(crate) fn api(app: &App) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    health::routes(app)
        .or(inventory::routes(app))
        .unify()
        .or(submissions::routes(app))
        .unify()
        .or(tokens::routes(app))
        .unify()
        .or(otherwise())
        .unify()
        .boxed()
}

fn otherwise() -> impl Filter<Extract = (Response,), Error = Infallible> + Clone {
    warp::method()
        .and(warp::path::full())
        .map(|method, path: warp::path::FullPath| routes::answer_without_handler(&method, path.as_str()))
}

/// Passes the application and the caller to a handler.
pub(crate) fn called(app: &App) -> impl Filter<Extract = (App, Caller), Error = Rejection> + Clone + use<> {
    let app = app.clone();
    warp::any().map(move || app.clone()).and(warp::ext::get::<Caller>())
}

/// Passes the query to a handler as it was sent. Without a query it is empty.
pub(crate) fn query() -> impl Filter<Extract = (String,), Error = Infallible> + Copy {
    warp::query::raw().or(warp::any().map(String::new)).unify()
}

/// The response for the result of a handler.
pub(crate) fn answer(outcome: Result<Response, Problem>) -> Response {
    outcome.unwrap_or_else(Problem::into_response)
}

/// A JSON answer that clients must not keep.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Result<Response, Problem> {
    Ok(with_json(status, text_of(value)?))
}

/// A JSON answer that a client may keep and validate with its `ETag`.
///
/// The tag is weak because the same answer is sent compressed and uncompressed.
pub(crate) fn json_with_tag(value: &impl Serialize) -> Result<Response, Problem> {
    let text = text_of(value)?;
    let hash = Sha256::digest(&text);
    let mut tag = String::from("W/\"");
    tag.extend(hash.iter().take(16).map(|byte| format!("{byte:02x}")));
    tag.push('"');
    let mut response = with_json(StatusCode::OK, text);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

fn text_of(value: &impl Serialize) -> Result<Bytes, Problem> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|reason| {
        tracing::error!(%reason, "an answer could not be written");
        Problem::internal()
    })
}

fn with_json(status: StatusCode, text: Bytes) -> Response {
    let mut response = warp::http::Response::new(text).into_response();
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
