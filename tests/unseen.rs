//! Cars that are missing from their dealer's list and are not sold yet: told apart from those on sale.

use std::ops::ControlFlow;

use chrono::TimeDelta;
use jpauto::{
    ColumnRequest, CompetitorId, Money, PageRequest, Values,
    competitors::{
        Listing, ListingFilter, MarketViewFilter, NewCompetitor, RecordReport, ScrapeReading, ScrapedListing,
        UndercutFilter,
    },
};

use crate::support::{Lot, corolla, vin};

fn rival(lot: &Lot) -> CompetitorId {
    let inventory_url = "https://motors.example/used".into();
    let new = NewCompetitor { name: "Rival".into(), inventory_url, ..NewCompetitor::default() };
    lot.desk().competitors().add(&new).unwrap().id
}

fn car(number: u32) -> ScrapedListing {
    ScrapedListing {
        vin: Some(vin(number)),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        price: Some(Money::from_dollars(9_000)),
        mileage: Some(60_000),
        ..ScrapedListing::default()
    }
}

/// Records a lot as it was a number of days ago.
fn record(
    lot: &Lot,
    id: CompetitorId,
    days_ago: i64,
    (cars, reading): (Vec<ScrapedListing>, ScrapeReading),
) -> RecordReport {
    lot.desk().competitors().record(id, cars, reading, lot.now() - TimeDelta::days(days_ago)).unwrap()
}

fn whole(numbers: impl IntoIterator<Item = u32>) -> (Vec<ScrapedListing>, ScrapeReading) {
    (numbers.into_iter().map(car).collect(), ScrapeReading::whole_lot())
}

/// The first page of two, after which nothing was read.
fn part(numbers: impl IntoIterator<Item = u32>) -> (Vec<ScrapedListing>, ScrapeReading) {
    (numbers.into_iter().map(car).collect(), ScrapeReading { last_page_reached: false, ..ScrapeReading::whole_lot() })
}

fn found(lot: &Lot, filter: &ListingFilter) -> Vec<Listing> {
    lot.desk().competitors().listings(filter, &PageRequest::first(100)).unwrap().items
}

fn unseen(lot: &Lot) -> Vec<Listing> {
    found(lot, &ListingFilter { unseen: Some(true), ..ListingFilter::default() })
}

fn counts(report: &RecordReport) -> (i32, i32, Option<i32>) {
    (report.metrics.total_inventory, report.metrics.on_sale(), report.metrics.unseen)
}

