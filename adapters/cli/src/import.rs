//! `jpauto import`: the dealership's own stock from a file, and a competitor's lot as somebody saw it, from saved pages or from
//! listings collected elsewhere.
//!
//! All input is read before anything is written. `vehicles` has the own stock. What is deliberately not here: what a sighting
//! means; the library tells new from known and sold from missed.

mod vehicles;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike as _, Utc};
use clap::{Args, Subcommand};
use jpauto::{
    ErrorCode,
    competitors::{
        ChangedVehicle, CompetitorKey, PriceChange, RecordReport, RecordedVehicle, RefusedListing, ScrapeReading,
        ScrapedPage, SoldVehicle,
    },
    extract::{ListingLimits, ScrapedListing},
};
use serde::Serialize;

use self::vehicles::VehiclesArgs;
use crate::{
    competitor::{completeness, likely_to_return, meaning},
    context::Context,
    extract::read_page,
    failure::Failure,
    fields::Fields,
    output::{Cell, Column, Format, Output, Row, Tone, car, counted, dash, day, miles, moment, money, remark},
    source::{self, Lines},
};

/// A listing with all that a website says of it is far smaller.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// All lines together.
const LISTINGS_BYTES_MAX: usize = 512 * 1024 * 1024;

/// A person wants to see what happened, not all of a new lot.
const ROWS_SHOWN: usize = 20;

/// The first few show what is wrong with the others.
const DOUBTS_SHOWN: usize = 5;

const EXAMPLES: &str = "\
Examples:
  jpauto import page --competitor 'Example Motors' --url https://motors.example/used \\
      used-1.html used-2.html
  jpauto import listings --competitor 'Example Motors' \\
      --observed-at 2026-11-22T06:00:00Z monday.jsonl
  jpauto extract used.html --url https://motors.example/used --format jsonl |
      jpauto import listings --competitor 'Example Motors' \\
      --observed-at 2026-11-22T06:00:00Z -

What is imported counts as the whole lot of that moment: a vehicle that is missing from it often enough is sold. A part
of a lot is imported with --partial. An empty file is a day on which nothing was seen, and proves nothing.
A competitor that is not known yet is added.";

/// What to import.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Import the dealership's own vehicles from the file that another system writes
    Vehicles(VehiclesArgs),
    /// Import saved pages of a dealer's website; together they are one scrape of the whole lot
    #[command(after_help = EXAMPLES)]
    Page(PageArgs),
    /// Import listings from JSON lines; the keys are those that `jpauto extract` prints
    #[command(after_help = EXAMPLES)]
    Listings(ListingsArgs),
}

