//! Which stored listing a sighting is.
//!
//! In this order: VIN, external id, stock number, link and mileage, else year, make and model with a mileage close enough, when
//! exactly one listing fits. A missing key matches nothing, and two different VINs are two vehicles whatever else agrees:
//! dealers use stock numbers again. So a stock number does not name a car of another year, make and model, and an id or a stock
//! number that several cars of one scrape show is a word such as `Call`, and no key there. Where a website numbers its stock
//! anew, a car without a VIN is known by its link with its mileage, if nothing else has that link. One VIN may take the place of
//! another whose check digit is wrong, where nothing else changed.
//!
//! Each key is tried for all sightings before the next weaker one, so a weak match never takes a listing away from a strong one;
//! of several listings under one key, one on sale goes before one that is gone. Everything is a hash look-up or a binary search:
//! linear in listings and sightings.
//!
//! Of the listings that are gone only those matter that a sighting could be ([`Unmatched`]), so that what a dealer has sold
//! in years need not be read to record a day.
//!
//! The limit: look-alikes with neither a key nor a link of their own can not always be told apart. Such a sighting counts
//! as a new vehicle, because taking it for the wrong one would mix two histories.
//! What is deliberately not here: what follows from a match.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    hash::Hash,
};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    config::TrackingRules,
    facts::StoredListing,
    sighting::{Details, Keys, Sighting},
};
use crate::{money::Money, vin::Vin};

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

/// Miles by which two sightings of one car in one scrape may differ: some blocks of a page round to a thousand.
const MILES_ROUNDED: u32 = 1_000;

/// Takes away the external ids and stock numbers that cars of one scrape show which can not be one: words in the place of a
/// number. What has a VIN contradicts nothing that has another; those are told apart anyhow. Linear.
pub(crate) fn disown_shared_keys(seen: &mut [Sighting]) {
    type Key = fn(&mut Keys) -> &mut Option<String>;
    let keys: [Key; 2] = [|keys| &mut keys.external_id, |keys| &mut keys.stock_number];
    let shared = [shared_keys(seen, |keys| &keys.external_id), shared_keys(seen, |keys| &keys.stock_number)];
    for (key, shared) in keys.into_iter().zip(shared).filter(|(_, shared)| !shared.is_empty()) {
        for sighting in seen.iter_mut() {
            let key = key(&mut sighting.keys);
            if key.as_ref().is_some_and(|text| shared.contains(text)) {
                *key = None;
            }
        }
    }
}

fn shared_keys(seen: &[Sighting], key: impl Fn(&Keys) -> &Option<String>) -> HashSet<String> {
    let mut firsts: HashMap<&str, &Sighting> = HashMap::with_capacity(seen.len());
    let mut shared = HashSet::new();
    for sighting in seen {
        let Some(text) = key(&sighting.keys).as_deref() else { continue };
        let first = firsts.entry(text).or_insert(sighting);
        if first.is_another_car(sighting) {
            shared.insert(text.to_owned());
        }
    }
    shared
}

impl Sighting {
    /// Whether another sighting of the same scrape can not be of the same car, whatever key both show.
    fn is_another_car(&self, other: &Self) -> bool {
        if self.keys.vin.is_some() && other.keys.vin.is_some() {
            return false;
        }
        let (one, other) = (&self.details, &other.details);
        let apart = one.mileage.zip(other.mileage).map(|(one, other)| one.abs_diff(other));
        let is_far = apart.is_some_and(|apart| apart > MILES_ROUNDED);
        let has_its_link = one.url.is_some() && one.url == other.url;
        is_far || (!has_its_link && one.contradict(other))
    }
}

/// Folds the sightings of a vehicle into its first; what has no identity at all is refused.
fn fold_repeats(seen: &mut [Sighting]) -> Vec<Option<Match>> {
    let mut firsts = Firsts::default();
    let mut found = vec![None; seen.len()];
    for index in 0..seen.len() {
        if !seen[index].has_identity() {
            found[index] = Some(Match::Refused(RefusalReason::NoIdentity));
            continue;
        }
        // One sighting may show that two before it, known by different keys, are one vehicle.
        let mut same = firsts.find(seen, index);
        same.push(index);
        same.sort_unstable();
        same.dedup();
        for &repeat in &same[1..] {
            let repeated = std::mem::take(&mut seen[repeat]);
            seen[same[0]].complete_from(repeated);
            found[repeat] = Some(Match::Duplicate);
        }
        firsts.enter(seen, same[0]);
    }
    found
}

/// The first sighting under each key.
#[derive(Default)]
struct Firsts {
    vins: HashMap<String, usize>,
    external_ids: HashMap<String, usize>,
    stock_numbers: HashMap<String, usize>,
    appearances: HashMap<Appearance, usize>,
}

/// What makes two sightings of one scrape the same car where no key does: all of it must agree to the letter.
#[derive(PartialEq, Eq, Hash)]
struct Appearance {
    likeness: Likeness,
    mileage: i32,
    /// The link; without one the price, and that for listings without any key alone.
    link_or_price: Result<String, Option<Money>>,
}

