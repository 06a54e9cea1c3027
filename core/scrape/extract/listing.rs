//! One vehicle as another dealer offers it, and what it must satisfy to be recorded.
//!
//! The keys are the columns of `competitor_inventory`, so that what a page gave, what `jpauto import listings` reads and what
//! Python passes are one shape. What is deliberately not here: who offers it and since when.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::{
    Condition, OdometerStatus, SaleStatus, StockStatus, TitleBrand, condition,
    limits::ListingLimits,
    odometer,
    stock::{lenient, lenient_sale},
    title_brand, vins,
};
use crate::{ErrorCode, FieldError, Money, error::Faults, typed};

/// A listing as a website shows it; what it does not say is `None`, written as `null`.
///
/// ```
/// use jpauto::extract::ScrapedListing;
///
/// let listing: ScrapedListing = serde_json::from_str(r#"{"vin": "2FMPK4K91HBB11870", "year": "2017", "price": 32988}"#)?;
/// assert_eq!(listing.year, Some(2017));
/// let refused = serde_json::from_str::<ScrapedListing>(r#"{"milage": 1}"#).unwrap_err();
/// assert!(refused.to_string().contains("milage"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ScrapedListing {
    /// The website's own id for the vehicle.
    pub external_id: Option<String>,
    /// The VIN, seventeen characters in capitals.
    pub vin: Option<String>,
    /// The dealer's stock number.
    pub stock_number: Option<String>,
    /// The model year; numbers and numeric texts are read.
    #[serde(deserialize_with = "year")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::sent_whole_number_or_null))]
    pub year: Option<i32>,
    /// The make, such as `Ford`.
    pub make: Option<String>,
    /// The model, such as `Silverado 1500`.
    pub model: Option<String>,
    /// The trim level, such as `LT`.
    pub trim: Option<String>,
    /// The asking price in dollars; numbers and numeric texts are read.
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::sent_amount_or_null))]
    pub price: Option<Money>,
    /// Miles on the odometer; numbers and numeric texts are read.
    #[serde(deserialize_with = "mileage")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::openapi::sent_whole_number_or_null))]
    pub mileage: Option<i32>,
    /// The colour of the body.
    pub exterior_color: Option<String>,
    /// The transmission as the website words it.
    pub transmission: Option<String>,
    /// The fuel as the website words it.
    pub fuel_type: Option<String>,
    /// The body style as the website words it.
    pub body_style: Option<String>,
    /// The absolute address of the vehicle's own page.
    pub url: Option<String>,
    /// The absolute address of the first photo.
    pub image_url: Option<String>,
    /// Where it stands, as the website says; a word that is unknown is none.
    #[serde(deserialize_with = "lenient")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub stock_status: Option<StockStatus>,
    /// How far its sale has come, as the website says; a word that is unknown is none.
    #[serde(deserialize_with = "lenient_sale")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub sale_status: Option<SaleStatus>,
    /// What its title says, as the website says; a word that is unknown is none.
    #[serde(deserialize_with = "title_brand::lenient")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub title_brand: Option<TitleBrand>,
    /// Whether it is offered as new, used or certified; a word that is unknown is none.
    #[serde(deserialize_with = "condition::lenient")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub condition: Option<Condition>,
    /// What the website says of the odometer; a word that is unknown is none.
    #[serde(deserialize_with = "odometer::lenient")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub odometer_status: Option<OdometerStatus>,
    /// What the website itself says about a sale; `None` where it says nothing.
    pub is_sold: Option<bool>,
    /// When the website itself says that it was sold. A website names days of its own clock: the time may be off by one.
    pub sold_at: Option<DateTime<Utc>>,
    /// Whether it is only suggested on the own page of another vehicle: a scrape leaves it out. `None` for any other.
    pub related: Option<bool>,
    /// What else the website said and a person may want to see, as it said it.
    pub raw_data: Option<serde_json::Value>,
}

fn year<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    whole_number(deserializer, "year", "a model year such as 2017", |_text| None)
}

fn mileage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    whole_number(deserializer, "mileage", "a whole number of miles such as 48200", typed::miles)
}

/// A whole number, or a text of nothing but its digits or of what people type for it.
fn whole_number<'de, D: Deserializer<'de>>(
    deserializer: D,
    field: &'static str,
    expected: &'static str,
    read: fn(&str) -> Option<i32>,
) -> Result<Option<i32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Whole(i64),
        Fraction(f64),
        Text(String),
        Other(de::IgnoredAny),
    }
    let refused = |given: String| de::Error::custom(format!("{field}: expected {expected}, found {given}"));
    let number = match Option::<Given>::deserialize(deserializer)? {
        None => return Ok(None),
        Some(Given::Whole(number)) => number,
        // CSV tools write whole numbers as 48200.0.
        #[expect(clippy::cast_possible_truncation, reason = "the fraction and the range are checked in the guard")]
        Some(Given::Fraction(number)) if number.fract() == 0.0 && number.abs() < 1e15 => number as i64,
        Some(Given::Fraction(number)) => return Err(refused(number.to_string())),
        Some(Given::Text(text)) => {
            let number = text.trim().parse().ok().or_else(|| read(&text).map(i64::from));
            number.ok_or_else(|| refused(format!("{text:?}")))?
        }
        Some(Given::Other(_)) => return Err(refused("something else".to_owned())),
    };
    i32::try_from(number).map(Some).map_err(|_out_of_range| refused(number.to_string()))
}

