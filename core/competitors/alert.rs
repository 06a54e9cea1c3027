//! What a scrape says about the scraping itself: failing, reading too little, a lot that shrank at once or is suddenly another,
//! or one that is never seen whole.
//!
//! Each alert follows from what is stored after the scrape. So the order in which scrapes are recorded does not matter, nor does
//! recording one twice. The rows of alerts are written by `alerts`.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Competitor, IncompleteReason, ScrapeReading, TrackingRules};
use crate::{
    alerts::{Alert, AlertType, NewAlert, Severity},
    tracking::{
        evidence::{Doubts, Recognition, is_far_below},
        reading::ParseRate,
    },
};

/// The alerts that recording opens and closes.
pub(super) const SCRAPE_ALERTS: [AlertType; 5] = [
    AlertType::ScrapeFailing,
    AlertType::ParseRateLow,
    AlertType::InventoryDropped,
    AlertType::InventoryReplaced,
    AlertType::InventoryIncomplete,
];

/// The scrapes in a row, up to the present one, that had a doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartialScrapes {
    /// How many, with the present one.
    pub(super) count: u32,
    /// When the first of them was.
    pub(super) since: DateTime<Utc>,
}

/// What to do with the alert of a type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// The trouble is there.
    Open(NewAlert),
    /// The trouble is over.
    Close(AlertType),
    /// What is open of it stays open.
    Keep(AlertType),
    /// This scrape says nothing of it.
    Leave,
}

/// The message of an alert that a later scrape found over.
pub(super) fn found_over(alert: &Alert) -> String {
    format!("{}; a later scrape found it over", alert.message)
}

/// The message of an alert about a competitor that is not scraped any more.
pub(super) fn no_longer_scraped(alert: &Alert) -> String {
    format!("{}; the competitor is no longer scraped", alert.message)
}

/// Failed scrapes since the last one that could be recorded.
pub(super) fn failing(competitor: &Competitor, failures: u32, rules: &TrackingRules) -> Verdict {
    if failures < rules.alerts.after_failures.max(1) {
        return Verdict::Close(AlertType::ScrapeFailing);
    }
    let error = competitor.scrape_error.as_deref().unwrap_or("unknown");
    let metadata = json!({
        "failures": failures,
        "error_type": competitor.scrape_error_type,
        "error": competitor.scrape_error,
        "last_successful_scrape_at": competitor.last_successful_scrape_at,
    });
    let message = format!("{}: {failures} scrapes in a row failed: {error}", competitor.name);
    open(AlertType::ScrapeFailing, competitor, message, metadata)
}

/// A scrape that failed for a reason of our own, such as a browser that is not installed: trying again mends nothing.
pub(super) fn failing_here(competitor: &Competitor, code: &str, message: &str) -> NewAlert {
    let metadata = json!({
        "error_type": code,
        "error": message,
        "last_successful_scrape_at": competitor.last_successful_scrape_at,
    });
    let message = format!("{}: it could not be scraped from here: {message}", competitor.name);
    new_alert(AlertType::ScrapeFailing, competitor, message, metadata)
}

/// How much of the listings could be read.
pub(super) fn parse_rate(competitor: &Competitor, rate: &ParseRate, rules: &TrackingRules) -> Verdict {
    if rate.listings == 0 {
        return Verdict::Leave;
    }
    if !rate.is_low(&rules.alerts) {
        return Verdict::Close(AlertType::ParseRateLow);
    }
    let ParseRate { listings, without_identity, without_price, read } = *rate;
    let metadata = json!({
        "listings": listings,
        "read": read,
        "without_identity": without_identity,
        "without_price": without_price,
    });
    let message = format!(
        "{}: only {read} of {listings} listings have an identity and a price ({without_identity} no identity, {without_price} \
         no price)",
        competitor.name
    );
    open(AlertType::ParseRateLow, competitor, message, metadata)
}

/// Whether a lot that was read to its end is far smaller than it was.
///
/// `unseen` are the listings on sale that a whole lot showed last and that the scrape did not see. What is gone is found sold some days
/// later: until then somebody should know: `Keep`.
pub(super) fn inventory_dropped(
    competitor: &Competitor,
    (reading, doubts, vehicles): (&ScrapeReading, &Doubts, usize),
    (earlier, unseen): (&[usize], usize),
    rules: &TrackingRules,
) -> Verdict {
    if !doubts.are_of_a_whole_list() {
        return Verdict::Leave;
    }
    // What may have been sold so fast is no fall.
    if doubts.0.is_empty() || !is_far_below(vehicles, earlier, rules.alerts.inventory_drop_percent) {
        let on_sale = vehicles.saturating_add(unseen) as u128;
        let is_awaited = vehicles as u128 * 100 < on_sale * u128::from(rules.alerts.inventory_drop_percent);
        return match is_awaited {
            true => Verdict::Keep(AlertType::InventoryDropped),
            false => Verdict::Close(AlertType::InventoryDropped),
        };
    }
    let metadata =
        json!({"vehicles": vehicles, "complete_scrapes_before": earlier, "total_claimed": reading.total_claimed});
    let usual = earlier.first().copied().unwrap_or_default();
    let message = format!(
        "{}: only {vehicles} vehicles, where there were {usual}{}",
        competitor.name,
        word_of_the_owner(competitor)
    );
    open(AlertType::InventoryDropped, competitor, message, metadata)
}

