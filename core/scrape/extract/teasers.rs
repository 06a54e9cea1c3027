//! Teasers: short cards that show a car of the list once more, at an address of their own and with its miles rounded.
//!
//! A teaser has no number of its own and asks the price of just one other car of its year, make and model, whose miles it says in whole
//! thousands, or to the mile if that car has a number. What is deliberately not here: what else makes two entries one car (`merge`).

use std::collections::HashMap;

use super::{listing::ScrapedListing, merge};
use crate::Money;

/// To so many miles are those of a teaser rounded.
const ROUNDED_TO: i32 = 1_000;
/// Fewer are those of any new car.
const LEAST_MILES: i32 = 1_000;

/// More cars of one year, price and thousand of miles are not looked at one by one.
const ALIKE_MAX: usize = 32;

/// Takes the teasers out of a list; what they alone say goes to the cars that they show.
pub(super) fn take_in(listings: &mut Vec<ScrapedListing>) {
    let mut cars: HashMap<(i32, Money, i32), Vec<usize>> = HashMap::new();
    let mut teasers = Vec::new();
    for (at, listing) in listings.iter().enumerate() {
        let Some((year, price)) = listing.year.zip(listing.price) else { continue };
        let Some(miles) = listing.mileage else { continue };
        let (thousands, is_rounded) = (miles / ROUNDED_TO, miles > 0 && miles % ROUNDED_TO == 0);
        if !is_numbered(listing) {
            teasers.push((at, (year, price, thousands)));
        }
        if is_numbered(listing) || !is_rounded {
            cars.entry((year, price, thousands)).or_default().push(at);
        }
    }
    let mut is_teaser = vec![false; listings.len()];
    for (teaser, (year, price, thousands)) in teasers {
        let alike: Vec<usize> = [thousands - 1, thousands]
            .into_iter()
            .filter_map(|thousands| cars.get(&(year, price, thousands)))
            .flatten()
            .copied()
            .take(ALIKE_MAX + 1)
            .collect();
        let mut shown = alike.iter().filter(|car| **car != teaser && shows(&listings[teaser], &listings[**car]));
        let is_sure = alike.len() <= ALIKE_MAX;
        let Some(car) = shown.next().copied().filter(|_| is_sure && shown.next().is_none()) else { continue };
        let teaser_listing = listings[teaser].clone();
        listings[car].fill_from(teaser_listing);
        is_teaser[teaser] = true;
    }
    let mut at = 0;
    listings.retain(|_| {
        at += 1;
        !is_teaser[at - 1]
    });
}

fn is_numbered(listing: &ScrapedListing) -> bool {
    listing.vin.is_some() || listing.stock_number.is_some()
}

/// Whether a teaser shows a car: up or down to the next thousand miles, or to the mile.
fn shows(teaser: &ScrapedListing, car: &ScrapedListing) -> bool {
    let Some((shown, miles)) = teaser.mileage.zip(car.mileage) else { return false };
    let is_rounded = shown > 0 && shown % ROUNDED_TO == 0 && (miles - shown).abs() < ROUNDED_TO;
    let is_same = shown == miles && miles >= LEAST_MILES && is_numbered(car);
    (is_rounded || is_same)
        && teaser.make.is_some()
        && !merge::have_unlike_names(teaser, car)
        && !merge::unlike(teaser.trim.as_deref(), car.trim.as_deref())
}
