//! A run while it is made: its lease is kept, its progress written down, its end noticed.
//!
//! The operations run on the caller's thread. A second thread looks after the row: it renews the lease three times in the time of one,
//! writes the progress where it has changed, and looks whether somebody has cancelled the run, in another process perhaps. The
//! operations notice at their next step. A run that has lost its lease ends as interrupted, whatever it did by then.

use std::{
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Job, Run, RunOptions, RunProgress, RunStatus, Stop, bodies,
    config::Timetable,
    imports, repository,
    rules::{self, Done, End, StopCause},
};
use crate::{
    actor::Permission,
    alerts::{self, AlertType, NewAlert, Severity},
    db::{DbConnection, DbResult},
    desk::Desk,
    error::{Error, ErrorCode, Result},
    leases,
};

/// The pause before the end of a run is written again, where the database did not answer.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// A run that has begun and is to be made: [`StartedRun::work`] makes it. Dropped without that, it ends as interrupted.
pub struct StartedRun {
    pub(super) desk: Desk,
    pub(super) work: Work,
    pub(super) account: Arc<Account>,
}

/// What a run does.
pub(super) enum Work {
    Job(Job, RunOptions),
    Import(Box<imports::Task>),
}

impl Work {
    fn make(&mut self, desk: &Desk, steps: &mut Steps<'_>) -> Result<Done> {
        match self {
            Self::Job(job, options) => bodies::make(desk, *job, options, steps),
            Self::Import(task) => task.make(desk, steps),
        }
    }
}

/// What a run's row needs, apart from its operations. Only the one who ends the run first writes its end.
pub(super) struct Account {
    /// The program itself keeps account, also of the runs of a user who is deactivated meanwhile.
    desk: Desk,
    pub(super) run: Run,
    /// `None` for an import, of which a failure says nothing about a job.
    job: Option<Job>,
    lease: String,
    holder: String,
    span: Duration,
    shared: Shared,
    is_ended: AtomicBool,
}

impl StartedRun {
    /// The run, as it was when it began.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.account.run
    }

    /// Makes the run on this thread and answers how it ended. That it failed is no error of this call.
    ///
    /// The observer is called with each step. When it breaks, or the stop is asked for, the run ends as interrupted at its next
    /// step; what was done before stands.
    ///
    /// # Errors
    /// `no_thread`; as any write where its end could not be written. The run counts as interrupted once its lease has ended.
    pub fn work(mut self, stop: &Stop, observer: &mut dyn FnMut(&RunProgress) -> ControlFlow<()>) -> Result<Run> {
        let account = Arc::clone(&self.account);
        let timetable = self.desk.part::<Timetable>()?;
        let every = timetable.rules.progress_every.min(account.span / 3);
        let (shared, over) = (&account.shared, Stop::default());
        let outcome = thread::scope(|scope| {
            // Asked on every way out, a panic included: the scope waits for the thread.
            let _over = AskOnDrop(&over);
            let keeper = thread::Builder::new().name("jpauto-run".to_owned());
            keeper
                .spawn_scoped(scope, || account.keep(&over, every))
                .map_err(|reason| Error::new(ErrorCode::NoThread, "the system gives no thread").with_source(reason))?;
            let scheduled_for = account.run.scheduled_for;
            let mut steps = Steps { shared, stop, observer, scheduled_for, stopped: false };
            let make = || self.work.make(&self.desk, &mut steps);
            Ok::<_, Error>(catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_panic| Err(panicked())))
        })?;
        let end = match outcome {
            _ if shared.is_lost() => End::interrupted(),
            Ok(done) => {
                shared.count(&done);
                rules::end(done, shared.stop_cause())
            }
            Err(error) if shared.is_cancelled() && error.is(ErrorCode::ScrapeCancelled) => {
                rules::end(Done { stopped: true, ..Done::default() }, StopCause::Cancelled)
            }
            Err(error) if error.is(ErrorCode::ScrapeCancelled) => End::interrupted(),
            Err(error) => End::failed(as_kept(&error)),
        };
        account.end(end)
    }
}

