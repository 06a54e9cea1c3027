//! Rows of a list, column by column, in the memory layout of Apache Arrow: for data frames, which want a million rows at once.
//!
//! The types are plain vectors, so the library depends on no Arrow crate, and an adapter hands the vectors on without copying them.
//! Deliberately not here: how they are read (`db/columns`), and which columns a noun has (its repository).

use std::sync::Arc;

use chrono::{DateTime, Utc};

/// What is read of a list as columns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnRequest {
    /// The names of the columns, in the order in which they are wanted.
    pub columns: Vec<String>,
    /// How the rows are ordered.
    pub order: RowOrder,
    /// The most rows; they are the first ones of the list.
    pub limit: Option<u64>,
    /// The rows of a batch.
    pub rows_at_a_time: usize,
}

impl ColumnRequest {
    /// These columns of all rows, in the order that is read quickest, 65,536 rows at a time.
    #[must_use]
    pub fn of(columns: Vec<String>) -> Self {
        Self { columns, order: RowOrder::Any, limit: None, rows_at_a_time: 65_536 }
    }
}

/// How the rows of a table are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// As they are found, unless there is a limit, of which the first rows are those of the list.
    Any,
    /// As the list is.
    OfTheList,
}

/// The next rows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ColumnBatch {
    /// How many.
    pub rows: usize,
    /// The columns, in the order in which they were asked for.
    pub columns: Vec<Column>,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Column {
    /// The values; what stands where there is none has no meaning.
    pub values: Values,
    /// A bit for each row, the lowest first: whether there is a value. `None` where there always is.
    pub known: Option<Vec<u8>>,
}

impl Column {
    /// The column; an empty one stays behind.
    pub(crate) fn give_away(&mut self) -> Self {
        Self { values: std::mem::replace(&mut self.values, Values::Numbers(Vec::new())), known: self.known.take() }
    }

    fn is_known(&self, row: usize) -> bool {
        self.known.as_ref().is_none_or(|bits| bit(bits, row))
    }

    /// Whether it is true in a row.
    pub(crate) fn truth(&self, row: usize) -> bool {
        matches!(&self.values, Values::Truths(bits) if self.is_known(row) && bit(bits, row))
    }

    /// Its number in a row.
    pub(crate) fn number(&self, row: usize) -> Option<i32> {
        match &self.values {
            Values::Numbers(numbers) if self.is_known(row) => numbers.get(row).copied(),
            _ => None,
        }
    }

    /// Its time in a row.
    pub(crate) fn time(&self, row: usize) -> Option<DateTime<Utc>> {
        match &self.values {
            Values::Times(times) if self.is_known(row) => DateTime::from_timestamp_micros(*times.get(row)?),
            _ => None,
        }
    }
}

fn bit(bits: &[u8], row: usize) -> bool {
    bits.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1)
}

/// The values themselves.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Values {
    /// UUIDs, 16 bytes each.
    Ids(Vec<u8>),
    /// Texts; documents are JSON.
    Texts(Texts),
    /// Texts of which there are few: for each row the place of its text, or -1.
    Words(Vec<i32>, Arc<Texts>),
    /// Whole numbers.
    Numbers(Vec<i32>),
    /// A bit for each row, the lowest first.
    Truths(Vec<u8>),
    /// Amounts in cents.
    Amounts(Vec<i128>),
    /// Other numbers.
    Reals(Vec<f64>),
    /// Microseconds since 1970 in UTC.
    Times(Vec<i64>),
}

/// Texts one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Texts {
    /// Where each text ends, with a zero in front.
    pub ends: Vec<i32>,
    /// The bytes of all texts.
    pub bytes: Vec<u8>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { ends: vec![0], bytes: Vec::new() }
    }
}

impl Texts {
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.end();
    }

    /// Ends the text whose bytes were added.
    pub(crate) fn end(&mut self) {
        // Batches are bounded in rows, and a row in bytes: no batch comes near two gigabytes.
        self.ends.push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
    }
}
