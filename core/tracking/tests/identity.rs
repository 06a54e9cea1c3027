//! Which stored listing a sighting is.

use rstest::rstest;

use super::*;
use crate::clock::processor_time;

/// Which stored row (by its place) each sighting of the second day was found to be.
#[rstest]
#[case::same_vin(&["vin=A"], &["vin=A stock=9"], &[0])]
#[case::vin_in_small_letters(&["vin=A"], &["vin=1m8gdm9axkp042788"], &[0])]
#[case::vin_before_stock(&["stock=1", "vin=A"], &["vin=A stock=1"], &[1])]
#[case::external_id_before_stock(&["stock=1", "ext=e"], &["ext=e stock=1"], &[1])]
#[case::stock_number(&["stock=1", "stock=2"], &["stock=2"], &[1])]
#[case::stock_number_used_again_for_another_vin(&["vin=A stock=1"], &["vin=B stock=1"], &[1])]
#[case::external_id_used_again_for_another_vin(&["vin=A ext=1"], &["vin=B ext=1"], &[1])]
#[case::vin_was_mistyped(&["vin=1M8GDM9AXKP042789 stock=1 miles=5000 url=/1"], &["vin=A stock=1 miles=5000 url=/1"], &[0])]
#[case::another_car_under_its_number(&["vin=1M8GDM9AXKP042789 stock=1 miles=5000 url=/1"], &["vin=A stock=1 miles=9000 url=/1"], &[1])]
#[case::mistyped_without_a_link(&["vin=1M8GDM9AXKP042789 stock=1 miles=5000"], &["vin=A stock=1 miles=5000"], &[1])]
#[case::mistyped_later(&["vin=A stock=1 miles=5000 url=/1"], &["vin=1M8GDM9AXKP042789 stock=1 miles=5000 url=/1"], &[0])]
#[case::mistyped_later_in_many_signs(&["vin=A stock=1 miles=5000 url=/1"], &["vin=1M8GDM9AXKP013780 stock=1 miles=5000 url=/1"], &[1])]
#[case::mistyped_twice(&["vin=1M8GDM9AXKP042789 stock=1 miles=5000 url=/1"], &["vin=1M8GDM9AXKP042787 stock=1 miles=5000 url=/1"], &[0])]
#[case::mistyped_in_its_address(&["vin=1M8GDM9AXKP042789 stock=1 miles=5000 url=/1m8gdm9axkp042789/"], &["vin=A stock=1 miles=5000 url=/1m8gdm9axkp042788/"], &[0])]
#[case::mistyped_without_miles(&["vin=1M8GDM9AXKP042789 stock=1 url=/1"], &["vin=A stock=1 url=/1"], &[0])]
#[case::unlike_without_miles(&["vin=1M8GDM9AXKP013780 stock=1 url=/1"], &["vin=A stock=1 url=/1"], &[1])]
#[case::mistyped_on_another_page(&["vin=1M8GDM9AXKP042789 stock=1 miles=5000 url=/1"], &["vin=A stock=1 miles=5000 url=/2"], &[1])]
#[case::another_model_under_its_number(&["vin=1M8GDM9AXKP042789 stock=1 miles=5000 url=/1"], &["vin=A model=Supra stock=1 miles=5000 url=/1"], &[1])]
#[case::two_of_a_fleet(&["vin=4T1B11HK9KU211111 stock=1 miles=12 url=/1"], &["vin=4T1B11HK0KU211112 stock=1 miles=12 url=/1"], &[1])]
#[case::vin_appears_later(&["stock=1"], &["vin=A stock=1"], &[0])]
#[case::vin_appears_later_by_likeness(&["miles=5000"], &["vin=A miles=5010"], &[0])]
#[case::vin_is_missing_later(&["vin=A stock=1"], &["stock=1"], &[0])]
#[case::missing_keys_never_match(&["stock=1 miles=1"], &["ext=1 miles=900"], &[1])]
#[case::likeness_within_the_tolerance(&["miles=5000"], &["miles=5100"], &[0])]
#[case::likeness_beyond_the_tolerance(&["miles=5000"], &["miles=5101"], &[1])]
#[case::likeness_of_another_model(&["miles=5000"], &["miles=5000 model=Corolla"], &[1])]
#[case::two_that_fit_are_none(&["miles=5000", "miles=5050"], &["miles=5020"], &[2])]
#[case::two_that_fit_told_apart_by_link(&["miles=5000 url=/a", "miles=5050 url=/b"], &["miles=5020 url=/b"], &[1])]
#[case::likeness_against_another_stock_number(&["stock=1 miles=5"], &["stock=2 miles=5"], &[1])]
#[case::one_row_for_one_sighting(&["miles=5000"], &["miles=5090", "miles=5010"], &[1, 0])]
#[case::weak_match_waits_for_strong(&["vin=A miles=7"], &["miles=8", "vin=A miles=7"], &[1, 0])]
#[case::numbered_anew(&["stock=1 miles=5 url=/a", "stock=2 miles=7 url=/b"], &["stock=8 miles=7 url=/b", "stock=9 miles=5 url=/a"], &[1, 0])]
#[case::numbered_anew_and_without_its_vin(&["vin=A stock=1 miles=5 url=/a"], &["stock=2 miles=5 url=/a"], &[0])]
#[case::another_vin_under_the_link(&["vin=A stock=1 miles=5 url=/a"], &["vin=B stock=2 miles=5 url=/a"], &[1])]
#[case::other_miles_under_the_link(&["stock=1 miles=5 url=/a"], &["stock=2 miles=6 url=/a"], &[1])]
#[case::another_model_under_the_link(&["stock=1 miles=5 url=/a"], &["stock=2 miles=5 url=/a model=Corolla"], &[1])]
#[case::one_link_for_all(&["stock=1 miles=5 url=/a", "stock=2 miles=5 url=/a"], &["stock=3 miles=5 url=/a"], &[2])]
#[case::one_link_for_all_seen(&["stock=1 miles=5 url=/a"], &["stock=3 miles=5 url=/a", "stock=4 miles=5 url=/a"], &[1, 2])]
#[case::stock_number_used_again_for_another_car(&["stock=1 miles=5"], &["stock=1 miles=70000 year=2015 model=Corolla"], &[1])]
#[case::stock_number_with_a_model_spelled_otherwise(&["stock=1 miles=5 model=RAV4"], &["stock=1 miles=900 model=RAV-4XLE"], &[0])]
#[case::stock_number_with_everything_spelled_otherwise(&["stock=1 miles=5"], &["stock=1 miles=5 make=Toy model=Cmry"], &[0])]
#[case::a_word_is_no_stock_number(&["stock=1 miles=5", "stock=2 miles=900"], &["stock=Call miles=900", "stock=Call miles=5"], &[1, 0])]
#[case::nor_one_that_cars_of_two_kinds_show(&["stock=1 miles=5", "stock=2 miles=5 model=Corolla"], &["stock=X9 miles=5 model=Corolla", "stock=X9 miles=5"], &[1, 0])]
#[case::a_text_that_is_no_vin_is_no_key(&["vin=N/A stock=1"], &["vin=N/A stock=2"], &[1])]
fn a_sighting_is_known_by_its_strongest_key(#[case] first: &[&str], #[case] second: &[&str], #[case] rows: &[usize]) {
    let mut lot = lot();
    assert_eq!(lot.see(0, &cars(first)).new.len(), first.len());
    let plan = lot.see(1, &cars(second));
    let mut found: Vec<Option<usize>> = vec![None; second.len()];
    for changed in &plan.changed {
        found[changed.sighting] = Some(changed.stored);
    }
    for (index, new) in plan.new.iter().enumerate() {
        found[new.sighting] = Some(first.len() + index);
    }
    // What is left was seen again unchanged, in the order of the sightings.
    let mut reseen = plan.reseen.iter().copied();
    let found: Vec<usize> = found.into_iter().map(|row| row.or_else(|| reseen.next()).unwrap()).collect();
    assert_eq!(found, rows);
}