impl ScrapedListing {
    /// Says what keeps the listing from being recorded, every fault at once, each by its field.
    ///
    /// `current_year` bounds the model year. A listing without any identity is a fault as well: it could never be found
    /// again.
    ///
    /// # Errors
    /// One [`FieldError`] a fault.
    pub fn check(&self, current_year: i32, limits: &ListingLimits) -> Result<(), Vec<FieldError>> {
        let mut faults = Faults::default();
        if let Some(vin) = &self.vin {
            faults.check(
                vins::parse(vin).is_some(),
                "/vin",
                "expected 17 characters of the VIN alphabet, and no placeholder",
            );
        }
        let texts = [
            ("/external_id", &self.external_id, limits.external_id_chars),
            ("/stock_number", &self.stock_number, limits.stock_number_chars),
            ("/make", &self.make, limits.name_chars),
            ("/model", &self.model, limits.name_chars),
            ("/trim", &self.trim, limits.name_chars),
            ("/exterior_color", &self.exterior_color, limits.name_chars),
            ("/transmission", &self.transmission, limits.kind_chars),
            ("/fuel_type", &self.fuel_type, limits.kind_chars),
            ("/body_style", &self.body_style, limits.kind_chars),
            ("/url", &self.url, limits.url_chars),
            ("/image_url", &self.image_url, limits.url_chars),
        ];
        for (pointer, value, chars_max) in texts {
            let Some(value) = value else { continue };
            faults.check(is_within(value, chars_max), pointer, format!("expected at most {chars_max} characters"));
            faults.check(!value.contains('\0'), pointer, "expected no null character");
        }
        let years = limits.year_min..=current_year.saturating_add(limits.years_ahead);
        let year_fits = self.year.is_none_or(|year| years.contains(&year));
        faults.check(year_fits, "/year", format!("expected a year from {} to {}", years.start(), years.end()));
        let mileage_fits = self.mileage.is_none_or(|mileage| (0..=limits.mileage_max).contains(&mileage));
        faults.check(mileage_fits, "/mileage", format!("expected 0 to {} miles", limits.mileage_max));
        let price_fits = self.price.is_none_or(|price| price >= Money::ZERO && price <= limits.price_max);
        faults.check(price_fits, "/price", format!("expected 0.00 to {} dollars", limits.price_max));
        faults.check(
            self.has_identity(),
            "",
            "expected a vin, an external_id, a stock_number, or year, make, model and mileage",
        );
        faults.into_result(ErrorCode::InvalidListing).map_err(|error| error.fields().to_vec())
    }

    /// Whether anything would tell this vehicle from another at the next look.
    #[must_use]
    pub fn has_identity(&self) -> bool {
        self.vin.is_some()
            || self.external_id.is_some()
            || self.stock_number.is_some()
            || (self.year.is_some() && self.make.is_some() && self.model.is_some() && self.mileage.is_some())
    }

    /// Whether it belongs to the list or is the vehicle of the page, and is not merely suggested there.
    #[must_use]
    pub fn is_offered_here(&self) -> bool {
        self.related != Some(true)
    }

    /// Forgets texts that no column would hold: a page's prose in the place of a value must not cost the whole listing.
    pub(crate) fn drop_oversized(&mut self, limits: &ListingLimits) {
        let drop = |value: &mut Option<String>, chars_max: usize| {
            if value.as_ref().is_some_and(|text| !is_within(text, chars_max)) {
                *value = None;
            }
        };
        drop(&mut self.external_id, limits.external_id_chars);
        drop(&mut self.stock_number, limits.stock_number_chars);
        for name in [&mut self.make, &mut self.model, &mut self.trim, &mut self.exterior_color] {
            drop(name, limits.name_chars);
        }
        for kind in [&mut self.transmission, &mut self.fuel_type, &mut self.body_style] {
            drop(kind, limits.kind_chars);
        }
        for url in [&mut self.url, &mut self.image_url] {
            drop(url, limits.url_chars);
        }
    }

