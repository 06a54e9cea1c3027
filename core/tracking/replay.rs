//! A dealer's lot in memory: the rules over sightings of one's own, without a database.
//!
//! It does with a plan what the repository does with it, so that it decides as the database would.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{
    ScrapeCounts, ScrapeReading, TrackingRules,
    facts::{Gone, PastScrape, ScrapeFacts, StoredListing},
    identity::disown_shared_keys,
    plan::{Plan, PriceOf, Turn, plan as plan_of},
    sighting::Sighting,
    sold::{days_to_sale, span},
};
use crate::{extract::ScrapedListing, money::Money};

/// The scrapes of one dealer, replayed.
///
/// ```
/// use jpauto::{TrackingRules, competitors::{Replay, ScrapeReading, ScrapedListing}};
///
/// let car = |number: &str| ScrapedListing { stock_number: Some(number.into()), ..ScrapedListing::default() };
/// let mut lot = Replay::new(TrackingRules::default());
/// let first: chrono::DateTime<chrono::Utc> = "2026-03-01T02:00:00Z".parse()?;
/// lot.observe(first, vec![car("A1"), car("A2")], ScrapeReading::whole_lot());
/// for day in 1..20 {
///     lot.observe(first + chrono::TimeDelta::days(day), vec![car("A1")], ScrapeReading::whole_lot());
/// }
/// let sold: Vec<_> = lot.listings().map(|listing| listing.is_sold).collect();
/// assert_eq!(sold, [false, true]);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Replay {
    pub(super) stored: Vec<StoredListing>,
    pub(super) history: BTreeMap<usize, Vec<(DateTime<Utc>, Money)>>,
    pub(super) scrapes: BTreeMap<DateTime<Utc>, PastScrape>,
    /// Absences and returns.
    pub(super) counted: (u64, u64),
    pub(super) rules: TrackingRules,
    pub(super) list_changed_at: Option<DateTime<Utc>>,
    turns: BTreeMap<usize, Turns>,
}

/// How often a listing turned, and when it was last found out.
#[derive(Clone, Copy, Debug, Default)]
struct Turns {
    found_sold_at: Option<DateTime<Utc>>,
    relisted: u32,
}

/// What a replay knows of one listing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ReplayedListing {
    /// What it says of itself, at the last sighting that told anything; its price is the one that is believed.
    pub listing: ScrapedListing,
    /// The lowest price ever believed.
    pub lowest_price: Option<Money>,
    /// The highest price ever believed.
    pub highest_price: Option<Money>,
    /// Believed changes of the price.
    pub price_changes: usize,
    /// The first scrape that saw it.
    pub first_seen_at: DateTime<Utc>,
    /// The last one.
    pub last_seen_at: DateTime<Utc>,
    /// Whether it counts as sold.
    pub is_sold: bool,
    /// When it was sold: after the last sighting, where it was found out by its absence.
    pub sold_at: Option<DateTime<Utc>>,
    /// The scrape that found it out.
    pub found_sold_at: Option<DateTime<Utc>>,
    /// Whole days from the first sighting to the sale, or to the last sighting of one that is on sale.
    pub days_on_market: i32,
    /// The chance that it comes back, where it was found sold by its absence.
    pub p_return: Option<f64>,
    /// How often it was on sale again after it had counted as sold: each time the rule was wrong, or the car came back.
    pub relisted: u32,
}

impl Replay {
    /// A lot that nobody has seen yet.
    #[must_use]
    pub fn new(rules: TrackingRules) -> Self {
        Self {
            stored: Vec::new(),
            history: BTreeMap::new(),
            scrapes: BTreeMap::new(),
            counted: (0, 0),
            rules,
            list_changed_at: None,
            turns: BTreeMap::new(),
        }
    }

    /// Records a scrape: what stood on the lot at one moment, in any order, and how far the reading came. A scrape that is older
    /// than the newest recorded one adds vehicles and finds none sold.
    ///
    /// Linear in the listings known so far and the scrapes recorded.
    pub fn observe(
        &mut self,
        observed_at: DateTime<Utc>,
        listings: Vec<ScrapedListing>,
        reading: ScrapeReading,
    ) -> ScrapeCounts {
        self.record(observed_at, listings, reading).counts()
    }

