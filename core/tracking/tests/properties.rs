//! What holds for any scrapes in any order.

use proptest::prelude::*;

use super::*;
use crate::tracking::identity::{Unmatched, gone_since};

fn any_listing() -> impl Strategy<Value = ScrapedListing> {
    let key = |prefix: &'static str| proptest::option::of((0..6_u8).prop_map(move |n| format!("{prefix}{n}")));
    let vin = proptest::option::of((0..6_u8).prop_map(|n| format!("1M8GDM9AXKP04278{n}")));
    let miles = proptest::option::of(prop::sample::select(vec![5, 50, 140, 5_000]));
    let price = proptest::option::of(prop::sample::select(vec![0, 199, 7_000, 20_000, 21_000]));
    (vin, key("e"), key("s"), miles, price, any::<bool>(), 0..10_u8).prop_map(
        |(vin, external_id, stock_number, mileage, price, civic, number)| ScrapedListing {
            vin,
            external_id,
            stock_number,
            year: Some(2023),
            make: Some("Honda".into()),
            model: Some(if civic { "Civic" } else { "Accord" }.into()),
            mileage,
            price: price.map(Money::from_dollars),
            is_sold: Some(number == 0),
            url: Some(format!("/{number}")),
            ..ScrapedListing::default()
        },
    )
}

/// A car of a lot whose keys do not contradict each other; a sighting shows any of them, or none.
fn true_listing() -> impl Strategy<Value = ScrapedListing> {
    let shown = (any::<bool>(), any::<bool>(), any::<bool>());
    (0..8_u8, shown, any_listing()).prop_map(|(number, (vin, external_id, stock_number), listing)| ScrapedListing {
        vin: vin.then(|| format!("1M8GDM9AXKP04278{number}")),
        external_id: external_id.then(|| format!("e{number}")),
        stock_number: stock_number.then(|| format!("s{number}")),
        model: Some(if number % 2 == 0 { "Civic" } else { "Accord" }.into()),
        mileage: Some(1_000 * i32::from(number)),
        url: Some(format!("/{number}")),
        ..listing
    })
}

fn keyed_listing() -> impl Strategy<Value = ScrapedListing> {
    (0..12_u8, any_listing()).prop_map(|(number, listing)| ScrapedListing {
        vin: None,
        external_id: None,
        stock_number: Some(format!("s{number}")),
        ..listing
    })
}

/// Snapshots of different days, in any order.
fn days_of(listing: impl Strategy<Value = ScrapedListing>) -> impl Strategy<Value = Vec<(i64, Vec<ScrapedListing>)>> {
    prop::collection::btree_map(0..20_i64, prop::collection::vec(listing, 0..12), 1..12)
        .prop_map(|days| days.into_iter().collect::<Vec<_>>())
        .prop_shuffle()
}