impl Drop for StartedRun {
    fn drop(&mut self) {
        if let Err(error) = self.account.end(End::interrupted()) {
            tracing::warn!(run = %self.account.run.id, %error, "the end of a run could not be written");
        }
    }
}

impl std::fmt::Debug for StartedRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StartedRun").field("run", &self.account.run).finish_non_exhaustive()
    }
}

/// An error as a run keeps it.
pub(super) fn as_kept(error: &Error) -> String {
    format!("{}: {error}", error.code())
}

fn panicked() -> Error {
    Error::new(ErrorCode::JobPanicked, "the job stopped at a fault of this program")
}

impl Account {
    pub(super) fn new(desk: Desk, run: Run, job: Option<Job>, lease: String, span: Duration) -> Self {
        let holder = run.holder.clone().unwrap_or_default();
        Self { desk, run, job, lease, holder, span, shared: Shared::default(), is_ended: AtomicBool::new(false) }
    }

    /// Looks after the row until the operations have returned.
    fn keep(&self, over: &Stop, every: Duration) {
        let shared = &self.shared;
        let mut renewed_at = Instant::now();
        let mut written = None;
        loop {
            over.sleep(every);
            if over.is_asked() {
                return;
            }
            let progress = shared.progress().clone().filter(|progress| written.as_ref() != Some(progress));
            let renew = renewed_at.elapsed() >= self.span / 3 - every / 2;
            let begun_at = Instant::now();
            match self.look_after(progress.as_ref(), renew) {
                Ok(Seen { is_held, is_to_end }) => {
                    if renew && is_held {
                        renewed_at = begun_at;
                    }
                    written = progress.or(written);
                    shared.note(!is_held, is_to_end);
                }
                Err(error) => tracing::warn!(run = %self.run.id, %error, "a run could not be looked after"),
            }
            if renewed_at.elapsed() >= self.span {
                shared.note(true, false);
            }
        }
    }

    fn look_after(&self, progress: Option<&RunProgress>, renew: bool) -> Result<Seen> {
        let id = self.run.id;
        if progress.is_none() && !renew {
            let is_to_end = self.desk.read(Permission::ReadJobs, |conn| repository::is_to_end(conn, id))?;
            return Ok(Seen { is_held: true, is_to_end });
        }
        self.desk.write(Permission::RunJobs, |conn, _acting| {
            let now = leases::shared_now(conn, self.desk.clock())?;
            let mut is_held = true;
            if renew {
                let renewed = leases::renew(conn, &[&self.lease], &self.holder, now, until(now, self.span))?;
                is_held = !renewed.is_empty();
            }
            if let Some(progress) = progress {
                repository::note_progress(conn, id, progress)?;
            }
            Ok(Seen { is_held, is_to_end: repository::is_to_end(conn, id)? })
        })
    }

    /// Writes the end of the run and gives its lease back, and answers the run as it is stored then. Where the database does not
    /// answer, it is tried for as long as the lease lasts.
    pub(super) fn end(&self, end: End) -> Result<Run> {
        if self.is_ended.swap(true, Ordering::AcqRel) {
            return self.desk.read(Permission::ReadJobs, |conn| repository::get(conn, self.run.id));
        }
        let begun_at = Instant::now();
        let end = end.at(self.shared.progress().clone());
        loop {
            match self.write_end(&end) {
                Err(error) if error.is_transient() && begun_at.elapsed() < self.span => {
                    tracing::info!(run = %self.run.id, %error, "the end of a run waits for the database");
                    thread::sleep(RETRY_PAUSE);
                }
                outcome => return outcome,
            }
        }
    }

    fn write_end(&self, end: &End) -> Result<Run> {
        self.desk.write(Permission::RunJobs, |conn, _acting| {
            let now = leases::shared_now(conn, self.desk.clock())?;
            let was_held = leases::release(conn, &self.lease, &self.holder, now)?;
            let interrupted = End { result: end.result.clone(), ..End::interrupted() };
            let interrupted = interrupted.at(self.shared.progress().clone());
            let end = if was_held { end } else { &interrupted };
            let was_running = repository::end(conn, (self.run.id, self.run.started_at), end, now)?;
            if let Some(job) = self.job.filter(|_| was_running && !self.is_of_one()) {
                judge(conn, job, end, now)?;
            }
            repository::get(conn, self.run.id)
        })
    }

