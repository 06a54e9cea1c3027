//! What VINs stand for and what those vehicles are worth: `lot.evaluation`.

use chrono::{DateTime, Utc};
use jpauto::{
    ErrorCode,
    evaluation::{self, EvaluationRequest, VpicFinding},
};
use pyo3::prelude::*;

use crate::{
    error,
    faults::Faults,
    frame::{each_text, texts},
    lot::Handle,
    market::Analysis,
    record::{Amount, Coded, Document, Told, record},
    typed, unicode, whole,
};

record! {
    /// What a VIN says by itself.
    VinFacts of jpauto::vin::Facts {
        () {
            /// The VIN.
            vin: String = [vin.to_string()],
            /// Whether the check digit at position 9 is right.
            check_digit_ok: bool,
            /// Whether a known law requires a right one.
            check_digit_is_law: bool,
            /// The model year by position 10; `None` if it holds none.
            model_year: Option<i32>,
            /// The other years that the code may mean, earliest first.
            model_year_alternatives: Vec<i32>,
            /// Whether the model year is proven.
            model_year_is_conclusive: bool,
            /// The part of the world, such as `north_america`.
            region: Option<String>,
            /// The country whose authority assigned the manufacturer's identifier.
            country: Option<&'static str> = [country.map(|country| country.name)],
            /// Three characters, or six for a maker of few vehicles.
            manufacturer_identifier: String = [manufacturer_identifier.to_string()],
            /// The company that registered it in the United States.
            manufacturer: Option<&'static str> = [manufacturer.map(|maker| maker.name)],
            /// What vehicles of the same kind, year and plant have in common.
            squish_vin: String = [squish_vin.to_string()],
            /// The serial number.
            serial: String,
            /// Whether it is a filler such as `11111111111111111`.
            is_placeholder: bool,
        }
    }
}

record! {
    /// What NHTSA's decoder says of a VIN; what it does not know is `None`.
    VpicDecode of evaluation::VpicDecode {
        () {
            /// Model year.
            year: Option<i32>,
            /// Make, in capitals as vPIC writes it.
            make: Option<String>,
            /// Model.
            model: Option<String>,
            /// Trim.
            trim: Option<String>,
            /// Series.
            series: Option<String>,
            /// Kind of vehicle, such as `PASSENGER CAR`.
            vehicle_type: Option<String>,
            /// Shape of the body, such as `Sedan/Saloon`.
            body_class: Option<String>,
            /// Which wheels are driven.
            drive_type: Option<String>,
            /// Fuel.
            fuel_type: Option<String>,
            /// Engine, as its maker calls it.
            engine: Option<String>,
            /// Cylinders.
            cylinders: Option<i32>,
            /// Displacement in litres.
            displacement_liters: Option<f64>,
            /// Horsepower.
            horsepower: Option<f64>,
            /// Transmission.
            transmission: Option<String>,
            /// Doors.
            doors: Option<i32>,
            /// The company that is registered for it.
            manufacturer: Option<String>,
            /// Where it was built: city.
            plant_city: Option<String>,
            /// Where it was built: country.
            plant_country: Option<String>,
            /// Weight class.
            gross_weight: Option<String>,
            /// Price when new, where the maker submitted it.
            base_price: Option<Amount>,
            /// vPIC's remarks about the VIN, by their numbers; none for a clean VIN.
            findings: Vec<i32> = [findings.iter().map(|&VpicFinding(number)| i32::from(number)).collect::<Vec<_>>()],
            /// The VIN that vPIC suggests instead, with `!` where a character is wrong.
            suggested_vin: Option<String>,
            /// When it answered.
            answered_at: DateTime<Utc>,
        }
    }
}

record! {
    /// Which vehicle a VIN stands for, precisely enough to look for comparables.
    VehicleIdentity of evaluation::Identity {
        () {
            /// Model year.
            year: i32,
            /// Make.
            make: String,
            /// Model.
            model: String,
            /// Trim, where known.
            trim: Option<String>,
            /// How it is known: `vpic`, `inventory`, `listing` or `same_kind`.
            source: &'static str,
        }
    }
}

/// A warning as Python sees it.
pub(crate) struct WarningView {
    coded: Coded,
    message: String,
}

record! {
    /// What to know before relying on a decoding or an evaluation.
    EvaluationWarning of WarningView {
        (.coded) {
            /// The stable word, such as `model_unknown`.
            code: String,
        }
        () {
            /// The sentence for it.
            message: String,
        }
        (.coded) {
            /// The figures behind it.
            details: Document,
        }
    }
}

impl Told<evaluation::Warning> for EvaluationWarning {
    fn told(warning: evaluation::Warning) -> Self {
        Self::told(WarningView { coded: Coded::of(&warning), message: warning.to_string() })
    }
}

record! {
    /// What a VIN says: by itself, and by NHTSA's decoder.
    Decoded of evaluation::Decoded {
        () {
            /// What the VIN says by itself.
            facts: VinFacts,
            /// What vPIC says of it, where it answered.
            vpic: Option<VpicDecode>,
            /// The vehicle by both together; `None` where the model is unknown.
            vehicle: Option<VehicleIdentity>,
            /// What is doubtful, and who did not answer.
            warnings: Vec<EvaluationWarning>,
        }
    }
}

