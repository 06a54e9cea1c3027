//! Files of vehicles: what `lot.inventory.import_file` takes and answers.

use std::path::PathBuf;

use jpauto::{
    ErrorCode,
    imports::{self, ImportMode, ImportOptions, Mapping, MissingVehicles, SheetFile},
};
use pyo3::{prelude::*, types::PyBytes};
use serde_json::Value;
use uuid::Uuid;

use crate::faults::not;
use crate::{
    input,
    record::{Amount, Document, Told, record},
};

record! {
    /// What an import did, or would do, row by row.
    ImportReport of imports::ImportReport {
        () {
            /// `written`, `written_in_part`, `dry_run`, `refused` or `held_back`.
            outcome: String,
            /// The name of the file.
            file: String,
            /// How the file is written.
            shape: SheetShape,
            /// What was done with each column.
            columns: Vec<ImportedColumn>,
            /// The mapping that says the same, to be corrected and given as `mapping`.
            mapping: Document,
            /// How many rows did what.
            counts: ImportCounts,
            /// What was wrong with the refused rows, the most frequent first.
            fault_counts: Vec<FaultCount>,
            /// Each list below has at most this many entries, the first ones; `counts` has all.
            most_listed: usize,
            /// The vehicles that are new.
            added: Vec<ImportedVehicle>,
            /// The vehicles that are other than before.
            changed: Vec<ImportedChange>,
            /// The sold vehicles that are for sale again.
            relisted: Vec<ImportedVehicle>,
            /// The vehicles that are sold now: the file says so, or does not have them.
            sold: Vec<ImportedVehicle>,
            /// The rows that were refused, and why.
            refused: Vec<RefusedRow>,
            /// What to look at twice in rows that were not refused.
            warnings: Vec<RowWarning>,
            /// Why the vehicles that are missing from the file were not marked sold.
            sold_held_back: Option<SoldHeldBack>,
        }
    }
}

record! {
    /// How a file is written.
    SheetShape of imports::SheetShape {
        () {
            /// The kind of file: `delimited`, `json_lines` or `xlsx`.
            format: String,
            /// The encoding of its text; `None` for a workbook.
            encoding: Option<String>,
            /// What stands between the values.
            delimiter: Option<char>,
            /// The worksheet.
            sheet: Option<String>,
            /// The line or row with the names of the columns; `None` where every row names its own.
            header: Option<u64>,
        }
    }
}

record! {
    /// What is done with a column of a file.
    ImportedColumn of imports::ImportedColumn {
        () {
            /// Its name in the file.
            name: String,
            /// The field that it is read as; `None` if it is not read.
            field: Option<&'static str>,
            /// Why it is not read: `unknown`, `kept_by_library` or `by_mapping`.
            left_out: Option<String>,
        }
    }
}

record! {
    /// How many rows did what.
    ImportCounts of imports::ImportCounts {
        () {
            /// Rows with values.
            rows: usize,
            /// New vehicles.
            added: usize,
            /// Vehicles that are other than before.
            changed: usize,
            /// Sold vehicles that are for sale again.
            relisted: usize,
            /// Vehicles that are sold now.
            sold: usize,
            /// Vehicles that the file has as they are.
            unchanged: usize,
            /// Rows that were refused.
            refused: usize,
            /// What there is to look at twice.
            warnings: usize,
        }
    }
}

record! {
    /// How often something was wrong with refused rows.
    FaultCount of imports::FaultCount {
        () {
            /// What it was, one of the error codes.
            code: String,
            /// The field of the vehicle; `None` if it is about whole rows.
            field: Option<&'static str>,
            /// How often it was.
            count: usize,
        }
    }
}

impl Told<ErrorCode> for String {
    fn told(code: ErrorCode) -> Self {
        code.as_str().to_owned()
    }
}

record! {
    /// A vehicle of a row.
    ImportedVehicle of imports::ImportedVehicle {
        () {
            /// The line of a text file on which the row begins, or the row of a worksheet; `None` for a vehicle that is not in the file.
            row: Option<u64>,
            /// The vehicle. After a dry run there is none of this id if it is new.
            id: Uuid,
            /// Model year.
            year: i32,
            /// Make.
            make: String,
            /// Model.
            model: String,
            /// Trim level.
            trim: Option<String>,
            /// VIN or chassis number.
            vin: String,
            /// Stock number.
            stock_number: Option<String>,
            /// Price.
            price: Amount,
            /// Mileage.
            mileage: i32,
        }
    }
}

