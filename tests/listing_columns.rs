//! Listings as columns hold what the same listings hold as records, also where a cell is no value of its column.

use std::ops::ControlFlow;

use chrono::TimeDelta;
use jpauto::{
    ColumnRequest, Money, PageRequest, RowOrder, Values,
    competitors::{ListingFilter, NewCompetitor, ScrapeReading, ScrapedListing},
};

use crate::support::{Lot, vin};

/// What a row has in some columns of whole numbers and amounts; amounts in cents.
type Cells = Vec<Option<i128>>;

/// The columns of all rows, in the order of the list.
fn columns(lot: &Lot, names: &[&str]) -> Vec<Cells> {
    let mut request = ColumnRequest::of(names.iter().map(|name| (*name).to_owned()).collect());
    (request.order, request.rows_at_a_time) = (RowOrder::OfTheList, 2);
    let mut rows = Vec::new();
    lot.desk()
        .competitors()
        .listing_columns(&ListingFilter::default(), &request, &mut |batch| {
            rows.extend((0..batch.rows).map(|row| {
                let cells = batch.columns.iter().map(|column| {
                    let is_known = column.known.as_ref().is_none_or(|bits| bits[row / 8] >> (row % 8) & 1 == 1);
                    let value = match &column.values {
                        Values::Numbers(numbers) => i128::from(numbers[row]),
                        Values::Amounts(amounts) => amounts[row],
                        other => panic!("{other:?}"),
                    };
                    is_known.then_some(value)
                });
                cells.collect::<Cells>()
            }));
            ControlFlow::Continue(())
        })
        .unwrap();
    rows
}

/// Lets the columns hold values of any type, as those of an adopted file do.
const ANY_TYPE: &str = "PRAGMA ignore_check_constraints = ON;
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = rtrim(rtrim(sql, 'STRICT')) WHERE name = 'competitor_inventory';
    PRAGMA writable_schema = RESET;";

on_both_databases! {
    fn a_cell_that_is_no_value_is_the_same_in_columns_and_in_records(lot: &Lot) {
        let new = NewCompetitor { name: "Rival".into(), inventory_url: "https://rival.example/used".into(), ..NewCompetitor::default() };
        let id = lot.desk().competitors().add(&new).unwrap().id;
        let cars = (0..9).map(|number| ScrapedListing {
            vin: Some(vin(number)),
            year: Some(2018),
            price: Some(Money::from_dollars(14_000)),
            mileage: Some(60_000),
            ..ScrapedListing::default()
        });
        let seen_at = lot.now() - TimeDelta::days(1);
        lot.desk().competitors().record(id, cars.collect(), ScrapeReading::whole_lot(), seen_at).unwrap();
        let odd: &[&str] = if lot.url.starts_with("sqlite:") {
            &["mileage = '48,000'", "mileage = 48000.5", "mileage = 3000000000", "price = 'call'", "price = 15000.99", "price = x'01'", "year = '2018 Ford'", "year = NULL"]
        } else {
            &["price = 'NaN'", "price = NULL", "mileage = NULL", "year = NULL"]
        };
        let changes = (0..).zip(odd).map(|(number, change)| {
            format!("UPDATE competitor_inventory SET {change} WHERE vin = '{}';", vin(number))
        });
        lot.execute(&format!("{}{}", if lot.url.starts_with("sqlite:") { ANY_TYPE } else { "" }, changes.collect::<String>()));
        let listings = lot.desk().competitors().listings(&ListingFilter::default(), &PageRequest::first(20)).unwrap().items;
        let records: Vec<Cells> = listings
            .iter()
            .map(|listing| vec![listing.year.map(i128::from), listing.price.map(|price| price.cents().into()), listing.mileage.map(i128::from)])
            .collect();
        assert_eq!(columns(lot, &["year", "price", "mileage"]), records);
        assert_eq!(records.iter().filter(|cells| cells.contains(&None)).count(), odd.len(), "{records:?}");
    }
}
