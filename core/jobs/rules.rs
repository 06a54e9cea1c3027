//! The rules of runs: which options a job takes, the name of its lease, and how a run ends. No I/O.

use serde_json::Value;

use super::{Job, JobRules, Run, RunOptions, RunProgress, RunStatus};
use crate::error::{ErrorCode, Faults, Result};

/// What the operations of a run did.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// What is kept as the result.
    pub(super) report: Value,
    pub(super) succeeded: usize,
    pub(super) failed: usize,
    /// The first error, as a run keeps it.
    pub(super) error: Option<String>,
    /// Whether it ended before all was done, because it was told to.
    pub(super) stopped: bool,
}

/// Why a run was told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StopCause {
    /// Somebody cancelled it.
    Cancelled,
    /// The process ends, or the lease is lost.
    Interrupted,
}

/// How a run ends.
#[derive(Debug, PartialEq)]
pub(super) struct End {
    pub(super) status: RunStatus,
    pub(super) result: Option<Value>,
    pub(super) error: Option<String>,
    /// How far it had come, where that is known.
    pub(super) progress: Option<RunProgress>,
}

impl End {
    /// The end of a run whose process gave no sign of life, or was told to end.
    pub(super) fn interrupted() -> Self {
        Self::failed(Run::INTERRUPTED.to_owned())
    }

    pub(super) fn failed(error: String) -> Self {
        Self { status: RunStatus::Failure, result: None, error: Some(error), progress: None }
    }

    /// The same of a run that had come so far.
    pub(super) fn at(self, last: Option<RunProgress>) -> Self {
        let progress = progress_at_end(last, self.status);
        Self { progress, ..self }
    }
}

/// The end of a run whose operations have returned.
///
/// A run is a success where nothing failed, and partial where something did and something did not. One that was told to end and had
/// done all by then is what it did.
pub(super) fn end(done: Done, cause: StopCause) -> End {
    let Done { report, succeeded, failed, error, stopped } = done;
    let result = Some(report);
    let word = match cause {
        StopCause::Cancelled => Run::CANCELLED,
        StopCause::Interrupted => Run::INTERRUPTED,
    };
    let (status, error) = match (stopped, failed, succeeded) {
        (true, ..) => (RunStatus::Failure, Some(word.to_owned())),
        (false, 0, _) => (RunStatus::Success, None),
        (false, _, 0) => (RunStatus::Failure, error),
        (false, ..) => (RunStatus::Partial, error),
    };
    End { status, result, error, progress: None }
}

/// How far a run had come that ended so, by what it said last. One that did all there was has done the total, whatever it passed over;
/// of any other it is told where it stood. Nothing is being done any more.
pub(super) fn progress_at_end(last: Option<RunProgress>, status: RunStatus) -> Option<RunProgress> {
    let last = last?;
    let done = match (status, last.total) {
        (RunStatus::Success | RunStatus::Partial, Some(total)) => total,
        _ => last.done,
    };
    Some(RunProgress { done, message: None, ..last })
}

/// Refuses options that the job does not take.
///
/// # Errors
/// `invalid_run_options`.
pub(super) fn check_options(job: Job, options: &RunOptions) -> Result<()> {
    let RunOptions { competitor_id, all, limit, dry_run } = options;
    let mut faults = Faults::default();
    let is_research = job == Job::MarketResearch;
    let is_scrape = job == Job::CompetitorScrape;
    let taken = |by: &str| format!("the job {by} takes it, and {job} does not");
    faults.check(competitor_id.is_none() || is_scrape, "/competitor_id", taken("competitor_scrape"));
    faults.check(!all || is_research, "/all", taken("market_research"));
    faults.check(!dry_run || job == Job::CleanUp, "/dry_run", taken("clean_up"));
    match limit {
        None => {}
        Some(_) if !is_research && !is_scrape => faults.add("/limit", taken("market_research or competitor_scrape")),
        Some(_) if *all || competitor_id.is_some() => faults.add("/limit", "expected without another choice"),
        Some(limit) => faults.check(*limit > 0, "/limit", "expected one or more"),
    }
    faults.into_result(ErrorCode::InvalidRunOptions)
}

/// The beginning of the names of all leases of runs.
pub(super) const LEASES: &str = "job:";

/// The name of the lease of a run. One competitor is scraped beside the others: the scrape itself has a lease of its own.
pub(super) fn lease(job: Job, options: &RunOptions) -> String {
    match options.competitor_id {
        Some(id) => format!("{LEASES}{job}:{id}"),
        None => format!("{LEASES}{job}"),
    }
}

/// What is configured of that which jobs cannot do without.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Configured {
    pub(super) fetches: bool,
    pub(super) sends_jekyll: bool,
    pub(super) sends_dealer_center: bool,
    pub(super) tells_daily: bool,
    pub(super) stores_photos: bool,
    /// Whether copies of the database are made here.
    pub(super) copies_database: bool,
}

