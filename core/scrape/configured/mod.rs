//! Websites of no known vendor, read as their competitor's `scraper_config` says.
//!
//! [`ScraperConfig`] is what a person writes: where the cards are, where each field stands, how the list goes on, or which
//! endpoint answers with JSON. [`Scraper`] is the same, checked and compiled, so that no page meets a wrong selector. What is
//! configured wins; what is left open is read as on any page. What is deliberately not here: fetching, and running code of the
//! website or of the configuration.

mod cards;
mod check;
mod endpoint;
mod limits;
mod path;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

pub(crate) use self::{check::Scraper, endpoint::Endpoint, limits::CHECKS_MAX};
use super::extract::{DataRequest, Extraction, listings_as_configured, page_url};
use crate::{Error, ErrorCode, Result};

/// How to read a website: the document in `competitors.scraper_config`.
///
/// Every key may be missing. What is not configured is read as on any page: a configuration says only what goes wrong
/// without it. What is configured is read from there and nowhere else.
///
/// # Cards
/// `cards` is the CSS selector of a vehicle's card, `fields` says where within it each [`ListingField`] stands: the selector of
/// an element whose text holds it, or an object with `selector`, `attribute` (instead of the text) and `regex` (its first
/// group, or all of what it matches). Without `selector` the card itself is meant. A list of such places is tried in order.
///
/// `total` is where the page claims how many vehicles there are. `pagination` is one of
/// - `{"next": "a.next"}`: the link to the next page; a place, with the attribute `href` where it names none;
/// - `{"page": {"parameter": "page", "first": 1, "size": 24}}`: a query parameter that counts pages;
/// - `{"offset": {"parameter": "start", "size": 24}}`: a query parameter that counts vehicles.
///
/// `size` is how many vehicles a full page shows, where that is known: without `total`, a shorter page is then the last one.
///
/// ```
/// use jpauto::competitors::ScraperConfig;
///
/// let config = ScraperConfig::parse(&serde_json::json!({
///     "cards": "div.car",
///     "fields": {
///         "heading": "h3",
///         "vin": {"selector": ".facts", "regex": r"VIN\s+(\w{17})"},
///         "price": [".price-sale", ".price"],
///         "url": {"selector": "a.more", "attribute": "href"},
///         "is_sold": ".ribbon-sold"
///     },
///     "total": ".found b",
///     "pagination": {"page": {"parameter": "page", "first": 1}},
///     "check_missing": 10
/// }))?;
/// assert_eq!(config.check_missing, Some(10));
///
/// // A wrong key is named by its place.
/// let wrong = ScraperConfig::parse(&serde_json::json!({"cards": "div.car", "fields": {"price": {"selector": "b["}}}));
/// assert_eq!(wrong.unwrap_err().fields()[0].pointer, "/scraper_config/fields/price/selector");
/// # Ok::<(), jpauto::Error>(())
/// ```
///
/// # Endpoint
/// Where the website's own scripts ask for their list as JSON, `endpoint` asks the same, and no page is read. Paths such as
/// `data.items[0].price` say where things stand in the answer; fields that are not named are looked for under the keys that
/// such data usually has.
///
/// ```
/// # use jpauto::competitors::ScraperConfig;
/// let config = ScraperConfig::parse(&serde_json::json!({
///     "endpoint": {
///         "url": "/api/search",
///         "method": "POST",
///         "headers": {"x-api-key": "the key in the page's own script"},
///         "body": {"filters": {"condition": "used"}},
///         "listings": "data.vehicles",
///         "total": "data.count",
///         "fields": {"price": "pricing.internet", "url": "links[0].href"},
///         "pagination": {"page": {"parameter": "paging.number", "first": 1, "size": 50}}
///     }
/// }))?;
/// assert!(config.endpoint.is_some());
/// # Ok::<(), jpauto::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScraperConfig {
    /// The selector of a vehicle's card. With it, the platform's own way of finding vehicles is left aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cards: Option<String>,
    /// Where within a card each field stands.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<ListingField, OneOrMany<ValueSelector>>,
    /// Where the page says how many vehicles there are on all pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<OneOrMany<ValueSelector>>,
    /// How the list goes on; found out where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagination: Option<Pagination>,
    /// Where the list is had as JSON instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<EndpointConfig>,
    /// The most pages that a scrape reads (1 to 1,000), where that is less than [`FetchConfig::max_pages`].
    ///
    /// [`FetchConfig::max_pages`]: crate::FetchConfig::max_pages
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pages: Option<u32>,
    /// The store whose vehicles are meant, where one website lists those of a group of dealers: as a test of the website names
    /// it. Vehicles of other stores, and those of which the website names none, are left aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// How many vehicles that are missing from the list a scrape looks up by their own pages (0 to 50): one that answers 404
    /// or 410 is gone for certain. None where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_missing: Option<u32>,
}

