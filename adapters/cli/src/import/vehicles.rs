//! `jpauto import vehicles`: the dealership's own stock from the file that another system writes.
//!
//! What is deliberately not here: what a column or a row means. The library reads the file and says of each row what it does.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use jpauto::{
    ErrorCode,
    imports::{
        ChangedVehicle, DateOrder, FaultCount, ImportMode, ImportOptions, ImportOutcome, ImportReport, ImportedColumn,
        ImportedVehicle, Mapping, MissingVehicles, RefusedRow, RowFault, SheetFile, SheetFormat, SheetLimits,
        SheetShape, SoldHeldBack,
    },
};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{ROWS_SHOWN, section};
use crate::{
    arguments::{Confirmation, one_of},
    context::Context,
    failure::Failure,
    output::{Cell, Column, Format, NOTHING, Output, Row, Tone, car, counted, dash, miles, money, remark},
    source,
};

const MAPPING_BYTES_MAX: usize = 1024 * 1024;

/// The first few show what the others are about.
const WARNINGS_SHOWN: usize = 20;

const EXAMPLES: &str = "\
Examples:
  jpauto import vehicles stock.csv --dry-run
  jpauto import vehicles stock.xlsx --sheet Inventory
  jpauto import vehicles stock.csv --write-mapping mapping.json
  jpauto import vehicles stock.csv --mapping mapping.json --sold-if-missing
  jpauto import vehicles stock.csv --keep-going --refused refused.csv

Columns are found by their usual names: Stock #, Odometer, List Price and the like. A mapping says what the others are:
{\"columns\": {\"Our Ref\": \"stock_number\", \"Lot row\": null}, \"statuses\": {\"RTL\": \"available\"}}

A vehicle is known by its VIN, then by its stock number. A blank cell leaves a field as it is. Everything is written in one
transaction, or nothing if one row is refused. docs/importing.md says more.";

/// A file of vehicles.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VehiclesArgs {
    /// CSV, TSV, JSON lines or an Excel workbook (.xlsx); `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write nothing, and show row by row what would be written
    #[arg(long)]
    dry_run: bool,
    /// Write the rows that can be written, and leave out those that are refused
    #[arg(long, conflicts_with = "dry_run")]
    keep_going: bool,
    /// Write all refused rows to this CSV file, each with what is wrong with it, to be corrected and imported; an existing file is
    /// replaced
    #[arg(long, value_name = "FILE", conflicts_with = "write_mapping")]
    refused: Option<PathBuf>,
    /// What the columns are, where their names do not say it
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Write the mapping that was found for this file, to be corrected, and do nothing else; `-` for standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "keep_going", "sold_if_missing"])]
    write_mapping: Option<PathBuf>,
    /// The worksheet with the vehicles
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The order of dates such as 3/4/2026; found out from the file, else the month comes first
    #[arg(long, value_name = "ORDER", value_parser = one_of!(DateOrder))]
    dates: Option<DateOrder>,
    /// Mark vehicles sold that are in stock and not in the file, unless they are more than half of the stock
    #[arg(long)]
    sold_if_missing: bool,
    /// Mark them sold even if they are more than half of the stock
    #[arg(long, requires = "sold_if_missing")]
    confirm: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

