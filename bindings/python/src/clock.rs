//! A clock for `open`, so that days of a lot can be played through in a moment.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, SubsecRound as _, Utc};
use pyo3::{prelude::*, types::PyDateTime};

use crate::input;
use crate::typed;

/// In place of microseconds: the time of the machine.
const LIVE: i64 = i64::MIN;

/// A clock that stands where it is put, for tests and for days that are played through: `jpauto.open(..., clock=clock)`.
///
/// It stands at `at` until it is moved. Without a time it shows that of the machine. Lots may share one.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    /// The clock as the library takes it.
    pub(crate) fn for_library(&self) -> jpauto::Clock {
        let shown = Arc::clone(&self.0);
        jpauto::Clock::from_fn(move || time_of(shown.load(Ordering::Relaxed)))
    }
}

fn time_of(shown: i64) -> DateTime<Utc> {
    match shown {
        LIVE => Utc::now(),
        micros => DateTime::from_timestamp_micros(micros).unwrap_or_default(),
    }
}

fn micros_of(at: Option<&Bound<'_, PyDateTime>>) -> PyResult<i64> {
    at.map_or(Ok(LIVE), |at| Ok(input::instant("at", at)?.timestamp_micros()))
}

#[pymethods]
impl Clock {
    #[new]
    #[pyo3(signature = (at = None))]
    fn new(#[pyo3(from_py_with = typed::at)] at: Option<&Bound<'_, PyDateTime>>) -> PyResult<Self> {
        Ok(Self(Arc::new(AtomicI64::new(micros_of(at)?))))
    }

    /// Moves it to a time with a time zone; `None` lets it show the machine's from now on.
    ///
    /// Raises `InvalidInput` (`invalid_argument`) for a time without a time zone.
    fn move_to(&self, #[pyo3(from_py_with = typed::at)] at: Option<&Bound<'_, PyDateTime>>) -> PyResult<()> {
        self.0.store(micros_of(at)?, Ordering::Relaxed);
        Ok(())
    }

    /// The time that it shows.
    fn now(&self) -> DateTime<Utc> {
        time_of(self.0.load(Ordering::Relaxed)).trunc_subsecs(6)
    }

    fn __repr__(&self) -> String {
        match self.0.load(Ordering::Relaxed) {
            LIVE => "<jpauto.Clock of the machine>".to_owned(),
            _ => format!("<jpauto.Clock at {}>", self.now().to_rfc3339()),
        }
    }
}
