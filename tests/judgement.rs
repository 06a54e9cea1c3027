//! The owner's word about a doubted lot, and a database of the release before doubts were weighed.

use chrono::{DateTime, TimeDelta, Utc};
use jpauto::{
    ActivityFilter, AlertFilter, CompetitorId, Money, PageRequest,
    competitors::{
        Completeness, IncompleteReason, ListingFilter, NewCompetitor, RecordReport, ScrapeErrorType, ScrapeReading,
        ScrapeRecord, ScrapedListing,
    },
};

use crate::support::{Lot, vin};

fn day(number: i64) -> DateTime<Utc> {
    "2026-01-01T02:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(number)
}

/// A dealer whose lot of so many cars was seen whole for two months. The clock stands a month behind that.
fn known_dealer(lot: &Lot, count: u32) -> CompetitorId {
    let inventory_url = "https://motors.example/used".to_owned();
    let dealer = NewCompetitor { name: "Example Motors".into(), inventory_url, ..NewCompetitor::default() };
    let id = lot.desk().competitors().add(&dealer).unwrap().id;
    lot.pass(day(90) - lot.now());
    for on_day in [0, 30, 60] {
        record(lot, id, on_day, 0..count);
    }
    id
}

fn record(lot: &Lot, id: CompetitorId, on_day: i64, numbers: impl IntoIterator<Item = u32>) -> RecordReport {
    let car = |number| ScrapedListing {
        vin: Some(vin(number)),
        year: Some(2018),
        make: Some("Toyota".into()),
        model: Some("Corolla".into()),
        price: Some(Money::from_dollars(14_000)),
        mileage: Some(60_000),
        ..ScrapedListing::default()
    };
    // Each is written at a time of its own, as it is where nobody stops the clock.
    lot.pass(TimeDelta::seconds(1));
    let listings = numbers.into_iter().map(car).collect();
    lot.desk().competitors().record(id, listings, ScrapeReading::whole_lot(), day(on_day)).unwrap()
}

fn scrapes(lot: &Lot, id: CompetitorId) -> Vec<ScrapeRecord> {
    lot.desk().competitors().scrapes(id, &PageRequest::largest()).unwrap().items
}

fn count(lot: &Lot, sold: bool) -> usize {
    let filter = ListingFilter { sold: Some(sold), ..ListingFilter::default() };
    lot.desk().competitors().listings(&filter, &PageRequest::largest()).unwrap().items.len()
}

fn audit_rows(lot: &Lot, id: CompetitorId) -> usize {
    lot.desk().activity().list(&ActivityFilter::default().resource(id), &PageRequest::largest()).unwrap().items.len()
}

fn alerts(lot: &Lot, id: CompetitorId) -> Vec<String> {
    let mut filter = AlertFilter::default();
    filter.subject_id = Some(id.into());
    let alerts = lot.desk().alerts().list(&filter, &PageRequest::default()).unwrap().items;
    alerts.into_iter().map(|alert| alert.alert_type).collect()
}

