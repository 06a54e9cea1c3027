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

/// Listings that fill 16 MiB and more of PostgreSQL's blocks, numbered by their mileage in the order of the blocks.
#[cfg(feature = "postgres")]
const MANY: usize = 30_000;

#[cfg(feature = "postgres")]
fn large_table() -> Lot {
    let lot = Lot::on_postgres();
    let new = NewCompetitor {
        name: "Rival".into(),
        inventory_url: "https://rival.example/used".into(),
        ..NewCompetitor::default()
    };
    let id = lot.desk().competitors().add(&new).unwrap().id;
    lot.execute(&format!(
        "INSERT INTO competitor_inventory (id, competitor_id, external_id, year, mileage, first_seen_at, last_seen_at, is_sold, raw_data, \
             created_at, updated_at) \
         SELECT gen_random_uuid(), '{id}', number, 2018, number, now(), now(), false, \
             jsonb_build_object('text', repeat(md5(number::text), 20)), now(), now() \
         FROM generate_series(0, {MANY} - 1) AS number"
    ));
    lot
}

#[cfg(feature = "postgres")]
#[test]
fn a_large_table_is_read_over_two_connections_as_it_is_at_one_moment() {
    let lot = large_table();
    let reads =
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY (SELECT%ctid >= ''(%'";
    let mut request = ColumnRequest::of(vec!["mileage".to_owned()]);
    request.rows_at_a_time = 500;
    let mut most = 0;
    // A busy machine may open no second connection in time; it is there for the next try.
    for _ in 0..5 {
        let mut seen = vec![0; MANY];
        let mut take = |batch: jpauto::ColumnBatch| {
            if seen.iter().all(|times| *times == 0) {
                // The second half waits to be taken meanwhile.
                let begun = std::time::Instant::now();
                while most == 0 && begun.elapsed().as_secs() < 5 {
                    most = lot.count(reads);
                }
                if most > 0 {
                    lot.execute("DELETE FROM competitor_inventory WHERE mileage % 100 = 99");
                }
            }
            let Values::Numbers(numbers) = &batch.columns[0].values else { panic!("{batch:?}") };
            numbers.iter().for_each(|number| seen[usize::try_from(*number).unwrap()] += 1);
            ControlFlow::Continue(())
        };
        lot.desk().competitors().listing_columns(&ListingFilter::default(), &request, &mut take).unwrap();
        assert!(seen.iter().all(|times| *times == 1), "each row once, those deleted meanwhile too");
        if most > 0 {
            return;
        }
    }
    panic!("the second half was not read beside the first");
}

#[cfg(feature = "postgres")]
#[test]
fn a_large_table_is_read_to_where_somebody_has_enough() {
    let lot = large_table();
    let mut request = ColumnRequest::of(vec!["mileage".to_owned()]);
    request.rows_at_a_time = 500;
    let mut rows_left = 8_000;
    let filter = ListingFilter::default();
    let mut take = |batch: jpauto::ColumnBatch| {
        rows_left -= batch.rows;
        if rows_left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    lot.desk().competitors().listing_columns(&filter, &request, &mut take).unwrap();
    assert_eq!(rows_left, 0);
    // A sold listing alone, and a list in its order.
    lot.execute("UPDATE competitor_inventory SET is_sold = true, sold_at = now() WHERE mileage IN (7, 29999)");
    let mut found = Vec::new();
    let mut take = |batch: jpauto::ColumnBatch| {
        let Values::Numbers(numbers) = &batch.columns[0].values else { panic!("{batch:?}") };
        found.extend_from_slice(numbers);
        ControlFlow::Continue(())
    };
    let filter = ListingFilter { sold: Some(true), ..ListingFilter::default() };
    lot.desk().competitors().listing_columns(&filter, &request, &mut take).unwrap();
    found.sort_unstable();
    assert_eq!(found, [7, 29_999]);
}
