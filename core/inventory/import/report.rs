//! What an import did, or would do, row by row.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{ImportedColumn, Mapping};
use crate::{
    error::{Error, ErrorCode, FieldError, Result},
    ids::VehicleId,
    inventory::Vehicle,
    money::Money,
    sheets::SheetShape,
};

/// What an import did, or would do.
#[must_use = "rows may be refused: `ensure_written` says so"]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ImportReport {
    /// What became of it as a whole.
    pub outcome: ImportOutcome,
    /// The name of the file.
    pub file: String,
    /// How the file is written.
    pub shape: SheetShape,
    /// What was done with each column.
    pub columns: Vec<ImportedColumn>,
    /// The mapping that says the same, for whoever wants to correct it.
    pub mapping: Mapping,
    /// How many rows did what.
    pub counts: ImportCounts,
    /// What was wrong with the refused rows, the most frequent first.
    pub fault_counts: Vec<FaultCount>,
    /// Each list below has at most this many entries, the first ones; `counts` has all.
    pub most_listed: usize,
    /// The vehicles that are new.
    pub added: Vec<ImportedVehicle>,
    /// The vehicles that are other than before, field by field.
    pub changed: Vec<ChangedVehicle>,
    /// The sold vehicles that are for sale again.
    pub relisted: Vec<ImportedVehicle>,
    /// The vehicles that are sold now: the file says so, or does not have them.
    pub sold: Vec<ImportedVehicle>,
    /// The rows that were refused, and why.
    pub refused: Vec<RefusedRow>,
    /// What to look at twice in rows that were not refused.
    pub warnings: Vec<RowWarning>,
    /// Why the vehicles that are missing from the file were not marked sold.
    pub sold_held_back: Option<SoldHeldBack>,
}

/// What became of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImportOutcome {
    /// Everything is written.
    Written,
    /// What could be written is; the refused rows are not.
    WrittenInPart,
    /// Nothing was to be written.
    DryRun,
    /// Nothing is written: rows were refused.
    Refused,
    /// Nothing is written: more than half of the stock is missing from the file.
    HeldBack,
}

/// How many rows did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ImportCounts {
    /// Rows with values.
    pub rows: usize,
    /// New vehicles.
    pub added: usize,
    /// Vehicles that are other than before.
    pub changed: usize,
    /// Sold vehicles that are for sale again.
    pub relisted: usize,
    /// Vehicles that are sold now.
    pub sold: usize,
    /// Vehicles that the file has as they are.
    pub unchanged: usize,
    /// Rows that were refused.
    pub refused: usize,
    /// What there is to look at twice.
    pub warnings: usize,
}

/// How often something was wrong with refused rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct FaultCount {
    /// What it was, one of the error codes.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: ErrorCode,
    /// The field of the vehicle; `None` if it is about whole rows.
    pub field: Option<&'static str>,
    /// How often it was.
    pub count: usize,
}

/// A vehicle of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ImportedVehicle {
    /// The line of a text file on which the row begins, or the row of a worksheet; `None` for a vehicle that is not in the file.
    pub row: Option<u64>,
    /// The vehicle. After a dry run there is none of this id if it is new.
    pub id: VehicleId,
    /// Model year.
    pub year: i32,
    /// Make.
    pub make: String,
    /// Model.
    pub model: String,
    /// Trim level.
    pub trim: Option<String>,
    /// VIN or chassis number.
    pub vin: String,
    /// Stock number.
    pub stock_number: Option<String>,
    /// Price.
    pub price: Money,
    /// Mileage.
    pub mileage: i32,
}

impl ImportedVehicle {
    pub(super) fn of(row: Option<u64>, vehicle: &Vehicle) -> Self {
        Self {
            row,
            id: vehicle.id,
            year: vehicle.year,
            make: vehicle.make.clone(),
            model: vehicle.model.clone(),
            trim: vehicle.trim.clone(),
            vin: vehicle.vin.clone(),
            stock_number: vehicle.stock_number.clone(),
            price: vehicle.price,
            mileage: vehicle.mileage,
        }
    }
}

/// A vehicle that is other than before.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImportedChange))]
#[non_exhaustive]
pub struct ChangedVehicle {
    /// The vehicle as it is now.
    #[serde(flatten)]
    pub vehicle: ImportedVehicle,
    /// The fields that differ: `{"price": {"from": "14000.00", "to": "13500.00"}}`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub changes: Map<String, Value>,
}

