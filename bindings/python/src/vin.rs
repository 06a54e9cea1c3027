//! VINs as values: `jpauto.vin`.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{Datelike as _, Utc};
use jpauto::vin::ModelYear;
use pyo3::prelude::*;

use crate::{
    error,
    record::{Told as _, record},
};

record! {
    /// What is known of a text that should be a VIN. If it is not a VIN, `reason` says why, and the fields below it are
    /// `None`.
    VinReport of jpauto::vin::Report {
        () {
            /// The VIN in upper case, or the refused text as it was given.
            vin: String,
            /// Whether it is 17 characters that a VIN may hold.
            valid: bool,
            /// Why it is not, for a person to read.
            reason: Option<String>,
            /// Whether the check digit at position 9 is right; a wrong one leaves a VIN valid.
            check_digit_ok: Option<bool>,
            /// The model year; `None` also if position 10 holds none.
            model_year: Option<i32>,
            /// The other years that the code may mean, earliest first.
            model_year_alternatives: Option<Vec<i32>>,
            /// Whether the model year is proven.
            conclusive: Option<bool>,
            /// The world manufacturer identifier, three characters.
            wmi: Option<String>,
            /// Positions 1 to 8, 10 and 11.
            squish_vin: Option<String>,
        }
    }
}

/// Reads a VIN of 17 characters in either case. The model year is read as of `current_year`, by default this year.
///
/// Raises `InvalidInput` (`invalid_vin`), which says why the text is no VIN.
#[pyfunction]
#[pyo3(signature = (text, *, current_year = None))]
pub(crate) fn parse(py: Python<'_>, text: &str, current_year: Option<i32>) -> PyResult<Vin> {
    let vin = jpauto::Vin::parse(text).map_err(|reason| error::exception(py, &reason.into()))?;
    Ok(Vin { vin, model_year: vin.model_year(current_year.unwrap_or_else(this_year)) })
}

/// Reads a text as a VIN and says all that it tells; a text that is no VIN is reported, not refused.
#[pyfunction]
#[pyo3(signature = (text, *, current_year = None))]
pub(crate) fn report(text: &str, current_year: Option<i32>) -> VinReport {
    VinReport::told(jpauto::vin::report(text, current_year.unwrap_or_else(this_year)))
}

fn this_year() -> i32 {
    Utc::now().year()
}

/// A vehicle identification number; `str()` gives its 17 characters.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Vin {
    vin: jpauto::Vin,
    model_year: ModelYear,
}

#[pymethods]
impl Vin {
    /// Whether the check digit at position 9 is right; outside North America it need not be.
    #[getter]
    fn check_digit_ok(&self) -> bool {
        self.vin.check_digit_ok()
    }

    /// The check digit that the other characters demand.
    #[getter]
    fn check_digit(&self) -> char {
        self.vin.check_digit().expected
    }

    /// The model year; `None` if position 10 holds none.
    #[getter]
    fn model_year(&self) -> Option<i32> {
        self.model_year.year
    }

    /// The other years that the code may mean, earliest first.
    #[getter]
    fn model_year_alternatives(&self) -> Vec<i32> {
        self.model_year.alternatives().collect()
    }

    /// Whether the model year must be so, or is only the likelier one.
    #[getter]
    fn conclusive(&self) -> bool {
        self.model_year.conclusive
    }

    /// The world manufacturer identifier, positions 1 to 3.
    #[getter]
    fn wmi(&self) -> &str {
        self.vin.wmi()
    }

    /// The complete identifier of the manufacturer: three characters, or six for a maker of few vehicles.
    #[getter]
    fn manufacturer_identifier(&self) -> String {
        self.vin.manufacturer_identifier().to_string()
    }

    /// Positions 1 to 8, 10 and 11: what two vehicles of the same kind, year and plant have in common.
    #[getter]
    fn squish_vin(&self) -> String {
        self.vin.squish().to_string()
    }

    /// The serial number.
    #[getter]
    fn serial(&self) -> &str {
        self.vin.serial()
    }

    /// The part of the world by the first character, such as `north_america`.
    #[getter]
    fn region(&self) -> Option<String> {
        Option::told(self.vin.region())
    }

    /// Whether this is a filler such as `11111111111111111`.
    #[getter]
    fn is_placeholder(&self) -> bool {
        self.vin.is_placeholder()
    }

    fn __str__(&self) -> &str {
        self.vin.as_str()
    }

    fn __repr__(&self) -> String {
        format!("Vin('{}')", self.vin)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().vin == self.vin)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.vin.hash(&mut hasher);
        hasher.finish()
    }
}
