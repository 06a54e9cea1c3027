//! Where the market is going, from the history of a vehicle's raw medians.
//!
//! What is deliberately not here: the history's own rows and how long they are kept.

use chrono::{DateTime, TimeDelta, Utc};

use super::{HistoryPoint, MarketMood, PricingRules, Velocity, config};
use crate::Money;

/// The change of the median over two weeks, between the points nearest to then and to now.
///
/// `None` where no two different points stand near enough to the two dates, so that the change of a day is never told as
/// that of two weeks. Points of too small a sample do not count, and the earlier point is one of the same search as the later:
/// a wider search, another source or a corrected model changes the median without any market moving.
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

/// Whether a difference in cents is more than the share of the base, exactly.
pub(super) fn exceeds(difference: i128, base: Money, basis_points: u32) -> bool {
    difference * 10_000 > i128::from(base.cents()) * i128::from(basis_points)
}

/// A point that can be compared, with its median.
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
