//! Tables that people keep in files, read row by row: text with separators, JSON Lines and Excel workbooks.
//!
//! `open` says what a file is, by its content and not by its name. A reader hands out one row at a time, so that a large file is
//! never in memory as a whole. Everything has a limit ([`SheetLimits`]). Deliberately not here: what a column means.

pub(crate) mod cell_text;
mod delimited;
mod encoding;
mod file;
mod json_lines;
mod limits;
mod unpacked;
mod workbook;

use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;

pub use file::{SheetFile, SheetFormat};
pub use limits::SheetLimits;

use crate::error::{Error, ErrorCode, Result};

/// A cell as it stands in the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// Nothing stands there.
    Empty,
    /// JSON's `null`: the value is to be removed.
    Null,
    Text(String),
    /// A number of a workbook; text formats keep their digits as text.
    Number(f64),
    Bool(bool),
    /// A day of a workbook, in days since the end of 1899.
    Serial(f64),
    /// A list of texts of JSON.
    Texts(Vec<String>),
    /// What is wrong with it, and what a person sees there.
    Fault {
        message: String,
        shown: Option<String>,
    },
}

impl Cell {
    /// The cell as a person sees it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Empty | Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Serial(serial) => day_of_serial(*serial).map_or_else(|| serial.to_string(), |day| day.to_string()),
            Self::Bool(truth) => truth.to_string(),
            Self::Texts(texts) => texts.join(", "),
            Self::Fault { message, shown } => shown.as_ref().unwrap_or(message).clone(),
        }
    }

    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }
}

/// The day of Excel's count, of which 1 is the first of January 1900 and 60 a day that never was.
pub(crate) fn day_of_serial(serial: f64) -> Option<NaiveDate> {
    let is_counted = (1.0..2_958_466.0).contains(&serial);
    let days = TimeDelta::days(is_counted.then_some(serial.floor() as i64)?);
    let start = NaiveDate::from_ymd_opt(1899, 12, if serial < 60.0 { 31 } else { 30 })?;
    start.checked_add_signed(days)
}

/// A row of a table.
#[derive(Debug, PartialEq)]
pub(crate) struct SheetRow {
    /// The line that it begins on, or its row in a worksheet; from 1.
    pub(crate) number: u64,
    /// One cell for each column of the table.
    pub(crate) cells: Vec<Cell>,
    /// Why the row as a whole cannot be read.
    pub(crate) fault: Option<String>,
}

/// What is said about a file before its rows are read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SheetChoices<'c> {
    /// The worksheet of a workbook.
    pub(crate) sheet: Option<&'c str>,
    /// What stands between the values.
    pub(crate) delimiter: Option<char>,
}

/// A table in a file: where it begins, and what its columns are called.
#[derive(Debug)]
pub(crate) struct Sheet<'f> {
    file: &'f SheetFile,
    limits: SheetLimits,
    place: Place,
    /// The names of the columns as they are written, in order.
    pub(crate) columns: Vec<String>,
    /// How it is written.
    pub(crate) shape: SheetShape,
}

/// How a table is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct SheetShape {
    /// The kind of file.
    pub format: SheetFormat,
    /// The encoding of its text; `None` for a workbook.
    pub encoding: Option<SheetEncoding>,
    /// What stands between the values.
    pub delimiter: Option<char>,
    /// The worksheet.
    pub sheet: Option<String>,
    /// The line or row with the names of the columns; `None` where every row names its own.
    pub header: Option<u64>,
}

/// How a text file writes its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub enum SheetEncoding {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, least significant byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, most significant byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// What Excel writes as plain CSV in western countries.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

words!(@read SheetEncoding { Utf8 => "utf-8", Utf16Le => "utf-16le", Utf16Be => "utf-16be", Windows1252 => "windows-1252" });

impl SheetEncoding {
    /// The name of the encoding.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Windows1252 => "Windows-1252",
        }
    }
}

