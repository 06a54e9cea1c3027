//! Which stored listing a sighting is.
//!
//! In this order: VIN, external id, stock number, link and mileage, else year, make and model with a mileage close enough, when
//! exactly one listing fits. Each key is tried for all sightings before the next weaker one; of several listings under one key, one
//! on sale goes before one that is gone. Linear in listings and sightings.
//!
//! A missing key matches nothing, and two different VINs are two vehicles whatever else agrees, unless one is a slip of the pen and
//! nothing else changed (`mended`). Look-alikes with neither a key nor a link cannot always be told apart: such a sighting is a new
//! vehicle, because taking it for the wrong one would mix two histories.

mod likeness;
mod mended;
mod repeats;

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    hash::Hash,
};

use chrono::{DateTime, TimeDelta, Utc};

use likeness::{Agreement, Likeness, Shelves, agreement};
use mended::{Mended, mended};
pub(crate) use repeats::disown_shared_keys;
use repeats::fold_repeats;

use super::{
    config::TrackingRules,
    facts::StoredListing,
    sighting::{Details, Keys, Sighting},
};

/// Why a sighting is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefusalReason {
    /// No VIN, no external id, no stock number, and not all of year, make, model and mileage: nothing to know it again by.
    NoIdentity,
}

words!(RefusalReason, InvalidRefusalReason at "/reason" { NoIdentity => "no_identity" });

impl RefusalReason {
    /// The same for a person.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::NoIdentity => {
                "nothing to know it again by: no VIN, no external id, no stock number, and not all of year, make, model \
                 and mileage"
            }
        }
    }
}

/// What a sighting was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// A vehicle not seen before.
    New,
    /// The stored listing of this index.
    Known(usize),
    /// A vehicle that another sighting of this scrape already stands for.
    Duplicate,
    /// Nothing that can be recorded.
    Refused(RefusalReason),
}

/// Finds for each sighting the stored listing that it is; each stored listing is given to one sighting at most.
///
/// A sighting that repeats an earlier one of the same scrape completes it and is a [`Match::Duplicate`] itself.
pub(crate) fn identify(
    stored: &[StoredListing],
    seen: &mut [Sighting],
    observed_at: DateTime<Utc>,
    rules: &TrackingRules,
) -> Vec<Match> {
    let mut found = fold_repeats(seen);
    let mut search = Search { stored, taken_by: vec![None; stored.len()], gone_since: gone_since(observed_at, rules) };
    search.by_vin(seen, &mut found);
    search.by_key(seen, &mut found, |keys| keys.external_id.as_deref(), |_stored, _seen| true);
    search.by_key(
        seen,
        &mut found,
        |keys| keys.stock_number.as_deref(),
        |stored, seen| !stored.are_of_another_car(seen, rules),
    );
    search.by_mended_vin(seen, &mut found, rules);
    search.by_link(seen, &mut found);
    search.by_likeness(seen, &mut found, rules);
    found.into_iter().map(|found| found.unwrap_or(Match::New)).collect()
}

/// How lately a listing known by year, make, model and mileage alone must have gone to be the one that is seen again.
pub(crate) fn gone_since(observed_at: DateTime<Utc>, rules: &TrackingRules) -> DateTime<Utc> {
    let days = TimeDelta::days(rules.identity.relisted_by_likeness_days.into());
    observed_at.checked_sub_signed(days).unwrap_or(DateTime::UNIX_EPOCH)
}

/// What the listings on sale do not explain of a scrape: by these a listing that is gone may be meant.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Unmatched {
    pub(crate) vins: Vec<String>,
    pub(crate) external_ids: Vec<String>,
    pub(crate) stock_numbers: Vec<String>,
    pub(crate) likenesses: Vec<UnmatchedLikeness>,
}

/// A year and mileage that no key led to a listing on sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UnmatchedLikeness {
    pub(crate) year: i32,
    pub(crate) mileage: i32,
    /// Whether the sighting names a VIN: then it can only be a listing that has none.
    pub(crate) has_vin: bool,
}