/// A row that was refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct RefusedRow {
    /// The line on which it begins, or its row in a worksheet.
    pub row: u64,
    /// Its VIN as it is written, cut where it is long.
    pub vin: Option<String>,
    /// Its stock number as it is written, cut where it is long.
    pub stock_number: Option<String>,
    /// What is wrong with it.
    pub faults: Vec<RowFault>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct RowFault {
    /// What it is, one of the error codes. It stays the same across releases.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: ErrorCode,
    /// The name of the column in the file; `None` if it is about the whole row.
    pub column: Option<String>,
    /// The field of the vehicle.
    pub field: Option<&'static str>,
    /// What stands in the cell of the file, cut where it is long.
    pub value: Option<String>,
    /// What is wrong, and what is expected.
    pub message: String,
}

impl RowFault {
    /// A fault of the row as a whole.
    pub(super) fn of_row(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, column: None, field: None, value: None, message: message.into() }
    }

    /// A fault of a field.
    pub(super) fn of_field(code: ErrorCode, field: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::of_row(code, message) }
    }
}

/// Something to look at twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct RowWarning {
    /// The line on which the row begins, or its row in a worksheet.
    pub row: u64,
    /// What is doubtful.
    pub message: String,
}

/// Why the vehicles that are missing from a file were not marked sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SoldHeldBack {
    /// More than half of the stock is missing; it can be confirmed.
    MoreThanHalf {
        /// How many are missing.
        missing: usize,
        /// How many vehicles were in stock before.
        in_stock: usize,
    },
    /// Rows were refused, so it is not known which vehicles they are.
    RowsRefused,
}

/// So many faults are fields of an error; the report has all.
const MOST_FIELDS: usize = 100;

impl ImportReport {
    /// The same with at most this many entries in each of its lists, for the history.
    pub(crate) fn first_of_each(&self, most: usize) -> Self {
        fn first<T: Clone>(list: &[T], most: usize) -> Vec<T> {
            list.iter().take(most).cloned().collect()
        }
        Self {
            most_listed: most.min(self.most_listed),
            added: first(&self.added, most),
            changed: first(&self.changed, most),
            relisted: first(&self.relisted, most),
            sold: first(&self.sold, most),
            refused: first(&self.refused, most),
            warnings: first(&self.warnings, most),
            file: self.file.clone(),
            shape: self.shape.clone(),
            columns: self.columns.clone(),
            mapping: self.mapping.clone(),
            fault_counts: self.fault_counts.clone(),
            sold_held_back: self.sold_held_back.clone(),
            outcome: self.outcome,
            counts: self.counts,
        }
    }

    /// The report, if nothing stood in the way of writing it: it is written, or a dry run that would be.
    ///
    /// # Errors
    /// `import_refused` with the first 100 faults, each at its row: `/12/price`. `import_held_back` if more than half of the stock
    /// is missing from the file.
    pub fn ensure_written(self) -> Result<Self> {
        if let Some(SoldHeldBack::MoreThanHalf { missing, in_stock }) = self.sold_held_back {
            let message = format!("{missing} of {in_stock} vehicles in stock are missing from {}", self.file);
            return Err(Error::new(ErrorCode::ImportHeldBack, message));
        }
        if self.counts.refused == 0 {
            return Ok(self);
        }
        let written = match self.outcome {
            ImportOutcome::WrittenInPart => "the others are written",
            _ => "nothing is written",
        };
        let message = format!("{} of {} rows are refused; {written}", self.counts.refused, self.counts.rows);
        let fields = self.refused.iter().flat_map(|row| row.faults.iter().map(move |fault| (row.row, fault)));
        let mut error = Error::new(ErrorCode::ImportRefused, message);
        for FieldError { pointer, message } in fields.take(MOST_FIELDS).map(field_error) {
            error = error.with_field(pointer, message);
        }
        Err(error)
    }
}

fn field_error((row, fault): (u64, &RowFault)) -> FieldError {
    let pointer = match fault.field {
        Some(field) => format!("/{row}/{field}"),
        None => format!("/{row}"),
    };
    let message = match &fault.value {
        Some(value) => format!("{}; found {value:?}", fault.message),
        None => fault.message.clone(),
    };
    FieldError { pointer, message }
}
