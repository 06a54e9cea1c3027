//! What a scrape changes: everything is planned in memory from what is stored and what was seen, and then written in bulk.
//!
//! Every sighting ends as exactly one of: new, changed, re-seen unchanged, already known, duplicate, refused. A snapshot
//! older than the newest recorded one is late: it adds vehicles, fills in listings not seen since and may show that a
//! vehicle was there earlier than thought, but neither lists a sold vehicle again nor marks one sold nor replaces a newer
//! value. A snapshot recorded twice changes nothing the second time.
//! What is deliberately not here: identity, prices, completeness and absence, each in its own file; ids and SQL.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{
    config::TrackingRules,
    evidence::{AlikeScrapes, Completeness, EarlierScrapes, Recognition},
    identity::{Match, RefusalReason, identify},
    price::{PriceReading, is_price, read_price},
    reading::{ListShape, ParseRate, ScrapeReading},
    sighting::{Details, Keys, Sighting},
    sold::{self, ReturnHistory, days_on_market},
};
use crate::money::Money;

/// A listing as stored, as far as the rules look at it; its id stays with the caller, under the same index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StoredListing {
    pub(crate) keys: Keys,
    pub(crate) details: Details,
    pub(crate) price: Option<Money>,
    /// The lowest price ever believed.
    pub(crate) lowest_price: Option<Money>,
    /// The highest price ever believed.
    pub(crate) highest_price: Option<Money>,
    /// The price before the present one.
    pub(crate) previous_price: Option<Money>,
    /// When the present price took the place of another.
    pub(crate) price_changed_at: Option<DateTime<Utc>>,
    /// A price read once and not believed yet.
    pub(crate) unconfirmed_price: Option<Money>,
    pub(crate) first_seen_at: DateTime<Utc>,
    pub(crate) last_seen_at: DateTime<Utc>,
    pub(crate) is_sold: bool,
    pub(crate) sold_at: Option<DateTime<Utc>>,
}

/// What is known of the scrape itself and of those before it.
#[derive(Clone, Debug)]
pub(crate) struct ScrapeFacts {
    pub(crate) observed_at: DateTime<Utc>,
    /// How far it came.
    pub(crate) reading: ScrapeReading,
    /// The vehicle counts of the complete scrapes before it, newest first; the rules compare a few.
    pub(crate) earlier_counts: Vec<usize>,
    /// When the newest of those was.
    pub(crate) last_complete_at: Option<DateTime<Utc>>,
    /// The scrapes that saw a whole list and were distrusted, ascending, as far back as `complete_scrapes`.
    pub(crate) distrusted_scrapes: Vec<DateTime<Utc>>,
    /// Those that saw a whole list and met vehicles on several of its pages, likewise.
    pub(crate) moved_scrapes: Vec<DateTime<Utc>>,
    /// The newest scrape recorded for this competitor, of whatever outcome, but for those that lie ahead of the clock.
    pub(crate) newest_recorded_at: Option<DateTime<Utc>>,
    /// The newest of those that lie ahead of it.
    pub(crate) ahead_at: Option<DateTime<Utc>>,
    /// The complete scrapes recorded, ascending, at least those after the oldest `last_seen_at` of a listing on sale.
    pub(crate) complete_scrapes: Vec<DateTime<Utc>>,
    pub(crate) returns: ReturnHistory,
    /// The scrapes right before it that found about as few vehicles; looked up only where it found too few.
    pub(crate) alike: Option<AlikeScrapes>,
    /// The pages that the last complete scrape read, and what the list looked like to it.
    pub(crate) last_pages: Option<u32>,
    pub(crate) last_list: ListShape,
    /// How many vehicles the website claimed to have when the last complete scrape was made.
    pub(crate) last_claimed: Option<u32>,
    /// Whether the list was reached at an address that narrows the one of the last complete scrape.
    pub(crate) is_narrowed: bool,
    /// When the address or the configuration of the list was last changed.
    pub(crate) list_changed_at: Option<DateTime<Utc>>,
}

impl ScrapeFacts {
    fn is_late(&self) -> bool {
        self.newest_recorded_at.is_some_and(|newest| newest > self.observed_at)
    }

    /// Whether the last complete scrape read another list than this, or read it otherwise.
    fn list_is_changed(&self) -> bool {
        let changed = self.list_changed_at.filter(|&changed| changed <= self.observed_at);
        changed.zip(self.last_complete_at).is_some_and(|(changed, last)| changed >= last)
    }