/// Imports it.
pub(super) fn run(arguments: &VehiclesArgs, context: &mut Context) -> Result<(), Failure> {
    let (file, _spool) = open(&arguments.file)?;
    let mut mapping = arguments.mapping.as_deref().map(read_mapping).transpose()?.unwrap_or_default();
    mapping.sheet = arguments.sheet.clone().or(mapping.sheet);
    mapping.dates = arguments.dates.or(mapping.dates);
    if let Some(path) = &arguments.write_mapping {
        return write_mapping(path, &mapping.written_out_for(&file)?, &mut context.output);
    }
    let options = ImportOptions {
        mapping,
        mode: match (arguments.dry_run, arguments.keep_going) {
            (true, _) => ImportMode::DryRun,
            (false, true) => ImportMode::KeepGoing,
            (false, false) => ImportMode::AllOrNothing,
        },
        missing: match (arguments.sold_if_missing, arguments.confirm) {
            (false, _) => MissingVehicles::Keep,
            (true, false) => MissingVehicles::MarkSold,
            (true, true) => MissingVehicles::MarkSoldConfirmed,
        },
        refused_to: arguments.refused.clone(),
        ..ImportOptions::default()
    };
    let database = context.settings.database.url.clone();
    if arguments.dry_run && context.pass_over_a_missing_database() {
        let path = database.trim_start_matches("sqlite:");
        remark(&format!("there is no database at {path} yet: the file is compared with an empty lot"));
    }
    let desk = context.desk()?;
    let inventory = desk.inventory();
    let inventory = if arguments.confirmation.yes { inventory } else { inventory.refusing_doubtful_prices() };
    let report = inventory.import(&file, &options)?;
    print(&report, &mut context.output)?;
    if let Some(path) = arguments.refused.as_ref().filter(|_| report.counts.refused > 0) {
        remark(&format!("the refused rows are in {}: correct them there, and import that file", path.display()));
    }
    match report.ensure_written() {
        Ok(_) => Ok(()),
        // A person has seen the rows.
        Err(refusal) if context.output.format() == Format::Table => {
            Err(Failure::new(refusal.error_code(), refusal.to_string()))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// The file, and where it is kept meanwhile if it is none that can be read again.
fn open(path: &Path) -> Result<(SheetFile, Option<NamedTempFile>), Failure> {
    let is_stdin = path.as_os_str() == "-";
    if !is_stdin && fs::metadata(path).map_err(|reason| Failure::unreadable(path, &reason))?.is_file() {
        return Ok((SheetFile::at(path), None));
    }
    let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
    let most = SheetLimits::default().text_bytes;
    let spool = source::spooled(path, &name, most)?;
    Ok((SheetFile::at(spool.path()).named(name), Some(spool)))
}

fn read_mapping(path: &Path) -> Result<Mapping, Failure> {
    let bytes = source::read_whole(path, MAPPING_BYTES_MAX)?;
    serde_json::from_slice(&bytes)
        .map_err(|reason| Failure::new(ErrorCode::InvalidImportMapping, format!("{}: {reason}", path.display())))
}

fn write_mapping(path: &Path, mapping: &Mapping, output: &mut Output) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        return output.json(mapping);
    }
    let mut text = serde_json::to_string_pretty(mapping).map_err(std::io::Error::from)?;
    text.push('\n');
    let written = fs::OpenOptions::new().write(true).create_new(true).open(path);
    written.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes())).map_err(|reason| {
        Failure::new(ErrorCode::OutputFailed, format!("cannot write {}: {reason}", path.display()))
    })?;
    let (read, left) = mapping.columns.values().partition::<Vec<_>, _>(|field| field.is_some());
    let columns = counted(mapping.columns.len(), "column");
    let sentence = format!("{}: {columns}, {} of them read and {} left out", path.display(), read.len(), left.len());
    output.done(&sentence, &json!({"written": path, "mapping": mapping}))
}

fn print(report: &ImportReport, output: &mut Output) -> Result<(), Failure> {
    if output.format() != Format::Table {
        return output.item(report);
    }
    let warnings = &report.warnings;
    warnings.iter().take(WARNINGS_SHOWN).for_each(|it| remark(&format!("warning: row {}: {}", it.row, it.message)));
    if report.counts.warnings > WARNINGS_SHOWN {
        remark(&format!("warning: and {} more: --format json shows them", report.counts.warnings - WARNINGS_SHOWN));
    }
    output.heading(&report.file, &described(&report.shape))?;
    let counts = &report.counts;
    let words = if report.outcome == ImportOutcome::Written || report.outcome == ImportOutcome::WrittenInPart {
        ["added", "changed", "relisted", "sold"]
    } else {
        ["to add", "to change", "to relist", "to sell"]
    };
    let numbers = [counts.added, counts.changed, counts.relisted, counts.sold];
    let done: Vec<_> = words.iter().zip(numbers).map(|(word, number)| format!("{word} {number}")).collect();
    let rows = counted(counts.rows, "row");
    output.text(&format!("{rows}: {}, unchanged {}, refused {}", done.join(", "), counts.unchanged, counts.refused))?;
    let left_out: Vec<_> = report.columns.iter().filter(|column| column.field.is_none()).collect();
    let left_out: Vec<_> = left_out.into_iter().filter(|column| !column.name.trim().is_empty()).cloned().collect();
    section(output, "Columns that are not read", &left_out)?;
    let most = report.most_listed;
    listed(output, "Added", &report.added, counts.added, most)?;
    listed(output, "Changed", &report.changed, counts.changed, most)?;
    listed(output, "Relisted", &report.relisted, counts.relisted, most)?;
    listed(output, "Sold", &report.sold, counts.sold, most)?;
    let refused: Vec<_> = report.refused.iter().take(most.min(ROWS_SHOWN)).flat_map(faults).collect();
    listed(output, "Refused", &refused, report.fault_counts.iter().map(|it| it.count).sum(), most)?;
    if counts.refused > ROWS_SHOWN {
        section(output, "What is wrong with them", &report.fault_counts)?;
    }
    output.text("")?;
    output.text(&end(report))
}

/// The first rows of a list that may have more than the report does.
fn listed<T: Row>(output: &mut Output, title: &str, rows: &[T], count: usize, most: usize) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    output.heading(title, "")?;
    output.table(rows.iter().take(ROWS_SHOWN))?;
    let more = count - rows.len().min(ROWS_SHOWN).min(count);
    let where_they_are = match title {
        "Refused" => "--refused FILE writes all of them to a file",
        _ if count > most => "--format json shows the first of them",
        _ => "--format json shows all",
    };
    if more > 0 { output.text(&format!("and {more} more: {where_they_are}")) } else { Ok(()) }
}

impl Row for FaultCount {
    const COLUMNS: &'static [Column] = &[Column::number("Times"), Column::text("Field"), Column::text("What is wrong")];