    /// Every listing ever seen, in the order in which they were seen first.
    pub fn listings(&self) -> impl Iterator<Item = ReplayedListing> + '_ {
        self.stored.iter().enumerate().map(|(row, stored)| self.told(row, stored))
    }

    fn told(&self, row: usize, stored: &StoredListing) -> ReplayedListing {
        let turns = self.turns.get(&row).copied().unwrap_or_default();
        ReplayedListing {
            listing: stored.said(),
            lowest_price: stored.lowest_price,
            highest_price: stored.highest_price,
            price_changes: self.history.get(&row).map_or(0, |points| points.len().saturating_sub(1)),
            first_seen_at: stored.first_seen_at,
            last_seen_at: stored.last_seen_at,
            is_sold: stored.is_sold,
            sold_at: stored.sold_at,
            found_sold_at: turns.found_sold_at.filter(|_| stored.is_sold),
            days_on_market: days_to_sale(stored.first_seen_at, stored.sold_at.unwrap_or(stored.last_seen_at)),
            p_return: stored.p_return,
            relisted: turns.relisted,
        }
    }

    pub(super) fn record(
        &mut self,
        observed_at: DateTime<Utc>,
        listings: Vec<ScrapedListing>,
        reading: ScrapeReading,
    ) -> Plan {
        self.record_with_gone(observed_at, listings, reading, &[])
    }

    /// The same where the own pages of these stored listings are gone.
    pub(super) fn record_with_gone(
        &mut self,
        observed_at: DateTime<Utc>,
        listings: Vec<ScrapedListing>,
        reading: ScrapeReading,
        gone: &[usize],
    ) -> Plan {
        let mut scrape = ScrapeFacts {
            observed_at,
            reading,
            scrapes: self.scrapes.values().cloned().collect(),
            newest_recorded_at: self.scrapes.last_key_value().map(|(time, _)| *time),
            list_changed_at: self.list_changed_at,
            ..ScrapeFacts::default()
        };
        let watched = span(self.rules.sold.watched_days);
        let since = scrape.looked_for_at().unwrap_or(observed_at).checked_sub_signed(watched).unwrap_or_default();
        let is_gone = |(_, listing): &(usize, &StoredListing)| listing.is_gone() && listing.last_seen_at >= since;
        let gone_lately = self.stored.iter().enumerate().filter(is_gone).map(|(row, listing)| Gone {
            row: Some(row),
            first_seen_at: listing.first_seen_at,
            last_seen_at: listing.last_seen_at,
            is_in_stock: listing.is_in_stock(),
        });
        scrape.gone = gone_lately.collect();
        let mut seen: Vec<Sighting> = listings.into_iter().map(Sighting::from).collect();
        disown_shared_keys(&mut seen);
        let mut plan = plan_of(&self.stored, seen, &scrape, &self.rules);
        plan.mark_gone(&self.stored, gone, &scrape, &self.rules);
        self.apply(&plan, &scrape);
        plan
    }

    fn apply(&mut self, plan: &Plan, scrape: &ScrapeFacts) {
        let known = self.stored.len();
        for &row in &plan.reseen {
            self.stored[row].last_seen_at = scrape.observed_at;
        }
        for changed in &plan.changed {
            self.stored[changed.stored] = changed.after.clone();
            let turns = self.turns.entry(changed.stored).or_default();
            match changed.turn {
                Turn::None => {}
                Turn::Relisted => turns.relisted += 1,
                Turn::Sold => turns.found_sold_at = Some(scrape.observed_at),
            }
        }
        for earlier in &plan.seen_earlier {
            self.stored[earlier.stored].first_seen_at = earlier.first_seen_at;
        }
        for sold in &plan.sold_by_absence {
            let listing = &mut self.stored[sold.stored];
            (listing.is_sold, listing.sold_at, listing.p_return) = (true, Some(sold.sold_at), sold.p_return);
            self.turns.entry(sold.stored).or_default().found_sold_at = Some(scrape.observed_at);
        }
        self.stored.extend(plan.new.iter().map(|new| new.listing.clone()));
        for point in &plan.price_points {
            let row = match point.of {
                PriceOf::New(index) => known + index,
                PriceOf::Stored(row) => row,
            };
            self.history.entry(row).or_default().push((scrape.observed_at, point.price));
        }
        self.keep(plan, scrape);
    }

    /// Keeps what later scrapes must know of this one.
    fn keep(&mut self, plan: &Plan, scrape: &ScrapeFacts) {
        for (last, weight) in &plan.fixed {
            if let Some(seen_by) = self.scrapes.get_mut(last) {
                seen_by.group_weight = Some(*weight);
            }
        }
        let recorded = self.scrapes.remove(&scrape.observed_at);
        let this = PastScrape {
            observed_at: scrape.observed_at,
            weight: plan.weight,
            is_complete: plan.completeness().is_complete(),
            is_cut: plan.doubts.are_of_a_cut(),
            group_weight: recorded.and_then(|recorded| recorded.group_weight),
            vehicles: plan.vehicles,
            total_claimed: scrape.reading.total_claimed,
            pages: scrape.reading.pages_fetched,
            list: scrape.reading.list.clone(),
            behaviour: Some(plan.returns),
        };
        self.scrapes.insert(scrape.observed_at, this);
        let (absences, returns) = self.counted;
        self.counted = (absences + plan.absences, returns + plan.returned);
    }
}