record! {
    /// What a vehicle is worth here, how sure that is, and why.
    Evaluation of evaluation::Evaluation {
        () {
            /// The VIN.
            vin: String = [vin.to_string()],
            /// The mileage that it was evaluated with.
            mileage: Option<i32>,
            /// What the VIN says by itself.
            facts: VinFacts,
            /// What vPIC says of it.
            vpic: Option<VpicDecode>,
            /// Which vehicle it is, where that is known.
            vehicle: Option<VehicleIdentity>,
            /// What the market says, with the reasons; `None` where there was nothing to compare.
            analysis: Option<Analysis>,
            /// The highest price to pay for it, where the rules of a purchase are set and the market is known.
            most_to_pay: Option<Amount>,
            /// What to know before relying on it.
            warnings: Vec<EvaluationWarning>,
            /// When it was made.
            evaluated_at: DateTime<Utc>,
            /// Until when it is stored; `None` where something was missing.
            expires_at: Option<DateTime<Utc>>,
            /// Whether it came from the database.
            from_cache: bool,
        }
    }
}

record! {
    /// What has expired of evaluations and of answers of vPIC.
    Expired of evaluation::Expired {
        () {
            /// Evaluations.
            evaluations: usize,
            /// Answers of vPIC.
            decodes: usize,
            /// Whether nothing expired is left; otherwise the limit was reached.
            is_all: bool,
        }
    }
}

/// What VINs stand for, and what those vehicles are worth.
#[pyclass(frozen, module = "jpauto")]
pub(crate) struct Evaluations {
    handle: Handle,
}

impl Evaluations {
    pub(crate) fn at(handle: &Handle) -> Self {
        Self { handle: handle.clone() }
    }
}

fn vin_of(py: Python<'_>, text: &str) -> PyResult<jpauto::Vin> {
    jpauto::Vin::parse(text).map_err(|reason| error::exception(py, &reason.into()))
}

#[pymethods]
impl Evaluations {
    /// Prices the vehicle of a VIN as one that is offered to us. A stored evaluation of the same mileage serves while it is valid;
    /// `refresh` makes it anew. A step that fails becomes one of `warnings`.
    ///
    /// Raises `InvalidInput` (`invalid_vin`, `invalid_evaluation`).
    #[pyo3(signature = (vin, *, mileage = None, refresh = false))]
    fn evaluate(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = unicode::vin)] vin: &str,
        #[pyo3(from_py_with = whole::mileage)] mileage: Option<i32>,
        #[pyo3(from_py_with = typed::refresh)] refresh: bool,
    ) -> PyResult<Evaluation> {
        let mut request = EvaluationRequest::new(vin_of(py, vin)?, mileage);
        request.refresh = refresh;
        self.handle.run(py, |desk| desk.evaluation().evaluate(&request)).map(Evaluation::told)
    }

    /// The stored evaluation of a VIN while it is valid, for any mileage; else `None`. Raises `InvalidInput` (`invalid_vin`).
    fn cached(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::vin)] vin: &str) -> PyResult<Option<Evaluation>> {
        let vin = vin_of(py, vin)?;
        self.handle.run(py, |desk| desk.evaluation().cached(&vin)).map(Option::told)
    }

    /// What a VIN stands for, by itself and by NHTSA's decoder where `vpic` was set. Raises `InvalidInput` (`invalid_vin`).
    fn decode(&self, py: Python<'_>, #[pyo3(from_py_with = unicode::vin)] vin: &str) -> PyResult<Decoded> {
        let vin = vin_of(py, vin)?;
        self.handle.run(py, |desk| desk.evaluation().decode(&vin)).map(Decoded::told)
    }

    /// The same for many, in their order: a list, or a column of any library that speaks Arrow. What is missing, such as `None`, is `None`.
    ///
    /// Raises `InvalidInput`: `invalid_vin`, with the rows of the first 20 that are none in `fields`, and `invalid_argument` for what is no text.
    fn decode_many(&self, py: Python<'_>, vins: &Bound<'_, PyAny>) -> PyResult<Vec<Option<Decoded>>> {
        let (mut read, mut faults) = (Vec::new(), Faults::default());
        for column in texts("vins", vins)? {
            each_text(column.as_ref(), &mut |text| {
                let vin = text.map(jpauto::Vin::parse).transpose();
                if let Err(reason) = &vin {
                    faults.add(|| (format!("/vins/{}", read.len()), reason.to_string()));
                }
                read.push(vin.unwrap_or_default());
            });
        }
        faults.checked_as(py, ErrorCode::InvalidVin)?;
        let known: Vec<_> = read.iter().flatten().cloned().collect();
        let mut decoded = self.handle.run(py, |desk| desk.evaluation().decode_many(&known))?.into_iter();
        Ok(read.into_iter().map(|vin| vin.and_then(|_| decoded.next()).map(Decoded::told)).collect())
    }

    /// How many evaluations and answers of vPIC have expired and are still kept. They are never used.
    fn count_expired(&self, py: Python<'_>) -> PyResult<Expired> {
        self.handle.run(py, |desk| desk.evaluation().count_expired()).map(Expired::told)
    }

    /// Removes what has expired, up to `limit` rows.
    #[pyo3(signature = (limit = 10_000))]
    fn remove_expired(&self, py: Python<'_>, #[pyo3(from_py_with = whole::limit)] limit: usize) -> PyResult<Expired> {
        self.handle.run(py, |desk| desk.evaluation().remove_expired(limit)).map(Expired::told)
    }
}
