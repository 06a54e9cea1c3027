//! When a missing listing is sold.

use rstest::rstest;

use super::*;

/// Days on which the second car is missing from a complete scrape, and the day it is found sold, if at all.
#[rstest]
#[case::daily(&[1, 2, 3, 4, 5, 6, 7], Some(7))]
#[case::six_days_are_too_few(&[1, 2, 3, 4, 5, 6], None)]
#[case::two_misses_are_too_few(&[4, 20], None)]
#[case::weekly(&[7, 14, 21], Some(21))]
#[case::the_first_miss_after_an_outage(&[9, 10], None)]
#[case::after_an_outage(&[9, 10, 11], Some(11))]
fn a_listing_is_sold_after_a_week_and_three_misses(#[case] days: &[i64], #[case] sold_on: Option<i64>) {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2"]));
    let mut found = None;
    for &on_day in days {
        let plan = lot.see(on_day, &cars(&["stock=1"]));
        if plan.sold() > 0 {
            found = Some(on_day);
            assert_eq!(plan.sold_by_absence[0].stored, 1);
        }
    }
    assert_eq!(found, sold_on);
    assert_eq!(lot.stored[1].sold_at, sold_on.map(|_| day(days[0])), "dated at the first scrape that missed it");
    assert!(!lot.stored[0].is_sold);
}

/// Hours after the last sighting at which complete scrapes missed a car, and the one by which it is sold.
#[rstest]
#[case::three_in_a_minute_after_a_week_without_any(&[228.0, 228.01, 228.02], None)]
#[case::as_one_with_the_days_after(&[228.0, 228.01, 228.02, 252.0, 252.01, 276.0], Some(276.0))]
#[case::every_hour_after_a_week(&[170.0, 171.0, 172.0, 187.9, 188.0, 205.9, 206.0], Some(206.0))]
#[case::a_daily_scrape_at_uneven_hours(&[20.0, 49.0, 70.0, 95.0, 121.0, 143.0, 169.0], Some(169.0))]
fn misses_within_hours_of_each_other_are_one(#[case] hours: &[f64], #[case] sold_at: Option<f64>) {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2"]));
    let at = |hours: f64| day(0) + TimeDelta::seconds((hours * 3_600.0) as i64);
    let mut found = None;
    for &hour in hours {
        let plan = lot.record(at(hour), cars(&["stock=1"]), whole_lot());
        if plan.sold() > 0 {
            found = Some(hour);
        }
    }
    assert_eq!(found, sold_at);
    assert_eq!(lot.stored[1].sold_at, sold_at.map(|_| at(hours[0])));
    assert_eq!(lot.returns.absences, u64::from(sold_at.is_some()), "missed often enough once, whatever comes after");
}

#[test]
fn days_on_market_are_whole_days_up_to_the_first_miss() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2"]));
    lot.see(5, &cars(&["stock=1", "stock=2"]));
    for on_day in 6..=11 {
        assert_eq!(lot.see(on_day, &cars(&["stock=1"])).sold(), 0);
    }
    assert_eq!(lot.see(12, &cars(&["stock=1"])).sold_by_absence[0].days_on_market, 6);
}

#[rstest]
#[case::part_of_a_lot(ScrapeReading::part_of_a_lot())]
#[case::page_failed(ScrapeReading { pages_failed: 1, ..whole_lot() })]
#[case::closed_by_robots(ScrapeReading { pages_closed_by_robots: 1, ..whole_lot() })]
fn an_incomplete_scrape_marks_nothing_sold_but_records_what_it_saw(#[case] reading: ScrapeReading) {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2"]));
    for on_day in 1..30 {
        let plan = lot.record(day(on_day), cars(&["stock=1", "stock=3"]), reading.clone());
        assert_eq!(plan.sold(), 0);
    }
    assert_eq!(lot.stored.len(), 3);
    assert_eq!(lot.stored[0].last_seen_at, day(29));
    assert_eq!(lot.see(30, &cars(&["stock=1"])).sold(), 0, "one complete miss is not three");
}

#[test]
fn an_empty_scrape_marks_nothing_sold() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1"]));
    for on_day in 1..30 {
        let plan = lot.see(on_day, &[]);
        assert_eq!(plan.completeness.reason(), Some(IncompleteReason::Empty));
        assert_eq!(plan.counts(), ScrapeCounts::default());
    }
}

