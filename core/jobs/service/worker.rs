//! Starting what is due: once on the caller's thread, or again and again with a pool of threads.

use std::{ops::ControlFlow, time::Duration};

use chrono::{DateTime, Utc};

use super::{Jobs, mark_dead};
use crate::{
    actor::Permission,
    db::DbResult,
    error::{ErrorKind, Result},
    jobs::{Job, Run, RunOptions, RunPool, RunProgress, StartedRun, Stop, repository},
    leases,
};

/// The longest that a worker sleeps: it then looks for runs that died, and at the clock, which may have been set.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// The shortest, so that a job whose lease another run holds is not asked for all the time.
const SHORTEST_SLEEP: Duration = Duration::from_millis(20);

/// What a worker does.
#[derive(Debug)]
#[non_exhaustive]
pub enum WorkEvent<'a> {
    /// A run has begun.
    Started(&'a Run),
    /// What is due could not be found out or started. The worker tries again.
    Failed(&'a crate::Error),
}

/// What is due at one moment.
struct Due {
    now: DateTime<Utc>,
    jobs: Vec<(Job, DateTime<Utc>)>,
    next: Option<DateTime<Utc>>,
}

impl Jobs<'_> {
    /// Runs every job that is due, one after the other on this thread, and answers the runs as they ended.
    ///
    /// A time of a schedule is answered to once, by one process; of those that were missed, the latest is made up. The times count
    /// from the first call on: a new database owes no runs. When the observer breaks, the run ends as interrupted and no other is
    /// begun.
    ///
    /// # Errors
    /// `forbidden`; as any write.
    pub fn run_due(&self, observer: &mut dyn FnMut(&RunProgress) -> ControlFlow<()>) -> Result<Vec<Run>> {
        self.desk.must(Permission::RunJobs)?;
        let (stop, mut runs, mut is_over) = (Stop::default(), Vec::new(), false);
        for (job, time) in self.due()?.jobs {
            if is_over {
                break;
            }
            let Some(started) = self.start_at(job, time)? else { continue };
            runs.push(started.work(&stop, &mut |progress| {
                let go_on = observer(progress);
                is_over |= go_on.is_break();
                go_on
            })?);
        }
        Ok(runs)
    }

    /// Runs jobs when they are due, on the threads of the pool, until the stop is asked for. Any number of processes may do this on
    /// one database. The caller then ends the runs of the pool ([`RunPool::shut_down`]).
    ///
    /// # Errors
    /// `forbidden`, and other errors that do not pass by themselves. Where the database does not answer, it goes on.
    pub fn work(&self, pool: &RunPool, stop: &Stop, observer: &mut dyn FnMut(WorkEvent<'_>)) -> Result<()> {
        self.desk.must(Permission::RunJobs)?;
        let lease = self.timetable()?.rules.lease;
        let again = (lease / 3).min(Duration::from_secs(1));
        while !stop.is_asked() {
            let pause = match self.start_due(pool, observer) {
                Ok(Some(pause)) => pause,
                Ok(None) => again,
                Err(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Internal) => {
                    tracing::warn!(%error, "due jobs could not be started");
                    observer(WorkEvent::Failed(&error));
                    Duration::from_secs(1)
                }
                Err(error) => return Err(error),
            };
            stop.sleep(pause.clamp(SHORTEST_SLEEP, LONGEST_SLEEP));
        }
        Ok(())
    }

    /// Starts what is due. Answers how long nothing will be; `None` where something due could not be started yet.
    fn start_due(&self, pool: &RunPool, observer: &mut dyn FnMut(WorkEvent<'_>)) -> Result<Option<Duration>> {
        let due = self.due()?;
        let mut is_left = false;
        for (job, time) in due.jobs {
            if pool.is_full() {
                is_left = true;
                break;
            }
            match self.start_at(job, time)? {
                Some(started) => observer(WorkEvent::Started(&pool.make(|| Ok(started))?)),
                None => is_left = true,
            }
        }
        let pause = due.next.map_or(LONGEST_SLEEP, |next| (next - due.now).to_std().unwrap_or_default());
        Ok((!is_left).then_some(pause))
    }

    /// What is due now. Runs that died are marked, and schedules that were never looked at are counted from now on.
    fn due(&self) -> Result<Due> {
        let timetable = self.timetable()?;
        let mut enabled = Vec::with_capacity(Job::ALL.len());
        for job in Job::ALL {
            let schedule = timetable.of(job).filter(|(configured, _)| configured.enabled);
            if let (Some((_, schedule)), None) = (schedule, self.hindrance(job)?) {
                enabled.push((job, schedule));
            }
        }
        let (now, done_until, is_any_dead) = self.desk.read(Permission::RunJobs, |conn| {
            let now = leases::shared_now(conn, self.desk.clock())?;
            Ok((now, repository::done_until(conn)?, !repository::dead(conn, now)?.is_empty()))
        })?;
        let new: Vec<_> = enabled.iter().filter(|(job, _)| !done_until.contains_key(job.as_str())).collect();
        if is_any_dead || !new.is_empty() {
            self.desk.write(Permission::RunJobs, |conn, _acting| -> DbResult<()> {
                let now = leases::shared_now(conn, self.desk.clock())?;
                mark_dead(conn, now)?;
                for (job, _) in &new {
                    if repository::done_until_to_change(conn, *job)?.is_none() {
                        repository::begin_schedule(conn, *job, now)?;
                    }
                }
                Ok(())
            })?;
        }
        let done = |job: Job| done_until.get(job.as_str());
        let jobs = enabled.iter().filter_map(|(job, schedule)| {
            let time = schedule.latest_between(*done(*job)?, now)?;
            Some((*job, time))
        });
        let next = enabled.iter().filter_map(|(_, schedule)| schedule.next_after(now)).min();
        Ok(Due { now, jobs: jobs.collect(), next })
    }

    /// Begins the run of a time of a schedule; `None` where another process has, or where the job is being run.
    fn start_at(&self, job: Job, time: DateTime<Utc>) -> Result<Option<StartedRun>> {
        let options = RunOptions::default();
        let run =
            self.desk.write(Permission::RunJobs, |conn, acting| self.begin(conn, acting, job, &options, Some(time)))?;
        Ok(run.map(|run| self.started_job(run, job, &options)))
    }
}
