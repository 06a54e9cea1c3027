//! How much of a scrape could be read.

use super::{config::AlertRules, sighting::Sighting};

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

    pub(crate) fn is_low(&self, rules: &AlertRules) -> bool {
        self.listings >= rules.parse_rate_listings.max(1)
            && self.read as u128 * 100 < self.listings as u128 * u128::from(rules.parse_rate_percent)
    }
}
