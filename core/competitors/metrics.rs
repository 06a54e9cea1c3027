//! A competitor's figures: the databases count and sum, here they are rounded, capped and compared.
//!
//! A thousand competitors of a thousand listings would have to be carried out of the database to be counted here, so SQL
//! does that in one statement, in `repository/figures.rs`.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::{money::Money, tracking::numbers};

numbers! {
    /// The spans that the figures look back over.
    #[derive(Clone, Debug, PartialEq, Eq)]
    MetricsRules {
        /// Days for sales, price changes and new listings: 30.
        recent_days: u32 = 30,
        /// Days of sales that the average of the days on the market is taken over: 90.
        days_on_market_days: u32 = 90,
        /// How far back the row of a trend lies: 7 days.
        trend_days: u32 = 7,
        /// How far that row may be off, in days: 3.
        trend_tolerance_days: u32 = 3,
        /// How far back the row of a long trend lies: 30 days.
        long_trend_days: u32 = 30,
        /// How far that row may be off, in days: 10.
        long_trend_tolerance_days: u32 = 10,
        /// Without a scrape of its own, a competitor's figures are counted only within this many hours after it was read: 24. Nobody
        /// knows what stands on a lot that could not be read.
        read_within_hours: u32 = 24,
    }
}

/// How far back a trend looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TrendSpan {
    pub(crate) back: TimeDelta,
    pub(crate) tolerance: TimeDelta,
}

impl MetricsRules {
    /// A week, as it comes.
    pub(crate) fn week(&self) -> TrendSpan {
        let (back, tolerance) = (self.trend_days, self.trend_tolerance_days);
        TrendSpan { back: TimeDelta::days(back.into()), tolerance: TimeDelta::days(tolerance.into()) }
    }

    /// Whether a competitor that was last read at a time has figures of now.
    pub(crate) fn is_read(&self, last_read_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        last_read_at.is_some_and(|at| now - at <= TimeDelta::hours(self.read_within_hours.into()))
    }

    /// A month, as it comes.
    pub(crate) fn month(&self) -> TrendSpan {
        let (back, tolerance) = (self.long_trend_days, self.long_trend_tolerance_days);
        TrendSpan { back: TimeDelta::days(back.into()), tolerance: TimeDelta::days(tolerance.into()) }
    }
}

/// The largest average that the column `DECIMAL(5,2)` holds.
pub(crate) const MOST_AVERAGE_DAYS: f64 = 999.99;

/// What SQL counts for one competitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MetricCounts {
    /// Listings on sale.
    pub(crate) active: i64,
    /// Listings on sale that have a price.
    pub(crate) priced: i64,
    /// The sum of those prices.
    pub(crate) price_sum: Money,
    /// Listings sold within `days_on_market_days`.
    pub(crate) sold_in_average: i64,
    /// The sum of their days on the market.
    pub(crate) days_on_market_sum: i64,
    /// Listings sold within `recent_days`.
    pub(crate) sold_recently: i64,
    /// Vehicles, not changes, whose price changed within `recent_days`; a first price is no change.
    pub(crate) vehicles_repriced: i64,
    /// Listings first seen within `recent_days`.
    pub(crate) new_recently: i64,
    /// Of the listings on sale, those that are unseen.
    pub(crate) unseen: i64,
}

/// One row of `competitor_metrics`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "the fields are the columns of competitor_metrics")]
pub struct Metrics {
    /// Listings that are not sold, unseen ones included.
    pub total_inventory: i32,
    pub avg_price: Option<Money>,
    /// Rounded to two places, at most 999.99.
    pub avg_days_on_market: Option<f64>,
    pub vehicles_sold_30d: i32,
    pub price_changes_30d: i32,
    pub new_listings_30d: i32,
    pub calculated_at: DateTime<Utc>,
    /// Of those that are not sold, the ones that the dealer's website shows no more; they wait to be found sold. `None` where it was not
    /// counted.
    pub unseen: Option<i32>,
}

/// Whether an average had to be cut to fit its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AverageFit {
    Exact,
    /// The average was larger than the column holds; worth a line in the log.
    Capped,
}

/// What changed against the row nearest to a week or a month ago, and how fast the lot turns.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trends {
    /// When the compared row was calculated.
    pub since: Option<DateTime<Utc>>,
    /// Change of the listings on sale.
    pub total_inventory: Option<i32>,
    /// Change of the average price.
    pub avg_price: Option<Money>,
    /// Change of the average days on the market.
    pub avg_days_on_market: Option<f64>,
    /// Change of the sales of 30 days.
    pub vehicles_sold_30d: Option<i32>,
    /// Sales of 30 days divided by the sum of these sales and the listings on sale, from 0 to 1. `None` for an empty lot.
    pub turnover: Option<f64>,
}