impl Appearance {
    fn of(sighting: &Sighting) -> Option<Self> {
        let Sighting { keys, details, price, .. } = sighting;
        let link_or_price = match &details.url {
            Some(url) => Ok(url.clone()),
            None if keys.are_missing() => Err(*price),
            None => return None,
        };
        Some(Self { likeness: Likeness::of(sighting)?, mileage: details.mileage?, link_or_price })
    }
}

impl Firsts {
    /// The first sightings that this one repeats; none of them names another VIN than this one or than the others.
    fn find(&self, seen: &[Sighting], index: usize) -> Vec<usize> {
        let keys = &seen[index].keys;
        let under = |map: &HashMap<String, usize>, key: &Option<String>| map.get(key.as_deref()?).copied();
        let by_key = [
            under(&self.vins, &keys.vin),
            under(&self.external_ids, &keys.external_id),
            under(&self.stock_numbers, &keys.stock_number),
            Appearance::of(&seen[index])
                .and_then(|appearance| self.appearances.get(&appearance).copied())
                .filter(|&first| !keys.conflict_with(&seen[first].keys)),
        ];
        let mut same: Vec<usize> = Vec::new();
        for first in by_key.into_iter().flatten() {
            let theirs = &seen[first].keys;
            let contradicted = same.iter().any(|&other| theirs.name_another_vin(&seen[other].keys));
            if !contradicted && !theirs.name_another_vin(keys) {
                same.push(first);
            }
        }
        same
    }

    /// Enters a sighting under all its keys, in place of those folded into it.
    fn enter(&mut self, seen: &[Sighting], index: usize) {
        let Keys { vin, external_id, stock_number } = &seen[index].keys;
        for (map, key) in
            [(&mut self.vins, vin), (&mut self.external_ids, external_id), (&mut self.stock_numbers, stock_number)]
        {
            let Some(key) = key else { continue };
            let first = map.entry(key.clone()).or_insert(index);
            // A folded sighting was emptied; one that stands keeps its key.
            if seen[*first].keys.are_missing() {
                *first = index;
            }
        }
        if let Some(appearance) = Appearance::of(&seen[index]) {
            let first = self.appearances.entry(appearance).or_insert(index);
            if seen[*first].details.mileage.is_none() {
                *first = index;
            }
        }
    }
}

/// Year, make and model; spelled alike whatever the case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Likeness {
    year: i32,
    make: String,
    model: String,
}

impl Likeness {
    fn of(sighting: &Sighting) -> Option<Self> {
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

    /// A VIN that no check digit confirms may be a slip of the pen: where one that is confirmed stands in its place, with the stock
    /// number, the link and the mileage that it had, it is the same car.
    fn by_mended_vin(&mut self, seen: &[Sighting], found: &mut [Option<Match>], rules: &TrackingRules) {
        let is_confirmed = |keys: &Keys| Some(Vin::parse(keys.vin.as_deref()?).ok()?.check_digit_ok());
        let is_doubtful = |row: usize, keys: &Keys| self.taken_by[row].is_none() && is_confirmed(keys) == Some(false);
        let rows = self.index(is_doubtful, |keys| keys.stock_number.as_deref());
        for sighting in open(found) {
            let Sighting { keys, details, .. } = &seen[sighting];
            let number = keys.stock_number.as_deref().filter(|_| is_confirmed(keys) == Some(true));
            let Some(&row) = number.and_then(|number| rows.get(number)) else { continue };
            let StoredListing { details: stored, is_sold, .. } = &self.stored[row];
            let apart = stored.mileage.zip(details.mileage).map(|(one, other)| one.abs_diff(other));
            let agrees = details.url.is_some()
                && stored.url == details.url
                && apart.is_some_and(|apart| apart <= rules.identity.mileage_tolerance.unsigned_abs())
                && !stored.contradict(details);
            if agrees && !is_sold && self.taken_by[row].is_none() {
                self.take(row, sighting, found);
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

/// Rows of one year, make and model, by mileage.
#[derive(Default)]
struct Shelf {
    on_sale: [Vec<(i32, usize)>; 2],
    sold: [Vec<(i32, usize)>; 2],
}

/// The rows that no key has claimed, grouped so that a look-up touches only rows of the right model and mileage.
struct Shelves(HashMap<Likeness, Shelf>);

impl Shelves {
    fn of(search: &Search<'_>, wanted: &HashSet<Likeness>) -> Self {
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
    fn only_fit(&self, stored: &[StoredListing], sighting: &Sighting, rules: &TrackingRules) -> Option<usize> {
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

/// The rows that fit, or `None` where there are too many to look through: then they can not be told apart either.
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
enum Agreement {
    InKind,
    InLink,
    ToTheLetter,
}

/// Without this a snapshot recorded twice would add its look-alikes again.
fn agreement(listing: &StoredListing, sighting: &Sighting) -> Agreement {
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
