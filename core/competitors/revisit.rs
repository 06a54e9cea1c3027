//! When a competitor is scraped again. No I/O.
//!
//! A website that was scraped is due after some hours. One that failed is due again soon, and later with each failure in a
//! row; one that does not want to be fetched is left alone for a day and longer. One whose last or next scrape lies further ahead
//! than it can is due: a clock was wrong. What is deliberately not here: asking, and the pauses within a scrape.

use std::time::Duration;

use super::{Competitor, ScrapeErrorType, TrackingRules};
pub(super) use crate::scrape::walk::site_scope::host;
use crate::tracking::sold;
use chrono::{DateTime, TimeDelta, Utc};

/// The numbers of scraping that are not about a single request.
///
/// ```
/// use jpauto::Config;
///
/// let mut config = Config::new("sqlite::memory:");
/// config.scraping.first_retry = std::time::Duration::from_secs(600);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrapingRules {
    /// How long a scrape belongs to the process that began it without a sign of life (2 min); one gives it every third.
    pub lease: Duration,
    /// How soon a website that failed is tried again (30 min); twice as long with each further failure in a row.
    pub first_retry: Duration,
    /// How soon one is that showed a bot check or is closed by robots.txt (24 h); doubled likewise.
    pub first_retry_when_unwanted: Duration,
    /// How soon a website is read again of which some pages failed (2 h); doubled likewise.
    pub first_retry_when_partial: Duration,
    /// Scrapes in a row with pages that failed after which the website is as due as any other (3).
    pub partial_retries: u32,
    /// What the doubling of either ends at (7 days).
    pub longest_retry: Duration,
    /// How long a scrape waits for a host that many dealers share and another process speaks to, before it is left for the next
    /// run (10 s).
    pub shared_host_wait: Duration,
    /// For how long a page may be called unchanged before it is read anew in any case (2 days): servers err. Never for longer
    /// than half the time after which a vehicle counts as sold: one that moved to a page wrongly called unchanged is seen before.
    pub unchanged_at_most: Duration,
    /// Vehicles that a list given as data must bring to stand for the pages, in percent of what it or they claim: 95.
    pub data_share_percent: u32,
}

impl Default for ScrapingRules {
    fn default() -> Self {
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        Self {
            lease: Duration::from_secs(120),
            first_retry: Duration::from_secs(30 * 60),
            first_retry_when_unwanted: hours(24),
            first_retry_when_partial: hours(2),
            partial_retries: 3,
            longest_retry: hours(7 * 24),
            shared_host_wait: Duration::from_secs(10),
            unchanged_at_most: hours(2 * 24),
            data_share_percent: 95,
        }
    }
}

/// When a website that failed so many times in a row, this time included, may be scraped again.
pub(super) fn after_failure(
    error_type: ScrapeErrorType,
    failures: u32,
    asked_for: Option<Duration>,
    now: DateTime<Utc>,
    rules: &ScrapingRules,
) -> DateTime<Utc> {
    let first = match error_type {
        ScrapeErrorType::Blocked | ScrapeErrorType::Robots => rules.first_retry_when_unwanted,
        _ => rules.first_retry,
    };
    let wait = first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(rules.longest_retry);
    let again = now + span(wait);
    asked_for.map_or(again, |asked_for| again.max(as_asked(asked_for, now, rules)))
}

/// When a website may be asked again that asked to be left alone for so long; nobody is left alone for ever.
pub(super) fn as_asked(asked_for: Duration, now: DateTime<Utc>, rules: &ScrapingRules) -> DateTime<Utc> {
    now + span(asked_for.min(rules.longest_retry))
}

/// When a website of whose pages some failed is read again, this being the so manieth such scrape in a row; `None` where that
/// can wait as long as for any other.
pub(super) fn after_partial(scrapes: u32, now: DateTime<Utc>, rules: &ScrapingRules) -> Option<DateTime<Utc>> {
    let doublings = scrapes.checked_sub(1).filter(|_| scrapes <= rules.partial_retries)?;
    let wait = rules.first_retry_when_partial.saturating_mul(2_u32.saturating_pow(doublings));
    Some(now + span(wait.min(rules.longest_retry)))
}

/// Times behind which none can lie, unless a clock went ahead or has gone back: then the website is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    /// Behind which no scrape can have been.
    pub(super) scraped: DateTime<Utc>,
    /// Behind which no scrape is ever put off.
    pub(super) next: DateTime<Utc>,
}

impl Ahead {
    pub(super) fn of(tracking: &TrackingRules, scraping: &ScrapingRules, now: DateTime<Utc>) -> Self {
        let scraped = tracking.latest(now);
        Self { scraped, next: scraped + span(scraping.longest_retry) }
    }
}

/// Whether it is time to scrape it.
pub(super) fn is_due(competitor: &Competitor, now: DateTime<Utc>, due_after: Duration, ahead: Ahead) -> bool {
    let is_time = match (competitor.next_scrape_at, competitor.last_scraped_at) {
        (Some(next), _) => next <= now || next > ahead.next,
        (None, Some(last)) => last <= now - span(due_after) || last > ahead.scraped,
        (None, None) => true,
    };
    competitor.active && is_time
}

/// Pages read before this are read anew.
///
/// A vehicle that has moved to a page wrongly called unchanged is not seen until then. It must not count as sold meanwhile, so
/// no page is believed for longer than half the shortest patience, whatever is configured.
pub(super) fn oldest_believed(now: DateTime<Utc>, tracking: &TrackingRules, scraping: &ScrapingRules) -> DateTime<Utc> {
    let shortest = sold::shortest_patience(tracking);
    now - span(scraping.unchanged_at_most).min(shortest / 2)
}

/// The span as dates count it; one that no date could bear is a century.
pub(super) fn span(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::days(36_500)).min(TimeDelta::days(36_500))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_website_is_asked_less_and_less() {
        let rules = ScrapingRules::default();
        let now: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        for (error_type, failures, asked_for_minutes, minutes) in [
            (ScrapeErrorType::Timeout, 1, 0, 30),
            (ScrapeErrorType::Timeout, 2, 0, 60),
            (ScrapeErrorType::HttpStatus, 1, 90, 90),
            (ScrapeErrorType::HttpStatus, 4, 90, 240),
            (ScrapeErrorType::HttpStatus, 1, u64::MAX / 60, 7 * 24 * 60),
            (ScrapeErrorType::Network, 40, 0, 7 * 24 * 60),
            (ScrapeErrorType::Network, u32::MAX, 0, 7 * 24 * 60),
            (ScrapeErrorType::Network, 0, 0, 30),
            (ScrapeErrorType::Blocked, 1, 0, 24 * 60),
            (ScrapeErrorType::Robots, 2, 0, 48 * 60),
        ] {
            let asked_for = (asked_for_minutes > 0).then(|| Duration::from_secs(asked_for_minutes * 60));
            let next = after_failure(error_type, failures, asked_for, now, &rules);
            assert_eq!((next - now).num_minutes(), minutes, "{error_type:?} {failures} {asked_for_minutes}");
        }
    }

    #[test]
    fn a_website_read_in_part_is_read_again_soon_a_few_times() {
        let rules = ScrapingRules::default();
        let now: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        let hours = |scrapes| after_partial(scrapes, now, &rules).map(|next| (next - now).num_hours());
        assert_eq!([0, 1, 2, 3, 4, u32::MAX].map(hours), [None, Some(2), Some(4), Some(8), None, None]);
    }
}
