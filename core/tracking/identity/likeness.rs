//! Which listing a sighting is by year, make, model and mileage, where no key tells.

use std::collections::{HashMap, HashSet};

use super::Search;
use crate::tracking::{
    config::TrackingRules,
    facts::StoredListing,
    sighting::{Details, Sighting},
};

/// Year, make and model; spelled alike whatever the case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Likeness {
    year: i32,
    make: String,
    model: String,
}

impl Likeness {
    pub(super) fn of(sighting: &Sighting) -> Option<Self> {
        sighting.details.mileage?;
        Self::of_details(&sighting.details)
    }

    fn of_details(details: &Details) -> Option<Self> {
        Some(Self {
            year: details.year?,
            make: details.make.as_ref()?.to_lowercase(),
            model: details.model.as_ref()?.to_lowercase(),
        })
    }
}

/// Rows of one year, make and model, by mileage.
#[derive(Default)]
struct Shelf {
    on_sale: [Vec<(i32, usize)>; 2],
    sold: [Vec<(i32, usize)>; 2],
}

/// The rows that no key has claimed, grouped so that a look-up touches only rows of the right model and mileage.
pub(super) struct Shelves(HashMap<Likeness, Shelf>);

impl Shelves {
    pub(super) fn of(search: &Search<'_>, wanted: &HashSet<Likeness>) -> Self {
        let mut shelves: HashMap<Likeness, Shelf> = HashMap::new();
        for (row, listing) in search.stored.iter().enumerate().filter(|(row, _)| search.taken_by[*row].is_none()) {
            if listing.is_sold && listing.sold_at.unwrap_or(listing.last_seen_at) < search.gone_since {
                continue;
            }
            let Some(mileage) = listing.details.mileage else { continue };
            let Some(likeness) = Likeness::of_details(&listing.details).filter(|likeness| wanted.contains(likeness))
            else {
                continue;
            };
            let shelf = shelves.entry(likeness).or_default();
            let half = if listing.is_sold { &mut shelf.sold } else { &mut shelf.on_sale };
            half[usize::from(listing.keys.vin.is_some())].push((mileage, row));
        }
        for shelf in shelves.values_mut() {
            shelf.on_sale.iter_mut().chain(&mut shelf.sold).for_each(|rows| rows.sort_unstable());
        }
        Self(shelves)
    }

    /// The row that agrees beyond its kind, else the one on sale that fits, else the one sold that fits.
    pub(super) fn only_fit(
        &self,
        stored: &[StoredListing],
        sighting: &Sighting,
        rules: &TrackingRules,
    ) -> Option<usize> {
        let shelf = self.0.get(&Likeness::of(sighting)?)?;
        let on_sale = fitting(&shelf.on_sale, stored, sighting, rules)?;
        let sold = fitting(&shelf.sold, stored, sighting, rules)?;
        let closeness = |row: &usize| agreement(&stored[*row], sighting);
        let agreeing = on_sale.iter().chain(&sold).copied().filter(|row| closeness(row) > Agreement::InKind);
        agreeing.max_by_key(|row| (closeness(row), stored[*row].last_seen_at)).or(
            match (on_sale.as_slice(), sold.as_slice()) {
                ([only], _) | ([], [only]) => Some(*only),
                _ => None,
            },
        )
    }
}

/// The rows that fit, or `None` where there are too many to look through. Nothing distinguishes those.
fn fitting(
    rows: &[Vec<(i32, usize)>; 2],
    stored: &[StoredListing],
    sighting: &Sighting,
    rules: &TrackingRules,
) -> Option<Vec<usize>> {
    let mileage = sighting.details.mileage?;
    let [without_vin, with_vin] = rows;
    let shelves: &[&Vec<_>] = if sighting.keys.vin.is_some() { &[without_vin] } else { &[without_vin, with_vin] };
    let mut fits = Vec::new();
    for rows in shelves {
        let lowest = mileage.saturating_sub(rules.identity.mileage_tolerance);
        let highest = mileage.saturating_add(rules.identity.mileage_tolerance);
        let start = rows.partition_point(|&(mileage, _)| mileage < lowest);
        let near = rows[start..].iter().take_while(|&&(mileage, _)| mileage <= highest);
        for (looked_at, &(_, row)) in near.enumerate() {
            if looked_at >= rules.identity.most_candidates {
                return None;
            }
            if !stored[row].keys.conflict_with(&sighting.keys) {
                fits.push(row);
            }
        }
    }
    Some(fits)
}

/// How well a row that fits agrees with a sighting beyond year, make, model and a mileage near enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Agreement {
    InKind,
    InLink,
    ToTheLetter,
}

/// Without this a snapshot recorded twice would add its look-alikes again.
pub(super) fn agreement(listing: &StoredListing, sighting: &Sighting) -> Agreement {
    let same_mileage = listing.details.mileage == sighting.details.mileage;
    match (&listing.details.url, &sighting.details.url) {
        (Some(stored), Some(seen)) if stored == seen && same_mileage => Agreement::ToTheLetter,
        (Some(stored), Some(seen)) if stored == seen => Agreement::InLink,
        (None, None) if same_mileage && sighting.price == listing.unconfirmed_price.or(listing.price) => {
            Agreement::ToTheLetter
        }
        _ => Agreement::InKind,
    }
}
