//! `GET /healthz`: the process answers. `GET /readyz`: its database answers too and has the right schema.
//!
//! Neither waits at the gate: a server that is overloaded is not ill.

use std::{sync::Arc, time::Duration};

use jpauto::{Dealership, ErrorCode};
use serde_json::json;
use tokio::{sync::Semaphore, time::timeout};
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

async fn ready(app: &App) -> Result<Response, Problem> {
    app.check_ready().await.map_err(Problem::into_unavailable)?;
    app::json(StatusCode::OK, &json!({"status": "ready"}))
}

/// How long a client waits for the database's answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the database, one question at a time.
#[derive(Debug)]
pub(crate) struct Readiness {
    turn: Arc<Semaphore>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)) }
    }
}

impl Readiness {
    pub(crate) async fn check(&self, dealership: &Dealership) -> Result<(), Problem> {
        let (turn, dealership) = (Arc::clone(&self.turn), dealership.clone());
        let asked = async move {
            // The turn is kept until the question is answered, so that a database that hangs occupies one thread.
            let turn = turn.acquire_owned().await.map_err(|_closed| Problem::internal())?;
            let question = move || {
                let _turn = turn;
                dealership.check_ready()
            };
            tokio::task::spawn_blocking(question).await.map_err(|_panicked| Problem::internal())?.map_err(Problem::from)
        };
        timeout(PATIENCE, asked).await.unwrap_or_else(|_elapsed| {
            Err(Problem::new(ErrorCode::DeadlinePassed, "the database did not answer in time"))
        })
    }
}
