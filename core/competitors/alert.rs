//! What a scrape says about the scraping itself: failing, reading too little, or a lot that shrank at once.
//!
//! Each alert follows from what is stored after the scrape, so recording a scrape again, or scrapes out of order, opens and
//! closes what they would have in order. What is deliberately not here: writing alerts, which `alerts` does.

use serde_json::json;

use super::{
    Competitor, Completeness, IncompleteReason, ScrapeReading, completeness::is_far_below, rules::TrackingRules,
    sighting::Sighting,
};
use crate::alerts::{AlertType, NewAlert, Severity};

/// The alerts that recording opens and closes.
pub(super) const SCRAPE_ALERTS: [AlertType; 3] =
    [AlertType::ScrapeFailing, AlertType::ParseRateLow, AlertType::InventoryDropped];

/// How many sightings of a scrape could be read: those with an identity and a price.
///
/// An identity is whatever a listing is known again by: a VIN, an external id, a stock number, or year, make, model and
/// mileage. Vehicles that the website calls sold are left out, for most websites take the price of those away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ParseRate {
    /// Sightings on sale.
    pub(crate) listings: usize,
    /// Those that nothing can be known again by.
    pub(crate) without_identity: usize,
    /// Those without a price.
    pub(crate) without_price: usize,
    /// Those with both.
    pub(crate) read: usize,
}

impl ParseRate {
    pub(crate) fn of(seen: &[Sighting]) -> Self {
        let mut rate = Self::default();
        for sighting in seen.iter().filter(|sighting| !sighting.is_sold) {
            let (identity, price) = (sighting.has_identity(), sighting.price.is_some());
            rate.listings += 1;
            rate.without_identity += usize::from(!identity);
            rate.without_price += usize::from(!price);
            rate.read += usize::from(identity && price);
        }
        rate
    }

    fn is_low(&self, rules: &TrackingRules) -> bool {
        self.listings >= rules.alert_parse_rate_listings.max(1)
            && self.read as u128 * 100 < self.listings as u128 * u128::from(rules.alert_parse_rate_percent)
    }
}

/// What to do with the alert of a type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// The trouble is there.
    Open(NewAlert),
    /// The trouble is over.
    Close(AlertType),
    /// This scrape says nothing of it.
    Leave,
}

/// Failed scrapes since the last one that could be recorded.
pub(super) fn failing(competitor: &Competitor, failures: u32, rules: &TrackingRules) -> Verdict {
    if failures < rules.alert_after_failures.max(1) {
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

/// How much of the listings could be read.
pub(super) fn parse_rate(competitor: &Competitor, rate: &ParseRate, rules: &TrackingRules) -> Verdict {
    if rate.listings == 0 {
        return Verdict::Leave;
    }
    if !rate.is_low(rules) {
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
pub(super) fn inventory_dropped(
    competitor: &Competitor,
    (reading, completeness, vehicles): (&ScrapeReading, Completeness, usize),
    earlier: &[usize],
    rules: &TrackingRules,
) -> Verdict {
    let is_whole =
        matches!(completeness.reason(), None | Some(IncompleteReason::TooFewVehicles | IncompleteReason::LastPageFull));
    if !is_whole {
        return Verdict::Leave;
    }
    let is_low = is_far_below(vehicles, earlier, rules.alert_inventory_drop_percent, rules);
    // A lot believed to have shrunk has the size that it has.
    let believed = completeness.is_complete() && rules.alert_inventory_drop_percent <= rules.complete_share_percent;
    if !is_low || believed {
        return Verdict::Close(AlertType::InventoryDropped);
    }
    let lately = &earlier[..earlier.len().min(rules.complete_scrapes_compared)];
    let metadata =
        json!({"vehicles": vehicles, "complete_scrapes_before": lately, "total_claimed": reading.total_claimed});
    let usual = lately.first().copied().unwrap_or_default();
    let message = format!("{}: only {vehicles} vehicles, where there were {usual}", competitor.name);
    open(AlertType::InventoryDropped, competitor, message, metadata)
}

fn open(alert_type: AlertType, competitor: &Competitor, message: String, metadata: serde_json::Value) -> Verdict {
    Verdict::Open(NewAlert {
        alert_type,
        severity: Severity::Warning,
        message,
        metadata,
        subject_id: Some(competitor.id.into()),
    })
}
