//! A vehicle as one scrape saw it, cleaned so that it can be compared with what is stored.

use chrono::{DateTime, SubsecRound as _, Utc};
use serde_json::Value;

use super::config::TrackingRules;
use crate::{
    extract::{self, Condition, OdometerStatus, SaleStatus, ScrapedListing, StockStatus, TitleBrand},
    money::Money,
    vin,
};

/// Makes a group of what is said of a vehicle: its fields, and how a later sighting changes them.
macro_rules! said {
    ($(#[$about:meta])* $group:ident { $($(#[$about_field:meta])* $field:ident: $type:ty),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub(crate) struct $group {
            $($(#[$about_field])* pub(crate) $field: Option<$type>,)+
        }

        impl $group {
            /// Takes from a second sighting of the same vehicle what the first did not know.
            fn complete_from(&mut self, other: Self) {
                $(self.$field = self.$field.take().or(other.$field);)+
            }

            /// Takes over what the newer sighting knows; what it does not know stays. Adds the columns that changed.
            fn take_over(&mut self, newer: Self, changed: &mut Vec<&'static str>) {
                $(if is_news(&self.$field, &newer.$field) {
                    self.$field = newer.$field;
                    changed.push(stringify!($field));
                })+
            }

            /// Whether taking over the newer sighting would change anything.
            fn has_news(&self, newer: &Self) -> bool {
                false $(|| is_news(&self.$field, &newer.$field))+
            }
        }
    };
}

said! {
    /// What a listing can be recognised by, strongest first.
    Keys {
        /// Seventeen capital letters and digits; not necessarily a valid VIN.
        vin: String,
        /// The website's own id of the vehicle.
        external_id: String,
        /// The dealer's stock number; dealers use them again.
        stock_number: String,
    }
}

said! {
    /// What is said about a vehicle, apart from its keys and its price.
    Details {
        year: i32,
        mileage: i32,
        /// Where it stands, by its website's word.
        stock_status: StockStatus,
        /// How far its sale has come, by its website's word.
        sale_status: SaleStatus,
        title_brand: TitleBrand,
        condition: Condition,
        odometer_status: OdometerStatus,
        make: String,
        model: String,
        trim: String,
        exterior_color: String,
        transmission: String,
        fuel_type: String,
        body_style: String,
        url: String,
        image_url: String,
    }
}

/// One vehicle in one scrape, with every value in the shape and length of its column.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sighting {
    pub(crate) keys: Keys,
    pub(crate) details: Details,
    /// Above zero and within the column; anything else counts as no price.
    pub(crate) price: Option<Money>,
    /// The website's own word that the vehicle is sold.
    pub(crate) is_sold: bool,
    /// When, by the same word.
    pub(crate) sold_at: Option<DateTime<Utc>>,
    pub(crate) raw_data: Option<Value>,
    /// Whether it stands only on a page that has not changed, which confirms nothing.
    pub(crate) is_on_unchanged_page: bool,
}

/// What a website may say of a number before it counts as not said.
mod plausible {
    use std::ops::RangeInclusive;

    pub(crate) const YEARS: RangeInclusive<i32> = 1900..=2100;
    pub(crate) const MILES: RangeInclusive<i32> = 0..=2_000_000;
}

/// Longest texts of the columns, in characters.
mod length {
    pub(crate) const NAME: usize = 100;
    pub(crate) const KIND: usize = 50;
    pub(crate) const EXTERNAL_ID: usize = 255;
    pub(crate) const STOCK_NUMBER: usize = 100;
    pub(crate) const URL: usize = 500;
}

impl From<ScrapedListing> for Sighting {
    fn from(scraped: ScrapedListing) -> Self {
        Self {
            keys: Keys {
                vin: scraped.vin.as_deref().and_then(clean_vin),
                external_id: whole(said(scraped.external_id), length::EXTERNAL_ID),
                stock_number: whole(said(scraped.stock_number), length::STOCK_NUMBER).filter(|text| is_a_number(text)),
            },
            details: Details {
                year: scraped.year.filter(|year| plausible::YEARS.contains(year)),
                mileage: scraped.mileage.filter(|miles| plausible::MILES.contains(miles)),
                make: cut(scraped.make, length::NAME),
                model: cut(scraped.model, length::NAME),
                trim: cut(scraped.trim, length::NAME),
                exterior_color: cut(scraped.exterior_color, length::NAME),
                transmission: cut(scraped.transmission, length::KIND),
                fuel_type: cut(scraped.fuel_type, length::KIND),
                body_style: cut(scraped.body_style, length::KIND),
                url: whole(scraped.url, length::URL),
                image_url: whole(scraped.image_url, length::URL),
                stock_status: scraped.stock_status,
                sale_status: scraped.sale_status,
                title_brand: scraped.title_brand,
                condition: scraped.condition.and_then(|condition| condition.with_miles(scraped.mileage)),
                odometer_status: scraped.odometer_status,
            },
            price: scraped.price.filter(|&price| price > Money::ZERO && price <= Money::MAX),
            is_sold: scraped.is_sold.unwrap_or(false),
            sold_at: scraped.sold_at.filter(|_| scraped.is_sold == Some(true)).map(|sold_at| sold_at.trunc_subsecs(6)),
            raw_data: scraped.raw_data.filter(has_no_null_character),
            is_on_unchanged_page: false,
        }
    }
}

impl Sighting {
    /// Whether it can be known again: by a key, or by year, make, model and mileage.
    pub(crate) fn has_identity(&self) -> bool {
        let Details { year, mileage, make, model, .. } = &self.details;
        let is_likeness = year.is_some() && mileage.is_some() && make.is_some() && model.is_some();
        !self.keys.are_missing() || is_likeness
    }

    /// Takes from a second sighting of the same vehicle what the first did not know.
    pub(crate) fn complete_from(&mut self, other: Self) {
        let (own, theirs) = (&mut self.details, &other.details);
        own.title_brand = TitleBrand::more_telling(own.title_brand, theirs.title_brand);
        own.condition = Condition::more_telling(own.condition, theirs.condition);
        own.sale_status = SaleStatus::more_telling(own.sale_status, theirs.sale_status);
        let Self { keys, details, price, is_sold, sold_at, raw_data, is_on_unchanged_page: _ } = other;
        self.keys.complete_from(keys);
        self.details.complete_from(details);
        self.price = self.price.or(price);
        self.raw_data = self.raw_data.take().or(raw_data);
        self.sold_at = self.sold_at.or(sold_at);
        self.is_sold |= is_sold;
    }
}

impl Keys {
    /// Takes over what the newer sighting knows; what it does not know stays. Adds the columns that changed.
    pub(crate) fn update_from(&mut self, newer: Self, changed: &mut Vec<&'static str>) {
        self.take_over(newer, changed);
    }

    /// Whether taking over the newer sighting would change anything.
    pub(crate) fn would_change(&self, newer: &Self) -> bool {
        self.has_news(newer)
    }

    /// Whether both name a VIN and the VINs differ: then they are two vehicles, whatever else agrees.
    pub(crate) fn name_another_vin(&self, other: &Self) -> bool {
        differ(&self.vin, &other.vin)
    }

    /// Whether any key is named by both and differs.
    pub(crate) fn conflict_with(&self, other: &Self) -> bool {
        self.name_another_vin(other)
            || differ(&self.external_id, &other.external_id)
            || differ(&self.stock_number, &other.stock_number)
    }

    /// Whether there is nothing to recognise a listing by.
    pub(crate) fn are_missing(&self) -> bool {
        self.vin.is_none() && self.external_id.is_none() && self.stock_number.is_none()
    }
}

impl Details {
    /// Takes over what the newer sighting knows. What it does not know stays, but for a pending sale: a website says nothing of one
    /// that fell through.
    pub(crate) fn update_from(&mut self, newer: Self, changed: &mut Vec<&'static str>) {
        if self.has_lost_buyer(&newer) {
            self.sale_status = None;
            changed.push("sale_status");
        }
        self.take_over(newer, changed);
    }

    /// Whether taking over the newer sighting would change anything.
    pub(crate) fn would_change(&self, newer: &Self) -> bool {
        self.has_lost_buyer(newer) || self.has_news(newer)
    }

    fn has_lost_buyer(&self, newer: &Self) -> bool {
        self.sale_status == Some(SaleStatus::Pending) && newer.sale_status.is_none()
    }

    /// Whether year, make or model are named by both and differ; a text that holds the other agrees with it.
    pub(crate) fn contradict(&self, other: &Self) -> bool {
        self.is_of_another_year(other) || unlike(&self.make, &other.make) || unlike(&self.model, &other.model)
    }

    /// Whether the same stock number names another car now. A website that spells makes or models otherwise names the same.
    pub(crate) fn are_of_another_car(&self, other: &Self, rules: &TrackingRules) -> bool {
        let apart = self.mileage.zip(other.mileage).map(|(one, other)| one.abs_diff(other));
        let is_near = apart.is_some_and(|apart| i64::from(apart) <= i64::from(rules.identity.mileage_tolerance));
        let is_unlike = unlike(&self.make, &other.make) && unlike(&self.model, &other.model);
        !is_near && (self.is_of_another_year(other) || is_unlike)
    }

    fn is_of_another_year(&self, other: &Self) -> bool {
        self.year.zip(other.year).is_some_and(|(one, other)| one != other)
    }
}

/// Whether both are said, and neither holds the other whatever the case and the signs between.
pub(super) fn unlike(one: &Option<String>, other: &Option<String>) -> bool {
    let Some((one, other)) = one.as_deref().zip(other.as_deref()) else { return false };
    if one == other {
        return false;
    }
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let (one, other): (String, String) = (letters(one), letters(other));
    !one.contains(&other) && !other.contains(&one)
}

fn differ(one: &Option<String>, other: &Option<String>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

fn is_news<T: PartialEq>(stored: &Option<T>, newer: &Option<T>) -> bool {
    newer.is_some() && stored != newer
}

fn clean_vin(text: &str) -> Option<String> {
    vin::key(text).map(|key| key.iter().copied().map(char::from).collect())
}

/// What a key says. Listings that are handed in may have `N/A` or `TBD` there, as pages do.
fn said(text: Option<String>) -> Option<String> {
    extract::text(&text?)
}

/// Whether a stock number tells cars apart: not one of the words that stand in its place, or nothing but noughts.
fn is_a_number(text: &str) -> bool {
    const WORDS: [&str; 13] = [
        "arriving",
        "arrivingsoon",
        "available",
        "call",
        "callus",
        "comingsoon",
        "intransit",
        "new",
        "onorder",
        "pending",
        "sold",
        "stock",
        "used",
    ];
    // Nearly all of them are seen to be one at once: none of the words has a digit.
    if text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        return true;
    }
    let letters: String = text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    !WORDS.contains(&letters.as_str()) && letters.chars().any(|c| c != '0')
}

/// A text that means nothing when it is cut, such as a link: too long counts as missing.
fn whole(text: Option<String>, longest: usize) -> Option<String> {
    trimmed(text?).filter(|text| text.chars().count() <= longest && !text.contains('\0'))
}

/// A text that still says something when it is cut.
fn cut(text: Option<String>, longest: usize) -> Option<String> {
    let mut text = trimmed(text?)?;
    // PostgreSQL has no null character.
    text.retain(|sign| sign != '\0');
    if text.is_empty() {
        return None;
    }
    if let Some((end, _)) = text.char_indices().nth(longest) {
        text.truncate(end);
    }
    Some(text)
}

/// PostgreSQL refuses a document with one, and with it the whole scrape. Walked without recursion: the outside made it.
fn has_no_null_character(document: &Value) -> bool {
    let mut open = vec![document];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) if text.contains('\0') => return false,
            Value::Array(items) => open.extend(items),
            Value::Object(fields) if fields.keys().any(|key| key.contains('\0')) => return false,
            Value::Object(fields) => open.extend(fields.values()),
            _ => {}
        }
    }
    true
}

fn trimmed(text: String) -> Option<String> {
    let inner = text.trim();
    match inner.len() {
        0 => None,
        length if length == text.len() => Some(text),
        _ => Some(inner.to_owned()),
    }
}