    fn cells(&self) -> Vec<Cell> {
        vec![self.count.to_string().into(), dash(self.field, ToOwned::to_owned).into(), self.code.sentence().into()]
    }
}

/// What became of it, in a sentence.
fn end(report: &ImportReport) -> String {
    let held_back = match report.sold_held_back {
        Some(SoldHeldBack::MoreThanHalf { missing, in_stock }) => format!(
            " {missing} of {in_stock} vehicles in stock are missing from the file. If it is whole, --confirm marks them sold."
        ),
        Some(_) => " No missing vehicle is marked sold, because rows were refused.".to_owned(),
        None => String::new(),
    };
    let outcome = match report.outcome {
        ImportOutcome::Written | ImportOutcome::WrittenInPart | ImportOutcome::DryRun if report.counts.rows == 0 => {
            "The file has no rows below its header, so there is nothing to write."
        }
        ImportOutcome::Written => "Everything is written.",
        ImportOutcome::WrittenInPart if report.counts.refused == 0 => "The rows are written.",
        ImportOutcome::WrittenInPart => "The rows are written, but not those that were refused.",
        ImportOutcome::DryRun => "Nothing is written: this was a dry run.",
        ImportOutcome::Refused => "Nothing is written. --keep-going writes the rows that are not refused.",
        _ => "Nothing is written.",
    };
    format!("{outcome}{held_back}")
}

/// `CSV, UTF-8, columns named in row 1`.
fn described(shape: &SheetShape) -> String {
    let mut words = vec![match (shape.format, shape.delimiter) {
        (SheetFormat::Xlsx, _) => "Excel workbook".to_owned(),
        (SheetFormat::JsonLines, _) => "JSON lines".to_owned(),
        (_, Some('\t')) => "values between tabs".to_owned(),
        (_, Some(sign)) => format!("values between {sign}"),
        _ => "text".to_owned(),
    }];
    words.extend(shape.encoding.map(|encoding| encoding.as_str().to_owned()));
    words.extend(shape.sheet.as_ref().map(|sheet| format!("worksheet {sheet}")));
    words.extend(shape.header.map(|row| format!("columns named in row {row}")));
    words.join(", ")
}

/// A fault and the row that it is in.
#[derive(Serialize)]
struct Fault {
    row: u64,
    fault: RowFault,
}

fn faults(row: &RefusedRow) -> impl Iterator<Item = Fault> {
    row.faults.iter().map(|fault| Fault { row: row.row, fault: fault.clone() })
}

impl Row for Fault {
    const COLUMNS: &'static [Column] =
        &[Column::number("Row"), Column::text("Column"), Column::text("Found"), Column::text("What is wrong")];

    fn cells(&self) -> Vec<Cell> {
        vec![
            self.row.to_string().into(),
            dash(self.fault.column.clone(), |column| column).into(),
            dash(self.fault.value.clone(), |value| value).into(),
            Cell::new(self.fault.message.as_str()).tone(Tone::Warning),
        ]
    }
}

impl Row for ImportedColumn {
    const COLUMNS: &'static [Column] = &[Column::text("Column"), Column::text("Why")];

    fn cells(&self) -> Vec<Cell> {
        vec![self.name.as_str().into(), dash(self.left_out, |reason| reason.message().to_owned()).into()]
    }
}

fn name(vehicle: &ImportedVehicle) -> Cell {
    car(Some(vehicle.year), Some(&vehicle.make), Some(&vehicle.model), vehicle.trim.as_deref()).into()
}

fn row(vehicle: &ImportedVehicle) -> Cell {
    dash(vehicle.row, |row| row.to_string()).into()
}

impl Row for ImportedVehicle {
    const COLUMNS: &'static [Column] = &[
        Column::number("Row"),
        Column::text("Stock"),
        Column::text("Vehicle"),
        Column::number("Price"),
        Column::number("Miles"),
        Column::text("VIN").spare(1),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            row(self),
            dash(self.stock_number.clone(), |number| number).into(),
            name(self),
            money(self.price).into(),
            miles(self.mileage).into(),
            Cell::new(self.vin.as_str()).tone(Tone::Faint),
        ]
    }
}

impl Row for ChangedVehicle {
    const COLUMNS: &'static [Column] =
        &[Column::number("Row"), Column::text("Stock"), Column::text("Vehicle").spare(1), Column::text("Changed")];

    fn cells(&self) -> Vec<Cell> {
        let changes = self
            .changes
            .iter()
            .map(|(field, change)| format!("{field}: {} -> {}", shown(&change["from"]), shown(&change["to"])));
        vec![
            row(&self.vehicle),
            dash(self.vehicle.stock_number.clone(), |number| number).into(),
            name(&self.vehicle),
            changes.collect::<Vec<_>>().join("; ").into(),
        ]
    }
}

/// A value of the audit trail, cut where it is long.
fn shown(value: &Value) -> String {
    const MOST: usize = 40;
    let text = match value {
        Value::Null => NOTHING.to_owned(),
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Value::Array(items) => counted(items.len(), "line"),
        other => other.to_string(),
    };
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
