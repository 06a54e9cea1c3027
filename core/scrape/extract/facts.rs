//! What prices depend on beside the fields of a car: title, condition, odometer, and whether somebody is buying it.
//!
//! Several places of a page may speak of one: what says more replaces what was there, and of equals the first stays.

use super::{
    Condition, OdometerStatus, SaleStatus, TitleBrand,
    fields::{Draft, Field},
    miles::{self, Reading, Unit},
    value::Json,
};

impl Field {
    /// Whether it tells of title, condition, odometer or sale.
    const fn is_fact(self) -> bool {
        matches!(
            self,
            Self::TitleBrand
                | Self::Title
                | Self::Branded(_)
                | Self::Condition
                | Self::InCondition(_)
                | Self::OdometerStatus
                | Self::SaleStatus
                | Self::Description
                | Self::Damages
        )
    }
}

impl Draft {
    /// Offers how far its sale has come.
    pub(crate) fn offer_sale(&mut self, status: Option<SaleStatus>) {
        self.listing.sale_status = SaleStatus::more_telling(self.listing.sale_status, status);
    }

    /// Offers what its title says; what says more replaces what was there.
    pub(crate) fn offer_brand(&mut self, brand: Option<TitleBrand>) {
        self.listing.title_brand = TitleBrand::more_telling(self.listing.title_brand, brand);
    }

    /// Offers its condition; that a car is certified says more than that it is used.
    pub(crate) fn offer_condition(&mut self, condition: Option<Condition>) {
        self.listing.condition = Condition::more_telling(self.listing.condition, condition);
    }

    /// Offers what is said of its odometer.
    pub(crate) fn offer_odometer(&mut self, status: Option<OdometerStatus>) {
        self.listing.odometer_status = self.listing.odometer_status.or(status);
    }

    /// Offers what an odometer shows, and what is said of it; `unit` is that of a number without one.
    pub(super) fn offer_mileage(&mut self, raw: &str, unit: Unit) {
        if self.listing.mileage.is_none() || self.mileage_is_converted {
            self.offer_reading(miles::reading(raw, unit));
        }
        if self.listing.odometer_status.is_none() {
            self.listing.odometer_status = OdometerStatus::of_mileage(raw);
        }
    }

    /// Offers the miles of an odometer; those that are stated replace those that were converted.
    pub(super) fn offer_reading(&mut self, reading: Option<Reading>) {
        let is_better =
            |reading: &Reading| self.listing.mileage.is_none() || (self.mileage_is_converted && !reading.is_converted);
        if let Some(reading) = reading.filter(is_better) {
            self.listing.mileage = Some(reading.miles);
            self.mileage_is_converted = reading.is_converted;
        }
    }

    /// Offers of named values what prices depend on beside the fields of the car: title, condition, odometer, sale.
    pub(crate) fn offer_facts<'r>(&mut self, record: impl IntoIterator<Item = (&'r str, &'r Json<'r>)>) {
        for (key, value) in record {
            if let Some(field) = Field::named(key).filter(|field| field.is_fact()) {
                self.offer_value(field, value);
            }
        }
    }
}
