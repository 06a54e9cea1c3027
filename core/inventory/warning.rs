//! What a person should look at twice in a vehicle or an offered car. A warning refuses nothing by itself.

use std::fmt;

use serde::Serialize;

use super::{Vehicle, VehicleLimits};
use crate::{
    fields::{FieldType, FieldValue},
    money::Money,
    vin::{self, Vin},
};

/// A doubt about a vehicle or a submission that does not refuse it.
///
/// Its JSON has the facts beside `code`; the sentence for people is the `Display`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
#[non_exhaustive]
pub enum VehicleWarning {
    /// The check digit of the VIN, its ninth character, is wrong: probably a typing error.
    VinCheckDigit {
        /// The right check digit.
        expected: char,
        /// The ninth character.
        found: char,
    },
    /// The vehicle is of a model year before 1981, so its number is no VIN of the standard, and nothing is decoded from it.
    ChassisNumber,
    /// A price is outside what vehicles cost: probably a placeholder or a typing error.
    PriceOutOfRange {
        /// The name of the field.
        field: &'static str,
        /// The price.
        price: Money,
        /// The lowest price that is not doubted.
        lowest: Money,
        /// The highest price that is not doubted.
        highest: Money,
    },
    /// A price is many times another price of the same vehicle, or a small part of it: probably a digit too many or too few.
    PriceFarFromOther {
        /// The name of the field.
        field: &'static str,
        /// The price.
        price: Money,
        /// What the vehicle cost before, or what the customer asks, or our price.
        other: Money,
    },
    /// A car that we sold comes back with another make or model year, or with fewer miles: its VIN is probably that of another car.
    OtherThanSold {
        /// The name of the field.
        field: &'static str,
        /// What is said now.
        said: String,
        /// What the car had when it was sold.
        sold: String,
    },
}

impl VehicleWarning {
    /// The stable word for this case, such as `vin_check_digit`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::VinCheckDigit { .. } => "vin_check_digit",
            Self::ChassisNumber => "chassis_number",
            Self::PriceOutOfRange { .. } => "price_out_of_range",
            Self::PriceFarFromOther { .. } => "price_far_from_other",
            Self::OtherThanSold { .. } => "other_than_sold",
        }
    }

    /// The field with a doubtful price; `None` if the warning is about something else.
    pub(crate) const fn doubtful_price(&self) -> Option<&'static str> {
        match self {
            Self::PriceOutOfRange { field, .. } | Self::PriceFarFromOther { field, .. } => Some(field),
            Self::VinCheckDigit { .. } | Self::ChassisNumber | Self::OtherThanSold { .. } => None,
        }
    }

    /// The doubt about an amount that is changed, where it was a usual one.
    pub(crate) fn of_change(
        field: &'static str,
        before: Option<Money>,
        after: Option<Money>,
        limits: &VehicleLimits,
    ) -> Option<Self> {
        let (price, other) = (after?, before.filter(|before| limits.is_usual(*before))?);
        let is_far = limits.is_far(price, other) || limits.is_far(other, price);
        is_far.then_some(Self::PriceFarFromOther { field, price, other })
    }

    /// The doubt about an amount that is many times the price.
    pub(crate) fn of_amount(
        field: &'static str,
        amount: Option<Money>,
        price: Money,
        limits: &VehicleLimits,
    ) -> Option<Self> {
        let amount = amount.filter(|amount| limits.is_usual(price) && limits.is_far(*amount, price))?;
        Some(Self::PriceFarFromOther { field, price: amount, other: price })
    }

    /// What a car that comes back has otherwise than when it was sold, and cannot have.
    pub(crate) fn of_return(back: &Vehicle, sold: &Vehicle) -> Vec<Self> {
        let other = |field, said: String, sold: String| Self::OtherThanSold { field, said, sold };
        let mut warnings = Vec::new();
        if back.year != sold.year {
            warnings.push(other("year", back.year.to_string(), sold.year.to_string()));
        }
        if back.make.to_lowercase() != sold.make.to_lowercase() {
            warnings.push(other("make", back.make.clone(), sold.make.clone()));
        }
        if back.mileage < sold.mileage {
            warnings.push(other("mileage", back.mileage.to_string(), sold.mileage.to_string()));
        }
        warnings
    }

    /// The doubt about a price, if there is one. `others` are other prices of the same vehicle; those that are doubtful
    /// themselves do not count.
    pub(crate) fn of_price(
        field: &'static str,
        price: Money,
        others: impl IntoIterator<Item = Option<Money>>,
        limits: &VehicleLimits,
    ) -> Option<Self> {
        if !limits.is_usual(price) {
            let (lowest, highest) = (limits.lowest_usual_price, limits.highest_usual_price);
            return Some(Self::PriceOutOfRange { field, price, lowest, highest });
        }
        let mut others = others.into_iter().flatten().filter(|other| limits.is_usual(*other));
        let other = others.find(|other| limits.is_far(price, *other) || limits.is_far(*other, price))?;
        Some(Self::PriceFarFromOther { field, price, other })
    }

    /// What is to be said of the number of a vehicle of this model year. The check digit of a VIN is looked at in offers only.
    pub(crate) fn of_chassis_number(model_year: i32) -> Option<Self> {
        vin::has_chassis_number(model_year).then_some(Self::ChassisNumber)
    }

    /// What is to be said of the number that a customer gives: that it is no VIN, or that its check digit is wrong.
    pub(crate) fn of_offered_number(number: &str, model_year: i32) -> Option<Self> {
        if vin::has_chassis_number(model_year) {
            return Some(Self::ChassisNumber);
        }
        let digit = Vin::parse(number).ok()?.check_digit();
        (!digit.is_right()).then_some(Self::VinCheckDigit { expected: digit.expected, found: digit.actual })
    }
}

