//! What a vehicle is worth on the market, how sure that is, and why.
//!
//! [`analyze`] prices a [`Subject`] from [`Comparable`]s by [`PricingRules`]:
//!
//! 1. Clean: prices out of bounds, our own vehicles, branded titles, stale and far listings go; one listing a VIN stays.
//! 2. Take the first tier of the search that leaves enough.
//! 3. Adjust each price to the subject's mileage and year: `adjusted = price * exp(b_m (m_s - m) + b_y (y_s - y))`. `b_m` is the
//!    Theil-Sen slope of `ln price` on mileage over pairs of one model year, drawn towards a typical one the more the fewer listings
//!    tell it ([`TypicalMileage`]), `b_y` the Theil-Sen slope on the year of what mileage leaves unexplained. Newer cars have fewer
//!    miles: slopes taken apart from one another would count that twice. Both are estimated from the widest tier, whichever one the
//!    prices come from.
//! 4. Drop outliers by the median absolute deviation of the adjusted logarithms.
//! 5. Compare our price with the median of the *adjusted* prices. The raw median, minimum and maximum stand beside them.
//!
//! Comparables come from two sources in one shape: the listings of the competitors whom we watch, which are rows of the
//! database, and auto.dev ([`AutoDevConfig`]), where it is configured. A source that fails is named in the result
//! ([`Analysis::missing_source`]), and what the others say is not taken for more than it is.
//!
//! [`Market`] loads what the rule needs, keeps what it found and opens its alerts. What is deliberately not here: scheduling
//! the runs, and wording the reasons, which are data for the adapters.

mod adjustment;
mod alert;
mod asking;
mod backtest;
mod comparables;
mod config;
pub mod quantile;
mod reasons;
mod repository;
mod research;
mod rules;
mod service;
pub mod slope;
mod source;
mod trend;
mod typical;

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::{
    backtest::{BacktestEvent, BacktestOptions, BacktestProgress, BacktestReport, BacktestScore, EstimateError},
    comparables::OwnVins,
    config::{PricingRules, TierLimits, TypicalMileage},
    research::{
        AnalyzeLimits, AnalyzeReport, AutoDevUse, MarketOverview, MarketPrice, Progress, ResearchResult,
        VehiclePosition,
    },
    rules::{analyze, confidence, is_due, recommend, wanted_alert},
    service::Market,
    source::{AutoDevConfig, AutoDevPlan, AutoDevSearch, AutoDevVersion, MissingSource, Place},
    trend::{velocity, week},
};
pub(crate) use self::{service::vehicle_changed, source::AutoDev};
use crate::{
    Money,
    alerts::{AlertType, Severity},
    error::{ErrorCode, Faults, Result},
    inventory::Vehicle,
};

/// The vehicle that is to be priced: one of ours, or one we think of buying.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// Its VIN, where known; never its own comparable.
    pub vin: Option<String>,
    /// Model year.
    pub year: i32,
    /// Make, compared without regard to case, spaces and punctuation.
    pub make: String,
    /// Model, compared likewise.
    pub model: String,
    /// Trim, where known; compared likewise.
    pub trim: Option<String>,
    /// Miles; without them nothing is adjusted for mileage and no mileage limit holds.
    pub mileage: Option<i32>,
    /// Our price; without one, or at zero, there is no position in the market.
    pub price: Option<Money>,
    /// What it cost us.
    pub cost: Option<Money>,
    /// Whether its title is branded (salvage, rebuilt, lemon).
    pub branded: bool,
}

impl Subject {
    /// # Errors
    /// `invalid_subject`, with each field that no car to be priced has.
    fn check(&self) -> Result<()> {
        const YEARS: RangeInclusive<i32> = 1_900..=2_100;
        let mut faults = Faults::default();
        faults.check(YEARS.contains(&self.year), "/year", "expected a model year from 1900 to 2100");
        for (pointer, name) in [("/make", &self.make), ("/model", &self.model)] {
            faults.check(comparables::is_name(name), pointer, "expected a name with a letter or a digit");
        }
        faults.check(self.mileage.is_none_or(|miles| miles >= 0), "/mileage", "expected miles from 0, or none");
        let is_vin = self.vin.as_deref().is_none_or(|vin| crate::vin::key(vin).is_some());
        faults.check(is_vin, "/vin", "expected the 17 characters of a VIN, or none");
        for (pointer, amount) in [("/price", self.price), ("/cost", self.cost)] {
            let can_be_asked = amount.is_none_or(|amount| amount.cents() > 0 && amount <= Money::MAX);
            faults.check(can_be_asked, pointer, "expected an amount above zero, or none");
        }
        faults.into_result(ErrorCode::InvalidSubject)
    }
}

