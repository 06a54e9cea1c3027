//! Market velocity: the change of a vehicle's raw median over one and two weeks.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    config::{self, PricingRules},
    recommendation::exceeds,
};
use crate::Money;

/// A point of a vehicle's market price history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPoint {
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The raw median at that time.
    pub median_price: Option<Money>,
    /// How many comparables it is the median of.
    pub sample_size: usize,
    /// What it is the median of: [`Analysis::searched_for`](super::analysis::Analysis::searched_for). Only medians with the same key are compared.
    pub searched_for: Option<String>,
}

/// How the market is moving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Velocity {
    /// The change in percent of the earlier median.
    pub change_percent: f64,
    /// The same as a word.
    pub mood: MarketMood,
    /// When the earlier median was recorded.
    pub from: DateTime<Utc>,
    /// When the later one was.
    pub to: DateTime<Utc>,
}

/// The change of the median over two weeks, between the points nearest to two weeks ago and to now.
///
/// `None` unless two different points stand near those two dates: the change of a day is not that of two weeks. Points of too
/// small a sample do not count. Both points must be of the same search, as a wider search, another source or a corrected model
/// moves the median while the market stands still.
#[must_use]
pub fn velocity(history: &[HistoryPoint], now: DateTime<Utc>, rules: &PricingRules) -> Option<Velocity> {
    change(history, now, rules.velocity_days, rules.velocity_tolerance_days, rules)
}

/// The change of the median over one week, found in the same way as [`velocity`].
#[must_use]
pub fn week(history: &[HistoryPoint], now: DateTime<Utc>, rules: &PricingRules) -> Option<Velocity> {
    change(history, now, rules.week_days, rules.week_tolerance_days, rules)
}

fn change(
    history: &[HistoryPoint],
    now: DateTime<Utc>,
    days: i64,
    tolerance_days: i64,
    rules: &PricingRules,
) -> Option<Velocity> {
    let then = now.checked_sub_signed(config::days(days))?;
    let tolerance = config::days(tolerance_days);
    let today = nearest(history.iter(), now, tolerance, rules)?;
    let alike = history.iter().filter(|point| point.searched_for == today.point.searched_for);
    let before = nearest(alike, then, tolerance, rules)?;
    let ((from, earlier), (to, later)) = (before.dated(), today.dated());
    if from >= to {
        return None;
    }
    let change = i128::from(later.cents()) - i128::from(earlier.cents());
    let mood = if !exceeds(change.abs(), earlier, rules.velocity_basis_points) {
        MarketMood::Stable
    } else if change > 0 {
        MarketMood::SellersMarket
    } else {
        MarketMood::BuyersMarket
    };
    Some(Velocity { change_percent: change as f64 * 100.0 / earlier.cents() as f64, mood, from, to })
}

/// A point of the history that has a median.
#[derive(Clone, Copy)]
struct Median<'p> {
    point: &'p HistoryPoint,
    median: Money,
}

impl Median<'_> {
    fn dated(self) -> (DateTime<Utc>, Money) {
        (self.point.recorded_at, self.median)
    }
}

fn nearest<'p>(
    history: impl Iterator<Item = &'p HistoryPoint>,
    date: DateTime<Utc>,
    tolerance: TimeDelta,
    rules: &PricingRules,
) -> Option<Median<'p>> {
    history
        .filter(|point| point.sample_size >= rules.minimum_sample)
        .filter_map(|point| Some(Median { point, median: point.median_price.filter(|median| median.cents() > 0)? }))
        .filter(|found| (found.point.recorded_at - date).abs() <= tolerance)
        .min_by_key(|found| ((found.point.recorded_at - date).abs(), found.dated()))
}