impl fmt::Display for VehicleWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VinCheckDigit { expected, found } => write!(
                f,
                "the check digit of the VIN is {found} and should be {expected}: probably a typing error"
            ),
            Self::ChassisNumber => f.write_str(
                "the model year is before 1981: the number is a chassis number and no VIN, and nothing is decoded from it",
            ),
            Self::PriceOutOfRange { field, price, lowest, highest } => {
                write!(f, "{} ${price} is not between ${lowest} and ${highest}", words(field))
            }
            Self::PriceFarFromOther { field, price, other } if price > other => {
                write!(f, "{} ${price} is many times ${other}", words(field))
            }
            Self::PriceFarFromOther { field, price, other } => {
                write!(f, "{} ${price} is a small part of ${other}", words(field))
            }
            Self::OtherThanSold { field, said, sold } => write!(
                f,
                "{} is {said}, and the car of this VIN that was sold had {sold}: probably it is the VIN of another car",
                words(field)
            ),
        }
    }
}

/// `asking price` of `asking_price`.
fn words(field: &str) -> String {
    format!("the {}", field.replace('_', " "))
}

impl FieldValue for Vec<VehicleWarning> {
    const TYPE: FieldType = FieldType::Structs;

    #[cfg(feature = "openapi")]
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        <Self as utoipa::PartialSchema>::schema()
    }

    #[cfg(feature = "openapi")]
    fn parts(parts: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        use utoipa::{PartialSchema as _, ToSchema as _};
        parts.push((VehicleWarning::name().into_owned(), VehicleWarning::schema()));
        VehicleWarning::schemas(parts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_doubted_alone_and_beside_others() {
        let limits = VehicleLimits::default();
        let dollars = Money::from_dollars;
        let code = |price: Money, others: &[Money]| {
            let others = others.iter().map(|other| Some(*other));
            VehicleWarning::of_price("price", price, others, &limits).map(|warning| warning.code())
        };
        let (alone, beside) = (Some("price_out_of_range"), Some("price_far_from_other"));
        for (price, others, expected) in [
            (Money::from_cents(1), &[][..], alone),
            (dollars(199), &[], alone),
            (dollars(200), &[], None),
            (dollars(500_000), &[], None),
            (Money::from_cents(50_000_001), &[], alone),
            (Money::MAX, &[], alone),
            (dollars(15_900), &[dollars(15_900)], None),
            (dollars(1_590), &[dollars(15_900)], beside),
            (dollars(159_000), &[dollars(15_900)], beside),
            // A digit too few in a price that moved as well.
            (dollars(1_690), &[dollars(15_900)], beside),
            (dollars(7_950), &[dollars(15_900)], None),
            (dollars(159_000), &[dollars(14_000), dollars(15_900)], beside),
            (dollars(1_590), &[dollars(1_500), dollars(15_900)], beside),
            // A placeholder that is corrected.
            (dollars(15_900), &[Money::from_cents(1)], None),
            (dollars(15_900), &[Money::MAX, Money::ZERO], None),
        ] {
            assert_eq!(code(price, others), expected, "{price} {others:?}");
        }
        assert_eq!(VehicleWarning::of_price("price", dollars(15_900), [None], &limits), None);
    }

    #[test]
    fn a_warning_is_a_code_with_its_facts_and_a_sentence() {
        let (field, price, other) = ("asking_price", Money::from_dollars(1_590), Money::from_dollars(15_900));
        let warning = VehicleWarning::PriceFarFromOther { field, price, other };
        let json = serde_json::json!({
            "code": "price_far_from_other", "field": "asking_price", "price": "1590.00", "other": "15900.00"
        });
        assert_eq!(serde_json::to_value(&warning).unwrap(), json);
        assert_eq!(warning.to_string(), "the asking price $1590.00 is a small part of $15900.00");
        for warning in [
            VehicleWarning::VinCheckDigit { expected: 'X', found: '0' },
            VehicleWarning::ChassisNumber,
            VehicleWarning::PriceOutOfRange { field, price, lowest: price, highest: other },
            VehicleWarning::OtherThanSold { field: "make", said: "Ford".into(), sold: "Honda".into() },
            warning,
        ] {
            assert_eq!(serde_json::to_value(&warning).unwrap()["code"], warning.code());
        }
    }

    #[test]
    fn an_amount_is_doubted_beside_what_it_was() {
        let dollars = |amount: i32| Some(Money::from_dollars(amount));
        for (before, after, expected) in [
            (dollars(12_000), dollars(1_200), true),
            (dollars(12_000), dollars(120_000), true),
            (dollars(12_000), dollars(0), true),
            (dollars(12_000), dollars(9_000), false),
            // A placeholder that is corrected, and what is said for the first time.
            (dollars(1), dollars(12_000), false),
            (None, dollars(1), false),
            (dollars(12_000), None, false),
        ] {
            let doubt = VehicleWarning::of_change("cost", before, after, &VehicleLimits::default());
            assert_eq!(doubt.is_some(), expected, "{before:?} {after:?}");
        }
    }
}
