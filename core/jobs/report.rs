//! What the jobs report: the result of a run, as it is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Job;
use crate::{alerts::Severity, notifications::DigestReport, storage::StorageUsage};

/// A report lists this many failures at most. The run's counts have all of them.
pub(super) const MOST_FAILURES: usize = 20;

/// An item that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ItemFailure {
    /// The vehicle or competitor.
    pub id: Uuid,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// The code of the error.
    pub code: String,
    /// The message of the error.
    pub message: String,
}

/// Makes the reports: structs whose fields are missing in no result that this release writes.
macro_rules! reports {
    ($($(#[$about:meta])* $name:ident { $($(#[$about_field:meta])* $field:ident: $type:ty,)+ })+) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$about_field])* pub $field: $type,)+
        }
    )+};
}

reports! {
    /// What a run of `market_research` did.
    MarketResearchReport {
        /// Vehicles whose analysis was stored.
        analyzed: usize,
        /// Of those, with too few comparables.
        insufficient: usize,
        /// Vehicles whose analysis failed.
        failed: usize,
        /// Vehicles that are left for a later run.
        remaining: usize,
        /// Vehicles that were compared without a source which did not answer.
        without_source: usize,
        /// The first failures.
        failures: Vec<ItemFailure>,
    }

    /// What a run of `competitor_scrape` did.
    ScrapeJobReport {
        /// Competitors whose scrape was recorded.
        recorded: usize,
        /// Competitors whose scrape failed.
        failed: usize,
        /// Competitors that another process scraped meanwhile.
        skipped: usize,
        /// Competitors that are left for a later run.
        remaining: usize,
        /// Vehicles that were seen.
        vehicles: usize,
        /// Vehicles seen for the first time.
        new: usize,
        /// Prices that changed.
        price_changes: usize,
        /// Vehicles found sold.
        sold: usize,
        /// The first failures.
        failures: Vec<ItemFailure>,
    }

    /// What a run of `competitor_metrics` did.
    MetricsReport {
        /// Competitors whose figures were counted.
        competitors: usize,
        /// Competitors that could not be read of late and have no figures of this day.
        not_read: usize,
        /// Competitors whose figures could not be counted.
        failed: usize,
        /// The first failures.
        failures: Vec<ItemFailure>,
    }

    /// What a run of `clean_up` removed, or would remove.
    CleanUpReport {
        /// Whether it only counted.
        dry_run: bool,
        /// Rows, by what they are.
        removed: BTreeMap<String, usize>,
        /// All rows together.
        total: usize,
        /// Objects of the photo storage that no row names. `None` where there is no storage, or it was not reached.
        orphans: Option<OrphansReport>,
        /// What could not be removed, or not all of it, by what it is: the code and the message of the error.
        failures: BTreeMap<String, String>,
    }

    /// Objects that clean-up removed from the photo storage, or would remove.
    OrphansReport {
        /// How many.
        objects: u64,
        /// Their size together.
        bytes: u64,
    }

    /// What a run of `storage_check` found.
    StorageCheckReport {
        /// How much room is taken.
        usage: StorageUsage,
        /// How urgent that is: `warning`, `critical`, or nothing.
        severity: Option<Severity>,
    }

    /// What a run of `check` found.
    CheckJobReport {
        /// The kinds of faults that were found, by column.
        findings: Vec<CheckFinding>,
        /// Rows with a fault.
        rows: u64,
    }

    /// Rows with a fault of one kind in one column.
    CheckFinding {
        /// The kind, a word of [`FindingKind`](crate::FindingKind).
        kind: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// How many rows.
        count: u64,
        /// What is to be done, a word of [`Remedy`](crate::Remedy).
        remedy: String,
    }

    /// What a run of `export_jekyll` or `export_dealer_center` put in its place.
    ExportJobReport {
        /// Where the feed is.
        destination: Option<String>,
        /// Vehicles of the feed.
        vehicle_count: u64,
        /// Vehicles and values that were left out.
        left_out_count: u64,
        /// The size of the feed.
        bytes: u64,
        /// What the server said that took it.
        answer: Option<String>,
    }

    /// What a run of `backup` made.
    BackupReport {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
        /// Older backups that were removed.
        removed: usize,
    }
}

/// The result of a run, by its job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobReport {
    /// Of `market_research`.
    MarketResearch(MarketResearchReport),
    /// Of `competitor_scrape`.
    CompetitorScrape(ScrapeJobReport),
    /// Of `competitor_metrics`.
    CompetitorMetrics(MetricsReport),
    /// Of `export_jekyll` and `export_dealer_center`.
    Export(ExportJobReport),
    /// Of `daily_digest`.
    DailyDigest(DigestReport),
    /// Of `clean_up`.
    CleanUp(CleanUpReport),
    /// Of `check`.
    Check(CheckJobReport),
    /// Of `backup`.
    Backup(BackupReport),
    /// Of `storage_check`.
    StorageCheck(StorageCheckReport),
}

impl JobReport {
    /// Reads what is kept. `None` for what another application has written.
    pub(super) fn read(job: Job, result: &Value) -> Option<Self> {
        match job {
            Job::MarketResearch => MarketResearchReport::deserialize(result).map(Self::MarketResearch),
            Job::CompetitorScrape => ScrapeJobReport::deserialize(result).map(Self::CompetitorScrape),
            Job::CompetitorMetrics => MetricsReport::deserialize(result).map(Self::CompetitorMetrics),
            Job::ExportJekyll | Job::ExportDealerCenter => ExportJobReport::deserialize(result).map(Self::Export),
            Job::DailyDigest => DigestReport::deserialize(result).map(Self::DailyDigest),
            Job::CleanUp => CleanUpReport::deserialize(result).map(Self::CleanUp),
            Job::Check => CheckJobReport::deserialize(result).map(Self::Check),
            Job::Backup => BackupReport::deserialize(result).map(Self::Backup),
            Job::StorageCheck => StorageCheckReport::deserialize(result).map(Self::StorageCheck),
        }
        .ok()
    }
}