proptest! {
    #[test]
    fn every_sighting_ends_in_exactly_one_place(days in days_of(any_listing())) {
        let mut lot = lot();
        for (on_day, listings) in days {
            let stored = lot.stored.len();
            let plan = lot.see(on_day, &listings);
            let mut sightings: Vec<usize> = plan.new.iter().map(|new| new.sighting)
                .chain(plan.changed.iter().map(|changed| changed.sighting))
                .chain(plan.already_known.iter().copied())
                .chain(plan.duplicates.iter().copied())
                .chain(plan.refused.iter().map(|refused| refused.sighting))
                .collect();
            prop_assert_eq!(plan.counts().listings_found, listings.len());
            prop_assert_eq!(sightings.len() + plan.reseen.len(), listings.len());
            sightings.sort_unstable();
            sightings.dedup();
            prop_assert_eq!(sightings.len() + plan.reseen.len(), listings.len());

            let mut rows: Vec<usize> = plan.changed.iter().map(|changed| changed.stored)
                .chain(plan.reseen.iter().copied())
                .chain(plan.sold_by_absence.iter().map(|sold| sold.stored))
                .collect();
            let touched = rows.len();
            rows.sort_unstable();
            rows.dedup();
            prop_assert_eq!(rows.len(), touched, "a row is written once");
            prop_assert!(rows.iter().all(|&row| row < stored));
        }
    }

    #[test]
    fn a_snapshot_recorded_twice_changes_nothing(days in days_of(true_listing())) {
        let mut lot = lot();
        for (on_day, listings) in days {
            lot.see(on_day, &listings);
            let before = lot.clone();
            let plan = lot.see(on_day, &listings);
            prop_assert_eq!(&before.stored, &lot.stored, "{:?}", plan);
            prop_assert_eq!(&before.history, &lot.history);
            prop_assert_eq!(before.counted, lot.counted);
            let behaviour = |lot: &Lot| lot.scrapes.values().map(|scrape| scrape.behaviour).collect::<Vec<_>>();
            prop_assert_eq!(behaviour(&before), behaviour(&lot));
        }
    }

    #[test]
    fn the_order_of_listings_with_their_own_keys_does_not_matter(
        days in prop::collection::vec(prop::collection::vec(keyed_listing(), 0..12), 1..8),
    ) {
        let mut straight = lot();
        let mut reversed = lot();
        for (on_day, mut listings) in (0..).zip(days) {
            // Two sightings of one key differ in content, and then the first counts.
            listings.sort_by(|one, other| one.stock_number.cmp(&other.stock_number));
            listings.dedup_by(|one, other| one.stock_number == other.stock_number);
            straight.see(on_day, &listings);
            listings.reverse();
            reversed.see(on_day, &listings);
        }
        let sorted = |mut lot: Lot| {
            lot.stored.sort_by(|one, other| one.keys.stock_number.cmp(&other.keys.stock_number));
            lot.stored
        };
        prop_assert_eq!(sorted(straight), sorted(reversed));
    }

    #[test]
    fn of_the_gone_listings_only_those_matter_that_a_sighting_may_be(days in days_of(true_listing())) {
        let mut lot = lot();
        for (on_day, listings) in days {
            let seen: Vec<Sighting> = listings.iter().cloned().map(Sighting::from).collect();
            let on_sale: Vec<StoredListing> = lot.stored.iter().filter(|listing| !listing.is_sold).cloned().collect();
            let unmatched = Unmatched::of(&on_sale, &seen, &lot.rules);
            let since = gone_since(day(on_day), &lot.rules);
            let matters = |listing: &StoredListing| {
                let keys = &listing.keys;
                let named = |key: &Option<String>, keys: &[String]| key.as_ref().is_some_and(|key| keys.contains(key));
                !listing.is_sold
                    || named(&keys.vin, &unmatched.vins)
                    || named(&keys.external_id, &unmatched.external_ids)
                    || named(&keys.stock_number, &unmatched.stock_numbers)
                    || (!unmatched.likenesses.is_empty() && listing.sold_at.unwrap_or(listing.last_seen_at) >= since)
            };
            let mut narrow = lot.clone();
            narrow.stored.retain(matters);
            let kept: Vec<usize> =
                (0..lot.stored.len()).filter(|&row| matters(&lot.stored[row])).collect();
            let whole = lot.see(on_day, &listings);
            let part = narrow.see(on_day, &listings);
            prop_assert_eq!(whole.counts(), part.counts());
            let rows = |plan: &Plan, of: &dyn Fn(usize) -> usize| -> Vec<usize> {
                plan.changed.iter().map(|changed| of(changed.stored)).chain(plan.reseen.iter().map(|&row| of(row))).collect()
            };
            prop_assert_eq!(rows(&whole, &|row| row), rows(&part, &|row| kept[row]));
        }
    }
}

/// A lot whose oldest cars are sold, one in 45 a day.
fn turning_over(size: u32, on_day: i64) -> std::ops::Range<u32> {
    let sold = u32::try_from((on_day + 8).max(0)).unwrap() * size / 45;
    sold..sold + size
}