    /// Since when the list has been read that is read now: what was seen before says nothing about it.
    pub(crate) fn list_is_read_since(&self) -> DateTime<Utc> {
        self.list_changed_at.filter(|&changed| changed <= self.observed_at).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// What it met of the lot as the last complete scrape saw it; linear.
    fn recognition(&self, stored: &[StoredListing], was_seen: &[bool], rules: &TrackingRules) -> Recognition {
        let Some(then) = self.last_complete_at else { return Recognition::default() };
        let long_ago = self.observed_at - TimeDelta::days(rules.evidence.shrunk_after_days.into());
        let before = self.distrusted_scrapes.partition_point(|&scrape| scrape < self.observed_at);
        let looked_at = self.distrusted_scrapes[..before].last().map_or(then, |&scrape| scrape.max(then));
        let mut recognition = Recognition { unwatched: self.observed_at - looked_at, ..Recognition::default() };
        for (listing, &was_seen) in stored.iter().zip(was_seen) {
            // One that was thought sold is recognised, too: recorded again, this scrape must find the same.
            let was_there = was_seen || (!listing.is_sold && listing.last_seen_at >= then);
            let is_known = listing.first_seen_at <= then && was_there;
            recognition.known += usize::from(is_known);
            recognition.recognised += usize::from(is_known && was_seen);
            recognition.standing += usize::from(was_seen && listing.first_seen_at <= long_ago);
        }
        recognition
    }

    /// The distrusted scrapes between the last complete one and this.
    fn distrusted(&self, rules: &TrackingRules) -> Option<AlikeScrapes> {
        self.row_of(&self.distrusted_scrapes, self.last_complete_at?, rules)
    }

    /// Those before this that met vehicles on several pages, also before a complete one: a list that features vehicles goes on doing so.
    fn moved(&self, rules: &TrackingRules) -> Option<AlikeScrapes> {
        self.row_of(&self.moved_scrapes, DateTime::UNIX_EPOCH, rules)
    }

    /// Of some scrapes, those between a time and this; those of another list say nothing about the one that is read since its address
    /// was changed.
    fn row_of(&self, scrapes: &[DateTime<Utc>], after: DateTime<Utc>, rules: &TrackingRules) -> Option<AlikeScrapes> {
        let before = scrapes.partition_point(|&scrape| scrape < self.observed_at);
        AlikeScrapes::of(&scrapes[..before], after.max(self.list_is_read_since()), rules)
    }

    fn is_recorded(&self) -> bool {
        self.complete_scrapes.binary_search(&self.observed_at).is_ok()
    }

    /// The complete scrapes, this one included where it is one.
    fn complete_scrapes_by_now(&self, completeness: Completeness) -> Vec<DateTime<Utc>> {
        let this = Some(self.observed_at).filter(|_| completeness.is_complete() && !self.is_recorded());
        self.complete_scrapes.iter().copied().chain(this).collect()
    }

    /// When a listing that is gone was first missed: also by a scrape that was distrusted then, for it saw a list to its end.
    fn first_missed(&self, last_seen_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let distrusted = &self.distrusted_scrapes;
        let first = distrusted.get(distrusted.partition_point(|&scrape| scrape <= last_seen_at)).copied();
        first.filter(|&first| first < self.observed_at)
    }
}

/// Everything a scrape changes; the indices are those of the stored listings and of the sightings given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) completeness: Completeness,
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
    /// What this scrape adds to the dealer's [`ReturnHistory`].
    pub(crate) returns: ReturnHistory,
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
    /// The columns that differ, in the seed's words.
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

/// A listing that has been gone for long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SoldByAbsence {
    pub(crate) stored: usize,
    pub(crate) sold_at: DateTime<Utc>,
    pub(crate) days_on_market: i32,
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
    /// Listings that this scrape made missed often enough to be thought sold; the sums teach patience with the dealer.
    pub absences: u64,
    /// Listings that had been missed that often and were seen again.
    pub returns: u64,
}

