//! What a scrape changes: everything is planned in memory from what is stored and what was seen, and then written in bulk.
//!
//! Every sighting ends as exactly one of: new, changed, re-seen unchanged, already known, duplicate, refused. A scrape older
//! than the newest recorded one is late: it adds vehicles, fills in listings not seen since and may show that a vehicle was there
//! earlier than thought. It neither lists a sold vehicle again nor marks one sold nor replaces a newer value. A scrape recorded
//! twice changes nothing the second time.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    absence::{Absences, Scrape, SoldByAbsence, came_back},
    config::TrackingRules,
    evidence::{Completeness, Doubts, Evidence, Recognition},
    facts::{ScrapeFacts, StoredListing},
    identity::{Match, RefusalReason, identify},
    price::{apply_price, is_price, would_change},
    reading::ParseRate,
    sighting::Sighting,
    sold::{self, Returns, days_to_sale},
};
use crate::{extract::Warning, money::Money};

/// Everything a scrape changes; the indices are those of the stored listings and of the sightings given.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// The doubts about it, the gravest first.
    pub(crate) doubts: Doubts,
    /// What they left of it, from 0 to 1.
    pub(crate) weight: f64,
    /// What a person should know of the doubts.
    pub(crate) warnings: Vec<Warning>,
    /// Different vehicles among the sightings, what [`ScrapeFacts::earlier_counts`] of later scrapes is made of.
    pub(crate) vehicles: usize,
    pub(crate) new: Vec<NewListing>,
    pub(crate) changed: Vec<ChangedListing>,
    /// Stored listings seen again as they were: only `last_seen_at` moves.
    pub(crate) reseen: Vec<usize>,
    /// Sightings that say nothing new, because the listing was seen at that time or later.
    pub(crate) already_known: Vec<usize>,
    /// Listings that turn out to have been there earlier than thought; their sightings are in `already_known`.
    pub(crate) seen_earlier: Vec<SeenEarlier>,
    pub(crate) sold_by_absence: Vec<SoldByAbsence>,
    pub(crate) price_points: Vec<PlannedPrice>,
    /// Sightings that repeat another of this scrape.
    pub(crate) duplicates: Vec<usize>,
    pub(crate) refused: Vec<RefusedSighting>,
    /// Listings that have been missing for long enough since this scrape to be a return when they are seen again.
    pub(crate) absences: u64,
    /// How many of those were seen again.
    pub(crate) returned: u64,
    /// How the dealer's listings behave, this scrape included.
    pub(crate) returns: Returns,
    /// How far those are believed to be gone that were last seen at a time, where that is fixed by this scrape.
    pub(crate) fixed: Vec<(DateTime<Utc>, f64)>,
    /// How many of the sightings could be read.
    pub(crate) parse_rate: ParseRate,
    /// What it met of the lot as it was seen last.
    pub(crate) recognition: Recognition,
    /// Listings on sale that a whole lot showed last and that it did not see, those included that it finds sold.
    pub(crate) unseen: usize,
}

/// A vehicle seen for the first time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewListing {
    pub(crate) sighting: usize,
    pub(crate) listing: StoredListing,
    pub(crate) raw_data: Option<serde_json::Value>,
}

/// A listing of which more than `last_seen_at` changes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChangedListing {
    pub(crate) stored: usize,
    pub(crate) sighting: usize,
    /// The whole row as it is to be.
    pub(crate) after: StoredListing,
    pub(crate) raw_data: Option<serde_json::Value>,
    /// The names of the columns that differ.
    pub(crate) columns: Vec<&'static str>,
    pub(crate) turn: Turn,
}

/// Whether a sighting moves a listing between on sale and sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It stays what it was.
    None,
    /// A sold vehicle is on sale again.
    Relisted,
    /// The website itself says that it is sold.
    Sold,
}

/// An older sighting of a known listing: proof that it was on sale earlier, and of nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeenEarlier {
    pub(crate) stored: usize,
    pub(crate) first_seen_at: DateTime<Utc>,
    /// The days on the market of a sold listing, counted anew.
    pub(crate) days_on_market: Option<i32>,
}

