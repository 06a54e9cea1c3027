//! The market as the competitors' lots show it: figures by make and model, and who asks less than we do for such a car.
//!
//! The database counts, ranks and picks the middle values; here the two middle ones are averaged. A dealer of whom nobody hears any
//! more has whatever it had on sale for ever, so what is paused or was not seen for long is left out. What is deliberately not
//! here: what a vehicle is worth (`market`), which adjusts for mileage and trims outliers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{days_on_market, metrics::average};
use crate::{
    ids::{CompetitorId, ListingId, VehicleId},
    money::Money,
    page::Page,
};

/// The numbers of the market view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketViewRules {
    /// Days within which a sale is of late: 30.
    pub sold_days: u32,
    /// Days within which a price cut is of late: 7.
    pub price_cut_days: u32,
    /// Miles by which a car may differ from ours to be compared with it: 10,000.
    pub undercut_mileage: i32,
}

impl Default for MarketViewRules {
    fn default() -> Self {
        Self { sold_days: 30, price_cut_days: 7, undercut_mileage: 10_000 }
    }
}

/// What one line of the view stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketGroup {
    /// A make and model.
    #[default]
    Model,
    /// A make, model and model year.
    ModelYear,
}

words!(MarketGroup, InvalidMarketGroup at "/group" { Model => "model", ModelYear => "model_year" });

/// Which part of the market; all of it by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of a listing, with their bounds")]
pub struct MarketViewFilter {
    /// At any of these competitors; at all where it is empty.
    pub competitors: Vec<CompetitorId>,
    /// Whatever the case.
    pub make: Option<String>,
    /// Whatever the case.
    pub model: Option<String>,
    pub year_min: Option<i32>,
    pub year_max: Option<i32>,
    /// What a line stands for.
    pub group: MarketGroup,
}

/// The market, all in all and line by line, as of one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MarketView {
    /// All that the filter lets through; its make, model and year are `None`.
    pub total: ModelFigures,
    /// What it lets through and is not counted.
    pub left_out: LeftOut,
    /// What there is most of first.
    pub models: Page<ModelFigures>,
}

/// Listings that were never found sold and are on the market no longer.
///
/// Those are all that a paused competitor has, and what no scrape has shown for [`TrackingRules::on_the_market_days`](super::TrackingRules::on_the_market_days).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Such listings.
    pub listings: i64,
    /// Competitors that have one.
    pub competitors: i64,
}

/// The figures of one make and model, of one model year where the view is by year.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelFigures {
    /// The make, spelled as one of the listings spells it.
    pub make: Option<String>,
    /// The model, spelled likewise.
    pub model: Option<String>,
    /// The model year, in a view by year.
    pub year: Option<i32>,
    /// Competitors that have one on sale.
    pub competitors: i64,
    /// Listings on sale.
    pub on_sale: i64,
    /// Those of them that have a price.
    pub priced: i64,
    /// The median of those prices; of an even number the mean of the two middle ones, to the cent, halves up.
    pub median_price: Option<Money>,
    /// The lowest of them.
    pub lowest_price: Option<Money>,
    /// The highest of them.
    pub highest_price: Option<Money>,
    /// The median of the days that the listings on sale have been there.
    pub median_days_on_market: Option<f64>,
    /// Listings on sale that are cheaper than they were at any moment of this week: what `price_drop_within_days` finds.
    pub price_cuts_7d: i64,
    /// Listings sold within 30 days; vehicles that changed lots are none.
    pub sold_30d: i64,
}

/// What SQL finds of one line.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoundFigures {
    pub(crate) make: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) year: Option<i32>,
    pub(crate) competitors: i64,
    pub(crate) on_sale: i64,
    pub(crate) priced: i64,
    /// The sum of the one or two prices in the middle, and how many they are.
    pub(crate) middle_prices: (Money, i64),
    pub(crate) lowest_price: Option<Money>,
    pub(crate) highest_price: Option<Money>,
    /// The first sightings in the middle: the same twice for an odd number.
    pub(crate) middle_sightings: Option<(DateTime<Utc>, DateTime<Utc>)>,
    pub(crate) price_cuts: i64,
    pub(crate) sold: i64,
}

impl ModelFigures {
    pub(crate) fn of(found: FoundFigures, now: DateTime<Utc>) -> Self {
        let (sum, count) = found.middle_prices;
        let days = |since: DateTime<Utc>| f64::from(days_on_market(since, now));
        Self {
            make: found.make,
            model: found.model,
            year: found.year,
            competitors: found.competitors,
            on_sale: found.on_sale,
            priced: found.priced,
            median_price: average(sum, count),
            lowest_price: found.lowest_price,
            highest_price: found.highest_price,
            median_days_on_market: found.middle_sightings.map(|(one, other)| (days(one) + days(other)) / 2.0),
            price_cuts_7d: found.price_cuts,
            sold_30d: found.sold,
        }
    }
}

/// Which undercuts to list; all of them by default, the largest difference first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndercutFilter {
    /// Of this vehicle of ours alone.
    pub vehicle: Option<VehicleId>,
    /// By any of these competitors; by all where it is empty.
    pub competitors: Vec<CompetitorId>,
    /// Only where ours is dearer by this much or more.
    pub difference_min: Option<Money>,
}

/// A competitor's car like one of ours, for less; on the market as [`MarketView`] counts it.
///
/// Like ours is the same model year, make and model whatever the case, the same trim where both name one, and about the
/// mileage of ours; where a mileage is not known, nothing is compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are columns of inventory and of competitor_inventory")]
pub struct Undercut {
    /// Ours.
    pub vehicle_id: VehicleId,
    pub stock_number: Option<String>,
    pub year: i32,
    pub make: String,
    pub model: String,
    pub trim: Option<String>,
    pub our_price: Money,
    pub our_mileage: i32,
    /// Theirs.
    pub listing_id: ListingId,
    pub competitor_id: CompetitorId,
    /// The competitor's name.
    pub competitor: String,
    pub their_trim: Option<String>,
    pub their_price: Money,
    pub their_mileage: i32,
    pub url: Option<String>,
    /// How much more we ask.
    pub difference: Money,
}
