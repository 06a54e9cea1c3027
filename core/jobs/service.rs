//! The operations on jobs and their runs. `worker` has those that start what is due.

pub(super) mod worker;

use std::{ops::ControlFlow, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    Job, JobOverview, Run, RunFilter, RunOptions, RunPool, RunProgress, RunStatus, StartedRun, Stop,
    config::Timetable,
    imports::{self, FileImport},
    repository,
    rules::{self, End, Hindrance},
    running::{self, Account, Work},
};
use crate::{
    activity::{self, Action},
    actor::{Actor, Permission},
    db::{DbConnection, DbResult},
    desk::{Acting, Desk},
    error::{Error, ErrorCode, Result},
    exports::{ExportConfig, Platform},
    ids::RunId,
    inventory::import::ImportReport,
    leases::{self, Taken},
    notifications::{Event, Notifier},
    page::{Page, PageRequest},
    scrape::fetch::Fetcher,
    typed::Reference,
};

/// The audit trail names a run by its id.
const RESOURCE: &str = "jobs";

/// Jobs, their schedules and their runs.
#[derive(Clone, Copy, Debug)]
pub struct Jobs<'a> {
    desk: &'a Desk,
}

impl Desk {
    /// Jobs, their schedules and their runs.
    #[must_use]
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs::at(self)
    }
}

impl<'a> Jobs<'a> {
    fn at(desk: &'a Desk) -> Self {
        Self { desk }
    }

    /// All jobs, each with its schedule, its last run and its next one.
    ///
    /// ```
    /// use jpauto::{Actor, Dealership, jobs::Job};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let jobs = desk.jobs().list()?;
    /// assert!(jobs.iter().any(|job| job.name == Job::MarketResearch && job.cron == "0 0 */3 * *"));
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// `forbidden`.
    pub fn list(&self) -> Result<Vec<JobOverview>> {
        self.desk.must(Permission::ReadJobs)?;
        let timetable = self.timetable()?;
        self.desk.read(Permission::ReadJobs, |conn| {
            let now = leases::shared_now(conn, self.desk.clock())?;
            let done_until = repository::done_until(conn)?;
            let mut overviews = Vec::with_capacity(Job::ALL.len());
            for job in Job::ALL {
                let Some((configured, schedule)) = timetable.of(job) else { continue };
                let hindrance = self.hindrance(job)?;
                let enabled = configured.enabled && hindrance.is_none();
                let (missing, unavailable) = match hindrance {
                    None => (None, None),
                    Some(Hindrance::Missing(key)) => (Some(key), None),
                    Some(Hindrance::NotHere(reason)) => (None, Some(reason)),
                };
                let done = done_until.get(job.as_str());
                let mut last_run = repository::last(conn, job)?;
                repository::show_dead(conn, last_run.as_mut_slice(), now)?;
                overviews.push(JobOverview {
                    name: job,
                    enabled,
                    missing: missing.map(ToOwned::to_owned),
                    unavailable: unavailable.map(ToOwned::to_owned),
                    cron: configured.cron.clone(),
                    time_zone: timetable.rules.time_zone.clone(),
                    next_run_at: if enabled { schedule.next_after(now) } else { None },
                    due_since: done.filter(|_| enabled).and_then(|done| schedule.latest_between(*done, now)),
                    last_run,
                });
            }
            Ok(overviews)
        })
    }

    /// Begins a run of a job now, due or not. [`StartedRun::work`] makes it, on any thread.
    ///
    /// # Errors
    /// `job_running` while it is being made, by whichever process; `not_configured` for a job that lacks a part;
    /// `job_not_here` for one that runs on another database only; `invalid_run_options`; `competitor_not_found`; `forbidden`.
    pub fn start(&self, job: Job, options: &RunOptions) -> Result<StartedRun> {
        self.desk.must(job.permission())?;
        rules::check_options(job, options)?;
        match self.hindrance(job)? {
            None => {}
            Some(Hindrance::Missing(key)) => {
                return Err(Error::new(ErrorCode::NotConfigured, format!("the job {job} cannot run: configure {key}")));
            }
            Some(Hindrance::NotHere(reason)) => return Err(Error::new(ErrorCode::JobNotHere, reason)),
        }
        if let Some(id) = options.competitor_id {
            self.desk.competitors().get(id)?;
        }
        // It is refused within the transaction: a call that may be repeated is not done then.
        let run = self.desk.write(job.permission(), |conn, acting| {
            let message = || format!("the job {job} is running already, and one run of it is made at a time");
            let begun = self.begin(conn, acting, job, options, None)?;
            begun.ok_or_else(|| Error::new(ErrorCode::JobRunning, message()).into())
        })?;
        Ok(self.started_job(run, job, options))
    }

