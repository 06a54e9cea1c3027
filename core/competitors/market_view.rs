//! The market as the competitors' lots show it: figures by make and model, and their cars that undercut ours.
//!
//! The database counts, ranks and picks the middle values; here the two middle ones are averaged. The cars of a dealer that is
//! not scraped any more would stay on sale for ever, so those of paused dealers and those not seen for long are left out.
//! What a vehicle is worth is another question (`market`), which adjusts for mileage and drops outliers.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::days_on_market;
use crate::{
    ids::{CompetitorId, ListingId, VehicleId},
    money::Money,
    page::Page,
    tracking::numbers,
};

numbers! {
    /// The numbers of the market view.
    #[derive(Clone, Debug, PartialEq, Eq)]
    MarketViewRules {
        /// Days for which a sale counts: 30.
        sold_days: u32 = 30,
        /// Days for which a price cut counts: 7.
        price_cut_days: u32 = 7,
        /// A price under this is a placeholder, as in pricing: 1,000.
        lowest_price: Money = Money::from_dollars(1_000),
        /// A price over this is a placeholder: 500,000.
        highest_price: Money = Money::from_dollars(500_000),
        /// The most miles by which a car may differ from ours and be compared with it: 10,000.
        undercut_mileage: i32 = 10_000,
        /// A car like ours that costs less than this share of our price is taken for a slip of its dealer, such as a missing digit: 40
        /// percent. It undercuts nothing.
        undercut_least_percent: u32 = 40,
    }
}

/// What one line of the view counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
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
    /// What a line counts.
    pub group: MarketGroup,
}

/// The market in total and by make and model, as of one moment.
///
/// A vehicle that several stores list, by its VIN, counts once: by its lowest price, since it was first seen at any of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MarketView {
    /// All that matches the filter; its make, model and year are `None`.
    pub total: ModelFigures,
    /// What matches the filter and is not counted.
    pub left_out: LeftOut,
    /// The lines, those with the most listings on sale first.
    pub models: Page<ModelFigures>,
}

/// Listings that were never found sold and do not count in the market any more, neither in the figures nor as undercuts.
///
/// Those are all listings of a paused dealer, unseen ones (see [`Listing::is_unseen`](super::Listing::is_unseen)), and those that no scrape has shown for
/// [`TrackingRules::on_the_market_days`](super::TrackingRules::on_the_market_days): all of a dealer that has failed for so long,
/// and single ones of a dealer whose list is read in part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeftOut {
    /// The listings.
    pub listings: i64,
    /// The dealers that have one.
    pub competitors: i64,
    /// Of those, the paused ones.
    pub paused: i64,
    /// Of those, the ones that are not paused and of which no scrape has succeeded for as long.
    pub failing: i64,
    /// Of the listings, those that are unseen, at dealers that are watched and read.
    pub unseen: i64,
    /// Besides these listings, cars like ours at a price that is likelier a slip: they undercut nothing. The figures of the market view
    /// are medians, which a slip does not move, and count them; 0 there.
    pub doubtful_prices: i64,
}

/// The figures of one make and model, of one model year where the view is by year.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ModelFigures {
    /// The make, spelled as one of the listings spells it.
    pub make: Option<String>,
    /// The model, spelled likewise.
    pub model: Option<String>,
    /// The model year, in a view by year.
    pub year: Option<i32>,
    /// Competitors that have one on sale.
    pub competitors: i64,
    /// Vehicles on sale.
    pub on_sale: i64,
    /// Those of them that have a price which is no placeholder.
    pub priced: i64,
    /// The median of those prices; of an even number the mean of the two middle ones, to the cent, halves up.
    pub median_price: Option<Money>,
    /// The lowest of them.
    pub lowest_price: Option<Money>,
    /// The highest of them.
    pub highest_price: Option<Money>,
    /// The median of the days that the vehicles on sale have been there.
    pub median_days_on_market: Option<f64>,
    /// Vehicles on sale that are cheaper than at some moment of the last seven days, as `price_drop_within_days` finds them.
    pub price_cuts_7d: i64,
    /// Vehicles sold within 30 days, without vehicles that changed lots.
    pub sold_30d: i64,
}

/// The mean of the days on the market since two first sightings, of which an odd number of listings has one twice.
pub(super) fn mean_days(first_seen: [DateTime<Utc>; 2], now: DateTime<Utc>) -> f64 {
    first_seen.map(|since| f64::from(days_on_market(since, now))).iter().sum::<f64>() / 2.0
}

/// Which undercuts to list; all by default.
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
/// A car is like ours with the same model year, make and model (whatever the case), the same trim where both name one, and about
/// the same mileage. Without a mileage nothing is compared. A placeholder undercuts nothing, nor does a price so far below ours that it
/// is likelier a slip ([`MarketViewRules::undercut_least_percent`]), and a branded title only a branded one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