fn numbered(numbers: impl IntoIterator<Item = u32>) -> Vec<ScrapedListing> {
    let listing = |number: u32| ScrapedListing { external_id: Some(number.to_string()), ..ScrapedListing::default() };
    numbers.into_iter().map(listing).collect()
}

fn number(listing: &StoredListing) -> u32 {
    listing.keys.external_id.as_deref().unwrap().parse().unwrap()
}

/// Any set of doubts that a reading can give rise to.
fn any_reading() -> impl Strategy<Value = ScrapeReading> {
    let counts = (0..3_u32, 0..2_u32, 0..40_u32);
    let list = (proptest::option::of(0..400_u32), proptest::option::of(1..30_u32), proptest::option::of(1..9_u32));
    (any::<bool>(), any::<bool>(), counts, list).prop_map(
        |(last_page_reached, says_none, (pages_failed, closed, on_several_pages), (claimed, full, pages))| {
            ScrapeReading {
                last_page_reached,
                says_none,
                pages_failed,
                pages_closed_by_robots: closed,
                on_several_pages,
                total_claimed: claimed,
                full_last_page: full,
                pages_fetched: pages,
                ..whole_lot()
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn one_days_fault_sells_nothing_that_is_there(
        size in 5..=300_u32,
        shown_percent in 0..=100_u32,
        strangers in 0..300_u32,
        scrapes in 1..4_i64,
        reading in any_reading(),
    ) {
        let mut lot = lot();
        for on_day in std::iter::once(-60).chain(-8..9) {
            let there = turning_over(size, on_day);
            let is_shown = |car: &u32| car.wrapping_mul(2_654_435_761) % 100 < shown_percent;
            let (times, listings, reading) = if on_day == 0 {
                let others = 1_000_000..1_000_000 + strangers;
                (scrapes, numbered(there.clone().filter(is_shown).chain(others)), reading.clone())
            } else {
                (1, numbered(there.clone()), whole_lot())
            };
            for time in 0..times {
                let plan = lot.record(day(on_day) + TimeDelta::hours(4 * time), listings.clone(), reading.clone());
                let is_there = |row: usize| there.contains(&number(&lot.stored[row]));
                prop_assert!(plan.sold_by_absence.iter().all(|sold| !is_there(sold.stored)), "day {}", on_day);
                prop_assert_eq!(plan.relisted(), 0);
            }
        }
    }

    #[test]
    fn a_scrape_that_is_repeated_or_late_finds_nothing(
        size in 5..=300_u32,
        again_on in -6..8_i64,
        minutes in 0..=60_i64,
        reading in any_reading(),
    ) {
        let mut lot = lot();
        for on_day in std::iter::once(-60).chain(-8..9) {
            let reading = if on_day == 0 { reading.clone() } else { whole_lot() };
            lot.record(day(on_day), numbered(turning_over(size, on_day)), reading.clone());
            if on_day != again_on {
                continue;
            }
            let is_sold = |lot: &Lot| lot.stored.iter().map(|listing| listing.is_sold).collect::<Vec<_>>();
            let before = is_sold(&lot);
            let at = day(on_day) + TimeDelta::minutes(minutes);
            let plan = lot.record(at, numbered(turning_over(size, on_day)), reading);
            prop_assert_eq!((plan.new.len(), plan.changed.len(), plan.sold(), plan.returned), (0, 0, 0, 0));
            let late = lot.record(
                day(on_day - 1) + TimeDelta::hours(12),
                numbered(turning_over(size, on_day - 1)),
                whole_lot(),
            );
            prop_assert_eq!((late.new.len(), late.sold(), late.relisted(), late.fixed.len()), (0, 0, 0, 0));
            prop_assert_eq!(before, is_sold(&lot));
        }
    }
}
