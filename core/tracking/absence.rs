//! Which of a lot's missing listings are sold, by the formulas of `sold`; linear in the listings.
//!
//! Listings of one last sighting vanished together: they are a group. The first look of full weight that misses a group fixes how
//! far it is believed to be gone. The caller stores that with the scrape that saw the group last.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{
    config::TrackingRules,
    facts::{ScrapeFacts, StoredListing},
    sold::{self, Look, Returns, days, days_to_sale},
};

/// A listing that has been gone for long enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SoldByAbsence {
    pub(crate) stored: usize,
    pub(crate) sold_at: DateTime<Utc>,
    pub(crate) days_on_market: i32,
    /// The chance that it comes back; `None` where its own page proves that it is gone.
    pub(crate) p_return: Option<f64>,
}

/// What follows from what a scrape did not see.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Absences {
    pub(crate) sold: Vec<SoldByAbsence>,
    /// The groups of which it is fixed now how far they are believed to be gone, by their last sighting.
    pub(crate) fixed: Vec<(DateTime<Utc>, f64)>,
    /// How the dealer's listings behave, this scrape included.
    pub(crate) returns: Returns,
    /// Listings whose absence reached `return_from_days` with this scrape.
    pub(crate) newly_absent: u64,
    /// How many are missing that vanished together and are not believed to be gone yet.
    pub(crate) together: usize,
}

/// What a scrape means for those that it did not see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scrape<'a> {
    pub(crate) facts: &'a ScrapeFacts,
    /// What its doubts left of it.
    pub(crate) weight: f64,
    pub(crate) is_cut: bool,
    /// Whether single vehicles may stand where no page shows them.
    pub(crate) hides: bool,
    /// How many came back with it.
    pub(crate) returned: u64,
}

/// A listing that was not seen.
#[derive(Clone, Copy)]
struct Absent {
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    is_in_stock: bool,
    /// Whether its website says of its cars where they stand.
    is_told: bool,
}

impl Absent {
    /// `tells` says whether the website says of its cars where they stand.
    fn of(listing: &StoredListing, tells: bool) -> Self {
        let StoredListing { first_seen_at, last_seen_at, .. } = *listing;
        let is_told = tells && listing.details.stock_status.is_some();
        Self { first_seen_at, last_seen_at, is_in_stock: tells && listing.is_in_stock(), is_told }
    }

    fn risk(&self, rules: &TrackingRules) -> f64 {
        sold::risk(days(self.last_seen_at - self.first_seen_at), self.is_in_stock, &rules.sold)
    }
}

