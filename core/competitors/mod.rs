//! Competitors: dealers whose websites are watched, with their listings, prices and figures.
//!
//! The types of the noun stand here, the operations in `service`, the rows in `repository`. `registration` checks what a person
//! enters, `revisit` says when a website is due, `worker_pool` scrapes several at once, and `alert`, `metrics`, `report` and
//! `market_view` shape what follows from scrapes. The rules of what a scrape changes are `tracking`; reading lists is
//! `scrape::walk`.

mod alert;
mod market_view;
mod metrics;
mod missing;
#[cfg(feature = "openapi")]
mod openapi;
mod probe;
mod progress;
mod registration;
mod report;
mod repository;
mod revisit;
mod score;
mod scrape_log;
mod service;
mod transfer;
mod worker_pool;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use market_view::{
    LeftOut, MarketGroup, MarketView, MarketViewFilter, MarketViewRules, ModelFigures, Undercut, UndercutFilter,
};
pub use metrics::{Metrics, MetricsRules, Trends};
pub use probe::{PlatformCertainty, TestFailure, TestOptions, TestReport, TestSite, TestedPage};
pub use progress::{ScrapeEvent, ScrapeFailure, ScrapeLimits, ScrapeProgress, ScrapeReport, ScrapeSummary};
pub use registration::web_address;
pub use report::{
    ChangedVehicle, LotVerdict, PriceChange, RecordReport, RecordedVehicle, RefusedListing, SoldVehicle,
    TransferredVehicle,
};
pub(crate) use repository::{YEARS_OF_CARS, is_watched_since, note_models_where};
pub use revisit::ScrapingRules;
pub use score::{ReadingScore, ScorePart, ScoreRules};
pub use service::{AddedCompetitor, Competitors, CountedFigures};

use crate::{
    activity::Audited,
    change::Change,
    ids::{CompetitorId, ListingId, ScrapeId},
    money::Money,
    scrape::walk::ListSource,
    tracking::sold::Returns,
    version::Version,
};
pub use crate::{
    extract::{Condition, OdometerStatus, SaleStatus, ScrapedListing, StockStatus, TitleBrand},
    scrape::{
        ScrapeErrorType,
        configured::{
            Counter, Cursor, DataPagination, EndpointConfig, ListingField, Method, OneOrMany, Pagination,
            ScraperConfig, ValuePath, ValueSelector, Within,
        },
        walk::ScrapedPage,
    },
    tracking::{
        AlertRules, Completeness, DoubtWeights, EvidenceRules, IdentityRules, IncompleteReason, ListShape, PriceRules,
        RefusalReason, Replay, ReplayedListing, ScrapeCounts, ScrapeReading, SoldRules, TrackingRules, days_on_market,
    },
};

/// A watched dealer: a row of `competitors`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
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
    /// `None` also where another application has written an unknown word.
    pub scrape_error_type: Option<ScrapeErrorType>,
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    /// After a failure, when it is due again.
    pub next_scrape_at: Option<DateTime<Utc>>,
}

impl Competitor {
    /// The version of what staff enters, for [`Competitors::if_version`]. A scrape leaves it as it is.
    #[must_use]
    pub fn version(&self) -> Version {
        let Self { name, website_url, inventory_url, platform_type, scraper_config, use_playwright, active, .. } = self;
        let config = scraper_config.as_ref().map(ToString::to_string);
        Version::of(&(self.id, name, website_url, inventory_url, platform_type, config, use_playwright, active))
    }

    /// Where its list stands, and how it is read.
    pub(super) fn list_source(&self) -> ListSource<'_> {
        ListSource {
            url: &self.inventory_url,
            platform: self.platform_type.as_deref(),
            config: self.scraper_config.as_ref(),
            in_browser: self.use_playwright,
        }
    }
}

impl Audited for Competitor {
    const RESOURCE: &'static str = "competitors";

    fn resource_id(&self) -> Uuid {
        self.id.into()
    }
}

/// The competitor of a scrape: by id, or by name, under which it is added where no competitor has it.
///
/// ```
/// use jpauto::competitors::CompetitorKey;
///
/// let key = CompetitorKey::named("Valley Motors").at("https://valley.example/used/");
/// # let _ = key;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompetitorKey {
    /// The competitor with this id.
    Id(CompetitorId),
    /// The competitor of this name, whatever its case.
    Name {
        /// The name.
        name: String,
        /// The address of the list, for a competitor that is added. `None` means an address under `.invalid`, which is
        /// never fetched.
        inventory_url: Option<String>,
    },
}

impl CompetitorKey {
    /// The competitor of this name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self::Name { name: name.into(), inventory_url: None }
    }

    /// The same with the address of its list, for a competitor that is added.
    #[must_use]
    pub fn at(self, url: impl Into<String>) -> Self {
        match self {
            Self::Id(id) => Self::Id(id),
            Self::Name { name, .. } => Self::Name { name, inventory_url: Some(url.into()) },
        }
    }
}