impl ScraperConfig {
    /// Reads the listings of a page as the configuration says, and what it leaves open as [`extract::listings`] does.
    ///
    /// ```
    /// use jpauto::competitors::ScraperConfig;
    ///
    /// let config = ScraperConfig::parse(&serde_json::json!({
    ///     "cards": "li", "fields": {"heading": "b", "price": "i", "stock_number": {"attribute": "data-no"}}
    /// }))?;
    /// let page = r#"<ul><li data-no="P1"><b>2017 Ford Edge SEL</b> <i>$22,988</i></ul>"#;
    /// let read = config.listings(page, "https://lot.example/used")?;
    /// assert_eq!(read.listings[0].model.as_deref(), Some("Edge"));
    /// # Ok::<(), jpauto::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`ScraperConfig::parse`] and [`extract::listings`].
    ///
    /// [`extract::listings`]: crate::extract::listings
    pub fn listings(&self, html: &str, url: &str) -> Result<Extraction> {
        let scraper = self.compiled()?;
        listings_as_configured(html.as_bytes(), Some("text/html; charset=utf-8"), url, None, Some(&scraper))
    }

    /// What the configured endpoint is asked first for the list that the page at `url` shows to people; `None` where none is
    /// configured. [`extract::listings_from_data`] reads its answer.
    ///
    /// # Errors
    /// As [`ScraperConfig::parse`], and `invalid_url`.
    ///
    /// [`extract::listings_from_data`]: crate::extract::listings_from_data
    pub fn data_request(&self, url: &str) -> Result<Option<DataRequest>> {
        let scraper = self.compiled()?;
        let page = page_url(url)?;
        Ok(scraper.endpoint().and_then(|endpoint| endpoint.first_request(&page)))
    }

    fn compiled(&self) -> Result<Scraper> {
        let document = serde_json::to_value(self)
            .map_err(|error| Error::new(ErrorCode::ScraperNotReady, format!("a configuration is no JSON: {error}")))?;
        Scraper::of(&document)
    }
}

/// A field of a listing, named as its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are those of a ScrapedListing")]
pub enum ListingField {
    Vin,
    ExternalId,
    StockNumber,
    Year,
    Make,
    Model,
    Trim,
    Price,
    Mileage,
    ExteriorColor,
    Transmission,
    FuelType,
    BodyStyle,
    Url,
    ImageUrl,
    /// Where the vehicle stands, such as `In Transit`: one of the words that a website uses for it. Unknown words say nothing.
    StockStatus,
    /// How far its sale has come, such as `Sale Pending`. Unknown words say nothing.
    SaleStatus,
    /// What its title says, such as `Salvage`. Unknown words say nothing.
    TitleBrand,
    /// Whether it is new, used or certified. Unknown words say nothing.
    Condition,
    /// What is said of the odometer, such as `TMU` or `Exempt`. Unknown words say nothing.
    OdometerStatus,
    /// A text such as `2019 Ford F-150 XLT`, for what no other field says of year, make, model and trim.
    Heading,
    /// Sold where this place exists and does not say no.
    IsSold,
}

/// Every field, as it is written.
const FIELD_NAMES: [&str; 22] = [
    "vin",
    "external_id",
    "stock_number",
    "year",
    "make",
    "model",
    "trim",
    "price",
    "mileage",
    "exterior_color",
    "transmission",
    "fuel_type",
    "body_style",
    "url",
    "image_url",
    "stock_status",
    "sale_status",
    "title_brand",
    "condition",
    "odometer_status",
    "heading",
    "is_sold",
];
const FIELDS: [ListingField; 22] = [
    ListingField::Vin,
    ListingField::ExternalId,
    ListingField::StockNumber,
    ListingField::Year,
    ListingField::Make,
    ListingField::Model,
    ListingField::Trim,
    ListingField::Price,
    ListingField::Mileage,
    ListingField::ExteriorColor,
    ListingField::Transmission,
    ListingField::FuelType,
    ListingField::BodyStyle,
    ListingField::Url,
    ListingField::ImageUrl,
    ListingField::StockStatus,
    ListingField::SaleStatus,
    ListingField::TitleBrand,
    ListingField::Condition,
    ListingField::OdometerStatus,
    ListingField::Heading,
    ListingField::IsSold,
];

impl<'de> Deserialize<'de> for ListingField {
    /// As a text, so that the place of a wrong key is known.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = ListingField;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field of a listing")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
                let known = FIELDS.into_iter().find(|field| field.as_str() == name);
                known.ok_or_else(|| de::Error::unknown_field(name, &FIELD_NAMES))
            }
        }

        deserializer.deserialize_str(Name)
    }
}

