//! The recommendation: our price against the median of the adjusted prices, and where it stands among them.
//!
//! Bounds are compared in whole cents and basis points, so a price exactly at a bound is on the inner side of it.

use serde::{Deserialize, Serialize};

use super::{
    adjustment::{Adjusted, AdjustedPrices},
    config::PricingRules,
    subject::Subject,
};
use crate::Money;

/// What our price should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
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

/// A range of prices, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriceRange {
    /// From.
    pub low: Money,
    /// To.
    pub high: Money,
}

/// Where our price stands among the adjusted prices.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Position {
    /// `(price - median) / median` in percent.
    pub difference_percent: f64,
    /// Price to market: `price / median` in percent.
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

/// What the adjusted prices say of our price and cost; all empty under the minimum sample but the recommendation.
pub(super) struct Judgement {
    /// What the price is compared with.
    pub(super) median: Option<Money>,
    pub(super) our_price: Option<Money>,
    pub(super) recommendation: Option<Recommendation>,
    pub(super) recommended_range: Option<PriceRange>,
    pub(super) position: Option<Position>,
    pub(super) cost_to_market_percent: Option<f64>,
}

impl Judgement {
    pub(super) fn of(
        subject: &Subject,
        kept: &[Adjusted<'_>],
        adjusted: Option<AdjustedPrices>,
        rules: &PricingRules,
    ) -> Self {
        let judged = adjusted.filter(|_| kept.len() >= rules.minimum_sample);
        let our_price = subject.price.filter(|price| price.cents() > 0);
        let cost = subject.cost.filter(|cost| cost.cents() > 0);
        Self {
            median: judged.map(|prices| prices.median),
            our_price,
            recommendation: match (judged, our_price) {
                (None, _) => Some(Recommendation::InsufficientData),
                (Some(prices), Some(price)) => Some(recommend(price, prices.median, rules)),
                (Some(_), None) => None,
            },
            recommended_range: judged.map(|prices| PriceRange { low: prices.p25, high: prices.p75 }),
            position: judged.zip(our_price).map(|(prices, price)| position(price, prices.median, kept)),
            cost_to_market_percent: judged.zip(cost).map(|(prices, cost)| percent_of(cost, prices.median)),
        }
    }
}

/// `high` above the competitive share over the median, `low` below it; both bounds are competitive.
#[must_use]
pub fn recommend(price: Money, median: Money, rules: &PricingRules) -> Recommendation {
    let difference = difference(price, median);
    if !exceeds(difference.abs(), median, rules.competitive_basis_points) {
        Recommendation::Competitive
    } else if difference > 0 {
        Recommendation::High
    } else {
        Recommendation::Low
    }
}

/// Whether a difference in cents is more than the share of the base, exactly.
pub(super) fn exceeds(difference: i128, base: Money, basis_points: u32) -> bool {
    difference * 10_000 > i128::from(base.cents()) * i128::from(basis_points)
}

/// The difference in cents.
pub(super) fn difference(price: Money, median: Money) -> i128 {
    i128::from(price.cents()) - i128::from(median.cents())
}

/// `(price - median) / median` in percent.
pub(in crate::market) fn difference_percent(price: Money, median: Money) -> f64 {
    difference(price, median) as f64 * 100.0 / median.cents() as f64
}

fn percent_of(amount: Money, median: Money) -> f64 {
    amount.cents() as f64 * 100.0 / median.cents() as f64
}

/// Adjusted prices are compared rounded to the cent, as people see them.
fn position(price: Money, median: Money, kept: &[Adjusted<'_>]) -> Position {
    let cheaper = kept.iter().filter(|one| one.money() < price).count();
    let dearer = kept.iter().filter(|one| one.money() > price).count();
    Position {
        difference_percent: difference_percent(price, median),
        price_to_market_percent: percent_of(price, median),
        percentile: cheaper as f64 * 100.0 / kept.len().max(1) as f64,
        rank: cheaper + 1,
        cheaper,
        dearer,
    }
}