#[test]
fn a_listing_seen_again_is_on_sale_again_with_its_history() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2 price=20000"]));
    for on_day in 1..=7 {
        lot.see(on_day, &cars(&["stock=1"]));
    }
    assert!(lot.stored[1].is_sold);
    let plan = lot.see(9, &cars(&["stock=1", "stock=2 price=19000"]));
    assert_eq!((plan.relisted(), plan.new.len(), plan.returns.returns), (1, 0, 1));
    let listing = &lot.stored[1];
    assert_eq!((listing.is_sold, listing.sold_at, listing.first_seen_at), (false, None, day(0)));
    assert_eq!(lot.history[&1].len(), 2);
}

/// The day on which a missing listing's own page is found gone, the days after the first on which the list misses it, and the
/// absences that this makes.
#[rstest]
#[case::at_once(1, 1)]
#[case::missed_twice(2, 1)]
#[case::counted_by_this_scrape(3, 1)]
#[case::counted_before(4, 1)]
fn what_is_found_gone_by_its_own_page_is_one_absence_and_at_most_one_return(
    #[case] gone_on: i64,
    #[case] absences: u64,
) {
    let mut lot = Lot::new(TrackingRules::default());
    let (whole, rest) = (["stock=1", "stock=2", "stock=3"], ["stock=2", "stock=3"]);
    lot.record(day(0), cars(&whole), ScrapeReading::whole_lot());
    for on_day in 1..6 {
        let gone: &[usize] = if on_day == gone_on { &[0] } else { &[] };
        let plan = lot.record_with_gone(day(on_day), cars(&rest), ScrapeReading::whole_lot(), gone);
        assert_eq!(plan.sold(), gone.len(), "day {on_day}");
    }
    assert_eq!(lot.returns, ReturnHistory { absences, returns: 0 });
    lot.record(day(6), cars(&whole), ScrapeReading::whole_lot());
    assert_eq!(lot.returns, ReturnHistory { absences, returns: 1 });
}

#[test]
fn the_word_of_the_website_is_proof_at_once() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1"]));
    let plan = lot.see(3, &cars(&["stock=1 sold", "stock=2 sold"]));
    assert_eq!((plan.sold(), plan.changed[0].turn), (1, Turn::Sold));
    assert_eq!(lot.stored[0].sold_at, Some(day(3)));
    assert_eq!(lot.see(4, &cars(&["stock=1 sold", "stock=2 sold"])).sold(), 0);
    assert_eq!(lot.stored[0].sold_at, Some(day(3)), "the overlay may stay for weeks");
    assert_eq!(
        (lot.stored[1].is_sold, lot.stored[1].sold_at),
        (true, None),
        "first seen as sold: nobody knows since when"
    );
}

#[test]
fn a_late_snapshot_neither_relists_nor_delists_nor_replaces_newer_values() {
    let mut lot = lot();
    lot.see(10, &cars(&["stock=1 price=20000", "stock=2 price=20000"]));
    for on_day in 11..=17 {
        lot.see(on_day, &cars(&["stock=1 price=20000"]));
    }
    let before = lot.stored.clone();
    let plan = lot.see(5, &cars(&["stock=1 price=25000", "stock=2 price=25000 sold"]));
    assert_eq!((plan.relisted(), plan.sold(), plan.price_points.len()), (0, 0, 0));
    assert_eq!(lot.stored[1].first_seen_at, day(5), "it was there earlier than thought");
    assert_eq!(plan.seen_earlier[1].days_on_market, Some(6), "a sold listing's days are counted anew");
    for (after, before) in lot.stored.iter().zip(before) {
        assert_eq!(*after, StoredListing { first_seen_at: day(5), ..before });
    }
    let plan = lot.see(12, &cars(&["stock=1 price=25000", "stock=2 price=25000"]));
    assert_eq!((plan.relisted(), plan.already_known.len()), (0, 2));
}

#[test]
fn a_late_snapshot_fills_in_what_was_not_seen_since() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2 price=20000"]));
    lot.see(4, &cars(&["stock=1"]));
    lot.see(2, &cars(&["stock=1", "stock=2 price=19000", "stock=3"]));
    assert_eq!(lot.stored[1].last_seen_at, day(2));
    assert_eq!(lot.stored[1].price, Some(Money::from_dollars(19_000)));
    assert_eq!((lot.stored.len(), lot.stored[2].is_sold), (3, false));
}

#[rstest]
#[case::little_known(9, 9, 7)]
#[case::few_returns(100, 7, 5)]
#[case::many_returns(100, 8, 12)]
#[case::just_known(10, 0, 5)]
fn patience_is_learned_from_the_dealer(#[case] absences: u64, #[case] returns: u64, #[case] days: i64) {
    assert_eq!(patience(ReturnHistory { absences, returns }, &TrackingRules::default()), TimeDelta::days(days));
}