/// Saved pages.
#[derive(Args, Debug)]
pub(crate) struct PageArgs {
    /// Whose lot it is; added where the name is not known yet
    #[arg(long, value_name = "NAME")]
    competitor: String,
    /// Where the pages were saved from
    #[arg(long, value_name = "URL")]
    url: String,
    /// When, such as 2026-11-22T06:00:00Z; now without it
    #[arg(long, value_name = "RFC3339")]
    observed_at: Option<DateTime<Utc>>,
    /// Read as this platform instead of detecting it
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<String>,
    /// The pages are a part of the list: what is missing from them is not missed
    #[arg(long)]
    partial: bool,
    /// The pages, in any encoding; `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Listings collected elsewhere.
#[derive(Args, Debug)]
pub(crate) struct ListingsArgs {
    /// Whose lot it is; added where the name is not known yet
    #[arg(long, value_name = "NAME")]
    competitor: String,
    /// When it was seen, such as 2026-11-22T06:00:00Z
    #[arg(long, value_name = "RFC3339")]
    observed_at: DateTime<Utc>,
    /// Only a part of the lot was looked at: what is missing from it is not missed
    #[arg(long)]
    partial: bool,
    /// Where a competitor that is not known yet lists its vehicles
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// One JSON object a line; `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Imports it.
pub(crate) fn run(command: ImportCommand, context: &mut Context) -> Result<(), Failure> {
    match command {
        ImportCommand::Vehicles(arguments) => vehicles::run(&arguments, context),
        ImportCommand::Page(arguments) => import_pages(arguments, context),
        ImportCommand::Listings(arguments) => import_listings(arguments, context),
    }
}

fn import_pages(arguments: PageArgs, context: &mut Context) -> Result<(), Failure> {
    let PageArgs { competitor, url, observed_at, platform, partial, files } = arguments;
    let read = |file: &PathBuf| {
        let bytes = read_page(file)?;
        Ok(ScrapedPage { bytes, content_type: None, url: url.clone(), platform: platform.clone() })
    };
    let pages: Vec<_> = files.iter().map(read).collect::<Result<_, Failure>>()?;
    let desk = context.desk()?;
    let observed_at = observed_at.unwrap_or_else(Utc::now);
    let key = CompetitorKey::named(competitor).at(url);
    let report = if partial {
        desk.competitors().record_some_pages(key, &pages, observed_at)?
    } else {
        desk.competitors().record_pages(key, &pages, observed_at)?
    };
    print(&report, &[], &mut context.output)
}

fn import_listings(arguments: ListingsArgs, context: &mut Context) -> Result<(), Failure> {
    let ListingsArgs { competitor, observed_at, partial, url, file } = arguments;
    let (listings, lines) = read_listings(&file)?;
    warn_of_doubtful(&listings, &lines, observed_at);
    let reading = if partial { ScrapeReading::part_of_a_lot() } else { ScrapeReading::whole_lot() };
    let key = CompetitorKey::Name { name: competitor, inventory_url: url };
    let report = context.desk()?.competitors().record(key, listings, reading, observed_at)?;
    print(&report, &lines, &mut context.output)
}

/// The listings and the line that each stands on; the first line that is none ends it all.
fn read_listings(path: &Path) -> Result<(Vec<ScrapedListing>, Vec<usize>), Failure> {
    let mut lines = Lines::new(source::open(path)?, LINE_BYTES_MAX);
    let (mut listings, mut numbers) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    while let Some((number, line)) = lines.next_line()? {
        bytes += line.len();
        if bytes > LISTINGS_BYTES_MAX {
            let message = format!("{} is larger than {} MiB", path.display(), LISTINGS_BYTES_MAX / (1024 * 1024));
            return Err(Failure::new(ErrorCode::FileTooLarge, message));
        }
        if !line.is_empty() {
            listings.push(listing(line).map_err(|failure| failure.at(&format!("line {number}")))?);
            numbers.push(number);
        }
    }
    Ok((listings, numbers))
}

fn listing(line: &[u8]) -> Result<ScrapedListing, Failure> {
    // Field by field is slower. It reads amounts as people type them, and knows which field is at fault.
    serde_json::from_slice(line).or_else(|_reason| Fields::from_json(line)?.build())
}

/// Says which values are not as columns and people expect them; the library records what of them it can believe.
fn warn_of_doubtful(listings: &[ScrapedListing], lines: &[usize], observed_at: DateTime<Utc>) {
    let limits = ListingLimits::default();
    let doubts = listings.iter().zip(lines).filter_map(|(listing, line)| {
        // Without identity it is refused, and told so.
        let faults = listing.check(observed_at.year(), &limits).err().filter(|_| listing.has_identity())?;
        let told: Vec<_> = faults
            .iter()
            .map(|fault| format!("{}: {}", fault.pointer.trim_start_matches('/'), fault.message))
            .collect();
        Some(format!("warning[doubtful_listing]: line {line}: {}", told.join("; ")))
    });
    let doubts: Vec<_> = doubts.collect();
    doubts.iter().take(DOUBTS_SHOWN).for_each(|doubt| remark(doubt));
    if doubts.len() > DOUBTS_SHOWN {
        remark(&format!("warning[doubtful_listing]: and {} more lines", doubts.len() - DOUBTS_SHOWN));
    }
}

/// Tells what recording a scrape did; `lines` are where its listings stood, if they came in lines.
pub(crate) fn print(report: &RecordReport, lines: &[usize], output: &mut Output) -> Result<(), Failure> {
    report.warnings.iter().for_each(|warning| remark(&format!("warning[{}]: {warning}", warning.code())));
    if output.format() != Format::Table {
        return output.item(report);
    }
    let counts = &report.counts;
    let seen = completeness(report.completeness);
    let is_new = if report.added { ", added" } else { "" };
    output.heading(&format!("{} on {}{is_new}", report.competitor, moment(report.observed_at)), "")?;
    let found = counted(counts.listings_found, "listing");
    output.text(&format!("{found}, {}: {}", counted(counts.vehicles, "vehicle"), seen.painted(output)))?;
    meaning(report.completeness).map_or(Ok(()), |words| output.text(words))?;
    output.text(&format!(
        "new {}, updated {}, price changes {}, sold {}, relisted {}, refused {}",
        counts.new, counts.updated, counts.price_changes, counts.sold, counts.relisted, counts.refused
    ))?;
    section(output, "New", &report.new)?;
    section(output, "Updated", &report.updated)?;
    section(output, "Price changes", &report.price_changes)?;
    section(output, "Sold", &report.sold)?;
    section(output, "Relisted", &report.relisted)?;
    let refused: Vec<_> = report.refused.iter().map(|refused| Refused::of(refused, lines)).collect();
    section(output, "Refused", &refused)
}

fn section<T: Row>(output: &mut Output, title: &str, rows: &[T]) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    output.heading(title, "")?;
    output.table(rows.iter().take(ROWS_SHOWN))?;
    match rows.len().checked_sub(ROWS_SHOWN) {
        Some(more) if more > 0 => output.text(&format!("and {more} more: --format json shows all")),
        _ => Ok(()),
    }
}

/// A listing that was not recorded, by the line that it stands on.
#[derive(Serialize)]
struct Refused {
    place: String,
    reason: &'static str,
}

impl Refused {
    fn of(refused: &RefusedListing, lines: &[usize]) -> Self {
        let place = match lines.get(refused.index) {
            Some(line) => format!("line {line}"),
            None => format!("listing {}", refused.index + 1),
        };
        Self { place, reason: refused.reason.message() }
    }
}

impl Row for Refused {
    const COLUMNS: &'static [Column] = &[Column::text("Where"), Column::text("Reason")];

