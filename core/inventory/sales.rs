//! What the dealership has sold: one sale a row, kept when the car comes back, and counted by month.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use super::Vehicle;
use crate::{
    ids::{SaleId, VehicleId},
    money::Money,
    zone::Zone,
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
    /// By month of the sale where the dealership is, latest first; months without a sale are left out.
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

/// The sums of some sales.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SaleSums {
    /// When they were, in UTC: a month (`2026-11`), or a minute (`2026-11-30T23:59`) where the month depends on where one is.
    pub(super) time: String,
    pub(super) count: i64,
    pub(super) value: Money,
    /// The days from `listed_at` to the sale.
    pub(super) days: i64,
    /// The sales of cars that are in stock again, or were sold once more.
    pub(super) came_back: i64,
}

impl SaleSums {
    fn add(&mut self, other: &Self) {
        (self.count, self.value) = (self.count + other.count, self.value + other.value);
        (self.days, self.came_back) = (self.days + other.days, self.came_back + other.came_back);
    }
}

/// The month of a time of [`SaleSums`].
fn month_of(time: &str, zone: Zone) -> String {
    match NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M") {
        Ok(minute) => zone.day(minute.and_utc()).format("%Y-%m").to_string(),
        Err(_a_month) => time.chars().take("2026-11".len()).collect(),
    }
}

impl SaleCount {
    fn of(count: i64, value: Money, days: i64) -> Self {
        let average_days_to_sell = (count > 0).then(|| days as f64 / count as f64);
        Self { count, value, average_days_to_sell }
    }
}

impl SalesStatistics {
    /// Adds up what was sold in each month, and in all.
    pub(super) fn of(sales: Vec<SaleSums>, zone: Zone) -> Self {
        let (mut total, mut months) = (SaleSums::default(), BTreeMap::<String, SaleSums>::new());
        for some in sales {
            total.add(&some);
            months.entry(month_of(&some.time, zone)).or_default().add(&some);
        }
        let counted = |of: &SaleSums| SaleCount::of(of.count, of.value, of.days);
        let by_month = months.iter().rev().map(|(month, of)| MonthOfSales { month: month.clone(), sales: counted(of) });
        Self { total: counted(&total), came_back: total.came_back, by_month: by_month.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_months_add_up() {
        let here = Zone::named("America/Los_Angeles").unwrap();
        let month = |time: &str, count, dollars, days, came_back| SaleSums {
            time: time.to_owned(),
            count,
            value: Money::from_dollars(dollars),
            days,
            came_back,
        };
        let statistics =
            SalesStatistics::of(vec![month("2026-01", 1, 9_500, 10, 1), month("2026-03", 2, 20_000, 50, 0)], here);
        assert_eq!((statistics.total.count, statistics.came_back), (3, 1));
        assert_eq!(statistics.total.value, Money::from_dollars(29_500));
        assert_eq!(statistics.total.average_days_to_sell, Some(20.0));
        let months: Vec<_> = statistics.by_month.iter().map(|of| (of.month.as_str(), of.sales)).collect();
        let january = SaleCount { count: 1, value: Money::from_dollars(9_500), average_days_to_sell: Some(10.0) };
        assert_eq!((months[0].0, months[0].1.average_days_to_sell), ("2026-03", Some(25.0)));
        assert_eq!(months[1], ("2026-01", january));
        assert_eq!(SalesStatistics::of(vec![], here), SalesStatistics::default());
    }

    #[test]
    fn a_month_ends_at_midnight_of_the_dealership() {
        let here = Zone::named("America/Los_Angeles").unwrap();
        let sale = |time: &str| SaleSums { time: time.to_owned(), count: 1, ..SaleSums::default() };
        let times = ["2026-12-01T07:59", "2026-12-01T08:00", "2026-11", "2026-12-31T23:59", "2027-01-01T07:59"];
        let statistics = SalesStatistics::of(times.map(sale).to_vec(), here);
        let months: Vec<_> = statistics.by_month.iter().map(|of| (of.month.as_str(), of.sales.count)).collect();
        assert_eq!(months, [("2026-12", 3), ("2026-11", 2)]);
    }
}
