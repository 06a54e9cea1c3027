//! Stock that comes in a file: vehicles are added, changed, relisted and marked sold, by the rules of every other change.
//!
//! `columns.rs` says what a column means, `values.rs` and `dates.rs` what a cell says, `plan.rs` what a row does, `draft.rs` holds
//! what all of them do, `service.rs` does it, `refused_file.rs` keeps the rows that are refused. Deliberately not here: how a file
//! is read, which `sheets` knows.

mod columns;
mod dates;
mod draft;
mod plan;
mod refused_file;
mod report;
mod service;
mod state;
mod values;

use std::path::PathBuf;

use super::VehicleStatus;

pub use columns::{ImportedColumn, LeftOut, Mapping};
pub use dates::DateOrder;
pub use report::{
    ChangedVehicle, FaultCount, ImportCounts, ImportOutcome, ImportReport, ImportedVehicle, RefusedRow, RowFault,
    RowWarning, SoldHeldBack,
};

/// How a file of vehicles is imported.
///
/// ```
/// use jpauto::imports::{ImportMode, ImportOptions};
///
/// let trial = ImportOptions { mode: ImportMode::DryRun, ..ImportOptions::default() };
/// assert_eq!(ImportOptions::default().mode, ImportMode::AllOrNothing);
/// # let _ = trial;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ImportOptions {
    /// What the columns mean where their names do not say it.
    pub mapping: Mapping,
    /// What is written.
    pub mode: ImportMode,
    /// What happens to vehicles in stock that are not in the file.
    pub missing: MissingVehicles,
    /// How much of a file is read.
    pub limits: crate::sheets::SheetLimits,
    /// At most this many vehicles, refused rows and warnings of each kind stand in the report (10,000). All are counted.
    pub most_listed: usize,
    /// Where all refused rows are written as a CSV file, as they stand in the file, each with what is wrong with it. An existing file
    /// is replaced.
    pub refused_to: Option<PathBuf>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            mapping: Mapping::default(),
            mode: ImportMode::default(),
            missing: MissingVehicles::default(),
            limits: crate::sheets::SheetLimits::default(),
            most_listed: 10_000,
            refused_to: None,
        }
    }
}

/// What an import writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportMode {
    /// Everything, or nothing if one row is refused: in one transaction, or, of more changes than [`SheetLimits::planned`] on
    /// SQLite, in transactions of a thousand rows once the whole file is checked.
    ///
    /// [`SheetLimits::planned`]: crate::imports::SheetLimits
    #[default]
    AllOrNothing,
    /// What can be written, in transactions of a thousand rows; refused rows are left out.
    KeepGoing,
    /// Nothing. The report says what would be written.
    DryRun,
}

/// What happens to vehicles in stock that are not in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissingVehicles {
    /// They stay as they are.
    #[default]
    Keep,
    /// They are marked sold, unless they are more than half of the stock: then nothing is written.
    MarkSold,
    /// They are marked sold, however many they are.
    MarkSoldConfirmed,
}