impl From<CompetitorId> for CompetitorKey {
    fn from(id: CompetitorId) -> Self {
        Self::Id(id)
    }
}

/// A dealer to watch.
///
/// ```
/// use jpauto::{Actor, Dealership, competitors::NewCompetitor};
///
/// let desk = Dealership::open("sqlite::memory:")?.acting_as(Actor::system());
/// let competitor = desk.competitors().add(&NewCompetitor {
///     name: "Example Motors".into(),
///     inventory_url: "https://motors.example/used".into(),
///     ..NewCompetitor::default()
/// })?;
/// assert!(competitor.active);
/// # Ok::<(), jpauto::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct NewCompetitor {
    /// The dealer's name here; up to 255 characters, unique whatever the case.
    pub name: String,
    /// The page that lists the vehicles; up to 500 characters.
    pub inventory_url: String,
    /// The front page; up to 500 characters.
    pub website_url: Option<String>,
    /// The platform, one of [`platforms`](crate::extract::platforms); `None` to find it out.
    pub platform_type: Option<String>,
    /// How to read a website that no general reader reads: a [`ScraperConfig`] as JSON.
    pub scraper_config: Option<serde_json::Value>,
    /// Whether pages must be rendered in a browser.
    pub use_playwright: bool,
}

/// Changes to a competitor; fields that are not set stay.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are the columns of competitors")]
pub struct CompetitorUpdate {
    #[serde(deserialize_with = "crate::change::sent")]
    pub name: Option<String>,
    #[serde(deserialize_with = "crate::change::sent")]
    pub inventory_url: Option<String>,
    pub website_url: Change<String>,
    pub platform_type: Change<String>,
    pub scraper_config: Change<serde_json::Value>,
    #[serde(deserialize_with = "crate::change::sent")]
    pub use_playwright: Option<bool>,
    #[serde(deserialize_with = "crate::change::sent")]
    pub active: Option<bool>,
}

/// Which competitors to list; all of them by default, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompetitorFilter {
    /// `true` for those that are watched, `false` for the paused ones.
    pub active: Option<bool>,
    /// Every word of it stands somewhere in the name or in the address of the list of vehicles.
    pub q: Option<String>,
}

/// A competitor with its newest figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompetitorOverview {
    /// Who it is.
    pub competitor: Competitor,
    /// The figures after the newest scrape; `None` before the first.
    pub metrics: Option<Metrics>,
    /// How they moved within a week.
    pub trends: Option<Trends>,
    /// How they moved within a month.
    pub monthly_trends: Option<Trends>,
    /// The newest scrape.
    pub last_scrape: Option<ScrapeRecord>,
}

/// A vehicle on a competitor's website: a row of `competitor_inventory`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
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
    /// Whether its dealer's website shows it no more, and it is not sold yet: missing since `last_seen_at`.
    pub is_unseen: bool,
    pub sold_at: Option<DateTime<Utc>>,
    /// As stored for a sold listing; counted up to now for one on sale.
    pub days_on_market: i32,
    pub raw_data: Option<serde_json::Value>,
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    /// A price that was read once and is too unlikely to be believed before it is read again.
    pub unconfirmed_price: Option<Money>,
    /// The lowest price ever believed.
    pub lowest_price: Option<Money>,
    /// The highest price ever believed.
    pub highest_price: Option<Money>,
    /// The price before the present one.
    pub previous_price: Option<Money>,
    /// When the present price replaced another.
    pub price_changed_at: Option<DateTime<Utc>>,
    /// The chance that it comes back, from 0 to 1, where it was found sold by its absence.
    pub p_return: Option<f64>,
    /// Where it stands, by its website's word.
    pub stock_status: Option<StockStatus>,
    /// How far its sale has come, by its website's word.
    pub sale_status: Option<SaleStatus>,
    /// What its title says, by its website's word.
    pub title_brand: Option<TitleBrand>,
    /// Whether it is offered as new, used or certified.
    pub condition: Option<Condition>,
    /// What is said of its odometer.
    pub odometer_status: Option<OdometerStatus>,
    /// The same vehicle at the competitor that it came from.
    pub transferred_from: Option<Transfer>,
    /// The same vehicle at the competitor that has it now: this lot did not sell it.
    pub transferred_to: Option<Transfer>,
}

/// The same vehicle, by its VIN, on the lot of another competitor.
///
/// A car that is gone here and was seen there afterwards was not sold to a customer: it changed lots, within a group or
/// through an auction. The listing here keeps `is_sold`, because the car is gone, but it is not counted as a sale or as a sold
/// comparable. Which listing it was is found by VINs and times on each reading. That it was a transfer is stored with the listing when the
/// later of the two scrapes is recorded, so the order in which lots are recorded does not matter.
/// [`TrackingRules::transfer_days`] bounds the time between the two lots.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Transfer {
    /// Its listing there.
    pub listing_id: ListingId,
    /// The other competitor.
    pub competitor_id: CompetitorId,
    /// Its name.
    pub competitor: String,
    /// The price there.
    pub price: Option<Money>,
    /// When it was first seen there.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last seen there.
    pub last_seen_at: DateTime<Utc>,
}

