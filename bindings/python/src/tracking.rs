//! The sold rule over sightings of one's own: `jpauto.tracking`. No database.

use std::{collections::BTreeMap, ffi::CString};

use chrono::{DateTime, Utc};
use jpauto::{
    Money, TrackingRules,
    competitors::{self, Replay, ScrapeReading},
    extract::ScrapedListing,
};
use pyo3::{exceptions::PyUserWarning, prelude::*, types::PyDict};

use crate::{
    error::{exception, invalid_argument},
    faults::Faults,
    input,
    interrupt::{Stop, interruptible},
    pricing::{given, rows_of},
    record::{Amount, Told as _, record},
    tables::Batch,
    typed,
};

/// Where a sighting was made, and what it saw.
#[derive(Clone, Default)]
struct SightingRow {
    observed_at: Option<DateTime<Utc>>,
    dealer: Option<String>,
    external_id: Option<String>,
    vin: Option<String>,
    stock_number: Option<String>,
    year: Option<i32>,
    make: Option<String>,
    model: Option<String>,
    trim: Option<String>,
    price: Option<Money>,
    mileage: Option<i32>,
    exterior_color: Option<String>,
    url: Option<String>,
    stock_status: Option<String>,
    sale_status: Option<String>,
    condition: Option<String>,
    is_sold: Option<bool>,
    sold_at: Option<DateTime<Utc>>,
}

given!(SightingRow, needs ["observed_at"] {
    observed_at: DateTime<Utc>, dealer: String, external_id: String, vin: String, stock_number: String, year: i32,
    make: String, model: String, trim: String, price: Money, mileage: i32, exterior_color: String, url: String,
    stock_status: String, sale_status: String, condition: String, is_sold: bool, sold_at: DateTime<Utc>,
});

impl SightingRow {
    fn into_listing(self) -> ScrapedListing {
        ScrapedListing {
            external_id: self.external_id,
            vin: self.vin,
            stock_number: self.stock_number,
            year: self.year,
            make: self.make,
            model: self.model,
            trim: self.trim,
            price: self.price,
            mileage: self.mileage,
            exterior_color: self.exterior_color,
            url: self.url,
            stock_status: self.stock_status.as_deref().and_then(competitors::StockStatus::read),
            sale_status: self.sale_status.as_deref().and_then(competitors::SaleStatus::read),
            condition: self.condition.as_deref().and_then(competitors::Condition::read),
            is_sold: self.is_sold,
            sold_at: self.sold_at,
            ..ScrapedListing::default()
        }
    }
}

/// A scrape, whether it saw anything or not.
#[derive(Clone, Default)]
struct ScrapeRow {
    observed_at: Option<DateTime<Utc>>,
    dealer: Option<String>,
    complete: Option<bool>,
}

given!(ScrapeRow, needs ["observed_at"] { observed_at: DateTime<Utc>, dealer: String, complete: bool, });

/// A listing and whose it is.
pub(crate) struct OfDealer {
    dealer: Option<String>,
    told: competitors::ReplayedListing,
}

record! {
    /// What a replay knows of one listing, in a row.
    ReplayedListing of OfDealer {
        () {
            /// Whose lot it stands on.
            dealer: Option<String>,
            /// The VIN.
            vin: Option<String> = [told.listing.vin],
            /// The website's own id.
            external_id: Option<String> = [told.listing.external_id],
            /// The stock number.
            stock_number: Option<String> = [told.listing.stock_number],
            /// Model year.
            year: Option<i32> = [told.listing.year],
            /// Make.
            make: Option<String> = [told.listing.make],
            /// Model.
            model: Option<String> = [told.listing.model],
            /// Trim.
            trim: Option<String> = [told.listing.trim],
            /// Miles.
            mileage: Option<i32> = [told.listing.mileage],
            /// The price that is believed.
            price: Option<Amount> = [told.listing.price],
            /// The lowest price ever believed.
            lowest_price: Option<Amount> = [told.lowest_price],
            /// The highest price ever believed.
            highest_price: Option<Amount> = [told.highest_price],
            /// Believed changes of the price.
            price_changes: usize = [told.price_changes],
            /// The first scrape that saw it.
            first_seen_at: DateTime<Utc> = [told.first_seen_at],
            /// The last one.
            last_seen_at: DateTime<Utc> = [told.last_seen_at],
            /// Whether it counts as sold.
            is_sold: bool = [told.is_sold],
            /// When it was sold.
            sold_at: Option<DateTime<Utc>> = [told.sold_at],
            /// The scrape that found it out.
            found_sold_at: Option<DateTime<Utc>> = [told.found_sold_at],
            /// Whole days from the first sighting to the sale, or to the last sighting.
            days_on_market: i32 = [told.days_on_market],
            /// The chance that it comes back, where it was found sold by its absence.
            p_return: Option<f64> = [told.p_return],
            /// How often it was on sale again after it had counted as sold.
            relisted: u32 = [told.relisted],
        }
    }
}

