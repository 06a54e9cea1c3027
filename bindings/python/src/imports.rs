//! Files of vehicles: what `lot.inventory.import_file` takes and answers.

use std::path::PathBuf;

use jpauto::imports::{ImportMode, ImportOptions, Mapping, MissingVehicles, SheetFile};
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyBytes};
use serde_json::Value;

use crate::{
    input,
    record::{Document, record},
};

/// A report of the library with its parts as documents.
pub(crate) struct Sections(Value);

impl Sections {
    pub(crate) fn of(report: &jpauto::imports::ImportReport) -> Self {
        Self(serde_json::to_value(report).unwrap_or_default())
    }

    fn part(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or_default()
    }

    fn text(&self, name: &str) -> String {
        self.part(name).as_str().map(ToOwned::to_owned).unwrap_or_default()
    }
}

record! {
    /// What an import did, or would do, row by row; each part is as `jpauto import vehicles --format json` prints it.
    ImportReport of Sections {
        () {
            /// `written`, `written_in_part`, `dry_run`, `refused` or `held_back`.
            outcome: String = [text("outcome")],
            /// The name of the file.
            file: String = [text("file")],
            /// How the file is written: `format`, `encoding`, `delimiter`, `sheet` and `header`.
            shape: Document = [part("shape")],
            /// What was done with each column: `name`, `field` and `left_out`.
            columns: Document = [part("columns")],
            /// The mapping that says the same, to be corrected and given as `mapping`.
            mapping: Document = [part("mapping")],
            /// How many `rows` there were, and how many were `added`, `changed`, `relisted`, `sold`, `unchanged` and `refused`.
            counts: Document = [part("counts")],
            /// The vehicles that are new.
            added: Document = [part("added")],
            /// The vehicles that are other than before, each with its `changes`.
            changed: Document = [part("changed")],
            /// The sold vehicles that are for sale again.
            relisted: Document = [part("relisted")],
            /// The vehicles that are sold now.
            sold: Document = [part("sold")],
            /// The rows that were refused, each with its `faults`.
            refused: Document = [part("refused")],
            /// What to look at twice: `row` and `message`.
            warnings: Document = [part("warnings")],
            /// Why vehicles that are missing from the file were not marked sold.
            sold_held_back: Document = [part("sold_held_back")],
        }
    }
}

/// A path, or the bytes of a file.
pub(crate) fn file(file: &Bound<'_, PyAny>) -> PyResult<SheetFile> {
    if let Ok(bytes) = file.cast::<PyBytes>() {
        return Ok(SheetFile::from_bytes("the file", bytes.as_bytes()));
    }
    match file.extract::<PathBuf>() {
        Ok(path) => Ok(SheetFile::at(path)),
        Err(_) => Err(PyTypeError::new_err("a file must be a path or bytes")),
    }
}

/// The switches of an import.
pub(crate) struct Switches {
    pub(crate) dry_run: bool,
    pub(crate) keep_going: bool,
    pub(crate) sold_if_missing: bool,
    pub(crate) confirm: bool,
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
    Ok(ImportOptions { mapping, mode, missing, ..ImportOptions::default() })
}

fn mapping_error(faults: Vec<(String, String)>) -> PyErr {
    Python::attach(|py| crate::error::invalid_argument(py, faults))
}
