//! Jobs: the library's long operations, made on time or on request, with a history of their runs.
//!
//! `schedule` says when a job is to run. A run is a row of `job_history`, made under a lease (`crate::leases`), so that no two
//! machines run one job at once. `running` keeps the lease, writes down the progress and looks whether the run is to end, while
//! `bodies` calls the operations. `run_pool` makes runs on threads of their own, and `service/worker.rs` starts those that are due.
//! `job_history` is itself the account of what runs do; the audit trail has who asked for a run or cancelled it.

mod bodies;
mod config;
mod imports;
mod report;
mod repository;
mod rules;
mod run_pool;
mod running;
mod schedule;
mod service;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

pub(crate) use self::config::Timetable;
pub use self::{
    config::{JobRules, JobSchedule, RetentionRules},
    imports::FileImport,
    report::{
        BackupReport, CheckFinding, CheckJobReport, CleanUpReport, ExportJobReport, ItemFailure, JobReport,
        MarketResearchReport, MetricsReport, OrphansReport, ScrapeJobReport, StorageCheckReport,
    },
    run_pool::{RunPool, ShutDown},
    running::StartedRun,
    service::{Jobs, worker::WorkEvent},
};
pub use crate::scrape::fetch::Stop;
use crate::{
    actor::Permission,
    db::row::stored_word,
    error::{Error, ErrorCode},
    ids::{CompetitorId, RunId, TokenId, UserId},
};

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Job {
    /// Prices the vehicles that are due against the market.
    MarketResearch,
    /// Scrapes the competitors that are due, or one of them.
    CompetitorScrape,
    /// Counts the competitors' figures anew.
    CompetitorMetrics,
    /// Exports the feed `jekyll` to where the configuration says.
    ExportJekyll,
    /// Exports the feed `dealer_center` to where the configuration says.
    ExportDealerCenter,
    /// Tells how the dealership stands.
    DailyDigest,
    /// Removes what is kept and over.
    CleanUp,
    /// Looks for rows that are not as jpauto writes them.
    Check,
    /// Copies a SQLite database into the folder of backups.
    Backup,
    /// Counts the room that photos take, and alerts where there is too little left.
    StorageCheck,
}

words!(Job, JobNotFound at "/job" {
    MarketResearch => "market_research",
    CompetitorScrape => "competitor_scrape",
    CompetitorMetrics => "competitor_metrics",
    ExportJekyll => "export_jekyll",
    ExportDealerCenter => "export_dealer_center",
    DailyDigest => "daily_digest",
    CleanUp => "clean_up",
    Check => "check",
    Backup => "backup",
    StorageCheck => "storage_check",
});

impl Job {
    /// What it takes to run it.
    pub(crate) const fn permission(self) -> Permission {
        match self {
            Self::CleanUp | Self::Backup => Permission::CleanUp,
            Self::MarketResearch
            | Self::CompetitorScrape
            | Self::CompetitorMetrics
            | Self::ExportJekyll
            | Self::ExportDealerCenter
            | Self::DailyDigest
            | Self::Check
            | Self::StorageCheck => Permission::RunJobs,
        }
    }

    /// The subject of the job's alert: its name in place of an id.
    pub(crate) fn subject(self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(self.as_str().bytes()).for_each(|(place, byte)| *place = byte);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// What a run makes: a job, or something else that is made in the background and has its place in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunKind {
    /// A job.
    Job(Job),
    /// An import of a file that a client has sent ([`Jobs::import_in`]).
    ImportVehicles,
}

impl RunKind {
    /// Every one of them.
    pub const ALL: [Self; Job::ALL.len() + 1] = {
        let mut all = [Self::ImportVehicles; Job::ALL.len() + 1];
        let mut place = 0;
        while place < Job::ALL.len() {
            all[place] = Self::Job(Job::ALL[place]);
            place += 1;
        }
        all
    };

    /// The word for it, in the history and outside.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Job(job) => job.as_str(),
            Self::ImportVehicles => imports::NAME,
        }
    }
}

impl From<Job> for RunKind {
    fn from(job: Job) -> Self {
        Self::Job(job)
    }
}

