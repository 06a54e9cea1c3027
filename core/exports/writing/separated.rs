//! CSV and TSV, by the crate csv.

use std::{fs::File, io};

use super::{BUFFER, Row, RowWriter, size};
use crate::exports::{
    Formulas,
    feed::{Column, Feed},
};

/// What a spreadsheet takes for the beginning of a formula, full-width forms included.
pub(in crate::exports) const FORMULA_SIGNS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

pub(super) struct Separated {
    writer: csv::Writer<File>,
    formulas: Formulas,
    cell: String,
}

impl Separated {
    pub(super) fn begin(file: File, delimiter: u8, feed: &Feed, formulas: Formulas) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .buffer_capacity(BUFFER)
            .terminator(csv::Terminator::CRLF)
            .from_writer(file);
        if feed.has_header {
            writer.write_record(feed.columns.iter().map(|column| column.name.as_bytes()))?;
        }
        Ok(Self { writer, formulas, cell: String::new() })
    }
}

/// Whether a spreadsheet could run the text. A number is none, nor is one of a telephone: without a letter nothing is called.
fn may_be_run(text: &str) -> bool {
    let is_of_numbers = |sign: char| sign.is_ascii_digit() || " +-.,()/".contains(sign);
    text.starts_with(FORMULA_SIGNS) && !(text.starts_with(['+', '-']) && text.chars().all(is_of_numbers))
}

impl RowWriter for Separated {
    fn write(&mut self, columns: &[Column], row: &Row<'_>) -> io::Result<()> {
        for (column, value) in columns.iter().zip(row.values) {
            self.cell.clear();
            value.write_to(&mut self.cell, &column.separator);
            if self.formulas == Formulas::Harmless && value.may_be_formula() && may_be_run(&self.cell) {
                self.cell.insert(0, '\'');
            }
            self.writer.write_field(&self.cell)?;
        }
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        let file = self.writer.into_inner().map_err(|failed| io::Error::other(failed.error().to_string()))?;
        size(&file)
    }
}

#[cfg(test)]
mod tests {
    use super::may_be_run;

    #[test]
    fn formulas_are_known_and_numbers_are_none() {
        for text in ["=1+1", "+cmd|' /C calc'!A0", "-A1", "@SUM(A1)", "\tx", "\rx", "＝1", "-", "=1"] {
            assert_eq!(may_be_run(text), text != "-", "{text:?}");
        }
        for text in ["+1 213 555 0100", "-5", "-5.00", "+1 (213) 555-0100", "", "a=b"] {
            assert!(!may_be_run(text), "{text:?}");
        }
    }
}