impl From<&Vehicle> for Subject {
    fn from(vehicle: &Vehicle) -> Self {
        Self {
            vin: Some(vehicle.vin.clone()),
            year: vehicle.year,
            make: vehicle.make.clone(),
            model: vehicle.model.clone(),
            trim: vehicle.trim.clone(),
            // The column takes no NULL: who adds a vehicle and says no mileage leaves a zero.
            mileage: Some(vehicle.mileage).filter(|miles| *miles > 0),
            price: Some(vehicle.price),
            cost: vehicle.cost,
            branded: vehicle.title_status.as_deref().is_some_and(comparables::is_branded_title),
        }
    }
}

/// Where a comparable was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A listing of a competitor whom we watch.
    Competitor,
    /// A listing from auto.dev.
    #[serde(rename = "auto.dev")]
    AutoDev,
}

words!(Source, InvalidSource at "/source" { Competitor => "competitor", AutoDev => "auto.dev" });

/// A listing to compare with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparable {
    /// Where it was found.
    pub source: Source,
    /// The VIN as listed.
    pub vin: Option<String>,
    /// What names the listing within its source; for a competitor's, the id of our row.
    pub external_id: Option<String>,
    /// The page of the listing.
    pub url: Option<String>,
    /// Model year.
    pub year: i32,
    /// Make.
    pub make: String,
    /// Model.
    pub model: String,
    /// Trim.
    pub trim: Option<String>,
    /// The price asked, or last asked.
    pub price: Option<Money>,
    /// Miles; below zero counts as unknown.
    pub mileage: Option<i32>,
    /// Miles from us.
    pub distance_miles: Option<f64>,
    /// Who sells it.
    pub dealer: Option<String>,
    /// When the offer was first seen.
    pub first_seen_at: DateTime<Utc>,
    /// When it was last seen.
    pub last_seen_at: DateTime<Utc>,
    /// When it was sold; in the future as good as not at all.
    pub sold_at: Option<DateTime<Utc>>,
    /// Whether its title is known to be branded; no page that is silent about it proves a clean one.
    pub branded: bool,
}

/// A comparable and what it would cost with the subject's mileage and year.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PricedComparable {
    /// The listing.
    #[serde(flatten)]
    pub comparable: Comparable,
    /// Its price adjusted to the subject.
    pub adjusted_price: Money,
}

/// What our price should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recommendation {
    /// Our price is above the market.
    High,
    /// Our price is below the market.
    Low,
    /// Our price is within the market.
    Competitive,
    /// Too few comparables to say.
    InsufficientData,
}

words!(Recommendation, InvalidRecommendation at "/recommendation" {
    High => "high",
    Low => "low",
    Competitive => "competitive",
    InsufficientData => "insufficient_data",
});

/// How far the size of the sample can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Fewer than 5 comparables.
    Insufficient,
    /// 5 to 14.
    Limited,
    /// 15 to 29.
    Moderate,
    /// 30 and more.
    High,
}

words!(Confidence, InvalidConfidence at "/confidence" { Insufficient => "insufficient", Limited => "limited", Moderate => "moderate", High => "high" });

/// Which listings the comparables came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataSource {
    /// No comparable was found.
    None,
    /// Competitors' listings only.
    Competitor,
    /// auto.dev only.
    #[serde(rename = "auto.dev")]
    AutoDev,
    /// Both together.
    #[serde(rename = "auto.dev+competitor")]
    Both,
}

words!(DataSource, InvalidDataSource at "/data_source" { None => "none", Competitor => "competitor", AutoDev => "auto.dev", Both => "auto.dev+competitor" });

