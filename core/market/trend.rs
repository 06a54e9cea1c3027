//! Where the market is going, from the history of a vehicle's raw medians.
//!
//! What is deliberately not here: the history's own rows and how long they are kept.

use chrono::{DateTime, TimeDelta, Utc};

use super::{HistoryPoint, MarketMood, PricingRules, Velocity, config};
use crate::Money;

/// The change of the median over two weeks, between the points nearest to then and to now.
///
/// `None` where no two different points stand near enough to the two dates, so that the change of a day is never told as
/// that of two weeks. Points of too small a sample do not count.
#[must_use]
pub fn velocity(history: &[HistoryPoint], now: DateTime<Utc>, rules: &PricingRules) -> Option<Velocity> {
    change(history, now, rules.velocity_days, rules.velocity_tolerance_days, rules)
}

/// The change of the median over one week, found as [`velocity`] finds that of two.
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
    let (from, earlier) = nearest(history, then, tolerance, rules)?;
    let (to, later) = nearest(history, now, tolerance, rules)?;
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

/// Whether a difference in cents is more than the share of the base, exactly.
pub(super) fn exceeds(difference: i128, base: Money, basis_points: u32) -> bool {
    difference * 10_000 > i128::from(base.cents()) * i128::from(basis_points)
}

fn nearest(
    history: &[HistoryPoint],
    date: DateTime<Utc>,
    tolerance: TimeDelta,
    rules: &PricingRules,
) -> Option<(DateTime<Utc>, Money)> {
    history
        .iter()
        .filter(|point| point.sample_size >= rules.minimum_sample)
        .filter_map(|point| Some((point.recorded_at, point.median_price.filter(|median| median.cents() > 0)?)))
        .filter(|(recorded_at, _)| (*recorded_at - date).abs() <= tolerance)
        .min_by_key(|&(recorded_at, median)| ((recorded_at - date).abs(), recorded_at, median))
}
