//! A VIN that a dealer typed wrongly and corrects: the same car with another VIN.
//!
//! Two different VINs are two vehicles, and taking one for the other would hide a sale. So all else must be as it was: the stock number,
//! the address, the year, make and model, and the miles. And the VINs themselves must look like a slip of the pen: one passes its check
//! digit and the other does not, or neither does, and they differ in a letter or two. Two VINs that both pass are two cars: those of a
//! fleet differ in their last signs alone.

use crate::{
    tracking::{
        config::TrackingRules,
        facts::StoredListing,
        sighting::{Details, Sighting},
    },
    vin::Vin,
};

/// Signs in which a VIN and its correction differ at most, where no check digit tells which of them is right.
const SIGNS_OF_A_SLIP: usize = 2;

/// What a listing's VIN was found to be, beside the one that is seen in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mended {
    /// The one that is seen now holds.
    Seen,
    /// The stored one passes its check digit and stays; the one that is seen is the slip.
    Stored,
}

/// Whether the listing is the car that is seen with another VIN, and which of the two holds.
pub(super) fn mended(stored: &StoredListing, seen: &Sighting, rules: &TrackingRules) -> Option<Mended> {
    let (before, now) = (stored.keys.vin.as_deref()?, seen.keys.vin.as_deref()?);
    let is_confirmed = |vin: &str| Vin::parse(vin).is_ok_and(|vin| vin.check_digit_ok());
    let is_slip = signs_apart(before, now).is_some_and(|signs| signs <= SIGNS_OF_A_SLIP);
    let miles = is_near(&stored.details, &seen.details, rules);
    let may_be = match (is_confirmed(before), is_confirmed(now)) {
        (true, true) => false,
        (false, true) => miles == Some(true) || (miles.is_none() && is_slip),
        (_, false) => miles == Some(true) && is_slip,
    };
    let is_it = may_be
        && before != now
        && !stored.is_sold
        && stored.keys.stock_number.is_some()
        && stored.keys.stock_number == seen.keys.stock_number
        && is_same_model(&stored.details, &seen.details)
        && is_same_address((&stored.details, before), (&seen.details, now));
    is_it.then(|| if is_confirmed(before) { Mended::Stored } else { Mended::Seen })
}

/// In how many places two VINs of the same length differ.
fn signs_apart(one: &str, other: &str) -> Option<usize> {
    (one.len() == other.len()).then(|| one.bytes().zip(other.bytes()).filter(|(one, other)| one != other).count())
}

/// Whether the miles agree; `None` where they are not known on both sides.
fn is_near(stored: &Details, seen: &Details, rules: &TrackingRules) -> Option<bool> {
    let apart = stored.mileage?.abs_diff(seen.mileage?);
    Some(apart <= rules.identity.mileage_tolerance.unsigned_abs())
}

/// Whether year, make and model are known on both sides and agree.
fn is_same_model(stored: &Details, seen: &Details) -> bool {
    let are_known = |details: &Details| details.year.is_some() && details.make.is_some() && details.model.is_some();
    are_known(stored) && are_known(seen) && !stored.contradict(seen)
}

/// Whether the addresses are the same. Many hold the VIN, which changes with it.
fn is_same_address((stored, before): (&Details, &str), (seen, now): (&Details, &str)) -> bool {
    let Some((stored, seen)) = stored.url.as_deref().zip(seen.url.as_deref()) else { return false };
    let without = |url: &str, vin: &str| url.to_ascii_uppercase().replace(&vin.to_ascii_uppercase(), "");
    stored == seen || without(stored, before) == without(seen, now)
}
