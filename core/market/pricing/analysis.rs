//! The result of the pricing rule.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    adjustment::{AdjustedPrices, Adjustment},
    comparables::{Comparable, LeftOut, Source},
    confidence::Confidence,
    names::folded,
    price_alert::WantedAlert,
    reasons::Reason,
    recommendation::{Position, PriceRange, Recommendation},
    supply::Supply,
    velocity::Velocity,
};
use crate::{Money, error::Error, market::auto_dev::AutoDevSearch};

/// The result of pricing one subject.
///
/// Under the minimum sample the raw and adjusted figures are still given. What judges a price is not: there is no range, no
/// position and no cost to market.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Analysis {
    /// When.
    pub analyzed_at: DateTime<Utc>,
    /// The price that was compared; `market_price_history.our_price` records it.
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
    /// Cost to market: our cost in percent of the adjusted median.
    pub cost_to_market_percent: Option<f64>,
    /// Supply and demand.
    pub supply: Supply,
    /// Where the market is going over two weeks, where the history says so.
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
    /// Why, most important first.
    pub reasons: Vec<Reason>,
    /// The alert this calls for. While a source is missing, a lack of data calls for none.
    pub alert: Option<WantedAlert>,
}

impl Analysis {
    /// A key for what the raw median is the median of: the search that was made and the sources of the comparables.
    ///
    /// The subject's mileage is not part of it, as a test drive moves the window by a few miles.
    #[must_use]
    pub fn searched_for(&self) -> String {
        let SearchParameters { tier, make, model, trim, year_min, year_max, branded, .. } = &self.search_parameters;
        let [make, model, trim] = [make, model, trim.as_deref().unwrap_or("")].map(folded);
        let title = if *branded { "branded" } else { "clean" };
        format!("{year_min}-{year_max} {make} {model} [{trim}] tier {tier} {title} {}", self.data_source.as_str())
    }
}

/// A comparable and what it would cost with the subject's mileage and year.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PricedComparable {
    /// The listing.
    #[serde(flatten)]
    pub comparable: Comparable,
    /// Its price adjusted to the subject.
    pub adjusted_price: Money,
}

/// Which listings the comparables came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
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

/// A source of listings that is configured and did not answer. The result uses the others alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissingSource {
    /// Which one.
    pub source: Source,
    /// The stable word for why, such as `auto_dev_budget_spent`.
    pub code: String,
    /// The same as a sentence.
    pub message: String,
}

impl MissingSource {
    pub(in crate::market) fn auto_dev(reason: &Error) -> Self {
        Self { source: Source::AutoDev, code: reason.code().to_owned(), message: reason.to_string() }
    }
}

/// The search that was made: everything needed to make it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// Lowest price accepted.
    pub price_min: Money,
    /// Highest price accepted.
    pub price_max: Money,
    /// Whether branded titles were included.
    pub branded: bool,
    /// The searches made at auto.dev, and how much of the answers was read; empty where it was not asked.
    #[serde(default)]
    pub auto_dev: Vec<AutoDevSearch>,
}
