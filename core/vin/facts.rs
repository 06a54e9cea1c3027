//! Everything that a VIN says by itself. [`report`](super::report()) is its short form for lists.
//!
//! Deliberately not here: model, trim and equipment. A VIN holds them in its maker's own code, which only a decoder with that
//! maker's tables can read.

use serde::Serialize;

use super::{CheckDigit, Country, Manufacturer, ManufacturerIdentifier, Region, SquishVin, Vin, YearBasis};

/// What a VIN says by itself, read in a given year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = VinFacts))]
#[non_exhaustive]
pub struct Facts {
    /// The VIN.
    pub vin: Vin,
    /// The check digit in the VIN, and the right one.
    pub check_digit: CheckDigit,
    /// Whether both are the same.
    pub check_digit_ok: bool,
    /// Whether a known law requires a right one: that of the United States, Canada or Mexico. False also where tables differ over
    /// the country.
    pub check_digit_is_law: bool,
    /// The model year by position 10, if it holds one; `model_year_basis` says how certain it is.
    pub model_year: Option<i32>,
    /// The other years that the code may mean, earliest first.
    pub model_year_alternatives: Vec<i32>,
    /// Whether the model year is proven; see [`Vin::model_year`].
    pub model_year_is_conclusive: bool,
    /// Why the model year can be trusted, or how far.
    pub model_year_basis: YearBasis,
    /// The part of the world whose authority assigned the manufacturer's identifier; see [`Vin::region`].
    pub region: Option<Region>,
    /// The country whose authority it was.
    pub country: Option<Country>,
    /// Three characters, or six for a maker of few vehicles.
    pub manufacturer_identifier: ManufacturerIdentifier,
    /// Who registered it in the United States.
    pub manufacturer: Option<Manufacturer>,
    /// What vehicles of the same kind, year and plant have in common.
    pub squish_vin: SquishVin,
    /// The serial number.
    pub serial: String,
    /// Whether it is a filler; see [`Vin::is_placeholder`].
    pub is_placeholder: bool,
}

impl Vin {
    /// Everything that the VIN says by itself in a given year.
    ///
    /// ```
    /// let facts = jpauto::Vin::parse("5FNYF5H59HB011946")?.facts(2026);
    /// assert_eq!((facts.model_year, facts.model_year_is_conclusive), (Some(2017), true));
    /// assert_eq!(facts.manufacturer.and_then(|maker| maker.makes.only()), Some("Honda"));
    /// # Ok::<(), jpauto::vin::InvalidVin>(())
    /// ```
    #[must_use]
    pub fn facts(&self, current_year: i32) -> Facts {
        let (check_digit, model_year) = (self.check_digit(), self.model_year(current_year));
        Facts {
            vin: *self,
            check_digit,
            check_digit_ok: check_digit.is_right(),
            check_digit_is_law: self.is_under_north_american_law(),
            model_year: model_year.year,
            model_year_alternatives: model_year.alternatives().collect(),
            model_year_is_conclusive: model_year.conclusive,
            model_year_basis: model_year.basis,
            region: self.region(),
            country: self.country(),
            manufacturer_identifier: self.manufacturer_identifier(),
            manufacturer: self.manufacturer(),
            squish_vin: self.squish(),
            serial: self.serial().to_owned(),
            is_placeholder: self.is_placeholder(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_filler_with_a_right_check_digit_is_called_one() {
        let facts = Vin::parse("11111111111111111").unwrap().facts(2026);
        assert!(facts.check_digit_ok && facts.is_placeholder);
    }

    #[test]
    fn a_wrong_check_digit_breaks_a_law_where_one_is_known_to_ask_for_it() {
        for (vin, is_law) in [
            ("1HGCM82603A004352", true),
            ("2T1BURHE0JC000001", true),
            ("3VV3B7AX0NM077525", true),
            ("7SAYGDEE0PF000001", true),
            ("WP0ZZZ99ZTS392124", false),
            ("KMTGA4SCDRU000001", false),
            // Whose these are, tables do not agree on; the Dominican Republic has no such law that we know of.
            ("7A5GDM9A0KP042788", false),
            ("3X8GDM9A0KP042788", false),
            ("358GDM9A1KP042788", false),
        ] {
            let facts = Vin::parse(vin).unwrap().facts(2026);
            assert_eq!((facts.check_digit_ok, facts.check_digit_is_law), (false, is_law), "{vin}");
        }
    }

    proptest! {
        #[test]
        fn any_vin_has_facts_that_fit_its_parts(text in "[A-HJ-NPR-Z0-9]{17}") {
            let vin = Vin::parse(&text).unwrap();
            let facts = vin.facts(2026);
            prop_assert_eq!(facts.manufacturer.map(|maker| maker.identifier.len()).unwrap_or(3) == 6, facts.manufacturer.is_some() && &text[2..3] == "9");
            prop_assert!(facts.manufacturer.is_none_or(|maker| text.starts_with(&maker.identifier[..3])));
        }
    }
}
