//! The configuration of the jobs: when they run, how long a lease lasts, and what clean-up keeps.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use chrono::DateTime;
use chrono_tz::Tz;

use super::{Job, schedule::Schedule};
use crate::{
    desk::Part,
    error::{ErrorCode, Faults, Result},
    tracking::numbers,
};

/// When a job runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobSchedule {
    /// Whether it runs by its schedule. It can be run by hand in any case.
    pub enabled: bool,
    /// A cron expression of five fields, or six with the second in front: `0 2 * * *`.
    pub cron: String,
}

impl JobSchedule {
    fn at(cron: &str) -> Self {
        Self { enabled: true, cron: cron.to_owned() }
    }

    fn standard(job: Job) -> Self {
        match job {
            Job::MarketResearch => Self::at("0 0 */3 * *"),
            Job::CompetitorScrape => Self::at("0 2 * * *"),
            Job::CompetitorMetrics => Self::at("30 3 * * *"),
            Job::ExportJekyll => Self::at("55 1 * * *"),
            Job::ExportDealerCenter => Self::at("0 2 * * *"),
            Job::DailyDigest => Self::at("0 7 * * *"),
            Job::CleanUp => Self::at("0 3 * * 0"),
            Job::Check => Self::at("0 4 * * 0"),
            Job::Backup => Self::at("30 1 * * *"),
            Job::StorageCheck => Self::at("0 0 * * *"),
        }
    }
}

numbers! {
    /// What clean-up keeps, and for how long.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    RetentionRules {
        /// Days that research of a sold vehicle is kept after the sale (90).
        research_days: u32 = 90,
        /// Days that points of a vehicle's price history are kept (180).
        price_history_days: u32 = 180,
        /// This many of the newest points of a vehicle are kept, however old (10).
        price_history_kept: u32 = 10,
        /// Days that a dismissed alert is kept (180).
        dismissed_alerts_days: u32 = 180,
        /// Days that a notification is kept after its end (90).
        notifications_days: u32 = 90,
        /// Days that an event waits for a worker that tells of it (30).
        outbox_days: u32 = 30,
        /// Days that a run is kept in the history (180).
        runs_days: u32 = 180,
        /// Days that an API token is kept after its end (180).
        ended_tokens_days: u32 = 180,
        /// Days that an entry of the audit trail is kept; 0 keeps all of them for good (0).
        audit_trail_days: u32 = 0,
    }
}

/// When jobs run, and how.
///
/// ```
/// use jpauto::{Config, Dealership, jobs::Job};
///
/// let mut config = Config::new("sqlite::memory:");
/// config.jobs = config.jobs.at(Job::CompetitorScrape, "0 23 * * *").off(Job::Check);
/// let dealership = Dealership::with_config(config)?;
/// # Ok::<(), jpauto::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct JobRules {
    /// The time zone of the schedules, and of the dealership's days and months, by its name in the tz database (`America/Los_Angeles`).
    pub time_zone: String,
    /// The schedule of each job.
    pub schedules: BTreeMap<Job, JobSchedule>,
    /// How long a run belongs to a process that gives no sign of life (60 s). It is renewed three times in that time.
    pub lease: Duration,
    /// How often progress is stored, and a cancellation seen, at most (1 s).
    pub progress_every: Duration,
    /// What clean-up keeps.
    pub retention: RetentionRules,
    /// The folder of the backups. Without it the job `backup` does not run.
    pub backup_folder: Option<PathBuf>,
    /// Backups that are kept (7).
    pub backup_copies: usize,
}

impl Default for JobRules {
    fn default() -> Self {
        Self {
            time_zone: Tz::America__Los_Angeles.name().to_owned(),
            schedules: Job::ALL.into_iter().map(|job| (job, JobSchedule::standard(job))).collect(),
            lease: Duration::from_secs(60),
            progress_every: Duration::from_secs(1),
            retention: RetentionRules::default(),
            backup_folder: None,
            backup_copies: 7,
        }
    }
}

impl JobRules {
    /// The same with a job that runs by this schedule.
    #[must_use]
    pub fn at(mut self, job: Job, cron: impl Into<String>) -> Self {
        self.schedules.insert(job, JobSchedule { enabled: true, cron: cron.into() });
        self
    }

    /// The same with a job that runs as a configuration says: by a cron expression, or by hand only (`off`, or nothing).
    #[must_use]
    pub fn scheduled(self, job: Job, given: &str) -> Self {
        match given.trim() {
            "" => self.off(job),
            word if word.eq_ignore_ascii_case(OFF) => self.off(job),
            cron => self.at(job, cron),
        }
    }

    /// When a job runs, as a configuration says it.
    #[must_use]
    pub fn schedule_of(&self, job: Job) -> &str {
        self.schedules.get(&job).filter(|schedule| schedule.enabled).map_or(OFF, |schedule| &schedule.cron)
    }

