//! The row that a scrape leaves in `competitor_scrapes`, and what it means for the competitor. No I/O.

use chrono::{DateTime, SubsecRound as _, Utc};

use super::{
    Competitor, Completeness, IncompleteReason, ListShape, ScrapeCounts, ScrapeErrorType, ScrapeRecord, TrackingRules,
};
use crate::{
    error::{Error, ErrorCode, Result},
    extract::Warning,
    ids::{CompetitorId, ScrapeId},
    tracking::{facts::ScrapeFacts, plan::Plan},
};

/// More of an error message than this is not kept.
const MESSAGE_CHARS: usize = 2_000;

/// The time of a scrape as it is stored, to the microsecond.
///
/// # Errors
/// `invalid_observed_at` for a time that is still to come or before 1970.
pub(super) fn check_observed_at(
    observed_at: DateTime<Utc>,
    now: DateTime<Utc>,
    rules: &TrackingRules,
) -> Result<DateTime<Utc>> {
    let latest = rules.latest(now);
    if observed_at > latest || observed_at < DateTime::UNIX_EPOCH {
        let expected = "expected the time at which the pages were fetched, which has passed";
        return Err(Error::invalid_field(ErrorCode::InvalidObservedAt, "/observed_at", expected));
    }
    Ok(observed_at.trunc_subsecs(6))
}

/// Says that the clock here and that of an earlier scrape do not agree.
pub(super) fn clock_went_back(ahead_at: DateTime<Utc>) -> Warning {
    Warning::ClockWentBack { ahead_at }
}

impl ScrapeRecord {
    /// A scrape that could be recorded.
    pub(super) fn of(
        competitor: CompetitorId,
        ScrapeFacts { observed_at, reading, .. }: &ScrapeFacts,
        plan: &Plan,
        now: DateTime<Utc>,
    ) -> Self {
        let counts = plan.counts();
        let is_empty = counts.vehicles == 0;
        Self {
            id: ScrapeId::new(now),
            competitor_id: competitor,
            observed_at: *observed_at,
            completeness: plan.completeness(),
            doubts: plan.doubts.0.clone(),
            weight: plan.weight,
            pages_fetched: reading.pages_fetched,
            total_claimed: reading.total_claimed,
            counts,
            error: is_empty.then(|| "no vehicle was found".to_owned()),
            error_type: is_empty.then_some(ScrapeErrorType::Empty),
            list: reading.list.clone(),
            behaviour: Some(plan.returns),
            group_weight: None,
        }
    }

    /// A scrape that failed.
    pub(super) fn failed(
        competitor: CompetitorId,
        observed_at: DateTime<Utc>,
        (error_type, message): (ScrapeErrorType, &str),
        now: DateTime<Utc>,
    ) -> Self {
        let reason = match error_type {
            ScrapeErrorType::Robots => IncompleteReason::ClosedByRobots,
            ScrapeErrorType::Empty => IncompleteReason::Empty,
            _ => IncompleteReason::PageFailed,
        };
        Self {
            id: ScrapeId::new(now),
            competitor_id: competitor,
            observed_at,
            completeness: Completeness::Incomplete(reason),
            doubts: vec![reason],
            // Nothing was seen: that is no look at what is missing.
            weight: 0.0,
            pages_fetched: None,
            total_claimed: None,
            counts: ScrapeCounts::default(),
            error: Some(message.chars().filter(|sign| *sign != '\0').take(MESSAGE_CHARS).collect()),
            error_type: Some(error_type),
            list: ListShape::default(),
            behaviour: None,
            group_weight: None,
        }
    }

    /// Whether it saw a lot, if an empty one: one that failed saw nothing.
    pub(super) fn is_a_lot(&self) -> bool {
        self.error_type.is_none_or(|error_type| error_type == ScrapeErrorType::Empty)
    }

    /// What stands in the log when the same moment was recorded before.
    ///
    /// The first record stays and learns what the second adds to the dealer's absences and returns. One that saw more takes
    /// the place of one that saw less: a whole lot of a part, anything of a failure.
    pub(super) fn after(self, earlier: Option<Self>) -> Self {
        let Some(earlier) = earlier else { return self };
        let worth = |record: &Self| (record.completeness.is_complete(), record.error_type.is_none());
        let (absences, returns) =
            (earlier.counts.absences + self.counts.absences, earlier.counts.returns + self.counts.returns);
        let (behaviour, group_weight) = (self.behaviour.or(earlier.behaviour), earlier.group_weight);
        let (id, mut kept) = (earlier.id, if worth(&self) > worth(&earlier) { self } else { earlier });
        kept.id = id;
        (kept.behaviour, kept.group_weight) = (behaviour, group_weight);
        (kept.counts.absences, kept.counts.returns) = (absences, returns);
        kept
    }
}

impl Competitor {
    /// Whether its last scrape was recorded under a clock that had gone ahead.
    pub(super) fn is_ahead(&self, latest: DateTime<Utc>) -> bool {
        self.last_scraped_at.max(self.last_successful_scrape_at) > Some(latest)
    }

    /// Takes note of a scrape; one older than the newest known says nothing about how scraping goes now. What lies ahead of the
    /// clock is not known to have been.
    pub(super) fn note(&mut self, scrape: &ScrapeRecord, latest: DateTime<Utc>) {
        for time in [&mut self.last_scraped_at, &mut self.last_successful_scrape_at] {
            *time = time.filter(|time| *time <= latest);
        }
        if scrape.error_type.is_none() {
            self.last_successful_scrape_at = self.last_successful_scrape_at.max(Some(scrape.observed_at));
        }
        if self.last_scraped_at <= Some(scrape.observed_at) {
            self.last_scraped_at = Some(scrape.observed_at);
            self.scrape_error.clone_from(&scrape.error);
            self.scrape_error_type = scrape.error_type;
        }
    }
}
