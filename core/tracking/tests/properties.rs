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
