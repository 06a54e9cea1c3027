//! The competing dealers that are watched, their listings, prices and figures, and the rules by which scrapes are recorded.
//!
//! What is deliberately not here: reading pages, fetching, and SQL.

mod completeness;
mod identity;
mod metrics;
mod price;
mod rules;
mod service;
mod sighting;
#[cfg(test)]
mod simulation;
mod sold;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use completeness::{Completeness, IncompleteReason, ScrapeReading};
pub use identity::RefusalReason;
pub use metrics::{Metrics, MetricsRules, Trends};
pub use rules::TrackingRules;
pub use service::Competitors;
pub use sighting::ScrapedListing;
pub use sold::days_on_market;

use crate::{
    ids::{CompetitorId, ListingId, ScrapeId},
    money::Money,
};

/// A watched dealer: a row of `competitors`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the columns of competitors")]
pub struct Competitor {
    pub id: CompetitorId,
    pub name: String,
    pub website_url: Option<String>,
    pub inventory_url: String,
    pub platform_type: Option<String>,
    pub scraper_config: Option<serde_json::Value>,
    pub use_playwright: bool,
    pub active: bool,
    pub last_scraped_at: Option<DateTime<Utc>>,
    pub last_successful_scrape_at: Option<DateTime<Utc>>,
    pub scrape_error: Option<String>,
    pub scrape_error_type: Option<ScrapeErrorType>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A dealer to be watched from now on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewCompetitor {
    /// What the dealer is called here; up to 255 characters.
    pub name: String,
    /// The page that lists the vehicles; up to 500 characters.
    pub inventory_url: String,
    /// The front page; up to 500 characters.
    pub website_url: Option<String>,
    /// The platform, where it is known; found out otherwise.
    pub platform_type: Option<String>,
    /// How to read the website, where nothing general does.
    pub scraper_config: Option<serde_json::Value>,
    /// Whether pages must be rendered in a browser.
    pub use_playwright: bool,
}

/// Changes to a competitor; what is `None` stays, and `Some(None)` empties.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields are the columns of competitors")]
pub struct CompetitorUpdate {
    pub name: Option<String>,
    pub inventory_url: Option<String>,
    pub website_url: Option<Option<String>>,
    pub platform_type: Option<Option<String>>,
    pub scraper_config: Option<Option<serde_json::Value>>,
    pub use_playwright: Option<bool>,
    pub active: Option<bool>,
}

/// A vehicle on a competitor's website: a row of `competitor_inventory`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the columns of competitor_inventory")]
pub struct Listing {
    pub id: ListingId,
    pub competitor_id: CompetitorId,
    pub external_id: Option<String>,
    pub vin: Option<String>,
    pub stock_number: Option<String>,
    pub year: Option<i32>,
    pub make: Option<String>,
    pub model: Option<String>,
    pub trim: Option<String>,
    pub price: Option<Money>,
    pub mileage: Option<i32>,
    pub exterior_color: Option<String>,
    pub transmission: Option<String>,
    pub fuel_type: Option<String>,
    pub body_style: Option<String>,
    pub url: Option<String>,
    pub image_url: Option<String>,
    pub first_seen_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub is_sold: bool,
    pub sold_at: Option<DateTime<Utc>>,
    /// As stored for a sold listing, counted up to the time of reading for one on sale.
    pub days_on_market: i32,
    pub raw_data: Option<serde_json::Value>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Which listings; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of a listing, with their bounds")]
pub struct ListingFilter {
    pub competitor: Option<CompetitorId>,
    /// `true` for sold listings alone, `false` for those on sale.
    pub sold: Option<bool>,
    /// Whatever the case.
    pub make: Option<String>,
    /// Whatever the case.
    pub model: Option<String>,
    pub year_min: Option<i32>,
    pub year_max: Option<i32>,
    pub price_min: Option<Money>,
    pub price_max: Option<Money>,
    pub mileage_min: Option<i32>,
    pub mileage_max: Option<i32>,
    pub days_on_market_min: Option<i32>,
    pub days_on_market_max: Option<i32>,
    /// Only listings whose price is below an earlier one.
    pub price_dropped: bool,
}

/// What a list of listings is ordered by; the id breaks ties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListingSort {
    /// The listing seen first most lately comes first.
    #[default]
    Newest,
    /// The listing longest there comes first.
    Oldest,
    /// Lowest price first; without a price last.
    PriceAscending,
    /// Highest price first; without a price last.
    PriceDescending,
    /// Fewest miles first; without mileage last.
    MileageAscending,
    /// Newest model year first; without a year last.
    YearDescending,
}

/// A point of a listing's price history: a row of `competitor_price_history`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PricePoint {
    /// The price from this time on.
    pub price: Money,
    /// The lowest price up to this time.
    pub min_price: Option<Money>,
    /// The mileage shown with it.
    pub mileage: Option<i32>,
    /// When it was observed.
    pub recorded_at: DateTime<Utc>,
}

