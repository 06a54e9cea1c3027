//! CSV and TSV, by the crate csv.

use std::io;

use super::{BUFFER, Row, RowWriter, size};
use crate::{
    exports::{
        Formulas,
        feed::{Column, Feed},
        following::Sink,
        value::Lines,
    },
    sheets::cell_text,
};

pub(super) struct Separated {
    writer: csv::Writer<Sink>,
    formulas: Formulas,
    cell: String,
}

impl Separated {
    pub(super) fn begin(file: Sink, delimiter: u8, feed: &Feed, formulas: Formulas) -> io::Result<Self> {
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

impl RowWriter for Separated {
    fn write(&mut self, columns: &[Column], row: &Row<'_>) -> io::Result<()> {
        for (column, value) in columns.iter().zip(row.values) {
            self.cell.clear();
            match self.formulas {
                Formulas::Harmless if column.lines == Lines::Exact => value.write_exactly_to(&mut self.cell),
                Formulas::Harmless => {
                    value.write_to(&mut self.cell, &column.separator);
                    if value.may_be_formula() {
                        cell_text::guard(&mut self.cell);
                    }
                }
                Formulas::AsTheyAre => value.write_to(&mut self.cell, &column.separator),
            }
            self.writer.write_field(&self.cell)?;
        }
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    fn finish(self: Box<Self>) -> io::Result<u64> {
        let sink = self.writer.into_inner().map_err(|failed| io::Error::other(failed.error().to_string()))?;
        size(&sink.file)
    }
}
