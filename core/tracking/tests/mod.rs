//! The rules against lots in memory.

mod evidence;
mod identity;
mod price;
mod properties;
mod replay;
mod sold;

use std::{collections::BTreeMap, ops::RangeInclusive};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Completeness, IncompleteReason, ListShape, ScrapeCounts, ScrapeReading, TrackingRules,
    evidence::{AlikeScrapes, EarlierScrapes, Recognition},
    identity::disown_shared_keys,
    plan::{Plan, PriceOf, ScrapeFacts, StoredListing, Turn, plan as plan_of},
    sighting::Sighting,
    sold::{ReturnHistory, patience},
};
use crate::{extract::ScrapedListing, money::Money};

/// A competitor's lot in memory: what the repository does with a plan, without a database.
#[derive(Clone)]
pub(super) struct Lot {
    pub(super) stored: Vec<StoredListing>,
    history: BTreeMap<usize, Vec<(DateTime<Utc>, Money)>>,
    scrapes: BTreeMap<DateTime<Utc>, (Completeness, usize)>,
    returns: ReturnHistory,
    rules: TrackingRules,
    list_changed_at: Option<DateTime<Utc>>,
}

impl Lot {
    pub(super) fn new(rules: TrackingRules) -> Self {
        Self {
            stored: Vec::new(),
            history: BTreeMap::new(),
            scrapes: BTreeMap::new(),
            returns: ReturnHistory::default(),
            rules,
            list_changed_at: None,
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
    fn record_with_gone(
        &mut self,
        observed_at: DateTime<Utc>,
        listings: Vec<ScrapedListing>,
        reading: ScrapeReading,
        gone: &[usize],
    ) -> Plan {
        let earlier: Vec<usize> = self
            .scrapes
            .range(..observed_at)
            .rev()
            .filter_map(|(_, (completeness, vehicles))| completeness.is_complete().then_some(*vehicles))
            .collect();
        let mut scrape = ScrapeFacts {
            observed_at,
            reading,
            earlier_counts: earlier,
            last_complete_at: self
                .scrapes
                .range(..observed_at)
                .rev()
                .find_map(|(time, (completeness, _))| completeness.is_complete().then_some(*time)),
            distrusted_scrapes: self
                .scrapes
                .iter()
                .filter(|(_, (completeness, _))| is_distrusted(*completeness))
                .map(|(time, _)| *time)
                .collect(),
            moved_scrapes: self
                .scrapes
                .iter()
                .filter(|(_, (completeness, _))| completeness.reason() == Some(IncompleteReason::ListMoved))
                .map(|(time, _)| *time)
                .collect(),
            last_pages: None,
            last_list: ListShape::default(),
            last_claimed: None,
            is_narrowed: false,
            list_changed_at: self.list_changed_at,
            ahead_at: None,
            newest_recorded_at: self.scrapes.last_key_value().map(|(time, _)| *time),
            complete_scrapes: self
                .scrapes
                .iter()
                .filter_map(|(time, (completeness, _))| completeness.is_complete().then_some(*time))
                .collect(),
            returns: self.returns,
            alike: None,
        };
        let mut seen: Vec<Sighting> = listings.into_iter().map(Sighting::from).collect();
        disown_shared_keys(&mut seen);
        let mut plan = plan_of(&self.stored, seen.clone(), &scrape, &self.rules);
        if let Some(counts) = plan.completeness.counts_alike(&scrape.reading, plan.vehicles, &self.rules) {
            scrape.alike = self.alike(observed_at, &counts);
            plan = plan_of(&self.stored, seen, &scrape, &self.rules);
        }
        plan.mark_gone(&self.stored, gone, &scrape, &self.rules);
        self.apply(&plan, &scrape);
        plan
    }

    fn alike(&self, observed_at: DateTime<Utc>, counts: &RangeInclusive<usize>) -> Option<AlikeScrapes> {
        let row: Vec<_> = self
            .scrapes
            .range(..observed_at)
            .rev()
            .filter(|(_, (completeness, _))| completeness.is_complete() || is_distrusted(*completeness))
            .take_while(|(_, (_, vehicles))| counts.contains(vehicles))
            .map(|(time, _)| *time)
            .collect();
        let row: Vec<_> = row.into_iter().rev().collect();
        AlikeScrapes::of(&row, DateTime::UNIX_EPOCH, &self.rules)
    }

    fn apply(&mut self, plan: &Plan, scrape: &ScrapeFacts) {
        let known = self.stored.len();
        for &row in &plan.reseen {
            self.stored[row].last_seen_at = scrape.observed_at;
        }
        for changed in &plan.changed {
            self.stored[changed.stored] = changed.after.clone();
        }
        for earlier in &plan.seen_earlier {
            self.stored[earlier.stored].first_seen_at = earlier.first_seen_at;
        }
        for sold in &plan.sold_by_absence {
            let listing = &mut self.stored[sold.stored];
            (listing.is_sold, listing.sold_at) = (true, Some(sold.sold_at));
        }
        self.stored.extend(plan.new.iter().map(|new| new.listing.clone()));
        for point in &plan.price_points {
            let row = match point.of {
                PriceOf::New(index) => known + index,
                PriceOf::Stored(row) => row,
            };
            self.history.entry(row).or_default().push((scrape.observed_at, point.price));
        }
        self.scrapes.insert(scrape.observed_at, (plan.completeness, plan.vehicles));
        self.returns.absences += plan.returns.absences;
        self.returns.returns += plan.returns.returns;
    }

    fn see(&mut self, on_day: i64, listings: &[ScrapedListing]) -> Plan {
        self.record(day(on_day), listings.to_vec(), whole_lot())
    }
}

fn is_distrusted(completeness: Completeness) -> bool {
    completeness.reason().is_some_and(|reason| IncompleteReason::DISTRUSTED.contains(&reason))
}

fn lot() -> Lot {
    Lot::new(TrackingRules::default())
}

fn whole_lot() -> ScrapeReading {
    ScrapeReading::whole_lot()
}

fn day(number: i64) -> DateTime<Utc> {
    "2026-03-01T02:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(number)
}

const VIN_A: &str = "1M8GDM9AXKP042788";
const VIN_B: &str = "JTM6CRAV2TD002152";

/// A car from a short line: `vin=A` (or B, or a text of its own) `ext=… stock=… model=… miles=… price=… url=…` and the word `sold`.
fn car(line: &str) -> ScrapedListing {
    let mut car = ScrapedListing {
        year: Some(2023),
        make: Some("Toyota".into()),
        model: Some("Camry".into()),
        ..ScrapedListing::default()
    };
    for word in line.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let text = Some(value.to_owned());
        match key {
            "vin" => {
                car.vin = match value {
                    "A" => Some(VIN_A.into()),
                    "B" => Some(VIN_B.into()),
                    _ => text,
                }
            }
            "ext" => car.external_id = text,
            "stock" => car.stock_number = text,
            "year" => car.year = value.parse().ok(),
            "make" => car.make = text,
            "model" => car.model = text.filter(|model| !model.is_empty()),
            "miles" => car.mileage = value.parse().ok(),
            "price" => car.price = value.parse().ok(),
            "url" => car.url = text,
            "sold" => car.is_sold = Some(true),
            _ => panic!("{key}"),
        }
    }
    car
}

fn cars(lines: &[&str]) -> Vec<ScrapedListing> {
    lines.iter().map(|line| car(line)).collect()
}
