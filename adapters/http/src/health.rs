//! `GET /healthz`: the process answers. `GET /readyz`: its database answers too and has the right schema.

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

/// Asks through the gate, so a server without a free worker is not ready.
async fn ready(app: &App) -> Result<Response, Problem> {
    app.with_dealership(jpauto::Dealership::check_ready).await.map_err(Problem::into_unavailable)?;
    app::json(StatusCode::OK, &json!({"status": "ready"}))
}
