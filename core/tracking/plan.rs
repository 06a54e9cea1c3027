//! What a scrape changes: everything is planned in memory from what is stored and what was seen, and then written in bulk.
//!
//! Every sighting ends as exactly one of: new, changed, re-seen unchanged, already known, duplicate, refused. A snapshot
//! older than the newest recorded one is late: it adds vehicles, fills in listings not seen since and may show that a
//! vehicle was there earlier than thought, but neither lists a sold vehicle again nor marks one sold nor replaces a newer
//! value. A snapshot recorded twice changes nothing the second time.
//! What is deliberately not here: identity, prices, completeness and absence, each in its own file; ids and SQL.

use std::collections::HashSet;

use chrono::{DateTime, Days, TimeDelta, Utc};

use super::{
    ScrapeCounts,
    alert::ParseRate,
    completeness::{AlikeScrapes, Completeness, EarlierScrapes, ListShape, Recognition, ScrapeReading},
    identity::{Match, RefusalReason, identify},
    price::{PriceReading, is_price, read_price},
    sighting::{Details, Keys, Sighting},
    sold::{self, ReturnHistory, days_on_market},
};
use crate::money::Money;

/// The numbers of the tracking rules.
///
/// ```
/// use jpauto::competitors::TrackingRules;
///
/// let stricter = TrackingRules { sold_after_misses: 5, ..TrackingRules::default() };
/// assert_eq!(stricter.sold_after_days, 7);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackingRules {
    /// Days unseen before a listing counts as sold, at a dealer of whom little is known: 7.
    pub sold_after_days: u32,
    /// The same at a dealer whose vanished listings seldom come back: 5.
    pub sold_after_days_few_returns: u32,
    /// The same at a dealer whose vanished listings often come back: 12.
    pub sold_after_days_many_returns: u32,
    /// Complete scrapes that must have missed a listing before it counts as sold: 3.
    pub sold_after_misses: usize,
    /// Hours that must lie between two scrapes for both to count as a miss: 18. Three misses then span a day and a half at the
    /// least, and a daily scrape counts each day, at somewhat uneven hours too.
    pub misses_apart_hours: u32,
    /// Vanished listings from which on a dealer counts as known: 10.
    pub absences_to_know_a_dealer: u64,
    /// Returns are few below this share of the vanished listings, in percent: 8.
    pub few_returns_percent: u32,
    /// Vehicles a complete scrape must at least have, in percent of what the website itself claims: 90.
    pub claimed_share_percent: u32,
    /// So many vehicles fewer than claimed are forgiven whatever the share: 2.
    pub claimed_slack: u32,
    /// Vehicles a complete scrape must at least have, in percent of the median of the complete scrapes before it: 50.
    pub complete_share_percent: u32,
    /// Complete scrapes that make the median: 7.
    pub complete_scrapes_compared: usize,
    /// Scrapes in a row with about the same too small count after which a lot is believed to have shrunk, this one
    /// included: 5.
    pub shrunk_after_scrapes: usize,
    /// Days that those scrapes must span: 5.
    pub shrunk_after_days: u32,
    /// How far counts may lie apart to be about the same, in percent of the present one: 25.
    pub shrunk_tolerance_percent: u32,
    /// Days after which a list is believed that ends a page earlier than the last complete scrape did, with a full page, or stands at
    /// an address that narrows it: 21. As many scrapes must have seen it so as of a lot that shrank.
    pub cut_list_believed_after_days: u32,
    /// Vehicles that may stand on several pages of a list before it counts as moving: 2.
    pub moved_slack: u32,
    /// The same in percent of the vehicles seen; it moves where both are exceeded: 5.
    pub moved_percent: u32,
    /// Vehicles of the last complete scrape that one must recognise to be complete, in percent: 50. Less is believed as a lot
    /// that shrank is.
    pub recognised_share_percent: u32,
    /// Days in which a whole lot may be sold: of the vehicles not recognised, the share that may have gone since somebody last
    /// looked is no wonder: 14.
    pub turnover_days: u32,
    /// So many vehicles not recognised are forgiven beside that share: 2.
    pub turnover_slack: u32,
    /// Vehicles that must be missing at once, far more than may have gone, before a list is distrusted for it: 5.
    pub many_missing_least: usize,
    /// The same in percent of the last whole lot: 20. It is believed as a lot that shrank is.
    pub many_missing_percent: u32,
    /// Vehicles that a website must call sold at once before its word is doubted: 5.
    pub called_sold_doubted: usize,
    /// The same in percent of what is on sale: 25.
    pub called_sold_percent: u32,
    /// Days after its sale within which a vehicle known by year, make, model and mileage alone may be on sale again: 90.
    pub relisted_by_likeness_days: u32,
    /// Days after its last sighting within which a vehicle seen at another competitor has changed lots and was not sold to
    /// a customer: 45.
    pub transfer_days: u32,
    /// Days after its last sighting in which a listing on sale counts in the market: 14. No dealer's patience with what vanished
    /// is longer, and in so long a whole lot may be sold. Of a dealer of whom nobody hears any more nothing is found sold: its
    /// listings stay on sale and are told as such, but what they ask is no longer what the market asks.
    pub on_the_market_days: u32,
    /// Failed scrapes in a row from which on an alert is open: 3.
    pub alert_after_failures: u32,
    /// An alert is open while fewer listings than this have both an identity and a price, in percent: 80.
    pub alert_parse_rate_percent: u32,
    /// Listings that a scrape must have for its parse rate to mean anything: 5.
    pub alert_parse_rate_listings: usize,
    /// An alert is open while a lot that was read to its end has fewer vehicles than this, in percent of the median of the
    /// complete scrapes before: 50.
    pub alert_inventory_drop_percent: u32,
    /// Scrapes in a row that saw a part of the lot from which on an alert is open, this one included: 3.
    pub alert_after_incomplete: u32,
    /// Days that those scrapes must span: 2.
    pub alert_incomplete_days: u32,
    /// Miles by which a listing known only by year, make and model may differ: 100.
    pub mileage_tolerance: i32,
    /// Listings of one model and mileage looked at before they count as not to be told apart: 64.
    pub most_candidates: usize,
    /// Nothing below is a price, however often it is read: 200.00. No vehicle is sold for less; deposits, and rates a day or a
    /// month, are shown for less.
    pub price_least: Money,
    /// Prices below are believed only when a second scrape confirms them: 500.00.
    pub price_floor: Money,
    /// Changes beyond this share of the stored price are believed only when a second scrape confirms them, in percent: 60.
    pub price_jump_percent: u32,
    /// Minutes that the time of a scrape may lie ahead of the clock here: 5.
    pub clock_tolerance_minutes: u32,
}

