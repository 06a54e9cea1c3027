//! What every handler needs: the dealership behind its gate. Here is also the filter that all requests go through.

use std::sync::Arc;

use bytes::Buf;
use futures_util::{Stream, StreamExt as _};
use jpauto::{Dealership, Desk, SessionConfig};
use warp::{Filter, Rejection, reply::Response};

use crate::{
    body::BodyLimits,
    caller::Caller,
    gate::{Gate, GateLimits, GateState},
    health::Readiness,
    problem::Problem,
    request::{BodyStream, Request},
    routes,
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

    pub(crate) fn dealership(&self) -> &Dealership {
        &self.shared.dealership
    }

    /// What the gate does now.
    pub(crate) fn gate_state(&self) -> GateState {
        self.shared.gate.now()
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

    /// Calls the library as the public from the caller's address, whatever credential was sent.
    pub(crate) async fn as_visitor<T: Send + 'static>(
        &self,
        caller: &Caller,
        work: impl FnOnce(&Desk) -> jpauto::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let (visitor, dealership) = (caller.visitor(), self.shared.dealership.clone());
        Ok(self.shared.gate.run(caller.lane, move || work(&dealership.acting_as(visitor))).await??)
    }

    /// How sessions are signed, if people can sign in.
    pub(crate) fn sessions(&self) -> Option<&SessionConfig> {
        self.shared.dealership.config().sessions.as_ref()
    }

    /// Whether the database answers and has the right schema. It does not wait at the gate.
    pub(crate) async fn check_ready(&self) -> Result<(), Problem> {
        self.shared.readiness.check(&self.shared.dealership).await
    }
}

/// The whole API. It answers every request.
pub(crate) fn api(app: &App) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + Send + Sync + 'static {
    let app = app.clone();
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::any()
        .map(move || app.clone())
        .and(warp::method())
        .and(warp::path::full())
        .and(warp::ext::get::<Caller>())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream().map(boxed))
        .then(|app: App, method, path: warp::path::FullPath, caller, query, headers, body| async move {
            let request = Request::new(caller, path.as_str(), query, headers, body, *app.body_limits());
            routes::answer(app, method, path.as_str(), request).await
        })
        .boxed()
}

fn boxed(body: impl Stream<Item = Result<impl Buf, warp::Error>> + Send + 'static) -> BodyStream {
    Box::pin(body.map(|chunk| chunk.map(|mut chunk| chunk.copy_to_bytes(chunk.remaining()))))
}
