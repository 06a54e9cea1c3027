//! `GET /healthz`: the process answers. `GET /readyz`: its database does, too, and has the schema that it needs.
//!
//! What is deliberately not here: numbers about the load.

use serde_json::json;
use warp::{Filter, Rejection, http::StatusCode, reply::Response};

use crate::{
    app::{self, App},
    problem::Problem,
};

pub(crate) fn routes(app: &App) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone + use<> {
    let app = app.clone();
    let health = warp::path!("healthz")
        .and(warp::get())
        .map(|| app::answer(app::json(StatusCode::OK, &json!({"status": "ok"}))));
    let readiness = warp::path!("readyz").and(warp::get()).then(move || {
        let app = app.clone();
        async move { app::answer(ready(&app).await) }
    });
    health.or(readiness).unify()
}

/// Asks through the gate: a server that has no worker left is not ready for more.
async fn ready(app: &App) -> Result<Response, Problem> {
    app.with_dealership(jpauto::Dealership::check_ready).await.map_err(Problem::into_unavailable)?;
    app::json(StatusCode::OK, &json!({"status": "ready"}))
}
