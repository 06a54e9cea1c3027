//! The vehicle that is to be priced, and when a change makes it another one.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{
    branded_title::is_branded_title,
    config::PricingRules,
    names::{folded, is_name},
};
use crate::{
    Money,
    error::{ErrorCode, Faults, Result},
    extract::Condition,
    inventory::Vehicle,
};

/// The vehicle that is to be priced: one of ours, or one that we may buy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Subject {
    /// Its VIN, where known. A listing with this VIN is never a comparable.
    pub vin: Option<String>,
    /// Model year.
    pub year: i32,
    /// Make, compared without regard to case, spaces and punctuation.
    pub make: String,
    /// Model, compared in the same way.
    pub model: String,
    /// Trim, where known; compared in the same way.
    pub trim: Option<String>,
    /// Miles. Without them nothing is adjusted for mileage and no mileage limit holds.
    pub mileage: Option<i32>,
    /// Our price. Without one, or at zero, there is no position in the market.
    pub price: Option<Money>,
    /// What it cost us.
    pub cost: Option<Money>,
    /// Whether its title is branded (salvage, rebuilt, lemon).
    pub branded: bool,
    /// Whether it is a new car: others are not compared with new ones.
    pub is_new: bool,
}

impl Subject {
    /// # Errors
    /// `invalid_subject`, with each field that no car can have.
    pub(in crate::market) fn check(&self) -> Result<()> {
        const YEARS: RangeInclusive<i32> = 1_900..=2_100;
        let mut faults = Faults::default();
        faults.check(YEARS.contains(&self.year), "/year", "expected a model year from 1900 to 2100");
        for (pointer, name) in [("/make", &self.make), ("/model", &self.model)] {
            faults.check(is_name(name), pointer, "expected a name with a letter or a digit");
        }
        faults.check(self.mileage.is_none_or(|miles| miles >= 0), "/mileage", "expected miles from 0, or none");
        let is_number = |number| crate::vin::key(number).is_some() || crate::vin::number_of(number, self.year).is_ok();
        let is_vin = self.vin.as_deref().is_none_or(is_number);
        faults.check(is_vin, "/vin", "expected the 17 characters of a VIN, or none");
        for (pointer, amount) in [("/price", self.price), ("/cost", self.cost)] {
            let can_be_asked = amount.is_none_or(|amount| amount.cents() > 0 && amount <= Money::MAX);
            faults.check(can_be_asked, pointer, "expected an amount above zero, or none");
        }
        faults.into_result(ErrorCode::InvalidSubject)
    }
}

impl From<&Vehicle> for Subject {
    fn from(vehicle: &Vehicle) -> Self {
        Self {
            vin: Some(vehicle.vin.clone()),
            year: vehicle.year,
            make: vehicle.make.clone(),
            model: vehicle.model.clone(),
            trim: vehicle.trim.clone(),
            // The column is NOT NULL: a vehicle added without a mileage holds a zero.
            mileage: Some(vehicle.mileage).filter(|miles| *miles > 0),
            price: Some(vehicle.price),
            cost: vehicle.cost,
            branded: vehicle.title_status.as_deref().is_some_and(is_branded_title),
            is_new: vehicle.condition.as_deref().and_then(Condition::read) == Some(Condition::New),
        }
    }
}

/// The mileage, where it is one: below zero counts as unknown.
pub(in crate::market) fn known_mileage(mileage: Option<i32>) -> Option<i32> {
    mileage.filter(|miles| *miles >= 0)
}

/// Whether an edit makes the vehicle another one for the market, so that its last analysis no longer applies.
///
/// Its cost and its price are not part of what it is.
#[must_use]
pub(in crate::market) fn is_another(before: &Vehicle, after: &Vehicle, rules: &PricingRules) -> bool {
    let (before, after) = (Subject::from(before), Subject::from(after));
    let differ = |one: &str, other: &str| folded(one) != folded(other);
    let trim = |subject: &Subject| subject.trim.as_deref().map(folded).unwrap_or_default();
    let has_another_mileage = match (before.mileage, after.mileage) {
        (Some(one), Some(other)) => one.abs_diff(other) > rules.mileage_drift.unsigned_abs(),
        (one, other) => one != other,
    };
    before.year != after.year
        || differ(&before.make, &after.make)
        || differ(&before.model, &after.model)
        || trim(&before) != trim(&after)
        || before.branded != after.branded
        || before.is_new != after.is_new
        || has_another_mileage
}
