//! When a missing listing is sold.

use rstest::rstest;

use super::*;
use crate::tracking::{
    EvidenceRules, SoldRules,
    sold::{Look, days_to_sale, looks, p_return, patience_days, returned_by, risk, together},
};

/// A lot that has shown two cars for as many days before day 0, and a look on each of some days that misses the second: the day it is
/// found sold, if at all. A car that was listed for long comes back seldom.
#[rstest]
#[case::daily(60, &[1, 2, 3, 4, 5], Some(4))]
#[case::three_days_are_too_few(60, &[1, 2, 3], None)]
#[case::one_look_is_too_few(60, &[20], None)]
#[case::two_looks_after_an_outage(60, &[9, 10, 11], Some(10))]
#[case::weekly(60, &[7, 14, 21], Some(14))]
#[case::listed_for_days_alone(0, &[1, 2, 3, 4, 5, 6, 7, 8, 9], Some(8))]
fn a_listing_is_sold_after_days_and_looks(#[case] listed: i64, #[case] days: &[i64], #[case] sold_on: Option<i64>) {
    let mut lot = lot();
    lot.see(-listed, &cars(&["stock=1", "stock=2"]));
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
    assert_eq!(lot.stored[1].sold_at, sold_on.map(|_| day(days[0])), "dated at the first look that missed it");
    assert!(!lot.stored[0].is_sold);
}

/// Hours after the last sighting at which scrapes missed a car, and the one by which it is sold.
#[rstest]
#[case::three_in_a_minute_after_a_week_without_any(&[228.0, 228.01, 228.02], None)]
#[case::as_one_with_the_day_after(&[228.0, 228.01, 228.02, 252.0, 252.01], Some(252.0))]
#[case::every_hour_after_a_week(&[196.0, 197.0, 198.0, 213.9, 214.0], Some(214.0))]
#[case::a_daily_scrape_at_uneven_hours(&[20.0, 49.0, 70.0, 95.0, 121.0, 143.0, 169.0, 192.0], Some(192.0))]
fn looks_within_hours_of_each_other_are_one(#[case] hours: &[f64], #[case] sold_at: Option<f64>) {
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
    assert_eq!(lot.counted.0, 1, "missed for three days once, whatever comes after");
}

#[test]
fn days_on_market_are_whole_days_up_to_the_first_miss() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2"]));
    lot.see(5, &cars(&["stock=1", "stock=2"]));
    let sold = (6..14).find_map(|on_day| lot.see(on_day, &cars(&["stock=1"])).sold_by_absence.first().copied());
    let sold = sold.unwrap();
    assert_eq!((sold.days_on_market, sold.sold_at), (6, day(6)));
    let p_return = sold.p_return.unwrap();
    assert!(p_return > 0.01 && p_return < 0.1, "{p_return}");
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
    assert_eq!(lot.see(30, &cars(&["stock=1"])).sold(), 0, "one whole look is not two");
}

#[test]
fn an_empty_scrape_marks_nothing_sold() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1"]));
    for on_day in 1..30 {
        let plan = lot.see(on_day, &[]);
        assert_eq!(plan.completeness().reason(), Some(IncompleteReason::Empty));
        assert_eq!(plan.counts(), ScrapeCounts::default());
    }
}