    fn cells(&self) -> Vec<Cell> {
        vec![self.place.as_str().into(), Cell::new(self.reason).tone(Tone::Warning)]
    }
}

fn name(vehicle: &RecordedVehicle) -> Cell {
    car(vehicle.year, vehicle.make.as_deref(), vehicle.model.as_deref(), vehicle.trim.as_deref()).into()
}

fn key(vehicle: &RecordedVehicle) -> Cell {
    let key = vehicle.vin.clone().or_else(|| vehicle.stock_number.clone());
    Cell::new(dash(key, |key| key)).tone(Tone::Faint)
}

impl Row for RecordedVehicle {
    const COLUMNS: &'static [Column] =
        &[Column::text("Vehicle"), Column::number("Price"), Column::number("Miles"), Column::text("VIN").spare(1)];

    fn cells(&self) -> Vec<Cell> {
        vec![name(self), dash(self.price, money).into(), dash(self.mileage, miles).into(), key(self)]
    }
}

impl Row for ChangedVehicle {
    const COLUMNS: &'static [Column] =
        &[Column::text("Vehicle"), Column::text("Changed"), Column::text("VIN").spare(1)];

    fn cells(&self) -> Vec<Cell> {
        vec![name(&self.vehicle), self.columns.join(", ").into(), key(&self.vehicle)]
    }
}

impl Row for PriceChange {
    const COLUMNS: &'static [Column] =
        &[Column::text("Vehicle"), Column::number("Before"), Column::number("Now"), Column::text("VIN").spare(1)];

    fn cells(&self) -> Vec<Cell> {
        vec![name(&self.vehicle), money(self.before).into(), money(self.after).into(), key(&self.vehicle)]
    }
}

impl Row for SoldVehicle {
    const COLUMNS: &'static [Column] = &[
        Column::text("Vehicle"),
        Column::number("Last price"),
        Column::text("Sold"),
        Column::number("After"),
        Column::text("Comes back").spare(2),
        Column::text("VIN").spare(1),
    ];

    fn cells(&self) -> Vec<Cell> {
        let vehicle = &self.vehicle;
        vec![
            name(vehicle),
            dash(vehicle.price, money).into(),
            day(self.sold_at).into(),
            counted(self.days_on_market, "day").into(),
            dash(self.p_return, likely_to_return).into(),
            key(vehicle),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_at_fault_is_told_by_its_field() {
        let told = |line: &str| match listing(line.as_bytes()).unwrap_err() {
            Failure::Own { code, message, .. } => (code.as_str(), message),
            other => panic!("{other:?}"),
        };
        assert_eq!(listing(br#"{"vin": "2FMPK4K91HBB11870", "price": null}"#).unwrap().price, None);
        let typed = listing(br#"{"vin": "2FMPK4K91HBB11870", "price": "$7,995", "mileage": "112,345"}"#).unwrap();
        assert_eq!((typed.price, typed.mileage), (Some(jpauto::Money::from_dollars(7_995)), Some(112_345)));
        assert_eq!(told(r#"{"vin": "#).0, "invalid_json");
        assert_eq!(told(r#"{"vin": "x", "vin": "y"}"#).0, "invalid_json");
        let (code, message) = told(r#"{"colour": "red"}"#);
        assert_eq!(code, "unknown_field");
        assert!(message.starts_with("colour: is no field; expected one of external_id"), "{message}");
        let (code, message) = told(r#"{"price": "cheap"}"#);
        assert_eq!(code, "invalid_value");
        assert!(message.starts_with("price: "), "{message}");
        assert!(told(r#"{"year": "soon"}"#).1.starts_with("year: "));
    }
}
