//! Cars that one scrape shows more than once, and keys that it shows on several cars.

use std::collections::{HashMap, HashSet};

use super::{Likeness, Match, RefusalReason};
use crate::{
    money::Money,
    tracking::sighting::{Keys, Sighting, unlike},
};

/// Miles by which two sightings of one car in one scrape may differ: some blocks of a page round to a thousand.
const MILES_ROUNDED: u32 = ROUNDED_TO.unsigned_abs();

/// Takes away the external ids and stock numbers that cars of one scrape show which can not be one: words in the place of a
/// number. Two cars with VINs do not count, since the VINs distinguish them. Linear.
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
pub(super) fn fold_repeats(seen: &mut [Sighting]) -> Vec<Option<Match>> {
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
    fold_teasers(seen, &mut found);
    found
}

/// Folds what repeats another card of the page in fewer words: without any key, under an address of its own, and with rounded miles.
/// Year, make, model and price must be the same, and the other must say more of itself. Linear.
fn fold_teasers(seen: &mut [Sighting], found: &mut [Option<Match>]) {
    /// By how many miles a figure may have been rounded.
    fn rounded_by(miles: i32) -> i32 {
        [1_000, 100].into_iter().find(|unit| miles % unit == 0).unwrap_or(1)
    }
    let shelf = |sighting: &Sighting| Some((Likeness::of(sighting)?, sighting.price?, sighting.details.mileage?));
    // New cars have one price and hardly a mile.
    let has_gone = |sighting: &Sighting| sighting.details.mileage.is_some_and(|miles| miles >= ROUNDED_TO);
    let is_short = |sighting: &Sighting| sighting.keys.are_missing() && sighting.price.is_some() && has_gone(sighting);
    if !seen.iter().zip(&*found).any(|(sighting, found)| found.is_none() && is_short(sighting)) {
        return;
    }
    // Of the cars on a shelf two are enough: among several, nobody can tell which one a teaser shows.
    let mut shelves: HashMap<(Likeness, Money, i32), Vec<usize>> = HashMap::new();
    for (index, sighting) in seen.iter().enumerate().filter(|(index, _)| found[*index].is_none()) {
        let Some((likeness, price, miles)) = shelf(sighting) else { continue };
        let says_more = !sighting.keys.are_missing() || rounded_by(miles) == 1;
        let shelf = shelves.entry((likeness, price, miles / ROUNDED_TO)).or_default();
        if says_more && shelf.len() < 2 {
            shelf.push(index);
        }
    }
    for index in 0..seen.len() {
        let Some((likeness, price, miles)) =
            shelf(&seen[index]).filter(|_| found[index].is_none() && is_short(&seen[index]))
        else {
            continue;
        };
        let near = [-1, 0, 1].map(|step| (likeness.clone(), price, miles / ROUNDED_TO + step));
        let on_shelves = near.iter().filter_map(|shelf| shelves.get(shelf)).flatten().copied();
        let is_shown = |other: &usize| {
            let apart = seen[*other].details.mileage.map_or(u32::MAX, |theirs| theirs.abs_diff(miles));
            *other != index
                && apart < rounded_by(miles).unsigned_abs()
                && !unlike(&seen[*other].details.trim, &seen[index].details.trim)
        };
        let shown: Vec<usize> = on_shelves.filter(is_shown).collect();
        if let Some(&only) = shown.first() {
            let teaser = std::mem::take(&mut seen[index]);
            if shown.len() == 1 {
                seen[only].complete_from(teaser);
            }
            found[index] = Some(Match::Duplicate);
        }
    }
}

/// Blocks of a page round to a thousand miles at the most.
const ROUNDED_TO: i32 = 1_000;

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