record! {
    /// A vehicle that is other than before an import.
    ImportedChange of imports::ChangedVehicle {
        () {
            /// The vehicle as it is now.
            vehicle: ImportedVehicle,
            /// The fields that differ: `{"price": {"from": "14000.00", "to": "13500.00"}}`.
            changes: Document,
        }
    }
}

record! {
    /// A row that was refused.
    RefusedRow of imports::RefusedRow {
        () {
            /// The line on which it begins, or its row in a worksheet.
            row: u64,
            /// Its VIN as it is written.
            vin: Option<String>,
            /// Its stock number as it is written.
            stock_number: Option<String>,
            /// What is wrong with it.
            faults: Vec<RowFault>,
        }
    }
}

record! {
    /// What is wrong with a row.
    RowFault of imports::RowFault {
        () {
            /// What it is, one of the error codes. It stays the same across releases.
            code: String,
            /// The name of the column in the file; `None` if it is about the whole row.
            column: Option<String>,
            /// The field of the vehicle.
            field: Option<&'static str>,
            /// What stands in the cell of the file, cut where it is long.
            value: Option<String>,
            /// What is wrong, and what is expected.
            message: String,
        }
    }
}

record! {
    /// Something to look at twice.
    RowWarning of imports::RowWarning {
        () {
            /// The line on which the row begins, or its row in a worksheet.
            row: u64,
            /// What is doubtful.
            message: String,
        }
    }
}

/// The document of the library's enum, whose figures depend on the reason.
pub(crate) struct HeldBack(Value);

impl HeldBack {
    fn reason(&self) -> String {
        self.0["reason"].as_str().map(ToOwned::to_owned).unwrap_or_default()
    }

    fn count(&self, name: &str) -> Option<u64> {
        self.0[name].as_u64()
    }
}

record! {
    /// Why the vehicles that are missing from a file were not marked sold.
    SoldHeldBack of HeldBack {
        () {
            /// `more_than_half`, which can be confirmed, or `rows_refused`: it is not known which vehicles those are.
            reason: String = [reason()],
            /// How many are missing.
            missing: Option<u64> = [count("missing")],
            /// How many vehicles were in stock before.
            in_stock: Option<u64> = [count("in_stock")],
        }
    }
}

impl Told<imports::SoldHeldBack> for SoldHeldBack {
    fn told(held_back: imports::SoldHeldBack) -> Self {
        Self::told(HeldBack(serde_json::to_value(held_back).unwrap_or_default()))
    }
}

impl Told<Mapping> for Document {
    fn told(mapping: Mapping) -> Self {
        Self::of(&mapping)
    }

    fn annotation() -> Option<String> {
        Some("dict[str, Any]".to_owned())
    }
}

/// A path, or the bytes of a file.
pub(crate) fn file(file: &Bound<'_, PyAny>) -> PyResult<SheetFile> {
    if let Ok(bytes) = file.cast::<PyBytes>() {
        return Ok(SheetFile::from_bytes("the file", bytes.as_bytes()));
    }
    match file.extract::<PathBuf>() {
        Ok(path) => Ok(SheetFile::at(path)),
        Err(_) => Err(not("file", "a path or bytes", file)),
    }
}

/// The switches of an import.
pub(crate) struct Switches {
    pub(crate) dry_run: bool,
    pub(crate) keep_going: bool,
    pub(crate) sold_if_missing: bool,
    pub(crate) confirm: bool,
    pub(crate) refused: Option<PathBuf>,
}

pub(crate) fn options(mapping: Option<&Bound<'_, PyAny>>, switches: &Switches) -> PyResult<ImportOptions> {
    let mut faults = Vec::new();
    let mapping: Option<Mapping> = match mapping {
        Some(mapping) => input::item(mapping, "/mapping", &mut faults)?,
        None => Some(Mapping::default()),
    };
    let Some(mapping) = mapping else {
        return Err(mapping_error(faults));
    };
    let mode = match switches {
        Switches { dry_run: true, .. } => ImportMode::DryRun,
        Switches { keep_going: true, .. } => ImportMode::KeepGoing,
        _ => ImportMode::AllOrNothing,
    };
    let missing = match switches {
        Switches { sold_if_missing: false, .. } => MissingVehicles::Keep,
        Switches { confirm: false, .. } => MissingVehicles::MarkSold,
        _ => MissingVehicles::MarkSoldConfirmed,
    };
    Ok(ImportOptions { mapping, mode, missing, refused_to: switches.refused.clone(), ..ImportOptions::default() })
}

fn mapping_error(faults: Vec<(String, String)>) -> PyErr {
    Python::attach(|py| crate::error::invalid_argument(py, faults))
}
