//! Text with a separator between the values: CSV, TSV, and what Excel writes where the comma is the decimal point.
//!
//! The separator is the one with which a row reads best as names of columns.

use std::io::{BufRead as _, BufReader};

use super::{
    Cell, HEADER_ROWS, Lines, Place, Sheet, SheetChoices, SheetFile, SheetFormat, SheetLimits, SheetRow, SheetShape,
    encoding::{self, Decoded, row_too_long},
    header_score, trim_end, unreadable, without_header,
};
use crate::{
    error::{Error, Result},
    sheets::SheetEncoding,
};

const DELIMITERS: [u8; 4] = *b",;\t|";

const BUFFER_BYTES: usize = 64 * 1024;

pub(super) fn find<'f>(
    file: &'f SheetFile,
    limits: SheetLimits,
    choices: SheetChoices<'_>,
    known: &dyn Fn(&str) -> bool,
) -> Result<Sheet<'f>> {
    let encoding = encoding::detect(file, &limits)?;
    let chosen = match choices.delimiter {
        Some(sign) => vec![u8::try_from(sign).map_err(|_wide| unreadable("the separator must be an ASCII character"))?],
        None => DELIMITERS.to_vec(),
    };
    let mut best: Option<(usize, u8, u64, Vec<String>)> = None;
    for delimiter in chosen {
        let Some((score, line, names)) = header(file, &limits, (encoding, delimiter), known)? else { continue };
        if best.as_ref().is_none_or(|best| score > best.0) {
            best = Some((score, delimiter, line, names));
        }
    }
    let Some((_, delimiter, line, mut columns)) = best else { return Err(without_header()) };
    trim_end(&mut columns);
    if columns.len() > limits.columns {
        return Err(unreadable(format!("line {line} names {} columns: the most is {}", columns.len(), limits.columns)));
    }
    let shape = SheetShape {
        format: SheetFormat::Delimited,
        encoding: Some(encoding),
        delimiter: Some(char::from(delimiter)),
        sheet: None,
        header: Some(line),
    };
    Ok(Sheet { file, limits, place: Place::Delimited { encoding, delimiter, header: line }, columns, shape })
}

/// The row that reads best as names of columns, with how many are known, its line and its cells.
fn header(
    file: &SheetFile,
    limits: &SheetLimits,
    (encoding, delimiter): (SheetEncoding, u8),
    known: &dyn Fn(&str) -> bool,
) -> Result<Option<(usize, u64, Vec<String>)>> {
    let mut records = Records::new(file, limits, encoding, delimiter)?;
    let mut best: Option<(usize, u64, Vec<String>)> = None;
    for _ in 0..HEADER_ROWS {
        let Some(line) = records.next_record()? else { break };
        let score = header_score(records.cells(), known);
        if score > best.as_ref().map_or(0, |best| best.0) {
            best = Some((score, line, records.cells().map(ToOwned::to_owned).collect()));
        }
    }
    Ok(best)
}

pub(super) fn read<E: From<Error>>(
    sheet: &Sheet<'_>,
    (encoding, delimiter): (SheetEncoding, u8),
    header: u64,
    each: &mut impl FnMut(SheetRow) -> Result<(), E>,
) -> Result<(), E> {
    let mut records = Records::new(sheet.file, &sheet.limits, encoding, delimiter)?;
    let width = sheet.columns.len();
    while let Some(number) = records.next_record()? {
        if number <= header || records.cells().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let found = records.cells().count() - records.empty_at_end(width);
        let fault = (found != width).then(|| {
            format!(
                "the row has {found} values and the header {width} columns: a separator, a quotation mark or a line break is \
                 wrong here"
            )
        });
        let mut cells: Vec<_> = records.cells().take(width).map(|text| Cell::Text(text.to_owned())).collect();
        cells.resize(width, Cell::Empty);
        each(SheetRow { number, cells, fault })?;
    }
    Ok(())
}

/// The records of a file, one at a time into one buffer.
struct Records<'f> {
    reader: BufReader<Decoded<'f>>,
    parser: csv_core::Reader,
    file: &'f SheetFile,
    limits: SheetLimits,
    text: Vec<u8>,
    text_end: usize,
    ends: Vec<usize>,
    ends_end: usize,
    lines: Lines,
}

impl<'f> Records<'f> {
    fn new(file: &'f SheetFile, limits: &SheetLimits, encoding: SheetEncoding, delimiter: u8) -> Result<Self> {
        Ok(Self {
            reader: BufReader::with_capacity(BUFFER_BYTES, Decoded::new(file, encoding)?),
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            file,
            limits: *limits,
            text: vec![0; 4096],
            text_end: 0,
            ends: vec![0; 64],
            ends_end: 0,
            lines: Lines::FIRST,
        })
    }

