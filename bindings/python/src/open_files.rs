//! The SQLite files that lots of this process have open, and the guard that keeps Python's own `sqlite3` off them.
//!
//! The `sqlite3` of Python is a second library of SQLite in the process. Locks of POSIX belong to a process, and closing a file lifts all
//! that the process has on it. So neither library sees the other's locks, and the first connection that is closed takes those of both:
//! `https://www.sqlite.org/howtocorrupt.html`, 2.2.1. Python tells of each connection that is about to be made (PEP 578), before the file
//! is opened.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use pyo3::{
    prelude::*,
    sync::PyOnceLock,
    types::{PyString, PyTuple},
};

use crate::error;

/// How many lots have each file open.
static OPEN: Mutex<BTreeMap<PathBuf, usize>> = Mutex::new(BTreeMap::new());

/// A file that a lot has open.
pub(crate) struct OpenFile(PathBuf);

impl OpenFile {
    /// Notes the file, which exists by now, and sees to it that Python asks here.
    pub(crate) fn of(py: Python<'_>, file: &Path) -> PyResult<Self> {
        static ASKED: PyOnceLock<()> = PyOnceLock::new();
        ASKED.get_or_try_init(py, || {
            let audit = wrap_pyfunction!(before_sqlite3_opens, py)?;
            py.import("sys")?.call_method1("addaudithook", (audit,)).map(drop)
        })?;
        let file = file.canonicalize()?;
        *OPEN.lock().unwrap_or_else(PoisonError::into_inner).entry(file.clone()).or_default() += 1;
        Ok(Self(file))
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lots) = open.get_mut(&self.0) {
            *lots -= 1;
            if *lots == 0 {
                open.remove(&self.0);
            }
        }
    }
}

/// Refuses a connection of `sqlite3` to a file that a lot has open. Called with every event that Python tells of.
#[pyfunction]
fn before_sqlite3_opens(event: &Bound<'_, PyString>, arguments: &Bound<'_, PyTuple>) -> PyResult<()> {
    if event.to_str()? != "sqlite3.connect" || OPEN.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
        return Ok(());
    }
    let py = event.py();
    // What is no path is for `sqlite3` to refuse.
    let Ok(text) = py.import("os")?.call_method1("fsdecode", (arguments.get_item(0)?,)) else { return Ok(()) };
    let Ok(file) = path_of(&text.extract::<String>()?).canonicalize() else { return Ok(()) };
    let is_open = OPEN.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&file);
    if is_open { Err(error::database_open_here(py, &file)) } else { Ok(()) }
}

/// The path in a name that `sqlite3.connect` takes: a path, or a URI as `file:lot%20one.db?mode=ro`.
fn path_of(name: &str) -> PathBuf {
    let Some(uri) = name.strip_prefix("file:") else { return PathBuf::from(name) };
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    let path = path.strip_prefix("//localhost").or_else(|| path.strip_prefix("//")).unwrap_or(path);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, others @ ..] = rest {
        let coded = others.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match coded.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = others.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}