/// Plans what a scrape changes; linear in the listings stored and the sightings.
pub(crate) fn plan(
    stored: &[StoredListing],
    mut seen: Vec<Sighting>,
    scrape: &ScrapeFacts,
    rules: &TrackingRules,
) -> Plan {
    for sighting in &mut seen {
        sighting.price = sighting.price.filter(|&price| is_price(price, rules));
        if sold::is_to_come(sighting.sold_at, scrape.observed_at) {
            (sighting.is_sold, sighting.sold_at) = (false, None);
        }
    }
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
    let mut earlier = EarlierScrapes {
        counts: &scrape.earlier_counts,
        alike: scrape.alike,
        observed_at: scrape.observed_at,
        recognition: scrape.recognition(stored, &was_seen, rules),
        distrusted: scrape.distrusted(rules),
        moved: scrape.moved(rules),
        pages: scrape.last_pages,
        list: &scrape.last_list,
        claimed: scrape.last_claimed,
        is_narrowed: scrape.is_narrowed,
        list_changed: scrape.list_is_changed(),
        doubts_its_word: false,
    };
    let on_sale = stored.iter().filter(|listing| !listing.is_sold).count();
    let is_called_sold = |(sighting, found): (&Sighting, &Match)| {
        sighting.is_sold && matches!(found, Match::Known(row) if !stored[*row].is_sold)
    };
    let called_sold = seen.iter().zip(&matches).filter(|pair| is_called_sold((pair.0, pair.1))).count();
    earlier.doubts_its_word = !scrape.is_late()
        && earlier.recognition.doubts_sales(called_sold, on_sale, rules)
        && !earlier.is_believed_by_now(rules);
    let completeness = Completeness::judge(&scrape.reading, vehicles, &earlier, rules);
    let mut plan = Plan::empty(completeness, vehicles, parse_rate);
    plan.recognition = earlier.recognition;
    let is_unseen = |(row, listing): &(usize, &StoredListing)| {
        !was_seen[*row]
            && !listing.is_sold
            && listing.last_seen_at < scrape.observed_at
            && scrape.complete_scrapes.binary_search(&listing.last_seen_at).is_ok()
    };
    plan.unseen = stored.iter().enumerate().filter(is_unseen).count();
    for (index, (mut sighting, found)) in seen.into_iter().zip(matches).enumerate() {
        if earlier.doubts_its_word && is_called_sold((&sighting, &found)) {
            (sighting.is_sold, sighting.sold_at) = (false, None);
        }
        match found {
            Match::Refused(reason) => plan.refused.push(RefusedSighting { sighting: index, reason }),
            Match::Duplicate => plan.duplicates.push(index),
            Match::New => plan.add(index, sighting, scrape, rules),
            Match::Known(row) => plan.see_again((row, &stored[row]), (index, sighting), scrape, rules),
        }
    }
    plan.mark_absent(stored, &was_seen, scrape, rules);
    plan
}

impl Plan {
    fn empty(completeness: Completeness, vehicles: usize, parse_rate: ParseRate) -> Self {
        Self {
            completeness,
            vehicles,
            new: Vec::new(),
            changed: Vec::new(),
            reseen: Vec::new(),
            already_known: Vec::new(),
            seen_earlier: Vec::new(),
            sold_by_absence: Vec::new(),
            price_points: Vec::new(),
            duplicates: Vec::new(),
            refused: Vec::new(),
            returns: ReturnHistory::default(),
            parse_rate,
            recognition: Recognition::default(),
            unseen: 0,
        }
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
            absences: self.returns.absences,
            returns: self.returns.returns,
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
        let Sighting { keys, details, price, is_sold, sold_at: _, raw_data, is_retold: _ } = sighting;
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
                let days = listing.sold_at.map(|sold_at| days_on_market(observed_at, sold_at));
                self.seen_earlier.push(SeenEarlier { stored: row, first_seen_at: observed_at, days_on_market: days });
            }
            return;
        }
        self.returns.returns += u64::from(!scrape.is_late() && came_back(listing, scrape, rules));
        let turn = match (listing.is_sold, sighting.is_sold && !scrape.is_late()) {
            (true, false) => Turn::Relisted,
            (false, true) => Turn::Sold,
            _ => Turn::None,
        };
        // The doubt stays until a page that was written anew says the same.
        if sighting.is_retold && sighting.price == listing.unconfirmed_price {
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
            columns.extend(["is_sold", "sold_at"]);
        }
        let raw_data = sighting.raw_data;
        self.changed.push(ChangedListing { stored: row, sighting: index, after, raw_data, columns, turn });
    }

    /// Marks listings that were not seen and whose own pages the website says are gone: proof that needs no waiting. One that
    /// was not missed often enough yet is an absence now, as it is a return when it comes back.
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
        let complete_scrapes = scrape.complete_scrapes_by_now(self.completeness);
        for (row, listing) in gone.iter().filter_map(|row| Some((*row, stored.get(*row)?))) {
            if marked.contains(&row) || listing.is_sold || listing.last_seen_at >= scrape.observed_at {
                continue;
            }
            let misses = sold::misses(listing.last_seen_at, &complete_scrapes, rules);
            self.returns.absences += u64::from(misses.enough_at.is_none());
            let first_at = misses.first_at.into_iter().chain(scrape.first_missed(listing.last_seen_at)).min();
            let sold_at = first_at.unwrap_or(scrape.observed_at).min(scrape.observed_at);
            let days_on_market = days_on_market(listing.first_seen_at, sold_at);
            self.sold_by_absence.push(SoldByAbsence { stored: row, sold_at, days_on_market });
        }
    }

    /// Marks what a complete scrape did not see, once that has lasted for long enough.
    fn mark_absent(
        &mut self,
        stored: &[StoredListing],
        was_seen: &[bool],
        scrape: &ScrapeFacts,
        rules: &TrackingRules,
    ) {
        if !self.completeness.is_complete() || scrape.is_late() {
            return;
        }
        let first_time = !scrape.is_recorded();
        let complete_scrapes = scrape.complete_scrapes_by_now(self.completeness);
        let absent: Vec<_> = stored
            .iter()
            .enumerate()
            .filter(|(row, listing)| !was_seen[*row] && !listing.is_sold && listing.last_seen_at < scrape.observed_at)
            .map(|(row, listing)| (row, listing, sold::misses(listing.last_seen_at, &complete_scrapes, rules)))
            .collect();
        if first_time {
            let reached = absent.iter().filter(|(_, _, misses)| misses.enough_at == Some(scrape.observed_at)).count();
            self.returns.absences += reached as u64;
        }
        // What is not decided yet says nothing of the dealer: else many that vanish at once would shorten their own time.
        let open = absent.iter().filter(|(_, _, misses)| misses.enough_at.is_some()).count() as u64;
        let history = ReturnHistory {
            absences: (scrape.returns.absences + self.returns.absences).saturating_sub(open),
            returns: scrape.returns.returns + self.returns.returns,
        };
        let patience = sold::patience(history, rules);
        self.sold_by_absence.extend(absent.into_iter().filter_map(|(row, listing, misses)| {
            let sold_at = sold::sold_at(listing, misses, scrape.observed_at, patience)?;
            let sold_at = scrape.first_missed(listing.last_seen_at).map_or(sold_at, |first| first.min(sold_at));
            let days_on_market = days_on_market(listing.first_seen_at, sold_at);
            Some(SoldByAbsence { stored: row, sold_at, days_on_market })
        }));
    }
}

