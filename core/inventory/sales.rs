//! What the dealership has sold: one sale a row, kept when the car comes back, and counted by month.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Datelike as _, Utc};
use serde::Serialize;

use super::{Vehicle, rules};
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
            sold_at: sold.sold_at.or(sold.updated_at).or(sold.listed_at).unwrap_or(now),
            listed_at: sold.listed_at,
            price: sold.price,
            sale_price,
        }
    }
}

/// Sales over all time, of cars that came back since, too. An undone sale is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
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
#[non_exhaustive]
pub struct MonthOfSales {
    /// The month, such as `2026-11`.
    pub month: String,
    /// Its sales.
    #[serde(flatten)]
    pub sales: SaleCount,
}

/// Sales as they are added up.
#[derive(Clone, Copy, Default)]
struct Sum {
    count: i64,
    value: Money,
    days: i64,
}

impl Sum {
    fn add(&mut self, sale: &Sale) {
        self.count += 1;
        self.value = self.value + sale.sale_price.unwrap_or(sale.price);
        self.days += rules::days_in_stock(sale.listed_at, Some(sale.sold_at), sale.sold_at);
    }

    fn counted(self) -> SaleCount {
        let average_days_to_sell = (self.count > 0).then(|| self.days as f64 / self.count as f64);
        SaleCount { count: self.count, value: self.value, average_days_to_sell }
    }
}

impl SalesStatistics {
    /// Counts the recorded sales, and the vehicles that are sold without a record of it, as other programs sell them.
    pub(super) fn of(recorded: &[Sale], sold: &[Sale]) -> Self {
        let key = |sale: &Sale| (sale.inventory_id, sale.sold_at);
        let standing: HashSet<_> = sold.iter().map(key).collect();
        let known: HashSet<_> = recorded.iter().map(key).collect();
        let came_back = recorded.iter().filter(|sale| !standing.contains(&key(sale))).count();
        let (mut total, mut months) = (Sum::default(), BTreeMap::<_, Sum>::new());
        for sale in recorded.iter().chain(sold.iter().filter(|sale| !known.contains(&key(sale)))) {
            total.add(sale);
            months.entry((sale.sold_at.year(), sale.sold_at.month())).or_default().add(sale);
        }
        let by_month = months
            .into_iter()
            .rev()
            .map(|((year, month), sum)| MonthOfSales { month: format!("{year}-{month:02}"), sales: sum.counted() });
        Self {
            total: total.counted(),
            came_back: i64::try_from(came_back).unwrap_or(i64::MAX),
            by_month: by_month.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sales_are_counted_once_whoever_recorded_them() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let cars: Vec<_> = (0..3).map(|_| VehicleId::new(time("2026-01-01T00:00:00Z"))).collect();
        let sale = |car: usize, listed: &str, sold: &str, paid: Option<i32>| Sale {
            id: SaleId::new(time(sold)),
            inventory_id: cars[car],
            sold_at: time(sold),
            listed_at: Some(time(listed)),
            price: Money::from_dollars(10_000),
            sale_price: paid.map(Money::from_dollars),
        };
        let first = sale(0, "2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z", Some(9_500));
        let again = sale(0, "2026-03-01T00:00:00Z", "2026-03-21T00:00:00Z", None);
        let foreign = sale(1, "2026-03-01T00:00:00Z", "2026-03-31T23:00:00Z", None);
        let statistics = SalesStatistics::of(&[first, again], &[Sale { sale_price: None, ..again }, foreign]);
        assert_eq!((statistics.total.count, statistics.came_back), (3, 1));
        assert_eq!(statistics.total.value, Money::from_dollars(29_500));
        assert_eq!(statistics.total.average_days_to_sell, Some(20.0));
        let months: Vec<_> = statistics.by_month.iter().map(|of| (of.month.as_str(), of.sales.count)).collect();
        assert_eq!(months, [("2026-03", 2), ("2026-01", 1)]);
        assert_eq!(SalesStatistics::of(&[], &[]), SalesStatistics::default());
    }
}
