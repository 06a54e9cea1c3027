//! Arguments of one type: truths, times, dictionaries, bytes and paths. One of another type is a `TypeError` with the argument's name, as
//! whatever else is wrong.

use std::path::PathBuf;

use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyBytes, PyDateTime, PyDict},
};

use crate::{clock::Clock, faults::not};

/// A type of arguments, or one that may be left out.
pub(crate) trait Typed<'a, 'py>: Sized {
    fn of(name: &str, value: &'a Bound<'py, PyAny>) -> PyResult<Self>;
}

impl<'a, 'py> Typed<'a, 'py> for bool {
    fn of(name: &str, value: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        value.extract().map_err(|reason| of_another(name, "True or False", value, reason))
    }
}

impl<'a, 'py> Typed<'a, 'py> for PathBuf {
    fn of(name: &str, value: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        value.extract().map_err(|reason| of_another(name, "a path", value, reason))
    }
}

impl<'a, 'py> Typed<'a, 'py> for &'a [u8] {
    fn of(name: &str, value: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        value.cast::<PyBytes>().map(|bytes| bytes.as_bytes()).map_err(|_other| not(name, "bytes", value))
    }
}

macro_rules! classes {
    ($($class:ty: $expected:literal),+ $(,)?) => {$(
        impl<'a, 'py> Typed<'a, 'py> for &'a Bound<'py, $class> {
            fn of(name: &str, value: &'a Bound<'py, PyAny>) -> PyResult<Self> {
                value.cast().map_err(|_other| not(name, $expected, value))
            }
        }
    )+};
}

classes!(Clock: "a Clock", PyDateTime: "a datetime", PyDict: "a dictionary");

impl<'a, 'py, T: Typed<'a, 'py>> Typed<'a, 'py> for Option<T> {
    fn of(name: &str, value: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        if value.is_none() { Ok(None) } else { T::of(name, value).map(Some) }
    }
}

/// The exception for an argument that could not be read: it is of another type, or what it raised itself.
fn of_another(name: &str, expected: &str, value: &Bound<'_, PyAny>, reason: PyErr) -> PyErr {
    if reason.is_instance_of::<PyTypeError>(value.py()) { not(name, expected, value) } else { reason }
}

/// A function for each name, which reads the argument of that name.
macro_rules! named {
    ($($name:ident),+ $(,)?) => {$(
        pub(crate) fn $name<'a, 'py, T: Typed<'a, 'py>>(value: &'a Bound<'py, PyAny>) -> PyResult<T> {
            T::of(stringify!($name), value)
        }
    )+};
}

named!(
    active,
    all,
    as_of,
    at,
    clock,
    complete,
    confirm,
    content,
    correct,
    create,
    dry_run,
    expires_at,
    exports,
    featured,
    file,
    keep_going,
    last_of_each,
    mapping,
    notifications,
    observed_at,
    path,
    picture,
    plain,
    price_dropped,
    read_only,
    refresh,
    refused,
    remove,
    rules,
    since,
    sold,
    sold_at,
    sold_if_missing,
    storage,
    submission,
    to,
    transaction_pooler,
    unseen,
    until,
    use_playwright,
    with_dismissed,
);