#[test]
fn a_vin_that_appears_later_is_written() {
    let mut lot = lot();
    lot.see(0, &cars(&["stock=1 price=20000"]));
    let plan = lot.see(1, &cars(&["vin=A stock=1 price=20000"]));
    assert_eq!(plan.changed[0].columns, ["vin"]);
    assert_eq!(lot.stored[0].keys.vin.as_deref(), Some(VIN_A));
    assert_eq!(lot.stored[0].first_seen_at, day(0));
}

#[rstest]
#[case::same_vin(&["vin=A", "vin=A price=20000"], 1)]
#[case::vin_on_one_page_only(&["stock=1", "vin=A stock=1"], 1)]
#[case::two_vins_one_stock_number(&["vin=A stock=1", "vin=B stock=1"], 2)]
#[case::shown_to_be_one_by_a_third(&["vin=A", "ext=e", "vin=A ext=e"], 1)]
#[case::not_one_against_the_vin(&["vin=A ext=e", "vin=B stock=1", "ext=e stock=1"], 2)]
#[case::keyless_to_the_letter(&["miles=5 price=20000", "miles=5 price=20000"], 1)]
#[case::one_number_for_many(&["stock=X9 miles=5", "stock=X9 miles=5 model=Corolla", "stock=X9 miles=9000"], 3)]
#[case::one_id_for_many(&["ext=X9 miles=5", "ext=X9 miles=5 year=2015"], 2)]
#[case::rounded_miles(&["stock=1 miles=48321", "stock=1 miles=48000"], 1)]
#[case::a_teaser_with_the_same_link(&["stock=1 url=/a", "stock=1 url=/a model=Special"], 1)]
#[case::keyless_look_alikes(&["miles=5 url=/a", "miles=5 url=/b"], 2)]
#[case::a_teaser_with_another_link(&["stock=1 miles=48321 price=20000 url=/a", "miles=48000 price=20000 url=/special"], 1)]
#[case::a_teaser_in_front(&["miles=48300 price=20000 url=/special", "vin=A miles=48321 price=20000 url=/a"], 1)]
#[case::a_teaser_of_a_keyless_car(&["miles=48321 price=20000 url=/a", "miles=49000 price=20000 url=/special"], 1)]
#[case::a_teaser_of_one_of_two(&["stock=1 miles=48321 price=20000", "stock=2 miles=48400 price=20000", "miles=48000 price=20000 url=/s"], 2)]
#[case::a_teaser_that_is_not_rounded(&["stock=1 miles=48321 price=20000 url=/a", "miles=48321 price=20000 url=/special"], 1)]
#[case::keyless_cars_of_two_mileages(&["miles=48321 price=20000 url=/a", "miles=48325 price=20000 url=/b"], 2)]
#[case::of_another_price(&["stock=1 miles=48321 price=20000 url=/a", "miles=48000 price=19000 url=/b"], 2)]
#[case::too_far_to_be_rounded(&["stock=1 miles=48321 price=20000 url=/a", "miles=47000 price=20000 url=/b"], 2)]
#[case::all_are_rounded(&["miles=48000 price=20000 url=/a", "miles=48500 price=20000 url=/b"], 2)]
#[case::new_cars(&["stock=1 miles=0 price=20000 url=/a", "miles=0 price=20000 url=/b"], 2)]
fn a_vehicle_on_two_pages_is_one(#[case] seen: &[&str], #[case] vehicles: usize) {
    let mut lot = lot();
    let plan = lot.see(0, &cars(seen));
    assert_eq!((plan.new.len(), plan.duplicates.len()), (vehicles, seen.len() - vehicles));
}