/// The search that was made: everything needed to make it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchParameters {
    /// Which tier was taken, from 1.
    pub tier: usize,
    /// When the search was made; all ages count from here.
    pub searched_at: DateTime<Utc>,
    /// Make.
    pub make: String,
    /// Model.
    pub model: String,
    /// Trim, where the search was narrowed to it.
    pub trim: Option<String>,
    /// First model year.
    pub year_min: i32,
    /// Last model year.
    pub year_max: i32,
    /// Fewest miles, where the subject's are known.
    pub mileage_min: Option<i32>,
    /// Most miles, where the subject's are known.
    pub mileage_max: Option<i32>,
    /// Greatest distance.
    pub radius_miles: f64,
    /// Longest time on offer.
    pub listed_within_days: i64,
    /// Longest time since the sale.
    pub sold_within_days: i64,
    /// Lowest price believed.
    pub price_min: Money,
    /// Highest price believed.
    pub price_max: Money,
    /// Whether branded titles were let in.
    pub branded: bool,
    /// What was asked of auto.dev, and how much of the answers was read; empty where it was not asked.
    #[serde(default)]
    pub auto_dev: Vec<AutoDevSearch>,
}

/// How many listings were left out, and why; each is counted once, for the first reason that held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Another make, model, year, trim or mileage than the tier asks for.
    pub unlike: usize,
    /// Our own vehicles.
    pub own: usize,
    /// No price, or one out of bounds.
    pub price: usize,
    /// Branded titles.
    pub branded: usize,
    /// Too long on offer, or sold too long ago.
    pub stale: usize,
    /// Too far away.
    pub distant: usize,
    /// The same vehicle listed again.
    pub duplicate: usize,
    /// Prices too far from the others.
    pub outlier: usize,
}

/// What became of an adjustment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlopeOutcome {
    /// The slope was used.
    Applied,
    /// No comparable is known to differ from the subject in it.
    NotNeeded,
    /// The comparables are alike in it, so it cannot be estimated.
    NoSpread,
    /// Too few comparables to estimate it.
    TooFew,
    /// It had the sign that no market has, so none was used.
    WrongSign,
    /// The comparables cannot tell it, so the typical slope was used.
    Typical,
}

/// The slopes of `ln price` that the prices were adjusted with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adjustment {
    /// `b_m`, at most zero; it moves prices only where the outcome is `applied` or `typical`.
    pub per_mile: f64,
    /// The Theil-Sen slope of the listings alone, of whatever sign; `None` where they are alike in mileage.
    #[serde(default)]
    pub per_mile_alone: Option<f64>,
    /// How much of the typical slope is in `b_m`, from 0 to 1: the rest is of the listings.
    #[serde(default)]
    pub typical_share: f64,
    /// What was taken for typical; `None` in what was kept before it was told.
    #[serde(default)]
    pub typical_mileage: Option<TypicalMileage>,
    /// What became of the mileage slope.
    pub mileage: SlopeOutcome,
    /// How many listings of the widest reach the mileage slope was estimated from.
    pub mileage_sample: usize,
    /// `b_y`, at least zero.
    pub per_year: f64,
    /// What became of the year slope.
    pub year: SlopeOutcome,
    /// How many listings of the widest reach the year slope was estimated from.
    pub year_sample: usize,
    /// Kept comparables whose mileage is unknown; they are not adjusted for it.
    pub mileage_unknown: usize,
    /// Kept comparables whose adjustment was cut at the largest allowed.
    pub limited: usize,
}

/// The prices of the kept comparables after adjustment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustedPrices {
    /// Lowest.
    pub min: Money,
    /// First quartile (type 7).
    pub p25: Money,
    /// Middle; what our price is compared with.
    pub median: Money,
    /// Third quartile (type 7).
    pub p75: Money,
    /// Highest.
    pub max: Money,
}

/// A range of prices, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRange {
    /// From.
    pub low: Money,
    /// To.
    pub high: Money,
}

