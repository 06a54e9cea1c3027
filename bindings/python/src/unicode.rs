//! Texts as arguments. One that is no Unicode, as a file that was read with `errors="surrogateescape"` has them, is `InvalidInput` with the
//! argument's name, as whatever else is wrong, and not Python's `UnicodeEncodeError`.

use pyo3::{
    exceptions::{PyTypeError, PyUnicodeEncodeError},
    prelude::*,
    types::{PyBytes, PyMapping, PyString},
};

use crate::{error::invalid_argument, faults::not, input::pointer};

/// A text, several, or one that may be left out.
pub(crate) trait OfText<'a>: Sized {
    fn of(name: &str, value: &'a Bound<'_, PyAny>) -> PyResult<Self>;
}

impl<'a> OfText<'a> for &'a str {
    fn of(name: &str, value: &'a Bound<'_, PyAny>) -> PyResult<Self> {
        value.extract().map_err(|reason| named(name, value, reason))
    }
}

impl OfText<'_> for String {
    fn of(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        value.extract().map_err(|reason| named(name, value, reason))
    }
}

impl OfText<'_> for Vec<String> {
    fn of(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        // All of them can be iterated, and what comes of it is no list of texts.
        let is_one = value.cast::<PyString>().is_ok() || value.cast::<PyBytes>().is_ok();
        let is_several = !is_one && value.cast::<PyMapping>().is_err();
        let texts = if is_several { value.extract() } else { Err(not(name, "a list of texts", value)) };
        texts.map_err(|reason: PyErr| match reason.is_instance_of::<PyTypeError>(value.py()) {
            true => not(name, "a list of texts", value),
            false => named(name, value, reason),
        })
    }
}

impl<'a, T: OfText<'a>> OfText<'a> for Option<T> {
    fn of(name: &str, value: &'a Bound<'_, PyAny>) -> PyResult<Self> {
        if value.is_none() { Ok(None) } else { T::of(name, value).map(Some) }
    }
}

/// The exception for an argument that could not be read: it is no text, or that text is no Unicode.
pub(crate) fn named(name: &str, value: &Bound<'_, PyAny>, reason: PyErr) -> PyErr {
    let py = value.py();
    if reason.is_instance_of::<PyTypeError>(py) {
        return not(name, "text", value);
    }
    if !reason.is_instance_of::<PyUnicodeEncodeError>(py) {
        return reason;
    }
    invalid_argument(py, vec![(pointer(name), NO_UNICODE.to_owned())])
}

/// What is said of such a text.
pub(crate) const NO_UNICODE: &str = "expected text that is valid Unicode";

/// A function for each name, which reads the argument of that name.
macro_rules! named {
    ($($name:ident),+ $(,)?) => {$(
        pub(crate) fn $name<'a, T: OfText<'a>>(value: &'a Bound<'_, PyAny>) -> PyResult<T> {
            T::of(stringify!($name), value)
        }
    )+};
}

named!(
    act_as,
    action,
    alert_type,
    allowed_servers,
    channel,
    columns,
    contact,
    content_type,
    database_url,
    email,
    error_type,
    event,
    format,
    group,
    job,
    key,
    make,
    message,
    model,
    name,
    photo,
    photos,
    platform,
    platform_type,
    provider,
    q,
    read_url,
    reason,
    resource_type,
    role,
    severity,
    sort,
    status,
    stock_number,
    submission_status,
    text,
    url,
    vin,
);