on_both_databases! {
    fn a_late_snapshot_and_a_failure_among_doubted_scrapes_keep_nobody_from_believing(lot: &Lot) {
        let id = known_dealer(lot, 40);
        for on_day in [61, 62, 64, 66] {
            assert_eq!(record(lot, id, on_day, 0..15).counts.sold, 0, "day {on_day}");
        }
        lot.desk().competitors().record_failure(id, ScrapeErrorType::Timeout, "no answer", day(65)).unwrap();
        // What comes late is compared with nothing that vanished, so it is whole: those behind it are believed.
        assert_eq!(record(lot, id, 63, 0..15).completeness, Completeness::Complete);
        let rows = audit_rows(lot, id);
        let verdict = lot.desk().competitors().believe(id).unwrap();
        assert_eq!((verdict.scrapes, verdict.sold.len(), verdict.observed_at), (2, 25, day(66)));
        assert!(verdict.sold.iter().all(|sold| sold.sold_at == day(61)));
        assert_eq!(audit_rows(lot, id), rows + 1, "what follows is one row");
        let believed = scrapes(lot, id);
        for scrape in &believed {
            let expected = if scrape.observed_at == day(65) { 0.0 } else { 1.0 };
            assert_eq!((scrape.weight, scrape.error.is_some()), (expected, expected == 0.0), "{}", scrape.observed_at);
        }
        assert_eq!(lot.desk().competitors().believe(id).unwrap_err().code(), "scrape_not_doubted");
        assert_eq!(audit_rows(lot, id), rows + 1, "a refusal changes nothing");
        assert_eq!((count(lot, true), scrapes(lot, id)), (25, believed));
    }

    fn what_is_believed_does_not_make_the_next_fault_believed(lot: &Lot) {
        let id = known_dealer(lot, 40);
        (61..66).for_each(|on_day| drop(record(lot, id, on_day, 0..15)));
        assert_eq!(lot.desk().competitors().believe(id).unwrap().sold.len(), 25);
        // The page behind the eighth car is lost on the day after: that is doubted like any such fault.
        let lost = record(lot, id, 66, 0..8);
        assert_eq!((lost.completeness.reason(), lost.counts.sold), (Some(IncompleteReason::ManyMissing), 0));
        let sold: Vec<_> = (67..71).map(|on_day| record(lot, id, on_day, 0..8).counts.sold).collect();
        assert_eq!(sold, [0; 4]);
    }

    fn who_discards_a_lot_may_still_believe_it_and_the_other_way_round(lot: &Lot) {
        let id = known_dealer(lot, 40);
        (61..66).for_each(|on_day| drop(record(lot, id, on_day, 0..15)));
        assert_eq!(alerts(lot, id), ["inventory_incomplete", "inventory_dropped"]);
        let verdict = lot.desk().competitors().distrust(id).unwrap();
        assert_eq!((verdict.scrapes, verdict.on_sale_again.len()), (1, 0));
        // It is still long since the lot was seen whole.
        assert_eq!(alerts(lot, id), ["inventory_incomplete"]);
        let verdict = lot.desk().competitors().believe(id).unwrap();
        assert_eq!((verdict.scrapes, verdict.sold.len()), (5, 25));
        assert!(alerts(lot, id).is_empty());
        let newest = scrapes(lot, id).remove(0);
        assert_eq!((newest.completeness, newest.weight, newest.counts.sold), (Completeness::Complete, 1.0, 25));
        assert!(newest.doubts.is_empty());
        assert_eq!(lot.desk().competitors().believe(id).unwrap_err().code(), "scrape_not_doubted");
        let verdict = lot.desk().competitors().distrust(id).unwrap();
        assert_eq!((verdict.on_sale_again.len(), count(lot, false)), (25, 40));
        // Once more changes nothing.
        let discarded = scrapes(lot, id);
        assert_eq!((discarded[0].completeness.reason(), discarded[0].counts.sold), (Some(IncompleteReason::Discarded), 0));
        assert!(lot.desk().competitors().distrust(id).unwrap().on_sale_again.is_empty());
        assert_eq!((scrapes(lot, id), count(lot, false)), (discarded, 40));
    }

    fn to_discard_a_scrape_undoes_its_own_sales_alone(lot: &Lot) {
        let id = known_dealer(lot, 40);
        // One car goes and is found sold; then another does.
        let first = (61..81).find(|on_day| record(lot, id, *on_day, 1..40).counts.sold == 1).unwrap();
        let newest = (1..20).map(|looks| first + 2 * looks).find(|on_day| record(lot, id, *on_day, 2..40).counts.sold == 1).unwrap();
        assert_eq!(count(lot, true), 2);
        // A snapshot of a day before comes late and says more of both.
        record(lot, id, newest - 1, 2..40);
        let verdict = lot.desk().competitors().distrust(id).unwrap();
        let again: Vec<_> = verdict.on_sale_again.iter().map(|vehicle| vehicle.vin.clone().unwrap()).collect();
        assert_eq!((again, count(lot, true)), (vec![vin(1)], 1));
    }

    fn what_was_half_missed_before_the_upgrade_is_neither_sold_in_bulk_nor_lost(lot: &Lot) {
        let id = known_dealer(lot, 40);
        // Twelve vanish together and a day later one by itself; all are missed, not for long enough, when the program is replaced.
        record(lot, id, 61, 12..40);
        record(lot, id, 62, 12..39);
        record(lot, id, 63, 12..39);
        let (listings, scrapes_before) = (count(lot, false), scrapes(lot, id).len());
        assert_eq!((listings, count(lot, true)), (40, 0));
        back_to_the_release_before(lot);
        // Its scrapes had one word for a lot that it did not take as whole.
        let part = day(62).format("%Y-%m-%dT%H:%M:%S%.6fZ");
        lot.execute(&format!(
            "UPDATE competitor_scrapes SET complete = true, incomplete_reason = NULL;
             UPDATE competitor_scrapes SET complete = false, incomplete_reason = 'too_few_vehicles' WHERE observed_at = '{part}'"
        ));
        assert_eq!(lot.dealership.migrate().unwrap().applied, ["2026-11-29-000001_evidence"]);
        let kept = scrapes(lot, id);
        assert_eq!((count(lot, false), count(lot, true), kept.len()), (40, 0, scrapes_before));
        let weights: Vec<_> = kept.iter().map(|scrape| (scrape.weight, scrape.doubts.clone())).collect();
        let doubted = (0.0, vec![IncompleteReason::ManyMissing]);
        assert_eq!(weights[..3], [(1.0, vec![]), doubted, (1.0, vec![])]);
        // Seven days after they were seen last, which is enough for one car and not for twelve that vanished at once.
        let mut sold_on = Vec::new();
        for on_day in 67..90 {
            let sold = record(lot, id, on_day, 12..39).counts.sold;
            sold_on.extend((sold > 0).then_some((on_day, sold)));
        }
        let [(one_on, 1), (twelve_on, 12)] = sold_on[..] else { panic!("{sold_on:?}") };
        assert!(one_on < twelve_on && twelve_on >= 70, "{sold_on:?}");
    }
}

/// The database as the release before made it.
fn back_to_the_release_before(lot: &Lot) {
    let is_sqlite = lot.url.starts_with("sqlite:");
    let down = match is_sqlite {
        true => include_str!("../migrations/sqlite/2026-11-29-000001_evidence/down.sql"),
        false => include_str!("../migrations/postgres/2026-11-29-000001_evidence/down.sql"),
    };
    lot.execute(down);
    lot.execute("DELETE FROM __diesel_schema_migrations WHERE version = '20261129000001'");
}
