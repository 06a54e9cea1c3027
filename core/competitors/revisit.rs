//! When a competitor is scraped again. No I/O.
//!
//! A website that was scraped is due after some hours. One that failed is due sooner, and later with each failure in a row;
//! one that refuses to be read is left alone for a day or longer. One whose last or next scrape lies too far in the future is
//! due, because a clock was wrong.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Competitor, ScrapeErrorType, TrackingRules};
pub(super) use crate::scrape::walk::site_scope::host;
use crate::tracking::{numbers, sold};

numbers! {
    /// The numbers of scraping, apart from those of a single request.
    ///
    /// ```
    /// use jpauto::Config;
    ///
    /// let mut config = Config::new("sqlite::memory:");
    /// config.scraping.first_retry = std::time::Duration::from_secs(600);
    /// ```
    #[derive(Clone, Debug, PartialEq, Eq)]
    ScrapingRules {
        /// How long a lease of a scrape lasts (2 min); it is renewed after each third.
        lease: Duration = Duration::from_secs(120),
        /// How soon a website that failed is tried again (30 min); twice as long with each further failure in a row.
        first_retry: Duration = Duration::from_secs(30 * 60),
        /// The same for a website that showed a bot check or is closed by robots.txt (24 h).
        first_retry_when_unwanted: Duration = Duration::from_secs(24 * 3600),
        /// How soon a website is read again after some of its pages failed (2 h); twice as long with each further time in a row.
        first_retry_when_partial: Duration = Duration::from_secs(2 * 3600),
        /// After this many scrapes in a row with failed pages the website is due as any other (3).
        partial_retries: u32 = 3,
        /// The longest of these times, however often they are doubled (7 days).
        longest_retry: Duration = Duration::from_secs(7 * 24 * 3600),
        /// How long a scrape waits for a host that many dealers share while another process asks it (10 s); the competitor is left
        /// for the next run then.
        shared_host_wait: Duration = Duration::from_secs(10),
        /// How long a server's word that a page has not changed is believed (2 days). At most half the time after which a vehicle
        /// counts as sold: a vehicle that moved to a page wrongly called unchanged is then seen before.
        unchanged_at_most: Duration = Duration::from_secs(2 * 24 * 3600),
        /// The share of the claimed vehicles that a list given as data must have to replace the pages, in percent: 95.
        data_share_percent: u32 = 95,
    }
}

/// When a website may be scraped again after a number of failures in a row, this one included.
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

/// When a website may be asked again that asked to be left alone for a time, which is bounded.
pub(super) fn as_asked(asked_for: Duration, now: DateTime<Utc>, rules: &ScrapingRules) -> DateTime<Utc> {
    now + span(asked_for.min(rules.longest_retry))
}

/// When a website is read again after a number of scrapes in a row in which pages failed; `None` where it waits as long as any
/// other.
pub(super) fn after_partial(scrapes: u32, now: DateTime<Utc>, rules: &ScrapingRules) -> Option<DateTime<Utc>> {
    let doublings = scrapes.checked_sub(1).filter(|_| scrapes <= rules.partial_retries)?;
    let wait = rules.first_retry_when_partial.saturating_mul(2_u32.saturating_pow(doublings));
    Some(now + span(wait.min(rules.longest_retry)))
}

/// The latest possible times of scrapes. A later one shows that a clock was wrong, and the website is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ahead {
    /// No scrape can have been later.
    pub(super) scraped: DateTime<Utc>,
    /// No scrape is ever put off for longer.
    pub(super) next: DateTime<Utc>,
}

impl Ahead {
    pub(super) fn of(tracking: &TrackingRules, scraping: &ScrapingRules, now: DateTime<Utc>) -> Self {
        let scraped = tracking.latest(now);
        Self { scraped, next: scraped + span(scraping.longest_retry) }
    }
}

/// Whether a competitor is due.
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

/// The duration as a span of dates, a century at most.
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