impl Scrape<'_> {
    /// Whether what it did not see was not there.
    fn is_believed(&self) -> bool {
        self.weight >= 1.0
    }

    /// Judges what is missing. `was_seen` says of each stored listing whether it was seen.
    pub(crate) fn absences(&self, stored: &[StoredListing], was_seen: &[bool], rules: &TrackingRules) -> Absences {
        let now = self.facts.observed_at;
        let is_missing = |(row, listing): &(usize, &StoredListing)| {
            !was_seen[*row] && !listing.is_sold && listing.last_seen_at < now
        };
        // A website that calls all its cars in stock tells nothing.
        let tells = stored.iter().any(StoredListing::is_elsewhere);
        let absent = |(row, listing)| (row, Absent::of(listing, tells));
        let missing: Vec<(usize, Absent)> = stored.iter().enumerate().filter(is_missing).map(absent).collect();
        let is_gone = |row: Option<usize>| !row.is_some_and(|row| was_seen[row]);
        let gone = self.facts.gone.iter().filter(|gone| is_gone(gone.row) && gone.last_seen_at < now);
        let gone = gone.map(|gone| Absent {
            first_seen_at: gone.first_seen_at,
            last_seen_at: gone.last_seen_at,
            is_in_stock: tells && gone.is_in_stock,
            is_told: false,
        });
        let mut absences = Absences { returns: self.facts.returns_before(rules), ..Absences::default() };
        absences.returns.seen += sold::returned_together(self.returned, &rules.sold);
        let mut sizes: HashMap<DateTime<Utc>, usize> = HashMap::new();
        let mut gains: Vec<f64> = Vec::new();
        for absent in missing.iter().map(|(_, absent)| *absent).chain(gone) {
            *sizes.entry(absent.last_seen_at).or_default() += 1;
            gains.extend(self.gain(&absent, rules));
        }
        // A sum of floats depends on their order, and that of rows on the database.
        gains.sort_unstable_by(f64::total_cmp);
        absences.returns.expected += gains.iter().sum::<f64>();
        if !missing.is_empty() {
            self.decide(stored, &missing, &sizes, &mut absences, rules);
        }
        absences
    }

    /// How many returns this missing listing adds to the expected ones since the last look of full weight.
    fn gain(&self, absent: &Absent, rules: &TrackingRules) -> Option<f64> {
        if !self.is_believed() {
            return None;
        }
        let absent_days = days(self.facts.observed_at - absent.last_seen_at);
        let gained = sold::returned_by(absent_days, &rules.sold)
            - sold::returned_by(self.known_absent_days(absent.last_seen_at), &rules.sold);
        (gained > 0.0).then(|| absent.risk(rules) * gained)
    }

    /// How long one had been missing when a look of full weight last missed it.
    fn known_absent_days(&self, last_seen_at: DateTime<Utc>) -> f64 {
        self.facts.looked_for_at().map_or(0.0, |looked_at| days(looked_at - last_seen_at).max(0.0))
    }

    fn decide(
        &self,
        stored: &[StoredListing],
        missing: &[(usize, Absent)],
        sizes: &HashMap<DateTime<Utc>, usize>,
        absences: &mut Absences,
        rules: &TrackingRules,
    ) {
        let now = self.facts.observed_at;
        let all_looks = self.facts.looks(self.weight);
        let mut groups: HashMap<DateTime<Utc>, Group> = HashMap::new();
        let theta = absences.returns.theta(&rules.sold);
        for &(row, absent) in missing {
            let last = absent.last_seen_at;
            let group = groups.entry(last).or_insert_with(|| {
                let size = sizes.get(&last).copied().unwrap_or(1);
                self.group(last, size, &all_looks, rules)
            });
            group.missing += 1;
            let absent_days = days(now - last);
            let was_known = self.known_absent_days(last) >= rules.sold.return_from_days;
            let is_known = self.is_believed() && absent_days >= rules.sold.return_from_days;
            absences.newly_absent += u64::from(is_known && !was_known);
            let risk = absent.risk(rules);
            let patience = sold::patience_days(theta, risk, absent.is_told, &rules.sold);
            // A day is a day, whatever the last digit of a float.
            if absent_days < patience - 1e-9 || group.looks < rules.sold.looks - 1e-9 {
                continue;
            }
            let sold_at = group.missed_at.unwrap_or(now).min(now);
            group.missing -= 1;
            absences.sold.push(SoldByAbsence {
                stored: row,
                sold_at,
                days_on_market: days_to_sale(stored[row].first_seen_at, sold_at),
                p_return: Some(sold::p_return(theta, risk, absent_days, &rules.sold)),
            });
        }
        let is_told = |group: &&Group| {
            group.weight < rules.evidence.together_told_below
                && group.missing >= rules.evidence.many_missing_least.max(1)
        };
        if self.is_believed() {
            // Another doubt explains them where there is one.
            let together = if self.is_cut || self.hides {
                0
            } else {
                groups.values().filter(is_told).map(|group| group.missing).sum()
            };
            absences.together = together;
            absences.fixed =
                groups.iter().filter(|(_, group)| !group.is_fixed).map(|(last, group)| (*last, group.weight)).collect();
            absences.fixed.sort_unstable_by_key(|(last, _)| *last);
        }
    }

    /// What is known of the listings that were last seen at one time.
    fn group(&self, last: DateTime<Utc>, size: usize, all_looks: &[Look], rules: &TrackingRules) -> Group {
        let seen_by = self.facts.at(last);
        let fixed = seen_by.and_then(|scrape| scrape.group_weight);
        let weight = fixed.unwrap_or_else(|| {
            let shown = seen_by.map_or(size, |scrape| scrape.vehicles);
            let weight = sold::together(size, shown, days(self.facts.observed_at - last), &rules.evidence);
            // A single car has gone its own way.
            if self.hides || (self.is_cut && size >= 2) { weight.min(rules.evidence.weights.cut) } else { weight }
        });
        Group {
            weight,
            is_fixed: fixed.is_some(),
            looks: sold::looks(last, all_looks, weight, &rules.sold),
            missed_at: sold::first_look(last, all_looks),
            missing: 0,
        }
    }
}

struct Group {
    weight: f64,
    is_fixed: bool,
    looks: f64,
    missed_at: Option<DateTime<Utc>>,
    /// How many of it are on sale still, as far as is known.
    missing: usize,
}

/// Whether a listing that is seen again had been missing for long enough to be a return.
pub(crate) fn came_back(listing: &StoredListing, facts: &ScrapeFacts, rules: &TrackingRules) -> bool {
    let absent_days = facts.looked_for_at().map_or(0.0, |looked_at| days(looked_at - listing.last_seen_at).max(0.0));
    if listing.is_sold {
        listing.is_gone() && absent_days <= rules.sold.watched_days
    } else {
        absent_days >= rules.sold.return_from_days
    }
}
