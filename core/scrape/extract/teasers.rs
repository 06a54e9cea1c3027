//! Teasers: short cards that show a car of the list once more, at an address of their own and with its miles rounded.
//!
//! A teaser has no number of its own, says miles in whole thousands, and asks the price of just one other car of its year, make and
//! model whose miles it has rounded. What is deliberately not here: what else makes two entries one car (`merge`).

use std::collections::HashMap;

use super::{listing::ScrapedListing, merge};
use crate::Money;

/// To so many miles are those of a teaser rounded.
const ROUNDED_TO: i32 = 1_000;

/// Takes the teasers out of a list; what they alone say goes to the cars that they show.
pub(super) fn take_in(listings: &mut Vec<ScrapedListing>) {
    let mut cars: HashMap<(i32, Money), Vec<usize>> = HashMap::new();
    let mut teasers = Vec::new();
    for (at, listing) in listings.iter().enumerate() {
        let Some((year, price)) = listing.year.zip(listing.price) else { continue };
        if may_be_teaser(listing) {
            teasers.push((at, (year, price)));
        } else if listing.mileage.is_some() {
            cars.entry((year, price)).or_default().push(at);
        }
    }
    let mut is_teaser = vec![false; listings.len()];
    for (teaser, key) in teasers {
        let mut shown = cars.get(&key).into_iter().flatten().filter(|car| shows(&listings[teaser], &listings[**car]));
        let Some(car) = shown.next().copied().filter(|_| shown.next().is_none()) else { continue };
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

fn may_be_teaser(listing: &ScrapedListing) -> bool {
    let is_numbered = listing.vin.is_some() || listing.stock_number.is_some();
    !is_numbered && listing.mileage.is_some_and(|miles| miles > 0 && miles % ROUNDED_TO == 0)
}

/// Whether a teaser shows a car, up or down to the next thousand miles.
fn shows(teaser: &ScrapedListing, car: &ScrapedListing) -> bool {
    let is_rounded =
        teaser.mileage.zip(car.mileage).is_some_and(|(rounded, miles)| (miles - rounded).abs() < ROUNDED_TO);
    is_rounded
        && teaser.make.is_some()
        && !merge::have_unlike_names(teaser, car)
        && !merge::unlike(teaser.trim.as_deref(), car.trim.as_deref())
}