impl Metrics {
    /// What the dealer's website shows: the listings that are not sold, without those that are unseen.
    #[must_use]
    pub fn on_sale(&self) -> i32 {
        self.total_inventory - self.unseen.unwrap_or(0)
    }

    /// The row of what was counted at a time.
    pub(crate) fn from_counts(counts: &MetricCounts, calculated_at: DateTime<Utc>) -> (Self, AverageFit) {
        let days = (counts.sold_in_average > 0)
            .then(|| round_to_hundredths(counts.days_on_market_sum as f64 / counts.sold_in_average as f64));
        let fit = match days {
            Some(days) if days > MOST_AVERAGE_DAYS => AverageFit::Capped,
            _ => AverageFit::Exact,
        };
        let metrics = Self {
            total_inventory: fitting(counts.active),
            avg_price: average(counts.price_sum, counts.priced),
            avg_days_on_market: days.map(|days| days.min(MOST_AVERAGE_DAYS)),
            vehicles_sold_30d: fitting(counts.sold_recently),
            price_changes_30d: fitting(counts.vehicles_repriced),
            new_listings_30d: fitting(counts.new_recently),
            calculated_at,
            unseen: Some(fitting(counts.unseen)),
        };
        (metrics, fit)
    }

    /// Compares this row with the one of `earlier` that lies nearest to a week before it.
    #[must_use]
    pub fn trends(&self, earlier: &[Self], rules: &MetricsRules) -> Trends {
        self.trends_over(earlier, rules.week())
    }

    /// Compares this row with the one of `earlier` that lies nearest to a month before it.
    #[must_use]
    pub fn monthly_trends(&self, earlier: &[Self], rules: &MetricsRules) -> Trends {
        self.trends_over(earlier, rules.month())
    }

    fn trends_over(&self, earlier: &[Self], span: TrendSpan) -> Trends {
        let target = self.calculated_at - span.back;
        let distance = |row: &&Self| (row.calculated_at - target).abs();
        let base = earlier.iter().min_by_key(distance).filter(|row| distance(row) <= span.tolerance);
        let on_the_move = f64::from(self.total_inventory) + f64::from(self.vehicles_sold_30d);
        Trends {
            since: base.map(|base| base.calculated_at),
            total_inventory: base.map(|base| self.total_inventory - base.total_inventory),
            avg_price: base.and_then(|base| Some(Money::from_cents(self.avg_price?.cents() - base.avg_price?.cents()))),
            avg_days_on_market: base
                .and_then(|base| Some(round_to_hundredths(self.avg_days_on_market? - base.avg_days_on_market?))),
            vehicles_sold_30d: base.map(|base| self.vehicles_sold_30d - base.vehicles_sold_30d),
            turnover: (on_the_move > 0.0).then(|| f64::from(self.vehicles_sold_30d) / on_the_move),
        }
    }
}

/// The mean to the nearest cent, halves up.
pub(crate) fn average(sum: Money, count: i64) -> Option<Money> {
    (count > 0).then(|| Money::from_cents((sum.cents() + count / 2).div_euclid(count)))
}

fn round_to_hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn fitting(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> DateTime<Utc> {
        "2026-03-01T02:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(number)
    }

    #[test]
    fn figures_are_rounded_capped_and_compared_with_the_row_nearest_a_week_ago() {
        let counts = MetricCounts {
            active: 30,
            priced: 3,
            price_sum: Money::from_cents(100),
            sold_in_average: 3,
            days_on_market_sum: 100,
            sold_recently: 10,
            vehicles_repriced: 4,
            new_recently: 5,
            unseen: 7,
        };
        let (now, fit) = Metrics::from_counts(&counts, day(20));
        assert_eq!(
            (now.avg_price, now.avg_days_on_market, fit),
            (Some(Money::from_cents(33)), Some(33.33), AverageFit::Exact)
        );
        assert_eq!((now.total_inventory, now.unseen, now.on_sale()), (30, Some(7), 23));

        let (long, fit) = Metrics::from_counts(&MetricCounts { days_on_market_sum: 3_001, ..counts }, day(20));
        assert_eq!((long.avg_days_on_market, fit), (Some(999.99), AverageFit::Capped));
        let (empty, _) = Metrics::from_counts(&MetricCounts::default(), day(20));
        assert_eq!((empty.avg_price, empty.avg_days_on_market), (None, None));
        assert_eq!(empty.trends(&[], &MetricsRules::default()).turnover, None);

        let row = |on_day, total_inventory| Metrics { total_inventory, calculated_at: day(on_day), ..now.clone() };
        let trends = now.trends(&[row(2, 1), row(12, 25), row(19, 29)], &MetricsRules::default());
        assert_eq!((trends.since, trends.total_inventory, trends.turnover), (Some(day(12)), Some(5), Some(0.25)));
        assert_eq!(
            now.trends(&[row(19, 29)], &MetricsRules::default()).total_inventory,
            None,
            "yesterday is no week ago"
        );
    }
}