impl Unmatched {
    /// Linear in the listings on sale and the sightings.
    pub(crate) fn of(on_sale: &[StoredListing], seen: &[Sighting], rules: &TrackingRules) -> Self {
        fn known(on_sale: &[StoredListing], key: impl Fn(&Keys) -> Option<&String>) -> HashSet<&str> {
            on_sale.iter().filter_map(|listing| key(&listing.keys).map(String::as_str)).collect()
        }
        let vins = known(on_sale, |keys| keys.vin.as_ref());
        let external_ids = known(on_sale, |keys| keys.external_id.as_ref());
        // Of several under one stock number any may be another car than the one seen: then what is gone is looked through.
        let mut stock_numbers: HashMap<&str, Option<&Details>> = HashMap::new();
        for listing in on_sale {
            if let Some(number) = listing.keys.stock_number.as_deref() {
                stock_numbers.entry(number).and_modify(|details| *details = None).or_insert(Some(&listing.details));
            }
        }
        let mut unmatched = Self::default();
        for sighting in seen {
            let Keys { vin, external_id, stock_number } = &sighting.keys;
            if vin.as_deref().is_some_and(|vin| vins.contains(vin)) {
                continue;
            }
            unmatched.vins.extend(vin.clone());
            let mut by_key = false;
            match external_id {
                Some(key) if external_ids.contains(key.as_str()) => by_key = true,
                Some(key) => unmatched.external_ids.push(key.clone()),
                None => {}
            }
            if let Some(number) = stock_number {
                let named = stock_numbers.get(number.as_str());
                let is_it = |stored: &&Details| !stored.are_of_another_car(&sighting.details, rules);
                if named.is_some_and(|details| details.is_some_and(|details| is_it(&details))) {
                    by_key = true;
                } else {
                    unmatched.stock_numbers.push(number.clone());
                }
            }
            if let (false, Some(year), Some(mileage)) = (by_key, sighting.details.year, sighting.details.mileage) {
                unmatched.likenesses.push(UnmatchedLikeness { year, mileage, has_vin: vin.is_some() });
            }
        }
        unmatched
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.vins.is_empty()
            && self.external_ids.is_empty()
            && self.stock_numbers.is_empty()
            && self.likenesses.is_empty()
    }
}

struct Search<'a> {
    stored: &'a [StoredListing],
    taken_by: Vec<Option<usize>>,
    gone_since: DateTime<Utc>,
}

impl<'a> Search<'a> {
    fn take(&mut self, row: usize, sighting: usize, found: &mut [Option<Match>]) {
        self.taken_by[row] = Some(sighting);
        found[sighting] = Some(Match::Known(row));
    }

    fn by_vin(&mut self, seen: &[Sighting], found: &mut [Option<Match>]) {
        let rows = self.index(|_row, _keys| true, |keys| keys.vin.as_deref());
        for sighting in open(found) {
            if let Some(&row) = seen[sighting].keys.vin.as_deref().and_then(|vin| rows.get(vin)) {
                self.take(row, sighting, found);
            }
        }
    }