/// Where a reader begins.
#[derive(Debug)]
enum Place {
    Delimited { encoding: SheetEncoding, delimiter: u8, header: u64 },
    JsonLines { encoding: SheetEncoding },
    Workbook { sheet: String, header: u64, first_column: u32 },
}

/// The header is looked for in this many rows; titles and blank rows may stand above it.
const HEADER_ROWS: usize = 20;

impl<'f> Sheet<'f> {
    /// Finds the table of a file. `known` says which names of columns mean something.
    ///
    /// # Errors
    /// `sheet_unreadable`; `sheet_without_header`; `file_unreadable`; `file_too_large`.
    pub(crate) fn find(
        file: &'f SheetFile,
        limits: SheetLimits,
        choices: SheetChoices<'_>,
        known: &dyn Fn(&str) -> bool,
    ) -> Result<Self> {
        file.ensure_size(&limits)?;
        match file.format()? {
            SheetFormat::Delimited => delimited::find(file, limits, choices, known),
            SheetFormat::JsonLines => json_lines::find(file, limits),
            SheetFormat::Xlsx => workbook::find(file, limits, choices, known),
        }
    }

    /// What messages call the file.
    pub(crate) fn file_name(&self) -> &'f str {
        self.file.name()
    }

    /// Hands out the rows below the header, without the blank ones. The first error of `each` ends it.
    ///
    /// # Errors
    /// `sheet_unreadable` where the file breaks off; what `each` returns.
    pub(crate) fn read<E: From<Error>>(&self, mut each: impl FnMut(SheetRow) -> Result<(), E>) -> Result<(), E> {
        let mut rows = 0_u64;
        let limits = self.limits;
        let mut counted = |row: SheetRow| {
            rows += 1;
            if rows > limits.rows {
                return Err(too_many_rows(&limits).into());
            }
            each(row)
        };
        match &self.place {
            Place::Delimited { encoding, delimiter, header } => {
                delimited::read(self, (*encoding, *delimiter), *header, &mut counted)
            }
            Place::JsonLines { encoding } => json_lines::read(self, *encoding, &mut counted),
            Place::Workbook { sheet, header, first_column } => {
                workbook::read(self, sheet, (*header, *first_column), &mut counted)
            }
        }
    }
}

fn too_many_rows(limits: &SheetLimits) -> Error {
    Error::new(ErrorCode::FileTooLarge, format!("the file has more than {} rows: split it", limits.rows))
}

fn unreadable(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::SheetUnreadable, message.into())
}

fn without_header() -> Error {
    let message = format!(
        "no names of columns in the first {HEADER_ROWS} rows: one row must name the columns, and one of them the VIN or the \
         stock number"
    );
    Error::new(ErrorCode::SheetWithoutHeader, message)
}

/// How well a row fits as the names of columns: how many of its cells are known.
fn header_score<'c>(cells: impl Iterator<Item = &'c str>, known: &dyn Fn(&str) -> bool) -> usize {
    cells.filter(|cell| known(cell)).count()
}

/// A text as far as it is shown where something is said of it.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Counts the lines of a text that is read piece by piece. A line ends with a line feed, a carriage return (Excel's "CSV
/// (Macintosh)"), or both.
#[derive(Clone, Copy, Debug)]
struct Lines {
    line: u64,
    after_return: bool,
}

impl Lines {
    const FIRST: Self = Self { line: 1, after_return: false };

    fn pass(&mut self, bytes: &[u8]) {
        for end in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let is_second_half =
                bytes[end] == b'\n' && if end == 0 { self.after_return } else { bytes[end - 1] == b'\r' };
            self.line += u64::from(!is_second_half);
        }
        self.after_return = bytes.last().map_or(self.after_return, |last| *last == b'\r');
    }

    /// The line at the end of these bytes.
    fn behind(mut self, bytes: &[u8]) -> u64 {
        self.pass(bytes);
        self.line
    }
}

/// The cells without the empty ones at the end.
fn trim_end(names: &mut Vec<String>) {
    while names.last().is_some_and(|name| name.trim().is_empty()) {
        names.pop();
    }
}
