//! `/api/jobs`: jobs and their runs, and the long operations of other nouns, each of which is a run.

use std::time::Duration;

use jpauto::{
    CompetitorId, ErrorCode, Permission, RunId,
    jobs::{Job, JobOverview, Run, RunFilter, RunKind, RunOptions, RunStatus},
};
use serde::Serialize;
use utoipa::ToSchema;
use warp::{
    Reply as _,
    http::{HeaderName, StatusCode},
};

use crate::{
    answer,
    app::App,
    background::END,
    operation::{Answer, Content, Operation, Outcome, Parameter, handler, page_of, plain, shape, word},
    query::PAGE,
    request::Request,
};

/// What beginning a run may answer with.
const BEGIN: &[ErrorCode] = &[
    ErrorCode::JobNotFound,
    ErrorCode::JobRunning,
    ErrorCode::InvalidRunOptions,
    ErrorCode::CompetitorNotFound,
    ErrorCode::NotConfigured,
    ErrorCode::JobNotHere,
    ErrorCode::RunsFull,
    ErrorCode::NoThread,
];

/// What is said of all of them.
const ABOUT_RUNS: &str = "The answer comes when the run has begun. The run goes on in the background and is looked at under \
                          `Location`, followed by its events, or cancelled.";

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/api/jobs", handler!(list))
        .permission(Permission::ReadJobs)
        .summary("List jobs")
        .about("Each with its schedule, its last run and its next one.")
        .answers(&[Answer::ok(page_of::<JobOverview>())]),
    Operation::post("/api/jobs/{job}/run", handler!(run))
        .permission(Permission::RunJobs)
        .summary("Run a job now")
        .about(ABOUT_RUNS)
        .body(shape::<RunOptions>())
        .answers(&[Answer::accepted(shape::<BegunRun>())])
        .repeatable()
        .errors(BEGIN),
    Operation::get("/api/jobs/runs", handler!(history))
        .permission(Permission::ReadJobs)
        .summary("List runs")
        .about("The newest first.")
        .query(&[FILTER, PAGE])
        .answers(&[Answer::ok(page_of::<Run>())]),
    Operation::get("/api/jobs/runs/{id}", handler!(get))
        .permission(Permission::ReadJobs)
        .summary("Get a run")
        .answers(&[Answer::ok(shape::<Run>())])
        .errors(&[ErrorCode::RunNotFound]),
    Operation::get("/api/jobs/runs/{id}/events", handler!(events))
        .untagged()
        .permission(Permission::ReadJobs)
        .summary("Follow a run")
        .about(
            "Server-sent events. `progress` comes when the run has come further, and `end` once, after which the stream ends. The \
             data of each is the run.",
        )
        .answers(&[
            Answer::other(StatusCode::OK, "The events.", Content::Other("text/event-stream")),
            Answer::nothing("There are no more: `Last-Event-ID` is that of `end`. A browser does not ask again."),
        ])
        .errors(&[ErrorCode::RunNotFound, ErrorCode::StreamsFull]),
    Operation::post("/api/jobs/runs/{id}/cancel", handler!(cancel))
        .permission(Permission::RunJobs)
        .summary("Cancel a run")
        .about("It ends at its next step, whichever process makes it. What it did by then stands.")
        .answers(&[Answer::ok(shape::<Run>())])
        .errors(&[ErrorCode::RunNotFound, ErrorCode::RunOver]),
    Operation::post("/api/competitors/scrape_due", handler!(scrape_due))
        .permission(Permission::RunJobs)
        .summary("Scrape the competitors that are due")
        .about(ABOUT_RUNS)
        .answers(&[Answer::accepted(shape::<BegunRun>())])
        .repeatable()
        .errors(BEGIN),
    Operation::post("/api/competitors/{id}/scrape", handler!(scrape))
        .permission(Permission::RunJobs)
        .summary("Scrape a competitor")
        .about(ABOUT_RUNS)
        .answers(&[Answer::accepted(shape::<BegunRun>())])
        .repeatable()
        .errors(BEGIN),
    Operation::post("/api/market/analyze", handler!(analyze_due))
        .permission(Permission::RunJobs)
        .summary("Price vehicles against the market")
        .about(ABOUT_RUNS)
        .query(&[ALL])
        .answers(&[Answer::accepted(shape::<BegunRun>())])
        .repeatable()
        .errors(BEGIN),
];