impl TrackingRules {
    /// A scrape later than this was recorded under a clock that went ahead, or the clock has gone back since.
    pub(crate) fn latest(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::minutes(self.clock_tolerance_minutes.into())
    }

    /// A listing on sale last seen earlier than this counts in the market no longer.
    pub(crate) fn on_the_market_since(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now.checked_sub_days(Days::new(self.on_the_market_days.into())).unwrap_or_default().max(DateTime::UNIX_EPOCH)
    }
}

impl Default for TrackingRules {
    fn default() -> Self {
        Self {
            sold_after_days: 7,
            sold_after_days_few_returns: 5,
            sold_after_days_many_returns: 12,
            sold_after_misses: 3,
            misses_apart_hours: 18,
            absences_to_know_a_dealer: 10,
            few_returns_percent: 8,
            claimed_share_percent: 90,
            claimed_slack: 2,
            complete_share_percent: 50,
            complete_scrapes_compared: 7,
            shrunk_after_scrapes: 5,
            shrunk_after_days: 5,
            shrunk_tolerance_percent: 25,
            cut_list_believed_after_days: 21,
            moved_slack: 2,
            moved_percent: 5,
            recognised_share_percent: 50,
            turnover_days: 14,
            turnover_slack: 2,
            many_missing_least: 5,
            many_missing_percent: 20,
            called_sold_doubted: 5,
            called_sold_percent: 25,
            relisted_by_likeness_days: 90,
            transfer_days: 45,
            on_the_market_days: 14,
            alert_after_failures: 3,
            alert_parse_rate_percent: 80,
            alert_parse_rate_listings: 5,
            alert_inventory_drop_percent: 50,
            alert_after_incomplete: 3,
            alert_incomplete_days: 2,
            mileage_tolerance: 100,
            most_candidates: 64,
            price_least: Money::from_dollars(200),
            price_floor: Money::from_dollars(500),
            price_jump_percent: 60,
            clock_tolerance_minutes: 5,
        }
    }
}

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
        let long_ago = self.observed_at - TimeDelta::days(rules.shrunk_after_days.into());
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
