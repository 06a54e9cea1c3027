//! A row's cells as the values of fields, each read as people write it. Pure.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::Value;

use super::{
    ImportedColumn, Mapping, RowFault,
    columns::{FEATURED, LISTED_AT, SOLD_AT, STATUS, given},
    dates::{self, DateOrder, Dates, Moment},
};
use crate::{
    error::ErrorCode,
    fields::{Field, FieldType, Presence},
    inventory::VehicleStatus,
    money::Money,
    sheets::{Cell, SheetFormat, SheetRow, cell_text, shortened},
    typed,
    zone::Zone,
};

/// What a row says of a vehicle. A field that its row leaves blank is not in it.
#[derive(Clone, Debug, Default)]
pub(super) struct RowValues {
    pub(super) row: u64,
    /// The fields that staff enter, as JSON has them.
    pub(super) fields: BTreeMap<&'static str, Value>,
    pub(super) status: Option<VehicleStatus>,
    pub(super) featured: Option<bool>,
    pub(super) listed_at: Option<Moment>,
    pub(super) sold_at: Option<Moment>,
    /// The cells of lists as they are written.
    pub(super) lists: Vec<(&'static str, String)>,
    pub(super) faults: Vec<RowFault>,
    /// Whether the stock number looks as a spreadsheet shows a number that it has rounded.
    pub(super) has_scientific_number: bool,
    /// The row as it stands in the file.
    pub(super) cells: Vec<Cell>,
}

impl RowValues {
    fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }

    /// The VIN or chassis number as it is written.
    pub(super) fn vin(&self) -> Option<&str> {
        self.text("vin")
    }

    pub(super) fn stock_number(&self) -> Option<&str> {
        self.text("stock_number")
    }
}

/// A cell, and the name of a column, has at most this many characters where something is said of it.
pub(super) const SHOWN: usize = 60;

/// How a file writes its values.
#[derive(Clone, Copy)]
pub(super) struct Wording<'w> {
    pub(super) mapping: &'w Mapping,
    pub(super) dates: Dates,
    pub(super) format: SheetFormat,
    /// Where dates are that do not say it.
    pub(super) zone: Zone,
}

/// Reads a row. What cannot be read is a fault of the row.
pub(super) fn read(row: SheetRow, columns: &[ImportedColumn], wording: Wording<'_>) -> RowValues {
    let mut values = RowValues { row: row.number, ..RowValues::default() };
    let is_whole = row.fault.is_none();
    values.faults.extend(row.fault.map(|fault| RowFault::of_row(ErrorCode::RowUnreadable, fault)));
    for (column, cell) in columns.iter().zip(&row.cells) {
        let Some(field) = column.field else { continue };
        if cell.is_blank() {
            continue;
        }
        // Of a row whose cells stand in the wrong columns, this alone is worth saying.
        if let Err(message) = read_cell(&mut values, field, cell, wording)
            && is_whole
        {
            values.faults.push(RowFault {
                code: code_of(field, cell, wording),
                column: Some(shortened(&column.name, SHOWN)),
                field: Some(field),
                value: shown(cell),
                message,
            });
        }
    }
    values.cells = row.cells;
    values
}

/// A cell as it stands in the file, where something is said of it.
pub(super) fn shown(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Fault { shown, .. } => shown.clone(),
        Cell::Null => Some("null".to_owned()),
        cell => Some(shortened(&cell.shown(), SHOWN)).filter(|text| !text.trim().is_empty()),
    }
}

/// Why a cell cannot be read: a date that every order would read is in want of one.
fn code_of(field: &str, cell: &Cell, Wording { dates, zone, .. }: Wording<'_>) -> ErrorCode {
    let is_date = matches!(dates, Dates::Mixed { .. }) && matches!(field, LISTED_AT | SOLD_AT);
    let has_orders =
        [DateOrder::MonthFirst, DateOrder::DayFirst].map(|order| dates::read(cell, Dates::In(order), zone).is_ok());
    if is_date && has_orders == [true; 2] { ErrorCode::DateOrderUnknown } else { ErrorCode::CellUnreadable }
}

fn read_cell(values: &mut RowValues, field: &'static str, cell: &Cell, wording: Wording<'_>) -> Result<(), String> {
    let Wording { mapping, dates, format, zone } = wording;
    if let Cell::Fault { message, .. } = cell {
        return Err(message.clone());
    }
    match field {
        STATUS => values.status = Some(status(cell, mapping)?),
        FEATURED => values.featured = Some(truth(cell)?),
        LISTED_AT if *cell != Cell::Null => values.listed_at = Some(dates::read(cell, dates, zone)?),
        SOLD_AT if *cell != Cell::Null => values.sold_at = Some(dates::read(cell, dates, zone)?),
        LISTED_AT | SOLD_AT => {}
        _ => {
            let Some(described) = given(field) else { return Ok(()) };
            if described.r#type == FieldType::Texts && matches!(cell, Cell::Text(_)) {
                values.lists.push((described.name, text(cell)?));
            }
            let value = value(described, cell, format)?;
            if described.name == "stock_number" && format != SheetFormat::JsonLines {
                values.has_scientific_number = value.as_str().is_some_and(is_of_a_spreadsheet);
            }
            values.fields.insert(described.name, value);
        }
    }
    Ok(())
}