/// The id of the last event that a browser has seen, when it asks again.
const LAST_EVENT_ID: &str = "last-event-id";

const FILTER: &[Parameter] = &[
    Parameter::new("job", word::<RunKind>(), "Of this job, or of `import_vehicles`."),
    Parameter::new("status", word::<RunStatus>(), "Of this status."),
];

const ALL: &[Parameter] = &[Parameter::new("all", plain::<bool>(), "Every unsold vehicle, due or not.")];

/// A run that has begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct BegunRun {
    pub(crate) run: Run,
}

/// All jobs: a list without a next page.
#[derive(Serialize)]
struct Jobs {
    items: Vec<JobOverview>,
    next: Option<String>,
}

/// How often a stream without events says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Tells nginx to pass events on as they come.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

async fn list(app: App, request: Request) -> Outcome {
    let items = app.at_desk(&request.caller, |desk| desk.jobs().list()).await?;
    answer::one(&Jobs { items, next: None })
}

async fn run(app: App, request: Request) -> Outcome {
    let name: String = request.segment("job")?;
    let job: Job = name.parse()?;
    let options: RunOptions = request.json().await?;
    begin(&app, &request, job, options).await
}

async fn scrape_due(app: App, request: Request) -> Outcome {
    begin(&app, &request, Job::CompetitorScrape, RunOptions::default()).await
}

async fn scrape(app: App, request: Request) -> Outcome {
    let id: CompetitorId = request.id()?;
    begin(&app, &request, Job::CompetitorScrape, RunOptions::competitor(id)).await
}

async fn analyze_due(app: App, request: Request) -> Outcome {
    let all = request.query(|query| query.truth("all"))?;
    let options = if all == Some(true) { RunOptions::all() } else { RunOptions::default() };
    begin(&app, &request, Job::MarketResearch, options).await
}

/// Begins a run in the background.
async fn begin(app: &App, request: &Request, job: Job, options: RunOptions) -> Outcome {
    let pool = app.background().pool();
    let run = app.at_desk(&request.caller, move |desk| desk.jobs().run_in(&pool, job, &options)).await?;
    answer::accepted(&format!("/api/jobs/runs/{}", run.id), &BegunRun { run })
}

async fn history(app: App, request: Request) -> Outcome {
    let (filter, page) = request.query(|query| {
        let mut filter = RunFilter::default();
        (filter.kind, filter.status) = (query.word("job"), query.word("status"));
        (filter, query.page())
    })?;
    let runs = app.at_desk(&request.caller, move |desk| desk.jobs().history(&filter, &page)).await?;
    answer::page(&request, &runs)
}

async fn get(app: App, request: Request) -> Outcome {
    let id: RunId = request.id()?;
    let run = app.at_desk(&request.caller, move |desk| desk.jobs().get(id)).await?;
    answer::one(&run)
}

async fn events(app: App, request: Request) -> Outcome {
    let id: RunId = request.id()?;
    let run = app.at_desk(&request.caller, move |desk| desk.jobs().get(id)).await?;
    let has_seen_all = request.headers.get(LAST_EVENT_ID).is_some_and(|last| last == END);
    if has_seen_all && !run.is_running() {
        return answer::nothing();
    }
    let events = app.background().events(app.clone(), request.caller.clone(), run)?;
    let response = warp::sse::reply(warp::sse::keep_alive().interval(HEARTBEAT).stream(events)).into_response();
    Ok(answer::with_header(response, X_ACCEL_BUFFERING, "no"))
}

async fn cancel(app: App, request: Request) -> Outcome {
    let id: RunId = request.id()?;
    let run = app.at_desk(&request.caller, move |desk| desk.jobs().cancel(id)).await?;
    answer::done(&run)
}