/// A row of the price history to be written at the time of the scrape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlannedPrice {
    pub(crate) of: PriceOf,
    pub(crate) price: Money,
    pub(crate) lowest_price: Money,
    pub(crate) mileage: Option<i32>,
    /// The price before; none for the first, which is no change.
    pub(crate) before: Option<Money>,
}

/// The listing that a planned price belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PriceOf {
    /// An index into [`Plan::new`].
    New(usize),
    /// An index into the stored listings.
    Stored(usize),
}

/// A sighting that is not recorded, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefusedSighting {
    pub(crate) sighting: usize,
    pub(crate) reason: RefusalReason,
}

/// How many listings a scrape found and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScrapeCounts {
    /// Sightings handed in: new, sold at first sight, seen again, already known, duplicates and refused together.
    pub listings_found: usize,
    /// Different vehicles among them; later scrapes are compared with it.
    pub vehicles: usize,
    /// Vehicles not seen before, without those that were sold already.
    pub new: usize,
    /// Known listings seen again, whether anything changed or not.
    pub seen_again: usize,
    /// Of those, listings of which more than the time changed.
    pub updated: usize,
    /// Believed changes of a price.
    pub price_changes: usize,
    /// Listings that turned sold.
    pub sold: usize,
    /// Sold listings on sale again.
    pub relisted: usize,
    /// Sightings that repeat another of the same scrape.
    pub duplicates: usize,
    /// Sightings that could not be recorded.
    pub refused: usize,
    /// Listings that have now been missing for `return_from_days`. The dealer's returns are counted against their sum.
    pub absences: u64,
    /// Listings that were seen again after they had been missing for that long.
    pub returns: u64,
}

/// Plans what a scrape changes; linear in the listings stored and the sightings.
pub(crate) fn plan(
    stored: &[StoredListing],
    mut seen: Vec<Sighting>,
    scrape: &ScrapeFacts,
    rules: &TrackingRules,
) -> Plan {
    seen.iter_mut().for_each(|sighting| ignore_implausible(sighting, scrape.observed_at, rules));
    let parse_rate = ParseRate::of(&seen);
    let matches = identify(stored, &mut seen, scrape.observed_at, rules);
    let refused_or_repeated = |found: &&Match| matches!(found, Match::Refused(_) | Match::Duplicate);
    let vehicles = matches.len() - matches.iter().filter(refused_or_repeated).count();
    let mut was_seen = vec![false; stored.len()];
    for found in &matches {
        if let Match::Known(row) = found {
            was_seen[*row] = true;
        }
    }
    let unbelieved = unbelieved_words(stored, (&seen, &matches), scrape, rules);
    let mut evidence = Evidence {
        reading: &scrape.reading,
        vehicles,
        recognition: scrape.recognition(stored, &was_seen, rules),
        claimed: scrape.claimed_before(),
        list: scrape.list_before_of(stored, &was_seen, rules),
        doubts_its_word: !unbelieved.is_empty(),
        together: 0,
        rules: &rules.evidence,
    };
    let doubts = Doubts::about(&evidence);
    let mut plan = Plan::empty(vehicles, parse_rate);
    plan.recognition = evidence.recognition;
    plan.weight = doubts.weight(&rules.evidence);
    plan.returns = scrape.returns_before(rules);
    plan.unseen = scrape.unseen(stored, &was_seen);
    for (index, (sighting, found)) in seen.into_iter().zip(matches).enumerate() {
        match found {
            Match::Refused(reason) => plan.refused.push(RefusedSighting { sighting: index, reason }),
            Match::Duplicate => plan.duplicates.push(index),
            Match::New => plan.add(index, sighting, scrape, rules),
            Match::Known(row) if unbelieved.contains(&row) => {
                // Neither on sale nor sold: it counts as not seen, until it has been so for long enough.
                was_seen[row] = false;
                plan.already_known.push(index);
            }
            Match::Known(row) => plan.see_again((row, &stored[row]), (index, sighting), scrape, rules),
        }
    }
    if !scrape.is_late() {
        let (is_cut, hides) = (doubts.are_of_a_cut(), doubts.are_of_hidden_vehicles());
        let weighed = Scrape { facts: scrape, weight: plan.weight, is_cut, hides, returned: plan.returned };
        let absences = weighed.absences(stored, &was_seen, rules);
        evidence.together = absences.together;
        plan.take(absences);
    }
    plan.doubts = Doubts::about(&evidence);
    plan.warnings = plan.doubts.0.iter().filter_map(|&doubt| evidence.warning(doubt)).collect();
    plan
}

