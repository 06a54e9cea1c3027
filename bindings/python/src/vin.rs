//! VINs as values: `jpauto.vin`.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use arrow_array::{
    Array as _, ArrayRef, RecordBatch,
    builder::{BooleanBuilder, Int32Builder, StringBuilder, StringDictionaryBuilder},
    types::Int32Type,
};
use arrow_schema::ArrowError;
use chrono::{Datelike as _, Utc};
use jpauto::vin::{ManufacturerIdentifier, ModelYear};
use pyo3::prelude::*;

use crate::{
    arrow::export::as_value_error,
    error,
    frame::{each_text, texts},
    interrupt::interruptible,
    record::{Told as _, record},
    tables::Batch,
    unicode, whole,
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
pub(crate) fn parse(
    py: Python<'_>,
    #[pyo3(from_py_with = unicode::text)] text: &str,
    #[pyo3(from_py_with = whole::current_year)] current_year: Option<i32>,
) -> PyResult<Vin> {
    let vin = jpauto::Vin::parse(text).map_err(|reason| error::exception(py, &reason.into()))?;
    let current_year = current_year.unwrap_or_else(this_year);
    Ok(Vin { vin, current_year, model_year: vin.model_year(current_year) })
}

/// Reads a text as a VIN and says all that it tells; a text that is no VIN is reported, not refused.
#[pyfunction]
#[pyo3(signature = (text, *, current_year = None))]
pub(crate) fn report(
    #[pyo3(from_py_with = unicode::text)] text: &str,
    #[pyo3(from_py_with = whole::current_year)] current_year: Option<i32>,
) -> VinReport {
    VinReport::told(jpauto::vin::report(text, current_year.unwrap_or_else(this_year)))
}

/// Reads many texts as VINs, a row for each. `jpauto.vin.parse_many` says more.
#[pyfunction]
#[pyo3(signature = (vins, *, current_year = None))]
pub(crate) fn parse_many(
    py: Python<'_>,
    vins: &Bound<'_, PyAny>,
    #[pyo3(from_py_with = whole::current_year)] current_year: Option<i32>,
) -> PyResult<Batch> {
    let columns = texts("vins", vins)?;
    let current_year = current_year.unwrap_or_else(this_year);
    interruptible(py, |stop| {
        let mut parsed = Parsed::for_rows(columns.iter().map(|column| column.len()).sum());
        for column in &columns {
            each_text(column.as_ref(), &mut |text| {
                if !stop.is_asked() {
                    parsed.add(text, current_year);
                }
            });
        }
        parsed.finish()
    })?
    .map(Batch::from)
    .map_err(as_value_error)
}

/// The columns of `parse_many`.
struct Parsed {
    vin: StringBuilder,
    valid: BooleanBuilder,
    reason: StringBuilder,
    check_digit_ok: BooleanBuilder,
    model_year: Int32Builder,
    conclusive: BooleanBuilder,
    wmi: StringBuilder,
    manufacturer: StringDictionaryBuilder<Int32Type>,
    /// The names found so far: a column has few manufacturers, and each is looked up once.
    manufacturers: HashMap<ManufacturerIdentifier, Option<&'static str>>,
    squish_vin: StringBuilder,
    serial: StringBuilder,
    is_placeholder: BooleanBuilder,
}

impl Parsed {
    fn for_rows(rows: usize) -> Self {
        Self {
            vin: StringBuilder::with_capacity(rows, rows * 17),
            valid: BooleanBuilder::with_capacity(rows),
            reason: StringBuilder::with_capacity(rows, 0),
            check_digit_ok: BooleanBuilder::with_capacity(rows),
            model_year: Int32Builder::with_capacity(rows),
            conclusive: BooleanBuilder::with_capacity(rows),
            wmi: StringBuilder::with_capacity(rows, rows * 3),
            manufacturer: StringDictionaryBuilder::new(),
            manufacturers: HashMap::new(),
            squish_vin: StringBuilder::with_capacity(rows, rows * 10),
            serial: StringBuilder::with_capacity(rows, rows * 6),
            is_placeholder: BooleanBuilder::with_capacity(rows),
        }
    }

    fn add(&mut self, text: Option<&str>, current_year: i32) {
        let read = text.map(jpauto::Vin::parse);
        let vin = match &read {
            Some(Ok(vin)) => {
                self.vin.append_value(vin.as_str());
                self.reason.append_null();
                Some(vin)
            }
            // As it was given, with the reason why it is none.
            Some(Err(reason)) => {
                self.vin.append_option(text);
                self.reason.append_value(reason.to_string());
                None
            }
            None => {
                self.vin.append_null();
                self.reason.append_null();
                None
            }
        };
        let model_year = vin.map(|vin| vin.model_year(current_year));
        self.valid.append_option(read.as_ref().map(Result::is_ok));
        self.check_digit_ok.append_option(vin.map(jpauto::Vin::check_digit_ok));
        self.model_year.append_option(model_year.and_then(|model_year| model_year.year));
        self.conclusive.append_option(model_year.map(|model_year| model_year.conclusive));
        self.wmi.append_option(vin.map(jpauto::Vin::wmi));
        let identifier = vin.map(jpauto::Vin::manufacturer_identifier);
        self.manufacturer.append_option(identifier.and_then(|identifier| {
            *self.manufacturers.entry(identifier).or_insert_with(|| Some(identifier.manufacturer()?.name))
        }));
        match vin {
            Some(vin) => self.squish_vin.append_value(vin.squish().as_str()),
            None => self.squish_vin.append_null(),
        }
        self.serial.append_option(vin.map(jpauto::Vin::serial));
        self.is_placeholder.append_option(vin.map(jpauto::Vin::is_placeholder));
    }

    fn finish(mut self) -> Result<RecordBatch, ArrowError> {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("vin", Arc::new(self.vin.finish())),
            ("valid", Arc::new(self.valid.finish())),
            ("reason", Arc::new(self.reason.finish())),
            ("check_digit_ok", Arc::new(self.check_digit_ok.finish())),
            ("model_year", Arc::new(self.model_year.finish())),
            ("conclusive", Arc::new(self.conclusive.finish())),
            ("wmi", Arc::new(self.wmi.finish())),
            ("manufacturer", Arc::new(self.manufacturer.finish())),
            ("squish_vin", Arc::new(self.squish_vin.finish())),
            ("serial", Arc::new(self.serial.finish())),
            ("is_placeholder", Arc::new(self.is_placeholder.finish())),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
    }
}

fn this_year() -> i32 {
    Utc::now().year()
}

/// A vehicle identification number; `str()` gives its 17 characters.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Vin {
    vin: jpauto::Vin,
    current_year: i32,
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

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, (String, i32))> {
        let this = slf.get();
        Ok((slf.get_type().getattr("_restored")?, (this.vin.to_string(), this.current_year)))
    }

    #[staticmethod]
    fn _restored(
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::text)] text: &str,
        #[pyo3(from_py_with = whole::current_year)] current_year: i32,
    ) -> PyResult<Self> {
        parse(py, text, Some(current_year))
    }
}
