//! What a scrape reports of itself: how far it came, what its list looked like, and how much of it could be read.

use super::{config::AlertRules, sighting::Sighting};

/// What a scrape knows about how far it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrapeReading {
    /// Whether the last page was reached; `false` too for a part of a lot handed in as such.
    pub last_page_reached: bool,
    /// Pages that could not be fetched or read.
    pub pages_failed: u32,
    /// Pages that robots.txt closes.
    pub pages_closed_by_robots: u32,
    /// Pages read, for the record; `None` where the listings came from elsewhere.
    pub pages_fetched: Option<u32>,
    /// How many vehicles the website claims to have.
    pub total_claimed: Option<u32>,
    /// How many vehicles the last page showed, where it was as full as the others and nothing else tells that it was the last.
    pub full_last_page: Option<u32>,
    /// What the list looked like, to compare the next scrape with.
    pub list: ListShape,
    /// Vehicles that several of its pages showed, without those that are shown so on purpose: as many may stand on none.
    pub on_several_pages: u32,
    /// Whether it says in words that nothing was found, and shows vehicles all the same.
    pub says_none: bool,
}

/// What a list looked like to a scrape, apart from its vehicles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListShape {
    /// How many vehicles each of its pages but the last showed, at the least; `None` for a list of one page.
    pub page_vehicles: Option<u32>,
    /// How many the last one showed, where no total tells that it was the last; of no use once the scrape is judged.
    pub last_page: Option<u32>,
    /// Where its first page stood after redirects.
    pub url: Option<String>,
    /// Whether that is another address than the one asked for; of no use once the scrape is judged.
    pub redirected: bool,
}

impl ScrapeReading {
    /// A reading that came to the last page and lost none.
    #[must_use]
    pub const fn whole_lot() -> Self {
        Self {
            last_page_reached: true,
            pages_failed: 0,
            pages_closed_by_robots: 0,
            pages_fetched: None,
            total_claimed: None,
            full_last_page: None,
            list: ListShape { page_vehicles: None, last_page: None, url: None, redirected: false },
            on_several_pages: 0,
            says_none: false,
        }
    }

    /// A reading that is known to be a part of a lot.
    #[must_use]
    pub const fn part_of_a_lot() -> Self {
        let mut reading = Self::whole_lot();
        reading.last_page_reached = false;
        reading
    }
}

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