    /// Whether the run is about one item alone, of which a failure says nothing about the job.
    fn is_of_one(&self) -> bool {
        is_of_one(self.run.options.as_ref())
    }
}

pub(super) fn is_of_one(options: Option<&RunOptions>) -> bool {
    options.is_some_and(|options| options.competitor_id.is_some())
}

pub(super) fn until(now: DateTime<Utc>, span: Duration) -> DateTime<Utc> {
    now + TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX / 2)
}

/// Opens the alert of a job that failed, and closes it when the job succeeds again.
pub(super) fn judge(conn: &mut DbConnection, job: Job, end: &End, now: DateTime<Utc>) -> DbResult<()> {
    let error = end.error.as_deref().unwrap_or_default();
    match end.status {
        RunStatus::Success | RunStatus::Partial => {
            let over = |alert: &alerts::Alert| format!("{} It has run since.", alert.message);
            alerts::close(conn, &[AlertType::JobFailing], job.subject(), &over, now)
        }
        RunStatus::Failure if error != Run::CANCELLED => {
            let alert = NewAlert {
                alert_type: AlertType::JobFailing,
                severity: Severity::Warning,
                message: format!("The job {job} failed: {error}."),
                metadata: serde_json::json!({"job": job, "error": error}),
                subject_id: Some(job.subject()),
            };
            alerts::open(conn, &alert, now)
        }
        RunStatus::Failure | RunStatus::Running | RunStatus::Unknown => Ok(()),
    }
}

/// What was seen of a run's row.
struct Seen {
    is_held: bool,
    is_to_end: bool,
}

/// What the two threads of a run tell one another.
#[derive(Default)]
struct Shared {
    progress: Mutex<Option<RunProgress>>,
    is_lost: AtomicBool,
    is_cancelled: AtomicBool,
}

impl Shared {
    fn progress(&self) -> MutexGuard<'_, Option<RunProgress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what was done since the last step, where there is a number of items.
    fn count(&self, all: &Done) {
        if let Some(RunProgress { done, total: Some(total), failed, .. }) = &mut *self.progress() {
            *done = (*done).max(all.succeeded + all.failed).min(*total);
            *failed = (*failed).max(all.failed);
        }
    }

    fn note(&self, is_lost: bool, is_to_end: bool) {
        self.is_lost.fetch_or(is_lost, Ordering::Relaxed);
        self.is_cancelled.fetch_or(is_to_end, Ordering::Relaxed);
    }

    fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    fn stop_cause(&self) -> StopCause {
        if self.is_cancelled() { StopCause::Cancelled } else { StopCause::Interrupted }
    }
}

/// Where the operations of a run report their steps.
pub(super) struct Steps<'a> {
    shared: &'a Shared,
    stop: &'a Stop,
    observer: &'a mut dyn FnMut(&RunProgress) -> ControlFlow<()>,
    /// The time of the schedule that the run answers to.
    pub(super) scheduled_for: Option<DateTime<Utc>>,
    /// Whether the observer has broken.
    stopped: bool,
}

impl Steps<'_> {
    /// Notes a step. Breaks where the run is to end.
    pub(super) fn reach(&mut self, progress: RunProgress) -> ControlFlow<()> {
        self.stopped |= (self.observer)(&progress).is_break();
        *self.shared.progress() = Some(progress);
        self.go_on()
    }

    /// Breaks where the run is to end.
    pub(super) fn go_on(&self) -> ControlFlow<()> {
        let is_over = self.stopped || self.stop.is_asked() || self.shared.is_lost() || self.shared.is_cancelled();
        if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

struct AskOnDrop<'a>(&'a Stop);

impl Drop for AskOnDrop<'_> {
    fn drop(&mut self) {
        self.0.ask();
    }
}