    /// The same with a job that runs by hand only.
    #[must_use]
    pub fn off(mut self, job: Job) -> Self {
        self.schedules.entry(job).or_insert_with(|| JobSchedule::standard(job)).enabled = false;
        self
    }
}

/// What a configuration says of a job that runs by hand only.
const OFF: &str = "off";

/// The rules, checked, with the schedules ready for use.
pub(crate) struct Timetable {
    pub(super) rules: JobRules,
    schedules: BTreeMap<Job, (JobSchedule, Schedule)>,
}

impl Part for Timetable {
    const MISSING: &'static str = "jobs are not configured: configure jobs";
}

/// The shortest and the longest lease: a shorter one is lost while a machine is busy, a longer one keeps a job from being taken
/// over for hours.
const LEASES: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(3600));

impl Timetable {
    /// # Errors
    /// `invalid_schedule` with each field at fault.
    pub(crate) fn new(rules: JobRules) -> Result<Self> {
        let mut faults = Faults::default();
        let zone: Option<Tz> = rules.time_zone.parse().ok();
        faults.check(zone.is_some(), "/jobs/time_zone", "expected a time zone such as America/Los_Angeles");
        let mut schedules = BTreeMap::new();
        for job in Job::ALL {
            let schedule = rules.schedules.get(&job).cloned().unwrap_or_else(|| JobSchedule::standard(job));
            match Schedule::parse(&schedule.cron, zone.unwrap_or(Tz::UTC)) {
                // One that never comes, such as a 30 February, is a slip.
                Ok(parsed) if parsed.next_after(DateTime::UNIX_EPOCH).is_some() => {
                    schedules.insert(job, (schedule, parsed));
                }
                Ok(_) => faults.add(format!("/jobs/{job}/cron"), "this time never comes"),
                Err(reason) => {
                    let expected = "expected a cron expression of five fields such as 0 2 * * *, or off";
                    let message = format!("{expected}: {reason}");
                    faults.add(format!("/jobs/{job}/cron"), message);
                }
            }
        }
        let leases = LEASES.0..=LEASES.1;
        faults.check(leases.contains(&rules.lease), "/jobs/lease", "expected 300 ms to one hour");
        faults.check(!rules.progress_every.is_zero(), "/jobs/progress_every", "expected more than nothing");
        faults.check(rules.backup_copies > 0, "/jobs/backup_copies", "expected one or more");
        faults.into_result(ErrorCode::InvalidSchedule)?;
        Ok(Self { rules, schedules })
    }

    /// The schedule of a job, with what was configured.
    pub(super) fn of(&self, job: Job) -> Option<&(JobSchedule, Schedule)> {
        self.schedules.get(&job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_value_is_named() {
        assert!(Timetable::new(JobRules::default()).is_ok());
        let off = JobRules::default().scheduled(Job::CleanUp, "OFF").scheduled(Job::Check, " off ");
        assert!(Timetable::new(off.clone()).is_ok());
        assert_eq!([Job::CleanUp, Job::Check].map(|job| off.schedule_of(job)), [OFF; 2]);
        let never = Timetable::new(JobRules::default().at(Job::Check, "never")).err().unwrap();
        assert!(never.fields()[0].message.contains("five fields such as 0 2 * * *, or off"), "{never:?}");
        let rules = |change: fn(&mut JobRules)| {
            let mut rules = JobRules::default();
            change(&mut rules);
            rules
        };
        for (wrong, pointer) in [
            (rules(|rules| rules.time_zone = "America/Los Angeles".into()), "/jobs/time_zone"),
            (JobRules::default().at(Job::CleanUp, "0 25 * * *"), "/jobs/clean_up/cron"),
            (JobRules::default().at(Job::CleanUp, ""), "/jobs/clean_up/cron"),
            (JobRules::default().at(Job::CleanUp, "0 0 30 2 *"), "/jobs/clean_up/cron"),
            (JobRules::default().at(Job::CleanUp, "* * * * * * * * *"), "/jobs/clean_up/cron"),
            (JobRules::default().at(Job::CleanUp, "0 0 2 * * * 2026"), "/jobs/clean_up/cron"),
            (JobRules::default().at(Job::CleanUp, "*/90 * * * *"), "/jobs/clean_up/cron"),
            (JobRules::default().at(Job::CleanUp, "0 5,*/36 * * *"), "/jobs/clean_up/cron"),
            (JobRules::default().at(Job::CleanUp, "*/61 * * * * *"), "/jobs/clean_up/cron"),
            (JobRules::default().at(Job::CleanUp, "never"), "/jobs/clean_up/cron"),
            (rules(|rules| rules.lease = Duration::ZERO), "/jobs/lease"),
            (rules(|rules| rules.progress_every = Duration::ZERO), "/jobs/progress_every"),
            (rules(|rules| rules.backup_copies = 0), "/jobs/backup_copies"),
        ] {
            let refusal = Timetable::new(wrong).err().map(|error| (error.code(), error.fields()[0].pointer.clone()));
            assert_eq!(refusal, Some(("invalid_schedule", pointer.to_owned())));
        }
    }
}