/// Whether a listing now seen again had been missed often enough to be thought sold.
fn came_back(listing: &StoredListing, scrape: &ScrapeFacts, rules: &TrackingRules) -> bool {
    // Sold by absence is dated after the last sighting, sold by the website's word is not.
    let sold_by_absence = listing.is_sold && listing.sold_at.is_some_and(|sold_at| sold_at > listing.last_seen_at);
    let missed = || sold::misses(listing.last_seen_at, &scrape.complete_scrapes, rules).enough_at.is_some();
    sold_by_absence || (!listing.is_sold && missed())
}

fn would_change(listing: &StoredListing, sighting: &Sighting, rules: &TrackingRules) -> bool {
    let price_news = match read_price(listing.price, listing.unconfirmed_price, sighting.price, rules) {
        PriceReading::Missing => false,
        PriceReading::Same => listing.unconfirmed_price.is_some(),
        PriceReading::Accepted(_) => true,
        PriceReading::Doubted(price) => listing.unconfirmed_price != Some(price),
    };
    price_news || listing.keys.would_change(&sighting.keys) || listing.details.would_change(&sighting.details)
}

/// Takes over the price of a sighting as far as it may be believed; a believed change is a row of the price history.
fn apply_price(
    listing: &mut StoredListing,
    seen: Option<Money>,
    (of, observed_at): (PriceOf, DateTime<Utc>),
    columns: &mut Vec<&'static str>,
    rules: &TrackingRules,
) -> Option<PlannedPrice> {
    let unconfirmed = listing.unconfirmed_price;
    let accepted = match read_price(listing.price, unconfirmed, seen, rules) {
        PriceReading::Missing => return None,
        PriceReading::Doubted(price) => {
            listing.unconfirmed_price = Some(price);
            None
        }
        PriceReading::Same => {
            listing.unconfirmed_price = None;
            None
        }
        PriceReading::Accepted(price) => {
            listing.unconfirmed_price = None;
            Some(price)
        }
    };
    if listing.unconfirmed_price != unconfirmed {
        columns.push("unconfirmed_price");
    }
    let price = accepted?;
    let lowest_price = listing.lowest_price.map_or(price, |lowest| lowest.min(price));
    let before = listing.price.replace(price);
    listing.lowest_price = Some(lowest_price);
    listing.highest_price = listing.highest_price.max(Some(price));
    if before.is_some() {
        listing.previous_price = before;
        listing.price_changed_at = Some(observed_at);
    }
    columns.push("price");
    Some(PlannedPrice { of, price, lowest_price, mileage: listing.details.mileage, before })
}
