//! What the dealership has sold: one sale a row, kept when the car comes back, and counted by month.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Vehicle;
use crate::{
    ids::{SaleId, VehicleId},
    money::Money,
};

/// A sale of one of our vehicles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sale {
    pub(super) id: SaleId,
    pub(super) inventory_id: VehicleId,
    pub(super) sold_at: DateTime<Utc>,
    pub(super) listed_at: Option<DateTime<Utc>>,
    /// What we asked.
    pub(super) price: Money,
    /// What the buyer paid, where it is known.
    pub(super) sale_price: Option<Money>,
}

impl Sale {
    /// The sale of a vehicle that is sold. A row of another program may not say when: then its last change is the time.
    pub(super) fn of(sold: &Vehicle, sale_price: Option<Money>, now: DateTime<Utc>) -> Self {
        Self {
            id: SaleId::new(now),
            inventory_id: sold.id,
            sold_at: sold_by(sold).unwrap_or(now),
            listed_at: sold.listed_at,
            price: sold.price,
            sale_price,
        }
    }
}

/// When a sold vehicle was sold, as its sale is recorded.
pub(super) fn sold_by(sold: &Vehicle) -> Option<DateTime<Utc>> {
    sold.sold_at.or(sold.updated_at).or(sold.listed_at)
}

/// Sales over all time, of cars that came back since, too. An undone sale is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct SalesStatistics {
    /// All sales.
    pub total: SaleCount,
    /// How many of them were of cars that are in stock again, or were sold once more.
    pub came_back: i64,
    /// By month of the sale in UTC, latest first; months without a sale are left out.
    pub by_month: Vec<MonthOfSales>,
}

/// A number of sales and what they brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct SaleCount {
    /// How many.
    pub count: i64,
    /// The sum of what the buyers paid, or of our prices where that is not known.
    pub value: Money,
    /// The mean of the days from `listed_at` to the sale; `None` without a sale.
    pub average_days_to_sell: Option<f64>,
}

/// The sales of one month.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct MonthOfSales {
    /// The month, such as `2026-11`.
    pub month: String,
    /// Its sales.
    #[serde(flatten)]
    pub sales: SaleCount,
}

/// The sums of a month's sales.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MonthSums {
    pub(super) month: String,
    pub(super) count: i64,
    pub(super) value: Money,
    /// The days from `listed_at` to the sale.
    pub(super) days: i64,
    /// The sales of cars that are in stock again, or were sold once more.
    pub(super) came_back: i64,
}

impl SaleCount {
    fn of(count: i64, value: Money, days: i64) -> Self {
        let average_days_to_sell = (count > 0).then(|| days as f64 / count as f64);
        Self { count, value, average_days_to_sell }
    }
}

impl SalesStatistics {
    /// Adds the months up.
    pub(super) fn of(months: Vec<MonthSums>) -> Self {
        let (mut count, mut value, mut days, mut came_back) = (0, Money::default(), 0, 0);
        for month in &months {
            (count, value) = (count + month.count, value + month.value);
            (days, came_back) = (days + month.days, came_back + month.came_back);
        }
        let by_month = months
            .into_iter()
            .map(|of| MonthOfSales { month: of.month, sales: SaleCount::of(of.count, of.value, of.days) });
        Self { total: SaleCount::of(count, value, days), came_back, by_month: by_month.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_months_add_up() {
        let month = |month: &str, count, dollars, days, came_back| MonthSums {
            month: month.to_owned(),
            count,
            value: Money::from_dollars(dollars),
            days,
            came_back,
        };
        let statistics =
            SalesStatistics::of(vec![month("2026-03", 2, 20_000, 50, 0), month("2026-01", 1, 9_500, 10, 1)]);
        assert_eq!((statistics.total.count, statistics.came_back), (3, 1));
        assert_eq!(statistics.total.value, Money::from_dollars(29_500));
        assert_eq!(statistics.total.average_days_to_sell, Some(20.0));
        let months: Vec<_> = statistics.by_month.iter().map(|of| (of.month.as_str(), of.sales)).collect();
        let january = SaleCount { count: 1, value: Money::from_dollars(9_500), average_days_to_sell: Some(10.0) };
        assert_eq!((months[0].0, months[0].1.average_days_to_sell), ("2026-03", Some(25.0)));
        assert_eq!(months[1], ("2026-01", january));
        assert_eq!(SalesStatistics::of(vec![]), SalesStatistics::default());
    }
}
