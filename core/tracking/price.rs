//! Whether a price that was read may be believed.
//!
//! A monthly rate, a deposit or a missing digit read as a price would look like a cut of the year. Such a price is kept as
//! unconfirmed and believed when a second scrape reads the very same one. What no vehicle is sold for is no price at all: a rate
//! or a deposit that stands there every day is confirmed every day. Prices are read from text in `scrape/extract`.

use chrono::{DateTime, Utc};

use super::{
    config::TrackingRules,
    facts::StoredListing,
    plan::{PlannedPrice, PriceOf},
    sighting::Sighting,
};
use crate::money::Money;

/// What a price in a sighting means for the stored one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PriceReading {
    /// No price this time: what is stored stays.
    Missing,
    /// The stored price again; a doubt that stood against it is settled.
    Same,
    /// A new price to believe.
    Accepted(Money),
    /// A price to believe only when it is read again.
    Doubted(Money),
}

/// Whether a vehicle may be sold for this at all.
pub(crate) fn is_price(seen: Money, rules: &TrackingRules) -> bool {
    seen >= rules.price.least
}

/// Judges the price of a sighting against the stored price and the stored doubt.
pub(crate) fn read_price(
    stored: Option<Money>,
    unconfirmed: Option<Money>,
    seen: Option<Money>,
    rules: &TrackingRules,
) -> PriceReading {
    let Some(seen) = seen else { return PriceReading::Missing };
    if stored == Some(seen) {
        PriceReading::Same
    } else if is_plausible(stored, seen, rules) || unconfirmed == Some(seen) {
        PriceReading::Accepted(seen)
    } else {
        PriceReading::Doubted(seen)
    }
}

fn is_plausible(stored: Option<Money>, seen: Money, rules: &TrackingRules) -> bool {
    let jumped = stored.is_some_and(|stored| {
        let change = stored.cents().abs_diff(seen.cents());
        u128::from(change) * 100 > u128::from(stored.cents().unsigned_abs()) * u128::from(rules.price.jump_percent)
    });
    seen >= rules.price.floor && !jumped
}

/// Whether taking over a sighting would change more than the time.
pub(crate) fn would_change(listing: &StoredListing, sighting: &Sighting, rules: &TrackingRules) -> bool {
    let price_news = match read_price(listing.price, listing.unconfirmed_price, sighting.price, rules) {
        PriceReading::Missing => false,
        PriceReading::Same => listing.unconfirmed_price.is_some(),
        PriceReading::Accepted(_) => true,
        PriceReading::Doubted(price) => listing.unconfirmed_price != Some(price),
    };
    price_news || listing.keys.would_change(&sighting.keys) || listing.details.would_change(&sighting.details)
}

/// Takes over the price of a sighting as far as it may be believed; a believed change is a row of the price history.
pub(crate) fn apply_price(
    listing: &mut StoredListing,
    seen: Option<Money>,
    (of, observed_at): (PriceOf, DateTime<Utc>),
    columns: &mut Vec<&'static str>,
    rules: &TrackingRules,
) -> Option<PlannedPrice> {
    let unconfirmed = listing.unconfirmed_price;
    let accepted = match read_price(listing.price, unconfirmed, seen, rules) {
        PriceReading::Missing => return None,
        PriceReading::Doubted(price) => {
            listing.unconfirmed_price = Some(price);
            None
        }
        PriceReading::Same => {
            listing.unconfirmed_price = None;
            None
        }
        PriceReading::Accepted(price) => {
            listing.unconfirmed_price = None;
            Some(price)
        }
    };
    if listing.unconfirmed_price != unconfirmed {
        columns.push("unconfirmed_price");
    }
    let price = accepted?;
    let lowest_price = listing.lowest_price.map_or(price, |lowest| lowest.min(price));
    let before = listing.price.replace(price);
    listing.lowest_price = Some(lowest_price);
    listing.highest_price = listing.highest_price.max(Some(price));
    if before.is_some() {
        listing.previous_price = before;
        listing.price_changed_at = Some(observed_at);
    }
    columns.push("price");
    Some(PlannedPrice { of, price, lowest_price, mileage: listing.details.mileage, before })
}