impl ListingField {
    /// As it is written in a configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vin => "vin",
            Self::ExternalId => "external_id",
            Self::StockNumber => "stock_number",
            Self::Year => "year",
            Self::Make => "make",
            Self::Model => "model",
            Self::Trim => "trim",
            Self::Price => "price",
            Self::Mileage => "mileage",
            Self::ExteriorColor => "exterior_color",
            Self::Transmission => "transmission",
            Self::FuelType => "fuel_type",
            Self::BodyStyle => "body_style",
            Self::Url => "url",
            Self::ImageUrl => "image_url",
            Self::StockStatus => "stock_status",
            Self::SaleStatus => "sale_status",
            Self::TitleBrand => "title_brand",
            Self::Condition => "condition",
            Self::OdometerStatus => "odometer_status",
            Self::Heading => "heading",
            Self::IsSold => "is_sold",
        }
    }
}

/// A place in a page; written as a selector alone, or as an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ValueSelector {
    /// The selector of the element; without one, the card itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// The attribute to read instead of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// What of it is meant: the first group of this regular expression, or all that it matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
}

impl From<String> for ValueSelector {
    fn from(selector: String) -> Self {
        Self { selector: Some(selector), ..Self::default() }
    }
}

/// A place in an answer's record; written as a path alone, or as an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValuePath {
    /// Where in the record: `pricing.internet`, `images[0].url`.
    pub path: String,
    /// What of it is meant: the first group of this regular expression, or all that it matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
}

impl From<String> for ValuePath {
    fn from(path: String) -> Self {
        Self { path, regex: None }
    }
}

/// One place, or several of which the first that says something counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [only] => only.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de> + From<String>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMore<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de> + From<String>> Visitor<'de> for OneOrMore<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, an object, or a list of them")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(OneOrMany(vec![T::from(text.to_owned())]))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|place| OneOrMany(vec![place]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut places = Vec::new();
                while let Some(One(place)) = seq.next_element()? {
                    places.push(place);
                }
                Ok(OneOrMany(places))
            }
        }

        deserializer.deserialize_any(OneOrMore(PhantomData))
    }
}

/// An element of a list of places, which is no list itself.
struct One<T>(T);

impl<'de, T: Deserialize<'de> + From<String>> Deserialize<'de> for One<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrObject<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de> + From<String>> Visitor<'de> for TextOrObject<T> {
            type Value = One<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or an object")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(One(T::from(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(One)
            }
        }

        deserializer.deserialize_any(TextOrObject(PhantomData))
    }
}

/// How a list of pages goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Pagination {
    /// A link to the next page.
    Next(OneOrMany<ValueSelector>),
    /// A query parameter that counts pages.
    Page(Counter),
    /// A query parameter that counts the vehicles before the page.
    Offset(Counter),
}

/// A parameter that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counter {
    /// Its name; within the body of a request, its path.
    pub parameter: String,
    /// What the first page has: 1 for pages and 0 for offsets, where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u32>,
    /// How many vehicles a full page shows; a shorter one is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// Where an endpoint takes it: in the body of a POST and in the query of a GET, where it is not said. Pages have a query.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub within: Option<Within>,
}

/// A part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// The query of its address.
    Query,
    /// Its JSON body.
    Body,
}

words!(@read Within { Query => "query", Body => "body" });

/// An endpoint that answers with a list as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointConfig {
    /// Where to ask, absolute or relative to the competitor's inventory page.
    pub url: String,
    /// How to ask.
    pub method: Method,
    /// Headers that it asks for. Those that say who we are, and those that would log in, cannot be set.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Parameters of the query: texts, numbers, true or false.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Value>,
    /// The JSON to send by POST.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The path to the list of records, or to an object whose values they are; the whole answer where it is empty.
    pub listings: String,
    /// Where within a record each field stands.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<ListingField, OneOrMany<ValuePath>>,
    /// The path to the number of all vehicles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
    /// How the list goes on; without it, one answer holds all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagination: Option<DataPagination>,
}

/// How an endpoint is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// By its address alone.
    #[default]
    Get,
    /// With a JSON body.
    Post,
}

words!(@read Method { Get => "GET", Post => "POST" });

/// How an endpoint's list goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum DataPagination {
    /// The path to the address of the next answer.
    Next(String),
    /// A parameter that counts pages.
    Page(Counter),
    /// A parameter that counts the vehicles before the answer.
    Offset(Counter),
    /// A parameter that takes what the answer before has at a path; the list ends where there is nothing.
    Cursor(Cursor),
}

/// A parameter that is handed on from one answer to the next request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Its name; within the body of a request, its path.
    pub parameter: String,
    /// Where the answer says what to hand on.
    pub path: String,
    /// Where the endpoint takes it: in the body of a POST and in the query of a GET, where it is not said.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub within: Option<Within>,
}