/// What keeps a job from running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hindrance {
    /// This key of the configuration is not given.
    Missing(&'static str),
    /// It does not run on this database, for this reason.
    NotHere(&'static str),
}

/// What keeps a job from running, if anything does.
pub(super) fn hindrance(job: Job, rules: &JobRules, configured: Configured) -> Option<Hindrance> {
    if job == Job::Backup && !configured.copies_database {
        return Some(Hindrance::NotHere(
            "PostgreSQL makes its backups itself: have the system call pg_dump, as jpauto backup prints it",
        ));
    }
    missing(job, rules, configured).map(Hindrance::Missing)
}

/// What of the configuration a job can not do without, where it is missing.
fn missing(job: Job, rules: &JobRules, configured: Configured) -> Option<&'static str> {
    match job {
        Job::CompetitorScrape if !configured.fetches => Some("fetch.contact"),
        Job::ExportJekyll if !configured.sends_jekyll => Some("exports.jekyll.destination"),
        Job::ExportDealerCenter if !configured.sends_dealer_center => Some("exports.dealer_center.destination"),
        Job::DailyDigest if !configured.tells_daily => Some("notifications"),
        Job::StorageCheck if !configured.stores_photos => Some("storage.public_url"),
        Job::Backup if rules.backup_folder.is_none() => Some("jobs.backup_folder"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::ids::CompetitorId;

    #[test]
    fn a_run_ends_as_its_items_did() {
        for (succeeded, failed, stopped, cause, status, error) in [
            (3, 0, false, StopCause::Interrupted, RunStatus::Success, None),
            (0, 0, false, StopCause::Interrupted, RunStatus::Success, None),
            (2, 1, false, StopCause::Interrupted, RunStatus::Partial, Some("first")),
            (0, 2, false, StopCause::Interrupted, RunStatus::Failure, Some("first")),
            (2, 0, true, StopCause::Cancelled, RunStatus::Failure, Some("cancelled")),
            (2, 1, true, StopCause::Interrupted, RunStatus::Failure, Some("interrupted")),
            (3, 0, false, StopCause::Cancelled, RunStatus::Success, None),
        ] {
            let done = Done { report: Value::Null, succeeded, failed, error: Some("first".into()), stopped };
            let ended = end(done, cause);
            assert_eq!((ended.status, ended.error.as_deref()), (status, error), "{succeeded} {failed} {cause:?}");
            assert!(ended.result.is_some(), "what was done is told in any case");
        }
    }

    #[test]
    fn a_run_that_has_ended_says_how_far_it_had_come() {
        let at = |done, total| RunProgress { done, total, failed: 1, message: Some("page 4".into()) };
        for (last, status, done) in [
            (at(4, Some(10)), RunStatus::Success, 10),
            (at(4, Some(10)), RunStatus::Partial, 10),
            (at(4, Some(10)), RunStatus::Failure, 4),
            (at(4, None), RunStatus::Success, 4),
        ] {
            let total = last.total;
            let ended = RunProgress { done, total, failed: 1, message: None };
            assert_eq!(progress_at_end(Some(last), status), Some(ended), "{status}");
        }
        assert_eq!(progress_at_end(None, RunStatus::Success), None);
    }

    #[test]
    fn a_job_takes_its_own_options_only() {
        let competitor = || RunOptions::competitor(CompetitorId::new(DateTime::UNIX_EPOCH));
        let limited = |limit| RunOptions { limit: Some(limit), ..RunOptions::default() };
        for (job, options, pointer) in [
            (Job::CompetitorScrape, competitor(), None),
            (Job::MarketResearch, RunOptions::all(), None),
            (Job::MarketResearch, limited(5), None),
            (Job::CompetitorScrape, limited(5), None),
            (Job::CleanUp, RunOptions::dry_run(), None),
            (Job::CleanUp, competitor(), Some("/competitor_id")),
            (Job::CompetitorScrape, RunOptions::all(), Some("/all")),
            (Job::Check, limited(5), Some("/limit")),
            (Job::MarketResearch, limited(0), Some("/limit")),
            (Job::CompetitorScrape, RunOptions { limit: Some(1), ..competitor() }, Some("/limit")),
            (Job::MarketResearch, RunOptions::dry_run(), Some("/dry_run")),
        ] {
            let refusal = check_options(job, &options).err().map(|error| error.fields()[0].pointer.clone());
            assert_eq!(refusal.as_deref(), pointer, "{job} {options:?}");
        }
        assert_ne!(lease(Job::CompetitorScrape, &competitor()), lease(Job::CompetitorScrape, &RunOptions::default()));
        assert!(lease(Job::CompetitorScrape, &competitor()).len() <= 100, "as long as a lease's name may be");
    }

    #[test]
    fn the_alerts_of_the_jobs_have_subjects_of_their_own() {
        let mut subjects = Job::ALL.map(Job::subject).to_vec();
        subjects.dedup();
        assert_eq!(subjects.len(), Job::ALL.len());
    }
}
