//! The rules against lots in memory.

mod evidence;
mod identity;
mod price;
mod properties;
mod replay;
mod simulation;

mod sold;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    IncompleteReason, ScrapeCounts, ScrapeReading, TrackingRules,
    facts::{Gone, PastScrape, ScrapeFacts, StoredListing},
    identity::disown_shared_keys,
    plan::{Plan, PriceOf, Turn, plan as plan_of},
    sighting::Sighting,
    sold::Returns,
};
use crate::{extract::ScrapedListing, money::Money};

/// A competitor's lot in memory: what the repository does with a plan, without a database.
#[derive(Clone)]
pub(super) struct Lot {
    pub(super) stored: Vec<StoredListing>,
    history: BTreeMap<usize, Vec<(DateTime<Utc>, Money)>>,
    scrapes: BTreeMap<DateTime<Utc>, PastScrape>,
    /// Absences and returns.
    counted: (u64, u64),
    rules: TrackingRules,
    list_changed_at: Option<DateTime<Utc>>,
}

impl Lot {
    pub(super) fn new(rules: TrackingRules) -> Self {
        Self {
            stored: Vec::new(),
            history: BTreeMap::new(),
            scrapes: BTreeMap::new(),
            counted: (0, 0),
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
        let mut scrape = ScrapeFacts {
            observed_at,
            reading,
            scrapes: self.scrapes.values().cloned().collect(),
            newest_recorded_at: self.scrapes.last_key_value().map(|(time, _)| *time),
            list_changed_at: self.list_changed_at,
            ..ScrapeFacts::default()
        };
        let since = scrape.looked_for_at().unwrap_or(observed_at) - TimeDelta::days(60);
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
        }
        for earlier in &plan.seen_earlier {
            self.stored[earlier.stored].first_seen_at = earlier.first_seen_at;
        }
        for sold in &plan.sold_by_absence {
            let listing = &mut self.stored[sold.stored];
            (listing.is_sold, listing.sold_at, listing.p_return) = (true, Some(sold.sold_at), sold.p_return);
        }
        self.stored.extend(plan.new.iter().map(|new| new.listing.clone()));
        for point in &plan.price_points {
            let row = match point.of {
                PriceOf::New(index) => known + index,
                PriceOf::Stored(row) => row,
            };
            self.history.entry(row).or_default().push((scrape.observed_at, point.price));
        }
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

    fn see(&mut self, on_day: i64, listings: &[ScrapedListing]) -> Plan {
        self.record(day(on_day), listings.to_vec(), whole_lot())
    }
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
