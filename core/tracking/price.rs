//! Whether a price that was read may be believed.
//!
//! A monthly rate, a deposit or a missing digit read as a price would look like a cut of the year. Such a price is kept as
//! unconfirmed and believed when a second scrape reads the very same one. What no vehicle is sold for is no price at all: a rate
//! or a deposit that stands there every day is confirmed every day. What is deliberately not here: reading prices
//! from text.

use super::config::TrackingRules;
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