#[test]
fn a_teaser_gives_its_car_neither_its_link_nor_its_miles() {
    let mut lot = lot();
    lot.see(0, &cars(&["miles=48000 price=20000 url=/special", "stock=1 miles=48321 price=20000 url=/a"]));
    let details = &lot.stored[0].details;
    assert_eq!((details.mileage, details.url.as_deref()), (Some(48_321), Some("/a")));
    // The next day it teases with another car, and nothing has gone.
    let plan = lot.see(1, &cars(&["stock=1 miles=48321 price=20000 url=/a"]));
    assert_eq!((plan.new.len(), plan.unseen, lot.stored.len()), (0, 0, 1));
}

#[test]
fn a_page_of_teasers_costs_linear_time() {
    let teasers = (1..=20_000).map(|number| car(&format!("miles=48000 price=20000 url=/special/{number}")));
    let full = (1..=20_000).map(|number| car(&format!("stock={number} miles=48321 price=20000 url=/{number}")));
    let started = processor_time();
    assert_eq!(lot().see(0, &teasers.chain(full).collect::<Vec<_>>()).new.len(), 20_000);
    let taken = processor_time() - started;
    assert!(taken.as_secs() < 20, "{taken:?}");
}

#[test]
fn a_repeated_sighting_completes_the_first() {
    let mut lot = lot();
    lot.see(0, &cars(&["vin=A price=20000", "vin=A price=30000 stock=1"]));
    assert_eq!(lot.stored[0].price, Some(Money::from_dollars(20_000)));
    assert_eq!(lot.stored[0].keys.stock_number.as_deref(), Some("1"));
}