/// What one scrape saw, and whether of the whole lot.
struct Scrape {
    listings: Vec<ScrapedListing>,
    complete: bool,
}

impl Default for Scrape {
    fn default() -> Self {
        Self { listings: Vec::new(), complete: true }
    }
}

type Lots = BTreeMap<Option<String>, BTreeMap<DateTime<Utc>, Scrape>>;

/// Replays sightings. `jpauto.tracking.replay` says more.
#[pyfunction]
#[pyo3(signature = (sightings, scrapes = None, rules = None))]
pub(crate) fn replay_sightings(
    py: Python<'_>,
    sightings: &Bound<'_, PyAny>,
    scrapes: Option<&Bound<'_, PyAny>>,
    #[pyo3(from_py_with = typed::rules)] rules: Option<&Bound<'_, PyDict>>,
) -> PyResult<Batch> {
    let rules: TrackingRules = input::fields(py, rules)?;
    let rules = rules.checked().map_err(|reason| exception(py, &reason))?;
    let rows: Vec<SightingRow> = rows_of("sightings", sightings)?;
    let scrapes: Vec<ScrapeRow> = scrapes.map_or_else(|| Ok(Vec::new()), |scrapes| rows_of("scrapes", scrapes))?;
    let seen = rows.len();
    let no_vin = first_that_is_no_vin(&rows);
    let (lots, faults) = py.detach(|| by_lot(rows, scrapes));
    faults.checked(py)?;
    let (told, unknown) = interruptible(py, |stop| replayed(lots, &rules, stop))?;
    tell_of_unknown(py, unknown, seen, no_vin)?;
    py.detach(move || Batch::of(&told))
}

/// What became of each vehicle, and how many sightings have nothing to know one by.
fn replayed(lots: Lots, rules: &TrackingRules, stop: &Stop) -> (Vec<ReplayedListing>, usize) {
    let (mut told, mut unknown) = (Vec::new(), 0);
    for (dealer, scrapes) in lots {
        let mut replay = Replay::new(rules.clone());
        for (at, Scrape { listings, complete }) in scrapes {
            if stop.is_asked() {
                return (told, unknown);
            }
            let reading = if complete { ScrapeReading::whole_lot() } else { ScrapeReading::part_of_a_lot() };
            unknown += replay.observe(at, listings, reading).refused;
        }
        let of_dealer = |told| ReplayedListing::told(OfDealer { dealer: dealer.clone(), told });
        told.extend(replay.listings().map(of_dealer));
    }
    (told, unknown)
}

/// The scrapes of each lot, and what is wrong with their rows.
fn by_lot(rows: Vec<SightingRow>, scrapes: Vec<ScrapeRow>) -> (Lots, Faults) {
    let mut lots = Lots::new();
    let mut faults = Faults::default();
    for (place, row) in scrapes.into_iter().enumerate() {
        match row.observed_at {
            Some(at) => {
                lots.entry(row.dealer).or_default().entry(at).or_default().complete = row.complete != Some(false);
            }
            None => faults.add(|| (format!("/scrapes/{place}/observed_at"), "expected a time".to_owned())),
        }
    }
    for (place, row) in rows.into_iter().enumerate() {
        match row.observed_at {
            Some(at) => {
                let scrape = lots.entry(row.dealer.clone()).or_default().entry(at).or_default();
                scrape.listings.push(row.into_listing());
            }
            None => faults.add(|| (format!("/sightings/{place}/observed_at"), "expected a time".to_owned())),
        }
    }
    (lots, faults)
}

/// The first row whose VIN is none and that has nothing else to know a vehicle by, and why it is none.
fn first_that_is_no_vin(rows: &[SightingRow]) -> Option<(String, String)> {
    rows.iter().enumerate().find_map(|(place, row)| {
        let vin = row.vin.as_deref().filter(|_| row.external_id.is_none() && row.stock_number.is_none())?;
        let reason = jpauto::Vin::parse(vin).err()?;
        Some((format!("/sightings/{place}/vin"), reason.to_string()))
    })
}

/// Says how many sightings have nothing to know a vehicle by, and so stand nowhere in the answer.
///
/// # Errors
/// `invalid_argument` where it is all of them, as with a column that is called otherwise.
fn tell_of_unknown(py: Python<'_>, unknown: usize, seen: usize, no_vin: Option<(String, String)>) -> PyResult<()> {
    if unknown == 0 {
        return Ok(());
    }
    let needs = "vin, external_id or stock_number, or year, make, model and mileage";
    if unknown >= seen {
        let expected = format!("expected something to know a vehicle by in a row or more: {needs}");
        let mut faults = vec![("/sightings".to_owned(), expected)];
        faults.extend(no_vin);
        return Err(invalid_argument(py, faults));
    }
    let no_vin = no_vin.map(|(at, reason)| format!(" ({}: {reason})", at.trim_start_matches('/'))).unwrap_or_default();
    let said = format!(
        "{unknown} of {seen} sightings were left out, for they have nothing to know a vehicle by: {needs}{no_vin}"
    );
    let said = CString::new(said)?;
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &said, 1)
}
