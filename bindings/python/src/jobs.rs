//! Jobs and their runs: `lot.jobs`.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use jpauto::{
    CompetitorId, RunId,
    jobs::{self, Job, RunFilter, RunOptions},
};
use pyo3::prelude::*;
use uuid::Uuid;

use crate::{
    input,
    lot::Handle,
    progress::Observer,
    query::Query,
    record::{Document, Told, UsuallyWord as _, record},
    typed, unicode, whole,
};

record! {
    /// How far a run has come.
    RunProgress of jobs::RunProgress {
        () {
            /// Items that are done, failed ones included.
            done: usize,
            /// Of how many, where that is known.
            total: Option<usize>,
            /// Of those that are done, the ones that failed.
            failed: usize,
            /// What is being done.
            message: Option<String>,
        }
    }
}

record! {
    /// A run of a job.
    Run of jobs::Run {
        () {
            /// The run's id.
            id: Uuid,
            /// The job's name; older applications may have written other names.
            job_name: String = [job_name.usually::<jobs::RunKind>()],
            /// How it stands: `running`, `success`, `partial`, `failure` or `unknown`.
            status: &'static str,
            /// When it began.
            started_at: Option<DateTime<Utc>>,
            /// When it ended.
            completed_at: Option<DateTime<Utc>>,
            /// How long it took, in milliseconds.
            duration_ms: Option<i32>,
            /// What it did.
            result: Option<Document>,
            /// Why it failed: `interrupted`, `cancelled`, or the code and the message of an error.
            error: Option<String>,
            /// The time of its schedule that it answers to; `None` where somebody asked for it.
            scheduled_for: Option<DateTime<Utc>>,
            /// The user who asked for it, also through a token; `None` for the program itself.
            requested_by: Option<Uuid>,
            /// The API token that it was asked for through.
            token_id: Option<Uuid>,
            /// The client that it was asked for with, such as the command line.
            user_agent: Option<String>,
            /// What it was to do otherwise than by itself.
            options: Option<Document>,
            /// How far it has come.
            progress: Option<RunProgress>,
            /// When somebody asked for its end.
            cancel_requested_at: Option<DateTime<Utc>>,
            /// The process that makes it, or made it.
            holder: Option<String>,
        }
    }
}

record! {
    /// A job, its schedule and its last run.
    JobOverview of jobs::JobOverview {
        () {
            /// The job's name.
            name: &'static str,
            /// Whether it runs by its schedule.
            enabled: bool,
            /// What is not configured and keeps the job from running.
            missing: Option<String>,
            /// Why it runs nowhere on this database, whatever is configured.
            unavailable: Option<String>,
            /// Its schedule as a cron expression.
            cron: String,
            /// The time zone of the schedule.
            time_zone: String,
            /// When it runs next; `None` where it does not run by its schedule.
            next_run_at: Option<DateTime<Utc>>,
            /// The time of the schedule that no worker has answered to yet.
            due_since: Option<DateTime<Utc>>,
            /// Its last run.
            last_run: Option<Run>,
        }
    }
}

impl Told<RunOptions> for Document {
    fn told(options: RunOptions) -> Self {
        Self::of(&options)
    }

    fn annotation() -> Option<String> {
        Some("dict[str, Any]".to_owned())
    }
}

/// Jobs, their schedules and their runs.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Jobs {
    handle: Handle,
}

impl Jobs {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }

    /// Runs jobs and tells how far they have come.
    fn observed<T: Send>(
        &self,
        py: Python<'_>,
        progress: Option<&Bound<'_, PyAny>>,
        run: impl FnOnce(&jpauto::Jobs<'_>, &mut dyn FnMut(&jobs::RunProgress) -> ControlFlow<()>) -> jpauto::Result<T>
        + Send,
    ) -> PyResult<T> {
        let mut observer = Observer::of(progress, "steps")?;
        let outcome =
            self.handle.run(py, |desk| run(&desk.jobs(), &mut |at| observer.tell::<RunProgress, _>(at.clone())));
        observer.ended(py, outcome)
    }
}

#[pymethods]
impl Jobs {
    /// All jobs, each with its schedule, its last run and its next one.
    fn list(&self) -> Query {
        Query::of_all::<JobOverview, _>(&self.handle, |desk| desk.jobs().list())
    }

    /// Runs a job now, due or not, and returns how the run ended. That it failed raises nothing: see `status` and `error`.
    ///
    /// `progress` is called with each step, and `True` shows a bar; `False` or an exception ends the run as interrupted, and so does Ctrl-C.
    ///
    /// Raises `NotFound` (`job_not_found`, `competitor_not_found`), `Conflict` (`job_running`), `InvalidInput`
    /// (`invalid_run_options`), `Refused` (`not_configured`).
    #[pyo3(signature = (job, *, competitor_id = None, all = false, limit = None, dry_run = false, progress = None))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn run(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::job)] job: &str,
        competitor_id: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = typed::all)] all: bool,
        #[pyo3(from_py_with = whole::limit)] limit: Option<u32>,
        #[pyo3(from_py_with = typed::dry_run)] dry_run: bool,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Run> {
        let job: Job = input::word(py, job)?;
        let mut options = RunOptions::default();
        options.competitor_id =
            competitor_id.map(|id| input::uuid("competitor_id", id).map(CompetitorId::from_uuid)).transpose()?;
        (options.all, options.limit, options.dry_run) = (all, limit, dry_run);
        self.observed(py, progress, |jobs, observer| jobs.run(job, &options, observer)).map(Run::told)
    }

    /// Runs every job that is due, one after the other, and returns the runs as they ended.
    ///
    /// A time of a schedule is answered to once, by one process; of those that were missed, the latest is made up.
    #[pyo3(signature = (*, progress = None))]
    fn run_due(&self, py: Python<'_>, progress: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<Run>> {
        let runs = self.observed(py, progress, |jobs, observer| jobs.run_due(observer))?;
        Ok(runs.into_iter().map(Run::told).collect())
    }

    /// The runs, newest first. `job` chooses those of one kind: of a job, or the imports of a server (`import_vehicles`).
    #[pyo3(signature = (*, job = None, status = None, limit = None))]
    fn history(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::job)] job: Option<&str>,
        #[pyo3(from_py_with = unicode::status)] status: Option<&str>,
        #[pyo3(from_py_with = whole::limit)] limit: Option<usize>,
    ) -> PyResult<Query> {
        let mut filter = RunFilter::default();
        filter.kind = input::optional_word(py, job)?;
        filter.status = input::optional_word(py, status)?;
        Ok(Query::of::<Run, _>(&self.handle, limit, move |desk, page| desk.jobs().history(&filter, page)))
    }

    /// One run. Raises `NotFound` (`run_not_found`).
    fn get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Run> {
        let id = RunId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.jobs().get(id)).map(Run::told)
    }

    /// The run of this id, or the only one whose id begins so.
    ///
    /// Raises `NotFound` (`run_not_found`), `InvalidInput` (`ambiguous_reference`, naming the candidates).
    fn find(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> PyResult<Run> {
        self.handle.run(py, |desk| desk.jobs().find(text)).map(Run::told)
    }

    /// Asks for the end of a run, whichever process makes it. It ends at its next step.
    ///
    /// Raises `NotFound` (`run_not_found`), `Conflict` (`run_over`).
    fn cancel(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> PyResult<Run> {
        let id = RunId::from_uuid(input::uuid("id", id)?);
        self.handle.run(py, |desk| desk.jobs().cancel(id)).map(Run::told)
    }
}