fn value(field: &Field, cell: &Cell, format: SheetFormat) -> Result<Value, String> {
    if *cell == Cell::Null {
        return match (field.presence, field.r#type) {
            (Presence::Nullable, _) => Ok(Value::Null),
            (Presence::Defaulted, FieldType::Texts) => Ok(Value::Array(Vec::new())),
            _ => Err("is required".to_owned()),
        };
    }
    match field.r#type {
        FieldType::Money => money(cell).map(|money| Value::String(money.to_string())),
        FieldType::Number => number(cell, field.name).map(Value::from),
        FieldType::Truth => truth(cell).map(Value::Bool),
        FieldType::Texts => Ok(Value::from(texts(cell)?)),
        _ if field.name == "vin" => vin(cell).map(Value::String),
        _ if field.name == "stock_number" => stock_number(cell, format).map(Value::String),
        _ => match cell {
            // What a program writes is meant to the letter.
            Cell::Text(text) if format == SheetFormat::JsonLines => Ok(Value::from(text.as_str())),
            _ => text(cell).map(Value::String),
        },
    }
}

/// A text as people type it.
fn text(cell: &Cell) -> Result<String, String> {
    match cell {
        Cell::Text(text) => Ok(cell_text::read(text).to_owned()),
        Cell::Number(number) => Ok(written(*number)),
        Cell::Serial(_) => Err("expected a text, found a date: format the column as text".to_owned()),
        Cell::Bool(truth) => Ok(truth.to_string()),
        Cell::Texts(texts) if texts.len() == 1 => Ok(texts[0].clone()),
        _ => Err("expected one text".to_owned()),
    }
}

/// A number as its digits. Sums in a workbook may be off in the last of their binary digits.
fn written(number: f64) -> String {
    let rounded = (number * 1e6).round() / 1e6;
    if (rounded - number).abs() < 1e-7 { rounded.to_string() } else { number.to_string() }
}