    /// Takes from another reading of the same vehicle what this one lacks.
    pub(crate) fn fill_from(&mut self, other: Self) {
        fn fill<T>(own: &mut Option<T>, other: Option<T>) {
            if own.is_none() {
                *own = other;
            }
        }
        // A trim belongs to its model: half of one heading and half of another would be neither.
        if self.model.is_none() {
            fill(&mut self.trim, other.trim);
        }
        fill(&mut self.external_id, other.external_id);
        fill(&mut self.vin, other.vin);
        fill(&mut self.stock_number, other.stock_number);
        fill(&mut self.year, other.year);
        fill(&mut self.make, other.make);
        fill(&mut self.model, other.model);
        fill(&mut self.price, other.price);
        // A zero fills the place of the miles that another reading states.
        let is_filler = self.mileage == Some(0) && other.mileage.is_some_and(|miles| miles >= MILES_OF_USE);
        self.mileage.take_if(|_| is_filler);
        fill(&mut self.mileage, other.mileage);
        fill(&mut self.exterior_color, other.exterior_color);
        fill(&mut self.transmission, other.transmission);
        fill(&mut self.fuel_type, other.fuel_type);
        fill(&mut self.body_style, other.body_style);
        fill(&mut self.url, other.url);
        fill(&mut self.image_url, other.image_url);
        self.stock_status = StockStatus::more_telling(self.stock_status, other.stock_status);
        self.sale_status = SaleStatus::more_telling(self.sale_status, other.sale_status);
        self.title_brand = TitleBrand::more_telling(self.title_brand, other.title_brand);
        self.condition = Condition::more_telling(self.condition, other.condition);
        fill(&mut self.odometer_status, other.odometer_status);
        fill(&mut self.is_sold, other.is_sold);
        fill(&mut self.sold_at, other.sold_at);
        fill(&mut self.raw_data, other.raw_data);
    }
}

/// No car that has gone so far shows a zero.
const MILES_OF_USE: i32 = 1_000;

fn is_within(text: &str, chars_max: usize) -> bool {
    // No text has more characters than bytes, and most are far shorter than any column.
    text.len() <= chars_max || text.chars().nth(chars_max).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fords_edge() -> ScrapedListing {
        ScrapedListing { vin: Some("2FMPK4K91HBB11870".to_owned()), year: Some(2017), ..ScrapedListing::default() }
    }

    #[test]
    fn numbers_are_read_leniently_and_anything_else_is_refused_by_name() {
        let read = |json: &str| serde_json::from_str::<ScrapedListing>(json);
        for json in [r#"{"year": 2017}"#, r#"{"year": "2017"}"#, r#"{"year": 2017.0}"#] {
            assert_eq!(read(json).unwrap().year, Some(2017), "{json}");
        }
        assert_eq!(read(r#"{"mileage": null, "price": "12.5"}"#).unwrap().price, Some(Money::from_cents(1_250)));
        assert_eq!(read("{}").unwrap(), ScrapedListing::default());
        let status = |json: &str| read(json).unwrap().stock_status;
        assert_eq!(status(r#"{"stock_status": "In Transit"}"#), Some(StockStatus::InTransit));
        assert_eq!(status(r#"{"stock_status": "sale_pending"}"#), Some(StockStatus::SalePending));
        assert_eq!(status(r#"{"stock_status": "ask us"}"#), None);
        let facts = r#"{"title_brand": "Salvage title", "condition": "Pre-Owned", "odometer_status": "TMU", "sale_status": "Sale Pending"}"#;
        let facts = read(facts).unwrap();
        assert_eq!((facts.title_brand, facts.condition), (Some(TitleBrand::Salvage), Some(Condition::Used)));
        assert_eq!(facts.odometer_status, Some(OdometerStatus::TrueMileageUnknown));
        assert_eq!(facts.sale_status, Some(SaleStatus::Pending));
        assert_eq!(read(r#"{"title_brand": "ask us", "condition": "red"}"#).unwrap(), ScrapedListing::default());
        for (json, named) in [
            (r#"{"year": "soon"}"#, "year"),
            (r#"{"mileage": [1]}"#, "mileage"),
            (r#"{"mileage": 1.5}"#, "mileage"),
            (r#"{"mileage": 99999999999}"#, "mileage"),
            (r#"{"colour": "red"}"#, "colour"),
        ] {
            assert!(read(json).unwrap_err().to_string().contains(named), "{json}");
        }
    }

    #[test]
    fn every_key_is_written_also_where_the_value_is_absent() {
        let json = serde_json::to_value(ScrapedListing::default()).unwrap();
        let keys: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys.len(), 24);
        assert!(json.as_object().unwrap().values().all(serde_json::Value::is_null));
    }

    #[test]
    fn a_check_names_every_field_at_fault() {
        let limits = ListingLimits::default();
        assert_eq!(fords_edge().check(2026, &limits), Ok(()));
        let bad = ScrapedListing {
            vin: Some("11111111111111111".to_owned()),
            year: Some(2029),
            mileage: Some(-1),
            price: Some(Money::from_dollars(100_000_000)),
            trim: Some("é".repeat(101)),
            ..ScrapedListing::default()
        };
        let pointers: Vec<_> = bad.check(2026, &limits).unwrap_err().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/vin", "/trim", "/year", "/mileage", "/price"]);
        let at_the_edge = ScrapedListing { year: Some(2028), trim: Some("é".repeat(100)), ..fords_edge() };
        assert_eq!(at_the_edge.check(2026, &limits), Ok(()));
        assert!(ScrapedListing::default().check(2026, &limits).is_err(), "nothing would identify it");
    }
}
