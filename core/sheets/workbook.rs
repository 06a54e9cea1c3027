//! Excel workbooks (.xlsx), read by calamine one cell after the other.
//!
//! `unpacked.rs` measures everything before calamine sees it. A formula counts as the value that Excel stored with it.

use std::{
    io::BufReader,
    panic::{AssertUnwindSafe, catch_unwind},
};

use calamine::{DataRef, Dimensions, Reader as _, SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError};

use super::{
    Cell, HEADER_ROWS, Place, Sheet, SheetChoices, SheetFile, SheetFormat, SheetLimits, SheetRow, SheetShape, file,
    header_score, trim_end, unpacked, unreadable, without_header,
};
use crate::error::{Error, Result};

/// The number of a row, from 0, and its cells with their columns.
type CellsOfRow = (u32, Vec<(u32, Cell)>);

type Source<'f> = BufReader<Box<dyn file::Seekable + 'f>>;

/// A table that is found in a worksheet.
struct Found {
    sheet: String,
    score: usize,
    header: u64,
    first_column: u32,
    columns: Vec<String>,
}

pub(super) fn find<'f>(
    file: &'f SheetFile,
    limits: SheetLimits,
    choices: SheetChoices<'_>,
    known: &dyn Fn(&str) -> bool,
) -> Result<Sheet<'f>> {
    unpacked::ensure_it_fits(file, &limits)?;
    let mut workbook = open(file)?;
    let sheets: Vec<_> = workbook.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).collect();
    let names: Vec<String> = match choices.sheet {
        Some(chosen) => {
            let named = sheets.iter().find(|sheet| sheet.name.trim().eq_ignore_ascii_case(chosen.trim()));
            let all: Vec<_> = sheets.iter().map(|sheet| format!("{:?}", sheet.name)).collect();
            let missing = || unreadable(format!("there is no worksheet {chosen:?}; there are {}", all.join(", ")));
            vec![named.ok_or_else(missing)?.name.clone()]
        }
        None => {
            let visible = sheets.iter().filter(|sheet| sheet.visible == SheetVisible::Visible);
            visible.map(|sheet| sheet.name.clone()).collect()
        }
    };
    let mut found = Vec::new();
    for name in names {
        found.extend(header(&mut workbook, &name, &limits, known)?);
    }
    found.sort_by_key(|found| std::cmp::Reverse(found.score));
    let table = match &found[..] {
        [] => return Err(without_header()),
        [best, next, ..] if best.score == next.score => {
            let names: Vec<_> = found.iter().map(|found| format!("{:?}", found.sheet)).collect();
            return Err(unreadable(format!("several worksheets have vehicles: choose one of {}", names.join(", "))));
        }
        _ => found.swap_remove(0),
    };
    let shape = SheetShape {
        format: SheetFormat::Xlsx,
        encoding: None,
        delimiter: None,
        sheet: Some(table.sheet.clone()),
        header: Some(table.header),
    };
    let place = Place::Workbook { sheet: table.sheet, header: table.header, first_column: table.first_column };
    Ok(Sheet { file, limits, place, columns: table.columns, shape })
}

fn open(file: &SheetFile) -> Result<Xlsx<Source<'_>>> {
    let source = BufReader::new(file.open()?);
    guarded(|| Xlsx::new(source))
}

/// Runs the foreign reader. A workbook that is broken in a way that it does not expect must not end the program.
fn guarded<T>(read: impl FnOnce() -> Result<T, XlsxError>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(reason)) => Err(unreadable(format!("the workbook cannot be read: {reason}")).with_source(reason)),
        Err(_panic) => Err(unreadable("the workbook cannot be read: it is not as Excel writes it")),
    }
}

/// The rows of a worksheet that have cells, in order.
struct Rows<'w, 'f> {
    cells: XlsxCellReader<'w, Source<'f>>,
    /// The first cell of the next row.
    ahead: Option<((u32, u32), Cell)>,
    limits: SheetLimits,
    /// The row that was read from last, and how long its text is as far as it is read.
    text_of: u32,
    text: u64,
    /// The reader fails where it is asked for more at the end.
    has_ended: bool,
}

