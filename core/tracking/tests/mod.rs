//! The rules against lots in memory.

mod evidence;
mod identity;
mod price;
mod properties;
mod replay;
mod simulation;

mod sold;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    IncompleteReason, ScrapeCounts, ScrapeReading, TrackingRules,
    facts::StoredListing,
    plan::{Plan, Turn},
    replay::Replay,
    sighting::Sighting,
    sold::Returns,
};
use crate::{extract::ScrapedListing, money::Money};

/// A competitor's lot in memory.
type Lot = Replay;

impl Lot {
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