/// Takes away a price that no vehicle is sold for, and a sale that is still to come.
fn ignore_implausible(sighting: &mut Sighting, observed_at: DateTime<Utc>, rules: &TrackingRules) {
    sighting.price = sighting.price.filter(|&price| is_price(price, rules));
    if sold::is_to_come(sighting.sold_at, observed_at) {
        (sighting.is_sold, sighting.sold_at) = (false, None);
    }
}

/// The listings on sale that the website calls sold, where those are too many at once to be believed.
fn unbelieved_words(
    stored: &[StoredListing],
    (seen, matches): (&[Sighting], &[Match]),
    scrape: &ScrapeFacts,
    rules: &TrackingRules,
) -> HashSet<usize> {
    let called_sold = |(sighting, found): (&Sighting, &Match)| match found {
        Match::Known(row) if sighting.is_sold && !stored[*row].is_sold => Some(*row),
        _ => None,
    };
    let called: HashSet<usize> = seen.iter().zip(matches).filter_map(called_sold).collect();
    if called.is_empty() || scrape.is_late() {
        return HashSet::new();
    }
    let on_sale = stored.iter().filter(|listing| !listing.is_sold).count();
    match scrape.unwatched().doubts_sales(called.len(), on_sale, &rules.evidence) {
        true => called,
        false => HashSet::new(),
    }
}

impl Plan {
    pub(crate) fn empty(vehicles: usize, parse_rate: ParseRate) -> Self {
        Self { weight: 1.0, vehicles, parse_rate, ..Self::default() }
    }

    /// Whether it saw the whole lot, without a doubt.
    pub(crate) fn completeness(&self) -> Completeness {
        self.doubts.completeness()
    }

    /// Takes over what follows from what was not seen.
    pub(crate) fn take(&mut self, absences: Absences) {
        self.sold_by_absence.extend(absences.sold);
        self.absences += absences.newly_absent;
        self.returns = absences.returns;
        self.fixed = absences.fixed;
    }

    /// What the scrape did, in numbers.
    pub(crate) fn counts(&self) -> ScrapeCounts {
        let seen_again = self.changed.len() + self.reseen.len() + self.already_known.len();
        ScrapeCounts {
            listings_found: self.new.len() + seen_again + self.duplicates.len() + self.refused.len(),
            vehicles: self.vehicles,
            // One first seen as sold did not come onto the lot now.
            new: self.new.iter().filter(|new| !new.listing.is_sold).count(),
            seen_again,
            updated: self.changed.len(),
            price_changes: self.price_changes(),
            sold: self.sold(),
            relisted: self.relisted(),
            duplicates: self.duplicates.len(),
            refused: self.refused.len(),
            absences: self.absences,
            returns: self.returned,
        }
    }

    /// How many price points are changes: a first price is none.
    pub(crate) fn price_changes(&self) -> usize {
        self.price_points.iter().filter(|point| point.before.is_some()).count()
    }

    /// How many listings turn sold, by absence or by the website's own word; one first seen as sold turned before.
    pub(crate) fn sold(&self) -> usize {
        self.sold_by_absence.len() + self.turned(Turn::Sold)
    }

    /// How many sold listings are on sale again.
    pub(crate) fn relisted(&self) -> usize {
        self.turned(Turn::Relisted)
    }

    fn turned(&self, turn: Turn) -> usize {
        self.changed.iter().filter(|changed| changed.turn == turn).count()
    }

    fn add(&mut self, index: usize, sighting: Sighting, scrape: &ScrapeFacts, rules: &TrackingRules) {
        let Sighting { keys, details, price, is_sold, sold_at: _, raw_data, is_on_unchanged_page: _ } = sighting;
        let mut listing = StoredListing {
            keys,
            details,
            first_seen_at: scrape.observed_at,
            last_seen_at: scrape.observed_at,
            is_sold,
            // One first seen as sold was sold before anybody looked: that is no sale of today, and no days to a sale.
            sold_at: None,
            ..StoredListing::default()
        };
        let mut columns = Vec::new();
        let of = (PriceOf::New(self.new.len()), scrape.observed_at);
        let point = apply_price(&mut listing, price, of, &mut columns, rules);
        self.price_points.extend(point);
        self.new.push(NewListing { sighting: index, listing, raw_data });
    }

