//! `GET /healthz`: the process answers. `GET /readyz`: its database answers too and has the right schema.
//!
//! Neither waits at the gate: a server that is overloaded is not ill.

use std::{sync::Arc, time::Duration};

use jpauto::{Dealership, ErrorCode};
use serde::Serialize;
use tokio::{sync::Semaphore, time::timeout};
use utoipa::ToSchema;
use warp::http::StatusCode;

use crate::{
    answer,
    app::App,
    operation::{Answer, Operation, Outcome, handler, shape},
    problem::Problem,
    request::Request,
};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/healthz", handler!(health))
        .untagged()
        .summary("Whether the process answers")
        .answers(&[Answer::ok(shape::<Health>())]),
    Operation::get("/readyz", handler!(readiness))
        .untagged()
        .summary("Whether the database answers and has the right schema")
        .answers(&[Answer::ok(shape::<Ready>())])
        .errors(&[
            ErrorCode::DatabaseUnavailable,
            ErrorCode::DatabaseOutdated,
            ErrorCode::DatabaseNewer,
            ErrorCode::DeadlinePassed,
        ]),
];

#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`.
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
struct Ready {
    /// `ready`.
    status: &'static str,
    /// `used`, or `unused` where its reads go to the primary; nothing where no standby is configured.
    standby: Option<&'static str>,
}

async fn health(_app: App, _request: Request) -> Outcome {
    answer::json(StatusCode::OK, &Health { status: "ok" })
}

async fn readiness(app: App, _request: Request) -> Outcome {
    app.check_ready().await.map_err(Problem::into_unavailable)?;
    let standby = app.dealership().standby_use();
    let standby = standby.map(|standby| if standby.is_used { "used" } else { "unused" });
    answer::json(StatusCode::OK, &Ready { status: "ready", standby })
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