#[test]
fn what_can_not_be_known_again_is_refused_with_its_place() {
    let plan = lot().see(0, &cars(&["stock=1", "price=20000", "model= miles=5"]));
    assert_eq!(plan.new.len(), 1);
    assert_eq!(plan.refused.iter().map(|refused| refused.sighting).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn texts_are_made_to_fit_their_columns() {
    let long = "ä".repeat(600);
    let listing = ScrapedListing {
        trim: Some(long.clone()),
        url: Some(long.clone()),
        external_id: Some(long),
        make: Some("  ".into()),
        stock_number: Some(" P1 ".into()),
        mileage: Some(-1),
        price: Some(Money::from_cents(Money::MAX.cents() + 1)),
        ..ScrapedListing::default()
    };
    let sighting = Sighting::from(listing);
    assert_eq!(sighting.details.trim.map(|trim| trim.chars().count()), Some(100));
    assert_eq!((sighting.details.url, sighting.keys.external_id), (None, None), "half a link leads nowhere");
    assert_eq!(sighting.keys.stock_number.as_deref(), Some("P1"));
    assert_eq!((sighting.details.make, sighting.details.mileage, sighting.price), (None, None, None));
}

#[test]
fn a_lot_of_look_alikes_costs_linear_time() {
    let listings = |ids: std::ops::Range<u32>| -> Vec<_> { ids.map(|id| car(&format!("ext=e{id} miles=5"))).collect() };
    let mut lot = lot();
    lot.see(0, &listings(0..20_000));
    let started = processor_time();
    // Every id changed: nothing can be known again, and everything is of one model and mileage.
    assert_eq!(lot.see(1, &listings(20_000..40_000)).new.len(), 20_000);
    let taken = processor_time() - started;
    assert!(taken.as_secs() < 20, "{taken:?}");
}

#[test]
fn a_corrected_vin_is_a_change_of_the_same_car_and_a_right_one_is_kept() {
    let mut lot = lot();
    let line = |vin: &str| format!("vin={vin} stock=1 miles=5000 url=/1 price=20000");
    lot.see(0, &cars(&[&line("1M8GDM9AXKP042789")]));
    let plan = lot.see(1, &cars(&[&line("A")]));
    assert_eq!((plan.new.len(), plan.changed[0].columns.as_slice()), (0, ["vin"].as_slice()));
    assert_eq!(plan.changed[0].after.keys.vin.as_deref(), Some(VIN_A));
    // A slip later changes nothing, on each day on which it stands there.
    for on_day in 2..12 {
        let plan = lot.see(on_day, &cars(&[&line("1M8GDM9AXKP042789")]));
        assert_eq!((plan.reseen.len(), plan.changed.len(), plan.new.len(), plan.sold()), (1, 0, 0, 0), "day {on_day}");
    }
}