/// Which listings; fields left at their defaults match all.
///
/// ```
/// use jpauto::{Money, competitors::{ListingFilter, ListingSort}};
///
/// // On sale for a month or longer, and down by 500.00 or more within the last week: the deepest cut first.
/// let filter = ListingFilter {
///     sold: Some(false),
///     days_on_market_min: Some(30),
///     price_drop_min: Some(Money::from_dollars(500)),
///     price_drop_within_days: Some(7),
///     sort: ListingSort::PriceDropDescending,
///     ..ListingFilter::default()
/// };
/// # let _ = filter;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of a listing, with their bounds")]
pub struct ListingFilter {
    /// Of any of these; of all where it is empty.
    pub competitors: Vec<CompetitorId>,
    /// `true` for sold listings alone, `false` for those that are not sold.
    pub sold: Option<bool>,
    /// `true` for unseen listings alone: not sold, and shown no more. `false` leaves them out.
    pub unseen: Option<bool>,
    /// Whatever the case.
    pub vin: Option<String>,
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
    /// Of any of these; of all, and of those that say nothing, where it is empty.
    pub stock_status: Vec<StockStatus>,
    /// Of any of these; of all, and of those that say nothing, where it is empty.
    pub sale_status: Vec<SaleStatus>,
    /// Of any of these; of all, and of those that say nothing, where it is empty.
    pub title_brand: Vec<TitleBrand>,
    /// Of any of these; of all, and of those that say nothing, where it is empty.
    pub condition: Vec<Condition>,
    /// Of any of these; of all, and of those that say nothing, where it is empty.
    pub odometer_status: Vec<OdometerStatus>,
    /// Only listings whose price is below an earlier one.
    pub price_dropped: bool,
    /// Only listings whose price is this much below an earlier one, or more.
    pub price_drop_min: Option<Money>,
    /// Only listings whose price is below one that they had at some moment of this many last days, by `price_drop_min` where
    /// that is set.
    pub price_drop_within_days: Option<u32>,
    /// Every word of it stands somewhere in make, model, trim, VIN or stock number.
    pub q: Option<String>,
    /// The order.
    pub sort: ListingSort,
}

/// The order of a list of listings. Listings without a value come last; the id breaks ties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListingSort {
    /// The one there longest first.
    FirstSeenAt,
    /// The newest first.
    #[default]
    FirstSeenAtDescending,
    /// The cheapest first.
    Price,
    /// The dearest first.
    PriceDescending,
    /// The fewest miles first.
    Mileage,
    /// The most miles first.
    MileageDescending,
    /// The oldest model year first.
    Year,
    /// The newest model year first.
    YearDescending,
    /// The fewest days on the market first.
    DaysOnMarket,
    /// The most days on the market first.
    DaysOnMarketDescending,
    /// The least below its highest price first.
    PriceDrop,
    /// The most below its highest price first.
    PriceDropDescending,
}

words!(ListingSort, InvalidSort at "/sort" {
    FirstSeenAt => "first_seen_at",
    FirstSeenAtDescending => "-first_seen_at",
    Price => "price",
    PriceDescending => "-price",
    Mileage => "mileage",
    MileageDescending => "-mileage",
    Year => "year",
    YearDescending => "-year",
    DaysOnMarket => "days_on_market",
    DaysOnMarketDescending => "-days_on_market",
    PriceDrop => "price_drop",
    PriceDropDescending => "-price_drop",
});

/// A point of a listing's price history: a row of `competitor_price_history`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PricePoint {
    /// The price since this time.
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScrapeRecord {
    /// Its id.
    pub id: ScrapeId,
    /// Whose lot it saw.
    pub competitor_id: CompetitorId,
    /// When the pages were fetched.
    pub observed_at: DateTime<Utc>,
    /// Whether it saw the whole lot, and why not.
    pub completeness: Completeness,
    /// All the doubts about it, the gravest first.
    pub doubts: Vec<IncompleteReason>,
    /// How far its silence is believed, from 0 to 1: 1 means that a car it did not show was not there.
    pub weight: f64,
    /// Pages read; `None` where the listings came from elsewhere.
    pub pages_fetched: Option<u32>,
    /// The total that the website itself claims.
    pub total_claimed: Option<u32>,
    /// What it changed.
    pub counts: ScrapeCounts,
    /// The failure, for a person.
    pub error: Option<String>,
    /// The failure, for a program.
    pub error_type: Option<ScrapeErrorType>,
    #[serde(skip)]
    pub(super) list: ListShape,
    /// How the dealer's listings had behaved by then; `None` for a scrape that failed.
    #[serde(skip)]
    pub(super) behaviour: Option<Returns>,
    /// How far those are believed to be gone that it saw last, once that is fixed.
    #[serde(skip)]
    pub(super) group_weight: Option<f64>,
}