/// Where our price stands among the adjusted prices.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// `(price - median) / median` in percent.
    pub difference_percent: f64,
    /// `price / median` in percent.
    pub price_to_market_percent: f64,
    /// The share of comparables that are strictly cheaper, in percent.
    pub percentile: f64,
    /// Our place from the cheapest, which is 1.
    pub rank: usize,
    /// Comparables strictly cheaper.
    pub cheaper: usize,
    /// Comparables strictly dearer.
    pub dearer: usize,
}

/// How the market is moving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketMood {
    /// Prices fall.
    BuyersMarket,
    /// Prices rise.
    SellersMarket,
    /// Neither.
    Stable,
}

words!(MarketMood, InvalidMood at "/mood" { BuyersMarket => "buyers_market", SellersMarket => "sellers_market", Stable => "stable" });

/// The change of the raw median over one or two weeks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Velocity {
    /// The change in percent of the earlier median.
    pub change_percent: f64,
    /// The word for it.
    pub mood: MarketMood,
    /// When the earlier median was recorded.
    pub from: DateTime<Utc>,
    /// When the later one was.
    pub to: DateTime<Utc>,
}

impl Analysis {
    /// What the raw median is the median of: the search that was taken and the sources that gave the comparables.
    ///
    /// The subject's mileage is not part of it: a test drive moves the window by a few miles.
    #[must_use]
    pub fn searched_for(&self) -> String {
        let SearchParameters { tier, make, model, trim, year_min, year_max, branded, .. } = &self.search_parameters;
        let [make, model, trim] = [make, model, trim.as_deref().unwrap_or("")].map(comparables::folded);
        let title = if *branded { "branded" } else { "clean" };
        format!("{year_min}-{year_max} {make} {model} [{trim}] tier {tier} {title} {}", self.data_source.as_str())
    }
}

/// A point of a vehicle's market price history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPoint {
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The raw median of the time.
    pub median_price: Option<Money>,
    /// How many comparables it was the median of.
    pub sample_size: usize,
    /// What it was the median of, as [`Analysis::searched_for`] tells it. Only medians of the same are compared over time.
    pub searched_for: Option<String>,
}

/// Supply and demand among the competitors' comparables; auto.dev says nothing of sales.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Supply {
    /// On offer now.
    pub active: usize,
    /// Sold within the window.
    pub sold: usize,
    /// `active / (sold / window)` in days; unknown where none was sold.
    pub days: Option<f64>,
    /// The median days from first sight to sale, where enough were sold.
    pub days_to_sell: Option<f64>,
}

/// The alert that should be open for the vehicle now; any other of these types should be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedAlert {
    /// What about.
    pub alert_type: AlertType,
    /// How urgent.
    pub severity: Severity,
}