impl<'w, 'f> Rows<'w, 'f> {
    fn of(workbook: &'w mut Xlsx<Source<'f>>, sheet: &str, limits: &SheetLimits) -> Result<Self> {
        let cells = guarded(|| workbook.worksheet_cells_reader(sheet))?;
        Ok(Self { cells, ahead: None, limits: *limits, text_of: 0, text: 0, has_ended: false })
    }

    fn next_cell(&mut self) -> Result<Option<((u32, u32), Cell)>> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        if self.has_ended {
            return Ok(None);
        }
        let cells = &mut self.cells;
        let record = guarded(|| cells.next_cell_with_formula_metadata())?;
        self.has_ended = record.is_none();
        let Some(record) = record else { return Ok(None) };
        // Many rows may share one long text: each has it whole.
        let row = record.pos.0;
        let before = if self.text_of == row { self.text } else { 0 };
        self.text = before + text_bytes(&record.value);
        self.text_of = row;
        if self.text > self.limits.row_bytes {
            return Err(unpacked::row_too_long(u64::from(row) + 1, &self.limits));
        }
        Ok(Some((record.pos, cell(&record.value, record.formula.is_some()))))
    }

    /// The next row.
    fn next_row(&mut self) -> Result<Option<CellsOfRow>> {
        let Some(((row, column), first)) = self.next_cell()? else { return Ok(None) };
        let mut cells = vec![(column, first)];
        while let Some(((other, column), cell)) = self.next_cell()? {
            if other < row {
                return Err(unreadable(format!("the rows of the worksheet are out of order at row {}", other + 1)));
            }
            if other > row {
                self.ahead = Some(((other, column), cell));
                break;
            }
            if cell != Cell::Empty {
                cells.push((column, cell));
            }
            let most = self.limits.columns;
            if cells.len() > most * 2 {
                return Err(unreadable(format!("row {} has more than {most} cells", row + 1)));
            }
        }
        Ok(Some((row, cells)))
    }
}

fn text_bytes(value: &DataRef<'_>) -> u64 {
    let text = match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) => text,
        DataRef::SharedString(text) => *text,
        _ => return 0,
    };
    text.len() as u64
}

fn cell(value: &DataRef<'_>, is_formula: bool) -> Cell {
    match value {
        DataRef::Empty if is_formula => {
            let message = "the formula has no stored value: open the file in Excel, save it, and try again";
            Cell::Fault { message: message.to_owned(), shown: Some("a formula".to_owned()) }
        }
        DataRef::Empty => Cell::Empty,
        DataRef::Int(number) => Cell::Text(number.to_string()),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) => Cell::Text(text.clone()),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::Bool(truth) => Cell::Bool(*truth),
        DataRef::DateTime(time) if time.is_duration() => duration(),
        DataRef::DateTime(time) => Cell::Serial(serial_of_1900(time)),
        DataRef::DurationIso(_) => duration(),
        DataRef::Error(error) => {
            let message =
                format!("the cell holds Excel's error {error}: enter the value itself, or leave the cell empty");
            Cell::Fault { message, shown: Some(error.to_string()) }
        }
    }
}

fn duration() -> Cell {
    Cell::Fault { message: "is a duration".to_owned(), shown: Some("a duration".to_owned()) }
}

/// Days since the end of 1899, also where the workbook counts from 1904.
fn serial_of_1900(time: &calamine::ExcelDateTime) -> f64 {
    let (year, ..) = time.to_ymd_hms_milli();
    let plain = calamine::ExcelDateTime::new(time.as_f64(), calamine::ExcelDateTimeType::DateTime, false);
    let (plain_year, ..) = plain.to_ymd_hms_milli();
    if year == plain_year { time.as_f64() } else { time.as_f64() + 1_462.0 }
}

