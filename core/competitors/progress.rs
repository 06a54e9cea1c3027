//! What a run of scrapes reports: its progress, and at the end what it did. `worker_pool` is the run itself.

use std::time::Duration;

use serde::Serialize;

use super::{Completeness, RecordReport, ScrapeCounts};
use crate::{
    error::{Error, ErrorCode, Faults, Result},
    ids::{CompetitorId, ScrapeId},
    tracking::numbers,
};

numbers! {
    /// How much one run of [`Competitors::scrape_due`](super::Competitors::scrape_due) takes on.
    ///
    /// ```
    /// use jpauto::competitors::ScrapeLimits;
    ///
    /// let limits = ScrapeLimits { threads: 16, ..ScrapeLimits::default() };
    /// assert_eq!(limits.due_after.as_secs(), 20 * 3600);
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    ScrapeLimits {
        /// Websites scraped at once (8), each on a host of its own: 1 to [`ScrapeLimits::THREADS_MAX`].
        threads: usize = 8,
        /// Competitors at most (10,000), the longest waiting first; one or more.
        competitors: usize = 10_000,
        /// How long the run may take (no end). What was read by then is recorded, as a part of a lot where more was to come.
        deadline: Option<Duration> = None,
        /// How long after its last scrape a competitor is due (20 h): a run each night then meets all.
        due_after: Duration = Duration::from_secs(20 * 3600),
    }
}

impl ScrapeLimits {
    /// More threads than this wait for the database, not for websites.
    pub const THREADS_MAX: usize = 256;

    /// # Errors
    /// `invalid_scrape_limits`.
    pub(super) fn check(&self) -> Result<()> {
        let mut faults = Faults::default();
        let threads = 1..=Self::THREADS_MAX;
        faults.check(
            threads.contains(&self.threads),
            "/threads",
            format!("expected a whole number from {} to {}", threads.start(), threads.end()),
        );
        faults.check(self.competitors > 0, "/competitors", "expected one or more");
        faults.into_result(ErrorCode::InvalidScrapeLimits)
    }
}

/// What just happened, and how far the whole run has come.
#[derive(Debug)]
#[non_exhaustive]
pub struct ScrapeProgress<'a> {
    /// What happened.
    pub event: ScrapeEvent<'a>,
    /// Competitors whose scrape is recorded.
    pub done: usize,
    /// Competitors whose scrape failed.
    pub failed: usize,
    /// Competitors that the run is to scrape, those done and failed included.
    pub total: usize,
    /// Competitors that are being scraped.
    pub running: usize,
    /// Listings read so far, on pages of all competitors.
    pub listings: usize,
    /// How long the rest will take at the pace so far; `None` before anything is known.
    pub time_left: Option<Duration>,
}

/// What happened in a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum ScrapeEvent<'a> {
    /// Nothing for a moment: a chance to stop.
    Waiting,
    /// A page was asked for or read.
    #[non_exhaustive]
    Page {
        /// Whose.
        competitor_id: CompetitorId,
        /// The name.
        competitor: &'a str,
        /// Which page it is, from 1.
        page: usize,
        /// Listings read from this competitor so far.
        listings: usize,
        /// How many the website claims to have.
        total_claimed: Option<u32>,
    },
    /// A scrape was recorded.
    Recorded(&'a RecordReport),
    /// A scrape failed; the others go on.
    Failed(&'a ScrapeFailure),
    /// Another process scrapes the competitor or its host, or has done so meanwhile.
    #[non_exhaustive]
    Skipped {
        /// Who.
        competitor_id: CompetitorId,
        /// The name.
        competitor: &'a str,
    },
}

/// What a run did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ScrapeReport {
    /// The scrapes that were recorded, in the order in which they ended.
    pub recorded: Vec<ScrapeSummary>,
    /// Those that failed.
    pub failed: Vec<ScrapeFailure>,
    /// Competitors that other processes took on.
    pub skipped: usize,
    /// Competitors that were due and not begun, or stopped with nothing recorded.
    pub remaining: usize,
    /// Whether the observer ended it.
    pub stopped: bool,
}

/// A scrape that was recorded, in brief.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ScrapeSummary {
    /// Whose lot it is.
    pub competitor_id: CompetitorId,
    /// The name.
    pub competitor: String,
    /// The row written for the scrape.
    pub scrape_id: ScrapeId,
    /// Whether the whole lot was seen, and why not.
    pub completeness: Completeness,
    /// What changed, in numbers.
    pub counts: ScrapeCounts,
    /// How many warnings there are about the pages.
    pub warnings: usize,
}

impl From<&RecordReport> for ScrapeSummary {
    fn from(report: &RecordReport) -> Self {
        Self {
            competitor_id: report.competitor_id,
            competitor: report.competitor.clone(),
            scrape_id: report.scrape_id,
            completeness: report.completeness,
            counts: report.counts,
            warnings: report.warnings.len(),
        }
    }
}

/// A scrape that failed.
#[derive(Debug)]
#[non_exhaustive]
pub struct ScrapeFailure {
    /// Whose.
    pub competitor_id: CompetitorId,
    /// The name.
    pub competitor: String,
    /// Why.
    pub error: Error,
}