    /// Runs a job now on this thread, due or not, and answers how the run ended. That it failed is no error of this call.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use jpauto::{Actor, Dealership, jobs::{Job, RunOptions, RunStatus}};
    ///
    /// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
    /// let run = desk.jobs().run(Job::CleanUp, &RunOptions::dry_run(), &mut |_| ControlFlow::Continue(()))?;
    /// assert_eq!(run.status, RunStatus::Success);
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Jobs::start`] and [`StartedRun::work`].
    pub fn run(
        &self,
        job: Job,
        options: &RunOptions,
        observer: &mut dyn FnMut(&RunProgress) -> ControlFlow<()>,
    ) -> Result<Run> {
        self.start(job, options)?.work(&Stop::default(), observer)
    }

    /// Begins a run of a job now and makes it in the background, on a thread of the pool.
    ///
    /// # Errors
    /// As [`Jobs::start`]; `runs_full` while the pool makes as many runs as it may.
    pub fn run_in(&self, pool: &RunPool, job: Job, options: &RunOptions) -> Result<Run> {
        pool.make(|| self.start(job, options))
    }

    /// Imports a file in the background, on a thread of the pool. The run is looked at, followed and cancelled as that of a job; its
    /// result is the report, with the first 100 entries of each list. `told` is called once with the whole report, or with why there is
    /// none, unless the process ends before. Several imports are made at a time.
    ///
    /// # Errors
    /// `runs_full` while the pool makes as many runs as it may; `forbidden`.
    pub fn import_in(
        &self,
        pool: &RunPool,
        import: FileImport,
        told: impl FnOnce(Result<ImportReport>) + Send + 'static,
    ) -> Result<Run> {
        self.desk.must(Permission::WriteInventory)?;
        let task = imports::Task { import, told: Some(Box::new(told)) };
        pool.make(move || {
            // A lease of its own: no import keeps another one out.
            let lease = format!("{}{}:{}", rules::LEASES, imports::NAME, RunId::new(self.desk.now()));
            let run = self.desk.write(Permission::WriteInventory, |conn, acting| {
                let begun = self.begin_under(conn, acting, (imports::NAME, &lease), &RunOptions::default(), None)?;
                begun.ok_or_else(|| Error::new(ErrorCode::JobRunning, "another import has the same lease").into())
            })?;
            Ok(self.started(run, None, lease, Work::Import(Box::new(task))))
        })
    }

    /// A page of runs, newest first.
    ///
    /// # Errors
    /// `forbidden`; `invalid_cursor`.
    pub fn history(&self, filter: &RunFilter, page: &PageRequest) -> Result<Page<Run>> {
        self.desk.read(Permission::ReadJobs, |conn| {
            let mut runs = repository::list(conn, filter, page)?;
            let now = leases::shared_now(conn, self.desk.clock())?;
            repository::show_dead(conn, &mut runs.items, now)?;
            Ok(runs)
        })
    }

    /// One run.
    ///
    /// # Errors
    /// `run_not_found`.
    pub fn get(&self, id: RunId) -> Result<Run> {
        self.desk.read(Permission::ReadJobs, |conn| {
            let mut run = repository::get(conn, id)?;
            let now = leases::shared_now(conn, self.desk.clock())?;
            repository::show_dead(conn, std::slice::from_mut(&mut run), now)?;
            Ok(run)
        })
    }

    /// The run of this id, or the only one whose id begins so.
    ///
    /// # Errors
    /// `run_not_found`; `ambiguous_reference`, naming the candidates.
    pub fn find(&self, text: &str) -> Result<Run> {
        self.desk.must(Permission::ReadJobs)?;
        let reference = Reference::read(text).ok_or_else(repository::not_found)?;
        let found = self.desk.read(Permission::ReadJobs, |conn| repository::candidates(conn, &reference))?;
        let found = reference.only(found, repository::not_found, |run| (run.id.into(), run.job_name.clone()))?;
        self.get(found.id)
    }

    /// Asks for the end of a run, whichever process makes it. It ends at its next step, and what it did by then stands. Asking again
    /// changes nothing.
    ///
    /// # Errors
    /// `run_not_found`; `run_over` for a run that has ended; `forbidden`.
    pub fn cancel(&self, id: RunId) -> Result<Run> {
        self.desk.write(Permission::RunJobs, |conn, acting| {
            let mut run = repository::get_to_change(conn, id)?;
            if let Some(job) = run.job() {
                self.desk.authorize(conn, job.permission())?;
            }
            let now = leases::shared_now(conn, self.desk.clock())?;
            let mut shown = run.clone();
            repository::show_dead(conn, std::slice::from_mut(&mut shown), now)?;
            if !shown.is_running() {
                return Err(Error::new(ErrorCode::RunOver, "the run has ended").into());
            }
            if run.cancel_requested_at.is_none() {
                repository::ask_to_end(conn, id, now)?;
                run.cancel_requested_at = Some(now);
                let changes = changes_of(&[("job_name", json!(run.job_name))]);
                activity::record_changes(conn, acting, Action::Cancel, RESOURCE, id.into(), changes)?;
            }
            Ok(run)
        })
    }

    /// Begins a run within a transaction: takes its lease and writes its row. `None` while the lease is another run's, or where the
    /// time of the schedule has been answered to.
    fn begin(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        job: Job,
        options: &RunOptions,
        scheduled_for: Option<DateTime<Utc>>,
    ) -> DbResult<Option<Run>> {
        if let Some(time) = scheduled_for {
            let done = repository::done_until_to_change(conn, job)?;
            if done.is_none_or(|done| done >= time) {
                return Ok(None);
            }
        }
        let run =
            self.begin_under(conn, acting, (job.as_str(), &rules::lease(job, options)), options, scheduled_for)?;
        if let (Some(_), Some(time)) = (&run, scheduled_for) {
            repository::set_done_until(conn, job, time)?;
        }
        Ok(run)
    }

    /// The same for a run of this name under this lease, whenever its schedule was answered to.
    fn begin_under(
        &self,
        conn: &mut DbConnection,
        acting: Acting<'_>,
        (name, lease): (&str, &str),
        options: &RunOptions,
        scheduled_for: Option<DateTime<Utc>>,
    ) -> DbResult<Option<Run>> {
        let rules = &self.timetable()?.rules;
        let now = leases::shared_now(conn, self.desk.clock())?;
        let holder = leases::new_holder();
        if leases::take(conn, lease, &holder, now, running::until(now, rules.lease))? == Taken::No {
            return Ok(None);
        }
        // What had the lease before may have ended while it was waited for.
        let now = leases::shared_now(conn, self.desk.clock())?;
        // The run that had the lease before is dead, if it is there.
        mark_dead(conn, now)?;
        let asked_by = Some(acting.actor).filter(|_| scheduled_for.is_none());
        let run = Run {
            id: RunId::new(now),
            job_name: name.to_owned(),
            status: RunStatus::Running,
            started_at: Some(now),
            completed_at: None,
            duration_ms: None,
            result: None,
            error: None,
            scheduled_for,
            requested_by: asked_by.and_then(Actor::user_id),
            token_id: asked_by.and_then(Actor::token_id),
            user_agent: asked_by.and_then(Actor::user_agent).map(ToOwned::to_owned),
            options: (*options != RunOptions::default()).then(|| options.clone()),
            progress: None,
            cancel_requested_at: None,
            holder: Some(holder),
        };
        repository::insert(conn, &run, lease)?;
        if scheduled_for.is_none() {
            let changes = changes_of(&[("job_name", json!(name)), ("options", json!(options))]);
            activity::record_changes(conn, acting, Action::Run, RESOURCE, run.id.into(), changes)?;
        }
        Ok(Some(run))
    }

    fn started_job(&self, run: Run, job: Job, options: &RunOptions) -> StartedRun {
        self.started(run, Some(job), rules::lease(job, options), Work::Job(job, options.clone()))
    }

    fn started(&self, run: Run, job: Option<Job>, lease: String, work: Work) -> StartedRun {
        let span = self.timetable().map(|timetable| timetable.rules.lease).unwrap_or_default();
        let account = Account::new(self.desk.of_the_machine(), run, job, lease, span);
        StartedRun { desk: self.desk.clone(), work, account: Arc::new(account) }
    }

    fn hindrance(&self, job: Job) -> Result<Option<Hindrance>> {
        let exports: &ExportConfig = self.desk.rules();
        let is_sent = |platform| exports.feed(platform).destination.is_some();
        let notifier: Option<&Notifier> = self.desk.find_part();
        let configured = rules::Configured {
            fetches: self.desk.find_part::<Fetcher>().is_some(),
            sends_jekyll: is_sent(Platform::Jekyll),
            sends_dealer_center: is_sent(Platform::DealerCenter),
            tells_daily: notifier.is_some_and(|notifier| notifier.tells(Event::DigestDaily)),
            stores_photos: self.desk.storage().is_configured(),
            copies_database: self.desk.database().is_copied_here(),
        };
        Ok(rules::hindrance(job, &self.timetable()?.rules, configured))
    }

    fn timetable(&self) -> Result<&'a Timetable> {
        self.desk.part()
    }
}

/// Marks the runs that nobody makes any more as interrupted.
fn mark_dead(conn: &mut DbConnection, now: DateTime<Utc>) -> DbResult<()> {
    for dead in repository::dead(conn, now)? {
        tracing::warn!(run = %dead.id, job = %dead.job_name, "a run was interrupted");
        let end = End::interrupted().at(dead.progress.clone());
        let ended_at = repository::ended_by(conn, &dead, now)?;
        let was_running = repository::end(conn, (dead.id, dead.started_at), &end, ended_at)?;
        let job = dead.job_name.parse().ok().filter(|_| !running::is_of_one(dead.options.as_ref()));
        if let Some(job) = job.filter(|_| was_running) {
            running::judge(conn, job, &end, now)?;
        }
    }
    Ok(())
}

fn changes_of(fields: &[(&str, Value)]) -> Map<String, Value> {
    fields.iter().map(|(field, value)| ((*field).to_owned(), json!({"from": null, "to": value}))).collect()
}