    fn see_again(
        &mut self,
        (row, listing): (usize, &StoredListing),
        (index, mut sighting): (usize, Sighting),
        scrape: &ScrapeFacts,
        rules: &TrackingRules,
    ) {
        let observed_at = scrape.observed_at;
        if observed_at <= listing.last_seen_at || (scrape.is_late() && listing.is_sold) {
            self.already_known.push(index);
            if observed_at < listing.first_seen_at {
                let days = listing.sold_at.map(|sold_at| days_to_sale(observed_at, sold_at));
                self.seen_earlier.push(SeenEarlier { stored: row, first_seen_at: observed_at, days_on_market: days });
            }
            return;
        }
        self.returned += u64::from(!scrape.is_late() && came_back(listing, scrape, rules));
        let turn = match (listing.is_sold, sighting.is_sold && !scrape.is_late()) {
            (true, false) => Turn::Relisted,
            (false, true) => Turn::Sold,
            _ => Turn::None,
        };
        // An unchanged page cannot confirm a price: only a page that was written anew can.
        if sighting.is_on_unchanged_page && sighting.price == listing.unconfirmed_price {
            sighting.price = None;
        }
        if turn == Turn::None && !would_change(listing, &sighting, rules) {
            self.reseen.push(row);
            return;
        }
        let mut after = listing.clone();
        let mut columns = Vec::new();
        after.last_seen_at = observed_at;
        after.keys.update_from(sighting.keys, &mut columns);
        after.details.update_from(sighting.details, &mut columns);
        let of = (PriceOf::Stored(row), observed_at);
        let point = apply_price(&mut after, sighting.price, of, &mut columns, rules);
        self.price_points.extend(point);
        if turn != Turn::None {
            after.is_sold = turn == Turn::Sold;
            let sold_at = sold::said_sold_at(sighting.sold_at, listing.first_seen_at, observed_at);
            after.sold_at = after.is_sold.then_some(sold_at);
            after.p_return = None;
            columns.extend(["is_sold", "sold_at"]);
        }
        let raw_data = sighting.raw_data;
        self.changed.push(ChangedListing { stored: row, sighting: index, after, raw_data, columns, turn });
    }

    /// Marks listings that were not seen and whose own pages the website says are gone: proof that needs no waiting. If it was
    /// missing for less than `return_from_days`, its absence is counted now, because its return would be counted as well.
    pub(crate) fn mark_gone(
        &mut self,
        stored: &[StoredListing],
        gone: &[usize],
        scrape: &ScrapeFacts,
        rules: &TrackingRules,
    ) {
        if gone.is_empty() || scrape.is_late() {
            return;
        }
        let seen = self.changed.iter().map(|changed| changed.stored).chain(self.reseen.iter().copied());
        let marked: HashSet<usize> = seen.chain(self.sold_by_absence.iter().map(|sold| sold.stored)).collect();
        let looks = scrape.looks(self.weight);
        for (row, listing) in gone.iter().filter_map(|row| Some((*row, stored.get(*row)?))) {
            if marked.contains(&row) || listing.is_sold || listing.last_seen_at >= scrape.observed_at {
                continue;
            }
            let is_known = sold::days(scrape.observed_at - listing.last_seen_at) >= rules.sold.return_from_days;
            let is_counted = came_back(listing, scrape, rules) || (is_known && self.weight >= 1.0);
            self.absences += u64::from(!is_counted);
            let sold_at = sold::first_look(listing.last_seen_at, &looks).unwrap_or(scrape.observed_at);
            let sold_at = sold_at.min(scrape.observed_at);
            let days_on_market = days_to_sale(listing.first_seen_at, sold_at);
            self.sold_by_absence.push(SoldByAbsence { stored: row, sold_at, days_on_market, p_return: None });
        }
    }
}