/// `1.23457E+16`: what a spreadsheet makes of a long number.
fn is_scientific(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once(['e', 'E']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_point = digits.contains(['.', ',']) || exponent.starts_with(['+', '-']);
    has_point && is_number(&digits.replace(['.', ','], "")) && is_number(exponent.trim_start_matches(['+', '-']))
}

/// `1.2E+05`: what a spreadsheet shows of a number in its own way, rounded. A person may write such a stock number, but hardly ever does.
fn is_of_a_spreadsheet(text: &str) -> bool {
    let Some((digits, exponent)) = text.trim().split_once(['e', 'E']) else { return false };
    let (first, rest) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    let are_digits = |text: &str, count: std::ops::RangeInclusive<usize>| {
        count.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    are_digits(first, 1..=1)
        && are_digits(rest, 1..=15)
        && exponent.strip_prefix('+').is_some_and(|exponent| are_digits(exponent, 2..=3))
}

pub(super) const SCIENTIFIC: &str =
    "the spreadsheet has made a number of it and lost its digits: format the column as text and enter it again";

/// More digits than a number of a spreadsheet holds.
fn has_lost_digits(number: f64) -> bool {
    number.abs() >= 1e15
}

fn stock_number(cell: &Cell, format: SheetFormat) -> Result<String, String> {
    match cell {
        Cell::Number(number) if has_lost_digits(*number) => Err(SCIENTIFIC.to_owned()),
        Cell::Bool(_) => Err("expected a stock number, found yes or no: format the column as text".to_owned()),
        // A number that names a vehicle has no blanks around it.
        Cell::Text(text) if format == SheetFormat::JsonLines => Ok(text.trim().to_owned()),
        _ => text(cell),
    }
}

fn vin(cell: &Cell) -> Result<String, String> {
    match cell {
        Cell::Number(number) if has_lost_digits(*number) => Err(SCIENTIFIC.to_owned()),
        Cell::Text(text) if is_scientific(text.trim()) => Err(SCIENTIFIC.to_owned()),
        _ => {
            // Blanks within it are refused as elsewhere, with the VIN that it would be.
            Ok(text(cell)?.trim().to_ascii_uppercase())
        }
    }
}

fn money(cell: &Cell) -> Result<Money, String> {
    const EXPECTED: &str = "expected dollars such as 13500 or $13,500.00";
    match cell {
        Cell::Number(number) => {
            let found = Money::from_dollars_rounded(*number).filter(|money| (money.dollars() - number).abs() < 1e-6);
            found.ok_or_else(|| EXPECTED.to_owned())
        }
        Cell::Text(text) => typed::money(without_zeros(text)).map_err(|_invalid| EXPECTED.to_owned()),
        cell => Err(expected_but(EXPECTED, cell)),
    }
}

/// What was expected, where a date may stand in its place: a spreadsheet makes one of some numbers.
fn expected_but(expected: &str, found: &Cell) -> String {
    let found = if let Cell::Serial(_) = found { ", found a date: format the column as a number" } else { "" };
    format!("{expected}{found}")
}

/// JSON's `13500.000` without the zeros that no cent needs.
fn without_zeros(text: &str) -> &str {
    let text = text.trim();
    match text.split_once('.') {
        Some((whole, cents)) if cents.len() > 2 && cents.bytes().skip(2).all(|byte| byte == b'0') => {
            text.get(..whole.len() + 3).unwrap_or(text)
        }
        _ => text,
    }
}

fn number(cell: &Cell, field: &str) -> Result<i32, String> {
    let is_mileage = field == "mileage";
    let found = match cell {
        Cell::Number(number) if number.fract() == 0.0 && number.abs() < 1e9 => Some(*number as i32),
        Cell::Text(text) if is_mileage => typed::miles(text),
        Cell::Text(text) => typed::whole_number(text),
        _ => None,
    };
    let expected = match field {
        "mileage" => typed::EXPECTED_MILES,
        "year" => "expected a year such as 2019",
        _ => "expected a whole number such as 4",
    };
    found.ok_or_else(|| expected_but(expected, cell))
}

fn truth(cell: &Cell) -> Result<bool, String> {
    let word = match cell {
        Cell::Bool(truth) => return Ok(*truth),
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => text.trim().to_lowercase(),
        _ => String::new(),
    };
    match word.as_str() {
        "yes" | "y" | "true" | "t" | "1" | "x" => Ok(true),
        "no" | "n" | "false" | "f" | "0" => Ok(false),
        _ => Err("expected yes or no".to_owned()),
    }
}

fn texts(cell: &Cell) -> Result<Vec<String>, String> {
    if let Cell::Texts(texts) = cell {
        return Ok(texts.clone());
    }
    let text = text(cell)?;
    let texts = typed::list(&text).map_err(|_other| "expected a JSON list of texts".to_owned())?;
    Ok(texts.into_iter().map(Cow::into_owned).collect())
}

fn status(cell: &Cell, mapping: &Mapping) -> Result<VehicleStatus, String> {
    let word = text(cell)?;
    let is_word = |other: &str| other.trim().eq_ignore_ascii_case(&word);
    if let Some((_, status)) = mapping.statuses.iter().find(|(other, _)| is_word(other)) {
        return Ok(*status);
    }
    match word.to_lowercase().as_str() {
        "available" | "active" | "in stock" | "instock" | "for sale" | "in inventory" | "frontline" => {
            Ok(VehicleStatus::Available)
        }
        "pending" | "sale pending" | "deposit" | "reserved" => Ok(VehicleStatus::Pending),
        "hold" | "on hold" | "not for sale" => Ok(VehicleStatus::Hold),
        "sold" | "delivered" => Ok(VehicleStatus::Sold),
        _ => {
            Err("expected available, pending, hold or sold; a mapping says what other words mean (statuses)".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(field: &'static str, cell: Cell) -> Result<Value, String> {
        let column = ImportedColumn { name: field.to_owned(), field: Some(field), left_out: None };
        let row = SheetRow { number: 2, cells: vec![cell], fault: None };
        let dates = Dates::In(DateOrder::MonthFirst);
        let wording = Wording { mapping: &Mapping::default(), dates, format: SheetFormat::Delimited, zone: Zone::UTC };
        let values = read(row, &[column], wording);
        match values.faults.first() {
            Some(fault) => Err(fault.message.clone()),
            None => Ok(values
                .fields
                .get(field)
                .cloned()
                .unwrap_or_else(|| Value::from(values.status.map(VehicleStatus::as_str)))),
        }
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn values_are_read_as_people_write_them() {
        for (field, cell, value) in [
            ("price", text(" $13,500 "), Value::from("13500.00")),
            ("price", text("13500.5"), Value::from("13500.50")),
            ("price", text("13,500 USD"), Value::from("13500.00")),
            ("price", text("13500$"), Value::from("13500.00")),
            ("price", text("$ 13500"), Value::from("13500.00")),
            ("price", text("USD 13500"), Value::from("13500.00")),
            ("price", text("13500.000"), Value::from("13500.00")),
            ("price", Cell::Number(13_499.989_999_999_998), Value::from("13499.99")),
            ("mileage", text("52,000 mi"), Value::from(52_000)),
            ("mileage", text("52000.0"), Value::from(52_000)),
            ("mileage", text("52k"), Value::from(52_000)),
            ("mileage", text("52000 Miles"), Value::from(52_000)),
            ("doors", text("4.0"), Value::from(4)),
            ("mileage", Cell::Number(52_000.0), Value::from(52_000)),
            ("vin", text(" 1hgcm82633a004352\u{a0}"), Value::from("1HGCM82633A004352")),
            // The vehicle's rules refuse it, with the VIN that it would be.
            ("vin", text("1hgcm82633a 004352"), Value::from("1HGCM82633A 004352")),
            ("stock_number", Cell::Number(1_042.0), Value::from("1042")),
            ("stock_number", text("0123"), Value::from("0123")),
            ("engine", Cell::Number(2.5), Value::from("2.5")),
            ("trim", text("'=1+1"), Value::from("=1+1")),
            ("trim", text("'90s"), Value::from("'90s")),
            ("trim", Cell::Null, Value::Null),
            ("service_records", text("Yes"), Value::from(true)),
            ("features", text("Tow hitch, Roof rack"), serde_json::json!(["Tow hitch", "Roof rack"])),
            ("features", text("Seats, heated\nRoof rack"), serde_json::json!(["Seats, heated", "Roof rack"])),
            ("features", text("[\"a,b\"]"), serde_json::json!(["a,b"])),
            ("images", text("https://x.example/1,2.jpg"), serde_json::json!(["https://x.example/1,2.jpg"])),
            (
                "images",
                text("https://x.example/1.jpg,https://x.example/2.jpg"),
                serde_json::json!(["https://x.example/1.jpg", "https://x.example/2.jpg"]),
            ),
            (
                "images",
                text("https://x.example/1.jpg https://x.example/2.jpg"),
                serde_json::json!(["https://x.example/1.jpg", "https://x.example/2.jpg"]),
            ),
            ("status", text("In Stock"), Value::from("available")),
        ] {
            assert_eq!(read_as(field, cell.clone()), Ok(value), "{field} of {cell:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (field, cell) in [
            ("price", text("12.5k")),
            ("price", text("13.500,00")),
            ("price", text("call")),
            ("price", Cell::Number(0.001)),
            ("price", Cell::Serial(46_348.0)),
            ("price", Cell::Null),
            ("mileage", text("52.5")),
            ("mileage", text("52.000")),
            ("mileage", text("84,000 km")),
            ("doors", text("4 mi")),
            ("mileage", text("TMU")),
            ("year", Cell::Number(f64::NAN)),
            ("vin", text("1.23457E+16")),
            ("vin", text("1,2E+16")),
            ("vin", Cell::Number(1.234_57e16)),
            ("stock_number", Cell::Number(1.234_57e16)),
            ("stock_number", Cell::Bool(true)),
            ("stock_number", Cell::Serial(46_348.0)),
            ("year", Cell::Serial(43_466.0)),
            ("service_records", text("some")),
            ("status", text("gone fishing")),
            ("trim", Cell::Serial(46_348.0)),
            ("trim", Cell::Texts(vec!["a".into(), "b".into()])),
            ("features", text("[1]")),
        ] {
            assert!(read_as(field, cell.clone()).is_err(), "{field} of {cell:?}");
        }
        assert!(!is_scientific("12E45"), "a chassis number");
        for (number, expected) in [
            ("1.2E+05", true),
            ("1E+05", true),
            ("1,2E+16", true),
            ("12E45", false),
            ("1E5", false),
            ("1E-05", false),
            ("21E+1", false),
            ("A1.2E+05", false),
        ] {
            assert_eq!(is_of_a_spreadsheet(number), expected, "{number}");
        }
    }

    #[test]
    fn what_is_said_of_a_cell_is_what_its_reader_sees() {
        for (field, cell, message, seen) in [
            ("year", Cell::Serial(43_466.0), "expected a year such as 2019, found a date", "2019-01-01"),
            ("year", text("MMXIX"), "expected a year such as 2019", "MMXIX"),
            ("price", Cell::Serial(43_466.5), "found a date: format the column as a number", "2019-01-01"),
            ("doors", text("four"), "expected a whole number such as 4", "four"),
        ] {
            let said = read_as(field, cell.clone()).unwrap_err();
            assert!(said.contains(message), "{field} of {cell:?}: {said}");
            assert_eq!(shown(&cell).as_deref(), Some(seen));
        }
    }
}
