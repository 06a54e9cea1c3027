//! Whole numbers as arguments. One that is out of range is `InvalidInput` with the argument's name, as whatever else is wrong, and not
//! Python's `OverflowError`.

use pyo3::{
    exceptions::{PyOverflowError, PyTypeError},
    prelude::*,
    types::PyBool,
};

use crate::{error::invalid_argument, faults::not};

/// A type of whole numbers, or one that may be left out.
pub(crate) trait Whole: Sized {
    fn of(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Self>;
}

macro_rules! whole {
    ($($type:ty),+) => {$(
        impl Whole for $type {
            fn of(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Self> {
                let py = value.py();
                // A bool is an int in Python.
                if value.cast::<PyBool>().is_ok() {
                    return Err(not(name, "a whole number", value));
                }
                value.extract().map_err(|reason: PyErr| {
                    if reason.is_instance_of::<PyTypeError>(py) {
                        return not(name, "a whole number", value);
                    }
                    if !reason.is_instance_of::<PyOverflowError>(py) {
                        return reason;
                    }
                    let expected = format!("expected a whole number from {} to {}", Self::MIN, Self::MAX);
                    invalid_argument(py, vec![(format!("/{name}"), expected)])
                })
            }
        }
    )+};
}

whole!(u32, u64, usize, i32);

impl<N: Whole> Whole for Option<N> {
    fn of(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        if value.is_none() { Ok(None) } else { N::of(name, value).map(Some) }
    }
}

/// A function for each name, which reads the argument of that name.
macro_rules! named {
    ($($name:ident),+ $(,)?) => {$(
        pub(crate) fn $name<N: Whole>(value: &Bound<'_, PyAny>) -> PyResult<N> {
            N::of(stringify!($name), value)
        }
    )+};
}

named!(
    content_length,
    count,
    current_year,
    days_on_market_max,
    days_on_market_min,
    limit,
    links,
    listings,
    max_events_a_model,
    mileage,
    mileage_max,
    mileage_min,
    pages,
    partitions,
    pool_size,
    price_drop_within_days,
    rows,
    threads,
    year,
    year_max,
    year_min,
);
