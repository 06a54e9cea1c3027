//! What is wrong with the values of tables: the first faults, and how many there are.

use jpauto::ErrorCode;
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyIterator};

use crate::{error, input::shown};

/// How many wrong values are named.
const MOST: usize = 20;

/// The first faults, each with a pointer and what was expected, and the number of all.
#[derive(Default)]
pub(crate) struct Faults {
    first: Vec<(String, String)>,
    count: usize,
}

impl Faults {
    /// Counts a fault. What it says is only made where it is named.
    pub(crate) fn add(&mut self, fault: impl FnOnce() -> (String, String)) {
        self.count += 1;
        if self.first.len() < MOST {
            self.first.push(fault());
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// # Errors
    /// `invalid_argument`, where there is a fault. Its message says how many there are, where not all of them are named.
    pub(crate) fn checked(self, py: Python<'_>) -> PyResult<()> {
        self.checked_as(py, ErrorCode::InvalidArgument)
    }

    /// # Errors
    /// The same with this code.
    pub(crate) fn checked_as(self, py: Python<'_>, code: ErrorCode) -> PyResult<()> {
        if self.is_empty() { Ok(()) } else { Err(error::faulty(py, code, self.first, self.count)) }
    }
}

/// What is said of an argument that is no table.
const TABLE: &str = "a table, or a list of dictionaries or records";

/// The items of an argument that should be several.
pub(crate) fn items<'py>(name: &str, expected: &str, source: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyIterator>> {
    source.try_iter().map_err(|reason| match reason.is_instance_of::<PyTypeError>(source.py()) {
        true => not(name, expected, source),
        false => reason,
    })
}

/// The rows of an argument that should be a table.
pub(crate) fn rows<'py>(name: &str, source: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyIterator>> {
    items(name, TABLE, source)
}

/// `TypeError` for an argument that should be a table.
pub(crate) fn no_table(name: &str, found: &Bound<'_, PyAny>) -> PyErr {
    not(name, TABLE, found)
}

/// `TypeError` for an argument of another type.
pub(crate) fn not(name: &str, expected: &str, found: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("{name}: expected {expected}, found {}", shown(found)))
}