#[test]
fn a_listing_seen_again_is_on_sale_again_with_its_history() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1", "stock=2 price=20000"]));
    for on_day in 1..=8 {
        lot.see(on_day, &cars(&["stock=1"]));
    }
    assert!(lot.stored[1].is_sold && lot.stored[1].p_return.is_some());
    let plan = lot.see(9, &cars(&["stock=1", "stock=2 price=19000"]));
    assert_eq!((plan.relisted(), plan.new.len(), plan.returned), (1, 0, 1));
    let listing = &lot.stored[1];
    assert_eq!(
        (listing.is_sold, listing.sold_at, listing.p_return, listing.first_seen_at),
        (false, None, None, day(0))
    );
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
    assert_eq!(lot.counted, (absences, 0));
    lot.record(day(6), cars(&whole), ScrapeReading::whole_lot());
    assert_eq!(lot.counted, (absences, 1));
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
    for on_day in 11..=18 {
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

/// A dealer whose cars keep coming back is waited for longer, and one whose cars never do not as long.
#[test]
fn patience_is_learned_from_the_dealer() {
    let rules = SoldRules::default();
    let patience = |expected: f64, seen: f64, listed_days: f64, in_stock: bool| {
        let theta = Returns { expected, seen }.theta(&rules);
        patience_days(theta, risk(listed_days, in_stock, &rules), in_stock, &rules)
    };
    assert_eq!(patience(0.0, 0.0, 0.0, false), 8.0, "the average dealer");
    assert_eq!(patience(4.0, 0.0, 0.0, false), 4.0, "none came back of four that would have elsewhere");
    assert_eq!(patience(0.0, 1.0, 0.0, false), 12.0);
    assert_eq!(patience(0.0, 9.0, 0.0, false), 15.0, "but not for ever");
    assert_eq!(patience(0.0, 1.0, 0.0, true), 3.0, "the website says that it stood on the lot");
    assert_eq!(patience(0.0, 1.0, 60.0, false), 4.0, "it had been offered for two months");
    let after = Returns { expected: 4.0, seen: 2.0 }.after(90.0, &rules);
    assert_eq!((after.expected, after.seen), (2.0, 1.0), "what is long ago counts less");
}

#[test]
fn a_scrape_that_begins_a_little_earlier_than_the_first_takes_no_day_away() {
    let after = |span: TimeDelta| days_to_sale(day(0), day(0) + span);
    let jitter = TimeDelta::milliseconds(3);
    assert_eq!(
        [after(TimeDelta::days(30) - jitter), after(TimeDelta::days(30)), after(TimeDelta::days(30) + jitter)],
        [30; 3]
    );
    assert_eq!([after(TimeDelta::hours(12)), after(TimeDelta::days(-3))], [0, 0], "half a day is none");
}

/// The figures of the rule's document, for one dealer of average behaviour.
#[test]
fn the_chance_of_a_return_falls_with_the_days() {
    let rules = SoldRules::default();
    let chances = [4.0, 8.0, 15.0, 30.0, 60.0].map(|days| p_return(1.0, 1.0, days, &rules));
    assert!(chances.windows(2).all(|pair| pair[0] > pair[1]), "{chances:?}");
    assert!((chances[0] - 0.0593).abs() < 0.0005 && chances[4] < 1e-9, "{chances:?}");
    assert_eq!(returned_by(3.0, &rules), 0.0);
}

/// How far it is believed that as many of a hundred are gone within a day.
#[rstest]
#[case::one(1, 0.99)]
#[case::as_many_as_usual(7, 0.99)]
#[case::twice_as_many(14, 0.9)]
#[case::three_times_as_many(21, 0.25)]
#[case::half_the_lot(50, 0.25)]
fn what_vanishes_together_beyond_chance_is_believed_late(#[case] size: usize, #[case] least: f64) {
    let weight = together(size, 100, 1.0, &EvidenceRules::default());
    assert!(weight >= least && (least > 0.25 || weight < 0.6), "{weight}");
}

#[test]
fn a_doubted_look_counts_less() {
    let rules = SoldRules::default();
    let daily = |weight: f64| -> Vec<Look> { (1..80).map(|on| Look { at: day(on), weight }).collect() };
    let enough = |weight: f64, group: f64| {
        let all = daily(weight);
        (1..80).find(|&count| looks(day(0), &all[..count], group, &rules) >= rules.looks - 1e-9)
    };
    assert_eq!([1.0, 0.25, 0.15, 0.1, 0.03].map(|weight| enough(weight, 1.0).unwrap()), [2, 8, 13, 19, 64]);
    assert_eq!(enough(1.0, 0.25), Some(8), "nor does it count more than the group");
}