on_both_databases! {
    fn a_missing_car_is_unseen_until_it_is_found_sold_or_seen(lot: &Lot) {
        let id = rival(lot);
        assert_eq!(counts(&record(lot, id, 9, whole(1..=10))), (10, 10, Some(0)));
        assert_eq!(counts(&record(lot, id, 8, whole(1..=9))), (10, 9, Some(1)));
        let [missing] = <[Listing; 1]>::try_from(unseen(lot)).unwrap();
        assert_eq!((missing.vin, missing.is_unseen, missing.is_sold), (Some(vin(10)), true, false));
        assert_eq!(missing.last_seen_at, lot.now() - TimeDelta::days(9));
        assert!(lot.desk().competitors().listing(missing.id).unwrap().is_unseen);
        let there = found(lot, &ListingFilter { sold: Some(false), unseen: Some(false), ..ListingFilter::default() });
        assert_eq!((there.len(), there.iter().any(|listing| listing.is_unseen)), (9, false));
        let mut in_columns = 0;
        let columns = ColumnRequest::of(vec!["is_unseen".into()]);
        lot.desk().competitors().listing_columns(&ListingFilter::default(), &columns, &mut |batch| {
            let Values::Truths(bits) = &batch.columns[0].values else { panic!("{batch:?}") };
            in_columns += bits.iter().map(|bits| bits.count_ones()).sum::<u32>();
            ControlFlow::Continue(())
        }).unwrap();
        assert_eq!(in_columns, 1);
        // It comes back, and others go until they are sold.
        assert_eq!(counts(&record(lot, id, 7, whole(1..=10))), (10, 10, Some(0)));
        assert_eq!(counts(&record(lot, id, 6, whole(1..=8))), (10, 8, Some(2)));
        (1..6).rev().for_each(|days| drop(record(lot, id, days, whole(1..=8))));
        lot.pass(TimeDelta::days(10));
        let last = record(lot, id, 1, whole(1..=8));
        assert_eq!((counts(&last), last.counts.sold), ((8, 8, Some(0)), 2), "what is sold is no longer unseen");
        let all_but_unseen = ListingFilter { unseen: Some(false), ..ListingFilter::default() };
        assert_eq!(found(lot, &all_but_unseen).len(), 10, "sold ones are not unseen");
    }

    fn a_doubted_look_makes_nothing_unseen_before_some_days(lot: &Lot) {
        let id = rival(lot);
        record(lot, id, 9, whole(1..=10));
        assert_eq!(counts(&record(lot, id, 8, part(1..=6))).2, Some(0), "the second page may have failed");
        assert_eq!(counts(&record(lot, id, 7, part(1..=6))).2, Some(0));
        assert_eq!(counts(&record(lot, id, 5, part(1..=6))).2, Some(4), "it has failed for long");
        // The owner takes it for the whole lot, or for nothing.
        assert_eq!(counts(&record(lot, id, 4, part(1..=5))).2, Some(4));
        lot.desk().competitors().believe(id).unwrap();
        assert_eq!(unseen(lot).len(), 5);
        lot.desk().competitors().distrust(id).unwrap();
        assert_eq!(unseen(lot).len(), 4);
    }

    fn nothing_is_unseen_where_a_website_shows_nothing(lot: &Lot) {
        let id = rival(lot);
        record(lot, id, 9, whole(1..=10));
        for days in [8, 6, 4] {
            assert_eq!(counts(&record(lot, id, days, whole([]))), (10, 10, Some(0)));
        }
    }

    fn unseen_cars_are_in_no_market_and_undercut_nothing(lot: &Lot) {
        let id = rival(lot);
        let ours = lot.desk().inventory().add(&corolla(100)).unwrap();
        record(lot, id, 3, whole(1..=10));
        record(lot, id, 2, whole(1..=7));
        let competitors = lot.dealership.acting_as(jpauto::Actor::system());
        let competitors = competitors.competitors();
        let view = competitors.market_view(&MarketViewFilter::default(), &PageRequest::default()).unwrap();
        assert_eq!((view.total.on_sale, view.models.items[0].on_sale), (7, 7));
        assert_eq!((view.left_out.listings, view.left_out.unseen, view.left_out.failing), (3, 3, 0));
        let of_ours = UndercutFilter { vehicle: Some(ours.id), ..UndercutFilter::default() };
        assert_eq!(competitors.undercuts(&of_ours, &PageRequest::default()).unwrap().items.len(), 7);
        assert_eq!(competitors.left_out(&[]).unwrap().unseen, 3);
    }

    fn a_vin_twice_on_one_lot_and_a_sighting_to_come_are_found(lot: &Lot) {
        let id = rival(lot);
        record(lot, id, 3, whole(1..=4));
        lot.execute(&format!(
            "UPDATE competitor_inventory SET vin = '{}' WHERE vin = '{}';
             UPDATE competitor_inventory SET last_seen_at = '2030-01-01T00:00:00.000000Z' WHERE vin = '{}'",
            vin(1), vin(2), vin(3)
        ));
        let findings = lot.another_process().check().unwrap().findings;
        let found: Vec<_> = findings.iter().map(|finding| (finding.kind.as_str(), finding.column, finding.count)).collect();
        assert_eq!(found, [("future_time", "last_seen_at", 1), ("repeated_vin", "vin", 2)]);
    }
}