    /// Reads the next record and answers the line that it begins on; `None` at the end. Blank lines are no records.
    fn next_record(&mut self) -> Result<Option<u64>> {
        (self.text_end, self.ends_end) = (0, 0);
        let mut begins_on = None;
        loop {
            let input = self.reader.fill_buf().map_err(|reason| self.file.broken(reason))?;
            let blank = match begins_on {
                None => input.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count(),
                Some(_) => 0,
            };
            if blank > 0 {
                self.lines.pass(&input[..blank]);
                self.reader.consume(blank);
                continue;
            }
            let begins = *begins_on.get_or_insert(self.lines.line);
            let (text, ends) = (&mut self.text[self.text_end..], &mut self.ends[self.ends_end..]);
            let (outcome, read, written, ended) = self.parser.read_record(input, text, ends);
            self.lines.pass(&input[..read]);
            self.reader.consume(read);
            self.text_end += written;
            self.ends_end += ended;
            if self.text_end as u64 > self.limits.row_bytes {
                return Err(row_too_long(begins, &self.limits));
            }
            match outcome {
                csv_core::ReadRecordResult::InputEmpty => {}
                csv_core::ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                csv_core::ReadRecordResult::OutputEndsFull => {
                    if self.ends.len() > self.limits.columns * 8 {
                        return Err(unreadable(format!("the row on line {begins} has too many values")));
                    }
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                csv_core::ReadRecordResult::Record => return Ok(Some(begins)),
                csv_core::ReadRecordResult::End => return Ok(None),
            }
        }
    }

    fn cells(&self) -> impl Iterator<Item = &str> {
        let mut begin = 0;
        self.ends[..self.ends_end].iter().map(move |end| {
            let cell = self.text.get(begin..*end).unwrap_or_default();
            begin = *end;
            // What is decoded is UTF-8, and the parser splits it at ASCII characters.
            std::str::from_utf8(cell).unwrap_or_default()
        })
    }

    /// How many of the cells beyond the width are empty ones at the end.
    fn empty_at_end(&self, width: usize) -> usize {
        let cells: Vec<_> = self.cells().skip(width).collect();
        cells.iter().rev().take_while(|cell| cell.trim().is_empty()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row: its number, its cells as they are shown, and whether it has a fault.
    type Shown = (u64, Vec<String>, bool);

    fn table(text: &str) -> (Vec<String>, Vec<Shown>, SheetShape) {
        let file = SheetFile::from_bytes("stock.csv", text.as_bytes());
        let known = |name: &str| ["vin", "price", "model"].contains(&name.trim().to_lowercase().as_str());
        let sheet = Sheet::find(&file, SheetLimits::default(), SheetChoices::default(), &known).unwrap();
        let mut rows = Vec::new();
        sheet
            .read(|row: SheetRow| -> Result<()> {
                rows.push((row.number, row.cells.iter().map(Cell::shown).collect(), row.fault.is_some()));
                Ok(())
            })
            .unwrap();
        (sheet.columns.clone(), rows, sheet.shape)
    }

    #[test]
    fn titles_blank_lines_and_line_breaks_in_quotes_leave_the_numbers_of_lines_right() {
        let text =
            "Stock of today;;\r\n\r\nVIN;Price;Model\r\nA;1;\"two\r\nlines\"\r\n\r\n\r\nB;2;x;;\r\n;;\r\nC;3\r\n";
        let (columns, rows, shape) = table(text);
        assert_eq!(columns, ["VIN", "Price", "Model"]);
        assert_eq!((shape.delimiter, shape.header), (Some(';'), Some(3)));
        let strings = |cells: [&str; 3]| cells.map(ToOwned::to_owned).to_vec();
        assert_eq!(
            rows,
            [
                (4, strings(["A", "1", "two\r\nlines"]), false),
                (8, strings(["B", "2", "x"]), false),
                (10, strings(["C", "3", ""]), true),
            ]
        );
    }

    #[test]
    fn lines_may_end_with_a_carriage_return_alone() {
        let text = "VIN,Price,Model\rA,1,\"two\rlines\"\r\rB,2,x\r";
        let (columns, rows, shape) = table(text);
        assert_eq!((columns.len(), shape.header), (3, Some(1)));
        let strings = |cells: [&str; 3]| cells.map(ToOwned::to_owned).to_vec();
        assert_eq!(rows, [(2, strings(["A", "1", "two\rlines"]), false), (5, strings(["B", "2", "x"]), false)]);
        // The row limit is one of rows.
        let long = "VIN,Price,Model\r".to_owned() + &"A,1,x\r".repeat(300_000);
        assert_eq!(table(&long).1.last().map(|row| row.0), Some(300_001));
    }

    #[test]
    fn each_separator_is_found() {
        for (separator, other) in [(',', ';'), (';', ','), ('\t', ','), ('|', ',')] {
            let text = format!("VIN{separator}Price{separator}Model\nA{separator}\"7{other}995\"{separator}x\n");
            assert_eq!(table(&text).2.delimiter, Some(separator));
        }
    }

    #[test]
    fn a_row_without_end_is_refused_without_being_read_whole() {
        let text = format!("VIN,Price\nA,\"{}", "x\n".repeat(2_000_000));
        let file = SheetFile::from_bytes("stock.csv", text.into_bytes());
        let sheet =
            Sheet::find(&file, SheetLimits::default(), SheetChoices::default(), &|name| name != "x").unwrap_err();
        assert!(sheet.to_string().contains("begins on line 2 is longer than 1 MiB"), "{sheet}");
    }
}