    /// A sighting that names a VIN may only complete a listing that has none; one that names none may be any.
    fn by_key(
        &mut self,
        seen: &[Sighting],
        found: &mut [Option<Match>],
        key: impl for<'k> Fn(&'k Keys) -> Option<&'k str>,
        may_be: impl Fn(&Details, &Details) -> bool,
    ) {
        let stored = self.stored;
        let taken = self.index(|row, _| self.taken_by[row].is_some(), &key);
        let free = self.index(|row, _| self.taken_by[row].is_none(), &key);
        let free_without_vin = self.index(|row, keys| self.taken_by[row].is_none() && keys.vin.is_none(), &key);
        for sighting in open(found) {
            let keys = &seen[sighting].keys;
            let Some(text) = key(keys) else { continue };
            let rows = if keys.vin.is_some() { &free_without_vin } else { &free };
            let candidates = [taken.get(text), rows.get(text)];
            let may_be = |row: &&usize| may_be(&stored[**row].details, &seen[sighting].details);
            for &row in candidates.into_iter().flatten().filter(may_be) {
                match self.taken_by[row] {
                    None => self.take(row, sighting, found),
                    Some(other) if self.is_the_same_car(row, &seen[other].keys, keys) => {
                        found[sighting] = Some(Match::Duplicate);
                    }
                    Some(_) => continue,
                }
                break;
            }
        }
    }

    /// Where a VIN stands in the place of another of which one is a slip of the pen, it is the same car, see [`mended()`].
    fn by_mended_vin(&mut self, seen: &mut [Sighting], found: &mut [Option<Match>], rules: &TrackingRules) {
        let has_vin = |row: usize, keys: &Keys| self.taken_by[row].is_none() && keys.vin.is_some();
        let rows = self.index(has_vin, |keys| keys.stock_number.as_deref());
        for sighting in open(found) {
            let number = seen[sighting].keys.stock_number.as_deref();
            let Some(&row) = number.and_then(|number| rows.get(number)) else { continue };
            let Some(holds) = mended(&self.stored[row], &seen[sighting], rules) else { continue };
            if self.taken_by[row].is_none() {
                self.take(row, sighting, found);
                if holds == Mended::Stored {
                    seen[sighting].keys.vin.clone_from(&self.stored[row].keys.vin);
                }
            }
        }
    }

    /// What names no VIN and has its link to itself, here and on the lot, is what had it before with the same mileage, whatever
    /// its other keys say now.
    fn by_link(&mut self, seen: &[Sighting], found: &mut [Option<Match>]) {
        let open = open(found);
        let is_sought = |sighting: &Sighting| sighting.keys.vin.is_none() && sighting.details.mileage.is_some();
        let link = |index: &usize| seen[*index].details.url.as_deref().filter(|_| is_sought(&seen[*index]));
        let mut owners: HashMap<&str, (usize, Option<usize>)> =
            open.iter().filter_map(link).map(|url| (url, (0, None))).collect();
        if owners.is_empty() {
            return;
        }
        let standing =
            (0..seen.len()).filter(|&index| !matches!(found[index], Some(Match::Duplicate | Match::Refused(_))));
        for index in standing {
            if let Some((count, _)) = seen[index].details.url.as_deref().and_then(|url| owners.get_mut(url)) {
                *count += 1;
            }
        }
        let mut shared: HashSet<&str> =
            owners.iter().filter(|(_, (count, _))| *count > 1).map(|(url, _)| *url).collect();
        for (row, listing) in self.stored.iter().enumerate().filter(|(_, listing)| !listing.is_sold) {
            let Some((url, (_, owner))) = listing.details.url.as_deref().and_then(|url| owners.get_key_value(url))
            else {
                continue;
            };
            if owner.is_some() {
                shared.insert(*url);
            }
            let url = *url;
            owners.insert(url, (1, Some(row)));
        }
        for sighting in open {
            let Some(url) = link(&sighting).filter(|url| !shared.contains(url)) else { continue };
            let Some(row) = owners.get(url).and_then(|(_, row)| *row) else { continue };
            let (stored, details) = (&self.stored[row].details, &seen[sighting].details);
            let agrees = stored.mileage == details.mileage && !stored.contradict(details);
            if agrees && self.taken_by[row].is_none() {
                self.take(row, sighting, found);
            }
        }
    }

    /// Whether a sighting that would be a row already taken shows the same car once more, known by another key this time.
    fn is_the_same_car(&self, row: usize, taker: &Keys, keys: &Keys) -> bool {
        !keys.name_another_vin(&self.stored[row].keys) && !keys.conflict_with(taker)
    }

    /// The best row under each key: one on sale, and of several the one seen last.
    fn index(
        &self,
        keep: impl Fn(usize, &Keys) -> bool,
        key: impl Fn(&'a Keys) -> Option<&'a str>,
    ) -> HashMap<&'a str, usize> {
        let mut best: HashMap<&str, usize> = HashMap::with_capacity(self.stored.len());
        for (row, listing) in self.stored.iter().enumerate().filter(|(row, listing)| keep(*row, &listing.keys)) {
            let Some(text) = key(&listing.keys) else { continue };
            match best.entry(text) {
                Entry::Vacant(vacant) => {
                    vacant.insert(row);
                }
                Entry::Occupied(mut other) => {
                    let other_listing = &self.stored[*other.get()];
                    if (!listing.is_sold, listing.last_seen_at) > (!other_listing.is_sold, other_listing.last_seen_at) {
                        other.insert(row);
                    }
                }
            }
        }
        best
    }

    fn by_likeness(&mut self, seen: &[Sighting], found: &mut [Option<Match>], rules: &TrackingRules) {
        let wanted: HashSet<Likeness> =
            open(found).into_iter().filter_map(|index| Likeness::of(&seen[index])).collect();
        if wanted.is_empty() {
            return;
        }
        let shelves = Shelves::of(self, &wanted);
        let mut offers: Vec<(i32, usize, usize)> = open(found)
            .into_iter()
            .filter_map(|index| {
                let row = shelves.only_fit(self.stored, &seen[index], rules)?;
                let mileage = self.stored[row].details.mileage?.abs_diff(seen[index].details.mileage?);
                Some((i32::try_from(mileage).unwrap_or(i32::MAX), index, row))
            })
            .collect();
        // Two sightings may each fit one row alone: the closer one is it.
        offers.sort_unstable();
        for (_, sighting, row) in offers {
            let Some(taker) = self.taken_by[row] else {
                self.take(row, sighting, found);
                continue;
            };
            let agrees = |sighting: &Sighting| agreement(&self.stored[row], sighting) > Agreement::InKind;
            let (one, other) = (&seen[taker], &seen[sighting]);
            if agrees(one) && agrees(other) && !one.keys.conflict_with(&other.keys) {
                found[sighting] = Some(Match::Duplicate);
            }
        }
    }
}

/// The sightings that nothing was found for yet.
fn open(found: &[Option<Match>]) -> Vec<usize> {
    (0..found.len()).filter(|&index| found[index].is_none()).collect()
}