/// One scrape of a competitor: a row of `competitor_scrapes`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScrapeRecord {
    /// Its id.
    pub id: ScrapeId,
    /// Whose lot it saw.
    pub competitor_id: CompetitorId,
    /// When the pages were fetched.
    pub observed_at: DateTime<Utc>,
    /// Whether it saw the whole lot, and why not.
    pub completeness: Completeness,
    /// Pages read.
    pub pages_fetched: i32,
    /// The total that the website itself claims.
    pub total_claimed: Option<i32>,
    /// What it changed.
    pub counts: ScrapeCounts,
    /// What went wrong, for a person.
    pub error: Option<String>,
    /// What went wrong, for a program.
    pub error_type: Option<ScrapeErrorType>,
}

/// How many listings a scrape found and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ScrapeCounts {
    /// Sightings handed in: new, seen again, already known, duplicates and refused together.
    pub listings_found: usize,
    /// Different vehicles among them; later scrapes are compared with it.
    pub vehicles: usize,
    /// Vehicles not seen before.
    pub new: usize,
    /// Known listings seen again, whether anything changed or not.
    pub seen_again: usize,
    /// Of those, listings of which more than the time changed.
    pub updated: usize,
    /// Believed changes of a price.
    pub price_changes: usize,
    /// Listings that turned sold.
    pub sold: usize,
    /// Sold listings on sale again.
    pub relisted: usize,
    /// Sightings that repeat another of the same scrape.
    pub duplicates: usize,
    /// Sightings that could not be recorded.
    pub refused: usize,
    /// Listings that this scrape made missed often enough to be thought sold; the sums teach patience with the dealer.
    pub absences: u64,
    /// Listings that had been missed that often and were seen again.
    pub returns: u64,
}

/// What recording a scrape did, for the one who handed it in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordReport {
    /// Whose lot it is.
    pub competitor_id: CompetitorId,
    /// The row written for the scrape.
    pub scrape_id: ScrapeId,
    /// Whether the whole lot was seen, and why not.
    pub completeness: Completeness,
    /// What changed.
    pub counts: ScrapeCounts,
    /// The listings that were not recorded.
    pub refused: Vec<RefusedListing>,
}

/// A listing that was not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedListing {
    /// Its place among the listings handed in, from zero.
    pub index: usize,
    /// Why.
    pub reason: RefusalReason,
}

/// Why a scrape failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScrapeErrorType {
    /// No connection, or it broke.
    Network,
    /// No answer in time.
    Timeout,
    /// An answer that is no page, such as 404 or 503.
    HttpStatus,
    /// A bot check in place of the page.
    Blocked,
    /// Closed by robots.txt.
    Robots,
    /// A page that could not be read.
    Parsing,
    /// Pages without a single vehicle.
    Empty,
}

impl ScrapeErrorType {
    /// Every word there is.
    pub const ALL: [Self; 7] =
        [Self::Network, Self::Timeout, Self::HttpStatus, Self::Blocked, Self::Robots, Self::Parsing, Self::Empty];

    /// The word stored in `scrape_error_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::HttpStatus => "http_status",
            Self::Blocked => "blocked",
            Self::Robots => "robots",
            Self::Parsing => "parsing",
            Self::Empty => "empty",
        }
    }

    /// The type that a stored word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|error_type| error_type.as_str() == word)
    }
}