/// How the owner says what a doubted lot is worth.
fn word_of_the_owner(competitor: &Competitor) -> String {
    let name = competitor.name.replace('"', "\\\"");
    format!(
        "; `jpauto competitor believe \"{name}\"` takes the lot as it is, `jpauto competitor distrust \"{name}\"` discards it"
    )
}

/// Whether a lot that was read to its end is another one than it was; `unseen` as for [`inventory_dropped`].
pub(super) fn inventory_replaced(
    competitor: &Competitor,
    (reading, doubts, vehicles): (&ScrapeReading, &Doubts, usize),
    (recognition, unseen): (&Recognition, usize),
) -> Verdict {
    if !doubts.0.contains(&IncompleteReason::LotReplaced) {
        return match doubts.are_of_a_whole_list() {
            true if unseen.saturating_mul(2) >= vehicles => Verdict::Keep(AlertType::InventoryReplaced),
            true => Verdict::Close(AlertType::InventoryReplaced),
            false => Verdict::Leave,
        };
    }
    let Recognition { known, recognised, .. } = *recognition;
    let metadata = json!({
        "vehicles": vehicles,
        "known": known,
        "recognised": recognised,
        "total_claimed": reading.total_claimed,
    });
    let message = format!(
        "{}: of {known} vehicles only {recognised} were recognised, among {vehicles}: another list, or other numbers on the \
         same cars{}",
        competitor.name,
        word_of_the_owner(competitor)
    );
    open(AlertType::InventoryReplaced, competitor, message, metadata)
}

/// Whether the lot has been doubted for so long that somebody should know: what is missing there is found sold late or never.
///
/// `partial` are the scrapes since the last without a doubt. An empty lot and another one have alerts of their own.
pub(super) fn inventory_incomplete(
    competitor: &Competitor,
    (reading, doubts, vehicles): (&ScrapeReading, &Doubts, usize),
    (partial, observed_at): (Option<PartialScrapes>, DateTime<Utc>),
    rules: &TrackingRules,
) -> Verdict {
    let reason = match doubts.0.first() {
        None => return Verdict::Close(AlertType::InventoryIncomplete),
        Some(IncompleteReason::Empty | IncompleteReason::LotReplaced) => return Verdict::Leave,
        Some(reason) => *reason,
    };
    let span = TimeDelta::days(rules.alerts.incomplete_days.into());
    let is_long = |partial: &PartialScrapes| {
        partial.count >= rules.alerts.after_incomplete.max(1) && observed_at - partial.since >= span
    };
    let Some(PartialScrapes { count, since }) = partial.filter(is_long) else {
        return Verdict::Close(AlertType::InventoryIncomplete);
    };
    let metadata = json!({
        "incomplete_reason": reason,
        "doubts": doubts.0,
        "scrapes": count,
        "since": since,
        "vehicles": vehicles,
        "total_claimed": reading.total_claimed,
    });
    let why = match (reason, reading.total_claimed) {
        (IncompleteReason::FewerThanClaimed, Some(claimed)) => {
            format!("{vehicles} vehicles, where it claims {claimed}")
        }
        (IncompleteReason::ListMoved, _) => {
            format!("{} vehicles stand on several pages", reading.on_several_pages)
        }
        (reason, _) => reason.in_words().to_owned(),
    };
    let message = format!(
        "{}: {count} scrapes in a row may not have seen the whole lot, so that what is missing there is found sold late: {why}{}",
        competitor.name,
        word_of_the_owner(competitor)
    );
    open(AlertType::InventoryIncomplete, competitor, message, metadata)
}

fn open(alert_type: AlertType, competitor: &Competitor, message: String, metadata: serde_json::Value) -> Verdict {
    Verdict::Open(new_alert(alert_type, competitor, message, metadata))
}

fn new_alert(alert_type: AlertType, competitor: &Competitor, message: String, metadata: serde_json::Value) -> NewAlert {
    let subject_id = Some(competitor.id.into());
    NewAlert { alert_type, severity: Severity::Warning, message, metadata, subject_id }
}