/// The row of a worksheet that reads best as names of columns.
fn header(
    workbook: &mut Xlsx<Source<'_>>,
    sheet: &str,
    limits: &SheetLimits,
    known: &dyn Fn(&str) -> bool,
) -> Result<Option<Found>> {
    let mut rows = Rows::of(workbook, sheet, limits)?;
    let mut best: Option<Found> = None;
    for _ in 0..HEADER_ROWS {
        let Some((row, cells)) = rows.next_row()? else { break };
        let texts: Vec<_> = cells.iter().map(|(column, cell)| (*column, cell.shown())).collect();
        let score = header_score(texts.iter().map(|(_, text)| text.as_str()), known);
        if score <= best.as_ref().map_or(0, |best| best.score) {
            continue;
        }
        let named = || texts.iter().filter(|(_, text)| !text.trim().is_empty());
        let (Some(first), Some(last)) = (named().map(|it| it.0).min(), named().map(|it| it.0).max()) else { continue };
        let width = (last - first) as usize + 1;
        if width > limits.columns {
            return Err(unreadable(format!("row {} names {width} columns: the most is {}", row + 1, limits.columns)));
        }
        let mut columns = vec![String::new(); width];
        for (column, text) in named() {
            columns[(*column - first) as usize].clone_from(text);
        }
        trim_end(&mut columns);
        best = Some(Found { sheet: sheet.to_owned(), score, header: u64::from(row) + 1, first_column: first, columns });
    }
    Ok(best)
}

pub(super) fn read<E: From<Error>>(
    sheet: &Sheet<'_>,
    name: &str,
    (header, first_column): (u64, u32),
    each: &mut impl FnMut(SheetRow) -> Result<(), E>,
) -> Result<(), E> {
    let mut workbook = open(sheet.file)?;
    let width = sheet.columns.len();
    let columns = first_column..first_column + u32::try_from(width).unwrap_or(u32::MAX - first_column);
    let mut merged = Merged::of(guarded(|| workbook.merge_cells_by_sheet_name(name))?, columns.clone());
    let mut rows = Rows::of(&mut workbook, name, &sheet.limits)?;
    while let Some((row, found)) = rows.next_row()? {
        let number = u64::from(row) + 1;
        if number <= header || found.iter().all(|(_, cell)| cell.is_blank()) {
            continue;
        }
        let mut cells = vec![Cell::Empty; width];
        let mut fault = merged.at(row);
        for (column, cell) in found {
            if columns.contains(&column) {
                cells[(column - first_column) as usize] = cell;
            } else if !cell.is_blank() {
                fault = fault.or_else(|| Some(format!("column {} has a value and no name", letters(column))));
            }
        }
        each(SheetRow { number, cells, fault })?;
    }
    Ok(())
}

/// The merged cells of a worksheet, asked for row after row.
struct Merged {
    regions: std::iter::Peekable<std::vec::IntoIter<Dimensions>>,
    latest: Option<Dimensions>,
}

impl Merged {
    fn of(mut regions: Vec<Dimensions>, columns: std::ops::Range<u32>) -> Self {
        regions.retain(|region| {
            region.start.1 < columns.end && region.end.1 >= columns.start && region.start != region.end
        });
        regions.sort_by_key(|region| region.start.0);
        Self { regions: regions.into_iter().peekable(), latest: None }
    }

    /// What is wrong with a row that merged cells reach into.
    fn at(&mut self, row: u32) -> Option<String> {
        while let Some(region) = self.regions.next_if(|region| region.start.0 <= row) {
            if self.latest.is_none_or(|latest| region.end.0 > latest.end.0) {
                self.latest = Some(region);
            }
        }
        let Dimensions { start, end } = self.latest.filter(|region| region.end.0 >= row)?;
        let (from, to) = (format!("{}{}", letters(start.1), start.0 + 1), format!("{}{}", letters(end.1), end.0 + 1));
        Some(format!("the cells {from} to {to} are merged: unmerge them and give each row its own values"))
    }
}

/// `A` of 0, `AB` of 27.
fn letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut left = u64::from(column) + 1;
    while left > 0 {
        left -= 1;
        letters.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or_default()));
        left /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_called_as_excel_calls_them() {
        for (column, name) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")] {
            assert_eq!(letters(column), name);
        }
    }
}
