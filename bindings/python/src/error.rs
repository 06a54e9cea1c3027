//! The library's failures as Python's exceptions, and the failures of the package itself.
//!
//! The classes are written in Python (`jpauto/errors.py`), where a class may have two bases. `class` maps each kind to a
//! class, and nothing else does. The source of a failure is for logs and never reaches Python.

use std::path::Path;

use jpauto::{Error, ErrorCode, ErrorKind};
use pyo3::{prelude::*, sync::PyOnceLock, types::PyType};

use crate::ending::Inside;

/// The exception for a failure of the library.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let _inside = Inside::begin(py);
    let fields: Vec<_> = error.fields().iter().map(|field| (field.pointer.as_str(), field.message.as_str())).collect();
    let raised = class(py, error.kind())
        .and_then(|class| class.call1((error.to_string(), error.code(), fields, error.retry_after())));
    raised.map_or_else(|reason| reason, PyErr::from_value)
}

/// `InvalidInput` for arguments that the library does not take. Each fault is a JSON pointer and what was expected.
pub(crate) fn invalid_argument(py: Python<'_>, faults: Vec<(String, String)>) -> PyErr {
    let count = faults.len();
    faulty(py, ErrorCode::InvalidArgument, faults, count)
}

/// The same with a code of its own. There may be more faults than are named.
pub(crate) fn faulty(py: Python<'_>, code: ErrorCode, first: Vec<(String, String)>, count: usize) -> PyErr {
    let message = match first.as_slice() {
        first if count > first.len() => {
            format!("{count} values are not acceptable, of which these are the first {}", first.len())
        }
        [(pointer, expected)] => format!("{}: {expected}", pointer.trim_start_matches('/')),
        _ => "some arguments are not acceptable".to_owned(),
    };
    raised(py, code, message, first)
}

/// Whether an exception is one of this package.
pub(crate) fn is_ours(py: Python<'_>, reason: &PyErr) -> PyResult<bool> {
    static BASE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    Ok(reason.is_instance(py, BASE.import(py, "jpauto.errors", "Error")?))
}

/// `Refused` for a lot that was closed.
pub(crate) fn closed(py: Python<'_>) -> PyErr {
    raised(py, ErrorCode::LotClosed, "the lot is closed".to_owned(), Vec::new())
}

/// `Refused` for a connection of `sqlite3` to a file that a lot has open.
pub(crate) fn database_open_here(py: Python<'_>, file: &Path) -> PyErr {
    let said = format!(
        "{} is open as a lot in this process, and sqlite3 would lift its locks: what is written could be lost. Read the lot's tables, or \
         a copy that lot.backup made; or use sqlite3 in another process, or once the lot is closed.",
        file.display()
    );
    raised(py, ErrorCode::DatabaseOpenHere, said, Vec::new())
}

/// What is said of a table whose reader is gone before its end.
pub(crate) const TABLE_LOST: &str = "the table ended before its last row";

/// `Internal` for such a table.
pub(crate) fn table_lost(py: Python<'_>) -> PyErr {
    raised(py, ErrorCode::TableLost, TABLE_LOST.to_owned(), Vec::new())
}

fn raised(py: Python<'_>, code: ErrorCode, message: String, faults: Vec<(String, String)>) -> PyErr {
    let _inside = Inside::begin(py);
    let raised = class(py, code.kind()).and_then(|class| class.call1((message, code.as_str(), faults)));
    raised.map_or_else(|reason| reason, PyErr::from_value)
}

/// The one place where kinds become classes.
fn class(py: Python<'_>, kind: ErrorKind) -> PyResult<&Bound<'_, PyType>> {
    macro_rules! imported {
        ($name:literal) => {{
            static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
            CLASS.import(py, "jpauto.errors", $name)
        }};
    }
    match kind {
        ErrorKind::InvalidInput => imported!("InvalidInput"),
        ErrorKind::NotFound => imported!("NotFound"),
        ErrorKind::Conflict => imported!("Conflict"),
        ErrorKind::Refused => imported!("Refused"),
        ErrorKind::Unauthenticated => imported!("Unauthenticated"),
        ErrorKind::Forbidden => imported!("Forbidden"),
        ErrorKind::RateLimited => imported!("RateLimited"),
        ErrorKind::Misconfigured => imported!("Misconfigured"),
        ErrorKind::Unavailable => imported!("Unavailable"),
        // This package does not know the kind of a later release of the library.
        ErrorKind::Internal | _ => imported!("Internal"),
    }
}