impl std::fmt::Display for RunKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for RunKind {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        let expected = || crate::words::expected(&Self::ALL.map(Self::as_str), word);
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == word);
        found.ok_or_else(|| Error::invalid_field(ErrorCode::JobNotFound, "/job", expected()))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for RunKind {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        crate::openapi::words(Self::ALL.map(Self::as_str))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for RunKind {}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunStatus {
    /// It is being made.
    Running,
    /// All of it was done.
    Success,
    /// Some items failed; the result counts both.
    Partial,
    /// It failed, was cancelled or was interrupted; the error says which.
    Failure,
    /// Another application wrote a word that is none of these.
    #[serde(skip_deserializing)]
    Unknown,
}

words!(RunStatus, InvalidRunStatus at "/status" {
    Running => "running",
    Success => "success",
    Partial => "partial",
    Failure => "failure",
} or Unknown => "unknown");
stored_word!(RunStatus);

/// What a run is to do otherwise than by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RunOptions {
    /// Of `competitor_scrape`: this competitor alone, due or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub competitor_id: Option<CompetitorId>,
    /// Of `market_research`: every unsold vehicle, due or not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// Of `market_research` and `competitor_scrape`: at most this many of what is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Of `clean_up`: count what would go, and remove nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

impl RunOptions {
    /// Of one competitor.
    #[must_use]
    pub fn competitor(id: CompetitorId) -> Self {
        Self { competitor_id: Some(id), ..Self::default() }
    }

    /// Of all, due or not.
    #[must_use]
    pub fn all() -> Self {
        Self { all: true, ..Self::default() }
    }

    /// Counting only.
    #[must_use]
    pub fn dry_run() -> Self {
        Self { dry_run: true, ..Self::default() }
    }
}

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct RunProgress {
    /// Items that are done, failed ones included.
    pub done: usize,
    /// Of how many, where that is known.
    pub total: Option<usize>,
    /// Of those that are done, the ones that failed.
    pub failed: usize,
    /// What is being done. `None` once the run has ended.
    pub message: Option<String>,
}

/// A run of a job: a row of `job_history`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Run {
    /// The run's id.
    pub id: RunId,
    /// The job's name. Other applications may have written other names than those of [`Job`].
    pub job_name: String,
    /// How it stands.
    pub status: RunStatus,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub completed_at: Option<DateTime<Utc>>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i32>,
    /// What it did. [`Run::report`] reads it.
    pub result: Option<Value>,
    /// Why it failed: `interrupted`, `cancelled`, or the code and the message of an error.
    pub error: Option<String>,
    /// The time of its schedule that it answers to. `None` where somebody asked for it.
    pub scheduled_for: Option<DateTime<Utc>>,
    /// The member of staff who asked for it, also through a token. `None` for the program itself.
    pub requested_by: Option<UserId>,
    /// The API token that it was asked for through.
    pub token_id: Option<TokenId>,
    /// The client that it was asked for with, such as the command line.
    pub user_agent: Option<String>,
    /// What it was to do otherwise than by itself.
    pub options: Option<RunOptions>,
    /// How far it has come, or had come when it ended.
    pub progress: Option<RunProgress>,
    /// When somebody asked for its end.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// The process that makes it, or made it.
    pub holder: Option<String>,
}

impl Run {
    /// The error of a run whose process died or was ended, or that lost its lease.
    pub const INTERRUPTED: &'static str = "interrupted";
    /// The error of a run that was cancelled.
    pub const CANCELLED: &'static str = "cancelled";

    /// The job, where it is one of this release.
    #[must_use]
    pub fn job(&self) -> Option<Job> {
        self.job_name.parse().ok()
    }

    /// Whether it is being made.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.status == RunStatus::Running
    }

    /// What it did, by its job. `None` for a run without a result, or with one of another application.
    #[must_use]
    pub fn report(&self) -> Option<JobReport> {
        JobReport::read(self.job()?, self.result.as_ref()?)
    }
}

/// Which runs to list. By default all, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunFilter {
    /// Only runs of this kind.
    pub kind: Option<RunKind>,
    /// Only runs of this status.
    pub status: Option<RunStatus>,
}

impl RunFilter {
    /// Of this job only.
    #[must_use]
    pub fn job(self, job: Job) -> Self {
        self.kind(job.into())
    }

    /// Of this kind only.
    #[must_use]
    pub fn kind(mut self, kind: RunKind) -> Self {
        self.kind = Some(kind);
        self
    }
}

/// A job, its schedule and its last run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct JobOverview {
    /// The job.
    pub name: Job,
    /// Whether it runs by its schedule.
    pub enabled: bool,
    /// What is not configured and keeps the job from running.
    pub missing: Option<String>,
    /// Why it runs nowhere on this database, whatever is configured.
    pub unavailable: Option<String>,
    /// Its schedule as a cron expression.
    pub cron: String,
    /// The time zone of the schedule.
    pub time_zone: String,
    /// When it runs next. `None` where it does not run by its schedule.
    pub next_run_at: Option<DateTime<Utc>>,
    /// The time of the schedule that no worker has answered to yet.
    pub due_since: Option<DateTime<Utc>>,
    /// Its last run.
    pub last_run: Option<Run>,
}
