//! vPIC's bodies, read.
//!
//! A body is `{Count, Message, SearchCriteria, Results: [{...}]}` with some 150 fields for each VIN. Every value is a string: empty
//! or `Not Applicable` where there is none, sometimes with trailing spaces. `Count` is not the number of results. A VIN that
//! vPIC cannot decode is answered with status 200 and the same shape. `ErrorCode` is a list of numbers such as `1,7,400`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Money, Vin, scrape::api::printable};

/// What vPIC says of a VIN. What it does not know is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
#[non_exhaustive]
pub struct VpicDecode {
    /// Model year.
    pub year: Option<i32>,
    /// Make, in capitals as vPIC writes it.
    pub make: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Trim.
    pub trim: Option<String>,
    /// Series.
    pub series: Option<String>,
    /// Kind of vehicle, such as `PASSENGER CAR`.
    pub vehicle_type: Option<String>,
    /// Shape of the body, such as `Sedan/Saloon`.
    pub body_class: Option<String>,
    /// Which wheels are driven.
    pub drive_type: Option<String>,
    /// Fuel.
    pub fuel_type: Option<String>,
    /// Engine, as its maker calls it.
    pub engine: Option<String>,
    /// Cylinders.
    pub cylinders: Option<i32>,
    /// Displacement in litres.
    pub displacement_liters: Option<f64>,
    /// Horsepower.
    pub horsepower: Option<f64>,
    /// Transmission.
    pub transmission: Option<String>,
    /// Doors.
    pub doors: Option<i32>,
    /// The company that is registered for it.
    pub manufacturer: Option<String>,
    /// Where it was built: city.
    pub plant_city: Option<String>,
    /// Where it was built: country.
    pub plant_country: Option<String>,
    /// Weight class.
    pub gross_weight: Option<String>,
    /// Price when new, where the maker submitted it.
    pub base_price: Option<Money>,
    /// What vPIC remarks about the VIN itself, in its order; none for a clean VIN.
    pub findings: Vec<VpicFinding>,
    /// The VIN that vPIC suggests instead, with `!` where a character is wrong.
    pub suggested_vin: Option<String>,
    /// When it answered.
    pub answered_at: DateTime<Utc>,
}

/// A remark of vPIC about a VIN, by vPIC's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct VpicFinding(
    /// The number, such as 1 for a wrong check digit.
    pub u16,
);

impl VpicFinding {
    /// A stable word for it. Undocumented numbers share one word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self.0 {
            0 => "vpic_clean",
            1 => "vpic_check_digit",
            2 => "vpic_corrected",
            3 => "vpic_corrected_by_check_digit",
            4 => "vpic_corrected_ambiguously",
            5 => "vpic_several_wrong",
            6 => "vpic_incomplete",
            7 => "vpic_unknown_manufacturer",
            8 => "vpic_no_data",
            11 => "vpic_wrong_model_year",
            14 => "vpic_unknown_characters",
            400 => "vpic_invalid_characters",
            _ => "vpic_other",
        }
    }

    /// The same as a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self.0 {
            0 => "the VIN is clean",
            1 => "the check digit is wrong",
            2 => "one position is wrong and was corrected",
            3 => "one position is wrong and was corrected, if the check digit is right",
            4 => "one position is wrong, and several corrections are possible",
            5 => "several positions are wrong",
            6 => "the VIN is incomplete",
            7 => "the manufacturer is not registered for the United States",
            8 => "there is no detailed data",
            11 => "the model year does not fit, so what was decoded may be wrong",
            14 => "some characters mean nothing by what the manufacturer submitted",
            400 => "some characters are not allowed",
            _ => "it has a remark that is not documented",
        }
    }
}

impl VpicDecode {
    /// Whether make and model are named, so that comparables can be searched.
    #[must_use]
    pub fn names_the_model(&self) -> bool {
        self.make.is_some() && self.model.is_some()
    }
}

/// Reads a body. Results for VINs that were not asked for are ignored.
pub(super) fn read(body: &[u8], asked: &[Vin], now: DateTime<Utc>) -> Result<HashMap<Vin, VpicDecode>, String> {
    let body: Value = serde_json::from_slice(body).map_err(|reason| format!("it is no JSON ({reason})"))?;
    let results = body.get("Results").ok_or("it has no Results")?;
    let results = results.as_array().ok_or("Results is no list")?;
    let mut found = HashMap::with_capacity(asked.len());
    for (place, result) in results.iter().enumerate() {
        let Some(fields) = result.as_object() else { return Err(format!("Results/{place} is no object")) };
        if fields.contains_key("Variable") {
            return Err("it lists variables, which is the answer to another question".to_owned());
        }
        let named = text(fields, "VIN");
        // A single result without a VIN belongs to the single VIN that was asked.
        let vin = match named {
            Some(named) => asked.iter().find(|vin| vin.as_str().eq_ignore_ascii_case(&named)),
            None => asked.first().filter(|_| asked.len() == 1 && results.len() == 1),
        };
        if let Some(vin) = vin {
            found.insert(*vin, decoded(fields, now));
        }
    }
    if found.is_empty() && !asked.is_empty() {
        return Err("it is about no VIN that was asked for".to_owned());
    }
    Ok(found)
}

fn decoded(fields: &Map<String, Value>, now: DateTime<Utc>) -> VpicDecode {
    let word = |name: &str| text(fields, name);
    let number = |name: &str| word(name).and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite());
    let whole = |name: &str| number(name).filter(|number| (0.0..1e6).contains(number)).map(|number| number as i32);
    VpicDecode {
        year: whole("ModelYear").filter(|year| (1980..=2100).contains(year)),
        make: word("Make"),
        model: word("Model"),
        trim: word("Trim"),
        series: word("Series"),
        vehicle_type: word("VehicleType"),
        body_class: word("BodyClass"),
        drive_type: word("DriveType"),
        fuel_type: word("FuelTypePrimary"),
        engine: word("EngineModel"),
        cylinders: whole("EngineCylinders"),
        displacement_liters: number("DisplacementL"),
        horsepower: number("EngineHP"),
        transmission: word("TransmissionStyle"),
        doors: whole("Doors"),
        manufacturer: word("Manufacturer"),
        plant_city: word("PlantCity"),
        plant_country: word("PlantCountry"),
        gross_weight: word("GVWR"),
        base_price: number("BasePrice").filter(|price| (1.0..1e7).contains(price)).map(|price| {
            // The range was checked just above.
            Money::from_cents((price * 100.0).round() as i64)
        }),
        findings: word("ErrorCode").map(|list| findings(&list)).unwrap_or_default(),
        suggested_vin: word("SuggestedVIN"),
        answered_at: now,
    }
}

fn findings(list: &str) -> Vec<VpicFinding> {
    let numbers = list.split([',', ' ', ';']).filter_map(|number| number.trim().parse().ok());
    numbers.filter(|number| *number != 0).map(VpicFinding).collect()
}

/// The value of a field, where it has one. A number is read as its digits.
fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    let value = match fields.get(name)? {
        Value::String(text) => printable(text),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let says_nothing = value.is_empty() || value.eq_ignore_ascii_case("not applicable");
    (!says_nothing).then_some(value)
}
