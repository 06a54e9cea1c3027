//! The refused rows of an import as a CSV file: each as it stands in the file that is imported, with what is wrong with it.
//!
//! Whoever corrects the file imports it as it is: the two columns behind its own mean nothing to an import.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::{RefusedRow, service::Table};
use crate::{
    error::{Error, ErrorCode, Result},
    sheets::{Cell, SheetFormat, cell_text},
};

/// What stands behind the columns of the file.
const ROW: &str = "Row";
const REASON: &str = "Refused because";

/// Takes the refused rows of one import.
pub(super) struct RefusedFile {
    path: PathBuf,
    writer: csv::Writer<File>,
    /// The places of the columns that are written.
    places: Vec<usize>,
    format: SheetFormat,
    cell: String,
}

impl RefusedFile {
    /// Begins the file anew.
    ///
    /// # Errors
    /// `refused_rows_not_written`.
    pub(super) fn begin(path: &Path, table: &Table<'_>) -> Result<Self> {
        let names = &table.sheet.columns;
        // Of a file that was refused before, the reasons are those of today.
        let is_ours = |name: &str| [ROW, REASON].contains(&name.trim());
        let places: Vec<usize> = (0..names.len()).filter(|place| !is_ours(&names[*place])).collect();
        let file = File::create(path).map_err(|reason| not_written(path, reason))?;
        let mut writer = csv::Writer::from_writer(file);
        let header =
            places.iter().map(|place| harmless(names[*place].clone())).chain([ROW, REASON].map(ToOwned::to_owned));
        writer.write_record(header).map_err(|reason| not_written(path, reason.into()))?;
        let format = table.sheet.shape.format;
        Ok(Self { path: path.to_owned(), writer, places, format, cell: String::new() })
    }

    /// # Errors
    /// `refused_rows_not_written`.
    pub(super) fn add(&mut self, row: &RefusedRow, cells: &[Cell]) -> Result<()> {
        self.write(row, cells).map_err(|reason| not_written(&self.path, reason))
    }

    fn write(&mut self, row: &RefusedRow, cells: &[Cell]) -> io::Result<()> {
        for place in &self.places {
            self.cell.clear();
            match cells.get(*place) {
                Some(Cell::Text(text)) if self.format == SheetFormat::JsonLines => {
                    cell_text::write(text, &mut self.cell);
                }
                Some(Cell::Texts(texts)) => {
                    let texts: Vec<_> = texts.iter().map(|text| text.as_str().into()).collect();
                    cell_text::write_list(&texts, &mut self.cell);
                }
                Some(Cell::Fault { .. }) | None => {}
                Some(cell) => self.cell = harmless(cell.shown()),
            }
            self.writer.write_field(&self.cell)?;
        }
        let reasons = row.faults.iter().map(|fault| match &fault.column {
            Some(column) => format!("{column}: {}", fault.message),
            None => fault.message.clone(),
        });
        self.writer.write_field(row.row.to_string())?;
        self.writer.write_field(harmless(reasons.collect::<Vec<_>>().join("; ")))?;
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    /// # Errors
    /// `refused_rows_not_written`.
    pub(super) fn end(mut self) -> Result<()> {
        self.writer.flush().map_err(|reason| not_written(&self.path, reason))
    }
}

/// A cell that a spreadsheet does not run. It is read as the text was.
fn harmless(mut text: String) -> String {
    cell_text::guard(&mut text);
    text
}

fn not_written(path: &Path, reason: io::Error) -> Error {
    let message = format!("cannot write {}: {reason}", path.display());
    Error::new(ErrorCode::RefusedRowsNotWritten, message).with_source(reason)
}