/// One reason for the result, as data; adapters make the sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Fewer comparables than are needed.
    TooFewComparables {
        /// Kept.
        found: usize,
        /// Needed.
        needed: usize,
    },
    /// Our price is above the adjusted median by more than the competitive share.
    AboveMarket {
        /// By how much.
        difference_percent: f64,
        /// The adjusted median.
        median: Money,
    },
    /// Our price is below the adjusted median by more than the competitive share.
    BelowMarket {
        /// By how much, below zero.
        difference_percent: f64,
        /// The adjusted median.
        median: Money,
    },
    /// Our price is within the competitive share of the adjusted median.
    WithinMarket {
        /// By how much it differs.
        difference_percent: f64,
        /// The adjusted median.
        median: Money,
    },
    /// We have no price to compare.
    NoPrice,
    /// The title of our vehicle is branded, and comparables with clean titles ask more.
    BrandedTitle {
        /// Kept comparables whose title is known to be branded, too.
        branded: usize,
        /// Of how many.
        of: usize,
    },
    /// Our vehicle has fewer or more miles than any comparable: the price is an extrapolation.
    BeyondComparables {
        /// How many miles it is beyond them: below zero where it has fewer.
        miles: i32,
    },
    /// How many would be seen before ours by a buyer who sorts by price.
    PriceRank {
        /// Our place from the cheapest.
        rank: usize,
        /// Of how many, ours included.
        of: usize,
    },
    /// Enough comparables have the same trim.
    SameTrim {
        /// The trim.
        trim: String,
    },
    /// Too few comparables have the same trim, so all trims were compared.
    AnyTrim {
        /// The trim.
        trim: String,
    },
    /// The nearest tier had too few comparables.
    SearchWidened {
        /// The tier taken.
        tier: usize,
        /// Its reach in miles.
        mileage_window: i32,
        /// Its reach in years.
        year_window: i32,
    },
    /// Prices were adjusted for mileage.
    AdjustedForMileage {
        /// What ten thousand miles more change the price by.
        percent_per_10_000_miles: f64,
    },
    /// The listings alone say too little of what mileage does, so what it typically does went into the adjustment.
    TypicalMileage {
        /// What ten thousand miles more typically change the price by.
        percent_per_10_000_miles: f64,
        /// How much of that is in the adjustment, up to all of it.
        share_percent: f64,
    },
    /// Prices were not adjusted for mileage although mileages differ.
    NotAdjustedForMileage {
        /// Why not.
        outcome: SlopeOutcome,
    },
    /// Prices were adjusted for the model year.
    AdjustedForYear {
        /// What one year newer changes the price by.
        percent_per_year: f64,
    },
    /// Prices were not adjusted for the model year although years differ.
    NotAdjustedForYear {
        /// Why not.
        outcome: SlopeOutcome,
    },
    /// Some adjustments were cut at the largest allowed.
    AdjustmentLimited {
        /// How many.
        count: usize,
    },
    /// Some kept comparables name no mileage.
    MileageUnknown {
        /// How many.
        count: usize,
    },
    /// Some prices were too far from the others.
    OutliersLeftOut {
        /// How many.
        count: usize,
    },
    /// We paid more than the market asks.
    CostAboveMarket {
        /// Cost in percent of the adjusted median.
        cost_to_market_percent: f64,
    },
    /// A source of listings did not answer, so the others alone were compared.
    SourceMissing {
        /// Which one.
        source: Source,
        /// The stable word for why.
        reason: String,
    },
    /// The market is moving.
    MarketMoving {
        /// Which way.
        mood: MarketMood,
        /// By how much.
        change_percent: f64,
    },
}

/// The result of pricing one subject.
///
/// Under the minimum sample the raw and adjusted figures of what was found are still told, but nothing that judges a
/// price is: no range, no position, no cost to market.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// When.
    pub analyzed_at: DateTime<Utc>,
    /// The price that was compared; what `market_price_history.our_price` records.
    pub our_price: Option<Money>,
    /// Median of the raw prices of the kept comparables.
    pub median_price: Option<Money>,
    /// Lowest raw price.
    pub min_price: Option<Money>,
    /// Highest raw price.
    pub max_price: Option<Money>,
    /// The same prices adjusted to the subject.
    pub adjusted: Option<AdjustedPrices>,
    /// Kept comparables.
    pub sample_size: usize,
    /// What our price should do; `None` where the market is known and we have no price.
    pub recommendation: Option<Recommendation>,
    /// How far to trust it.
    pub confidence: Confidence,
    /// The quartiles of the adjusted prices.
    pub recommended_range: Option<PriceRange>,
    /// Where our price stands.
    pub position: Option<Position>,
    /// Our cost in percent of the adjusted median.
    pub cost_to_market_percent: Option<f64>,
    /// Supply and demand.
    pub supply: Supply,
    /// Where the market is going, over two weeks, where the history tells.
    pub velocity: Option<Velocity>,
    /// The same over one week.
    #[serde(default)]
    pub week: Option<Velocity>,
    /// The slopes used.
    pub adjustment: Adjustment,
    /// The search made.
    pub search_parameters: SearchParameters,
    /// The nearest comparables by mileage and year, nearest first.
    pub comparables: Vec<PricedComparable>,
    /// Where the kept comparables came from.
    pub data_source: DataSource,
    /// The source that is configured and did not answer.
    #[serde(default)]
    pub missing_source: Option<MissingSource>,
    /// What was left out.
    pub left_out: LeftOut,
    /// Why, most telling first.
    pub reasons: Vec<Reason>,
    /// The alert this calls for; none for want of data while a source is missing.
    pub alert: Option<WantedAlert>,
}

#[cfg(test)]
mod tests;
