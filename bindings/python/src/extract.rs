//! Listings out of pages: `jpauto.extract`.

use chrono::{DateTime, Utc};
use jpauto::extract;
use pyo3::{
    prelude::*,
    types::{PyBytes, PyString},
};
use serde_json::Value;

use crate::faults::not;
use crate::{
    error,
    record::{Amount, Document, Told, record},
    unicode::{self, OfText as _},
};

record! {
    /// A vehicle as a website shows it; what the website does not say is `None`.
    ScrapedListing of extract::ScrapedListing {
        () {
            /// The website's own id for the vehicle.
            external_id: Option<String>,
            /// The VIN, seventeen characters in capitals.
            vin: Option<String>,
            /// The dealer's stock number.
            stock_number: Option<String>,
            /// The model year.
            year: Option<i32>,
            /// The make, such as `Ford`.
            make: Option<String>,
            /// The model, such as `Silverado 1500`.
            model: Option<String>,
            /// The trim level, such as `LT`.
            trim: Option<String>,
            /// The asking price in dollars.
            price: Option<Amount>,
            /// Miles on the odometer.
            mileage: Option<i32>,
            /// The colour of the body.
            exterior_color: Option<String>,
            /// The transmission as the website words it.
            transmission: Option<String>,
            /// The fuel as the website words it.
            fuel_type: Option<String>,
            /// The body style as the website words it.
            body_style: Option<String>,
            /// The absolute address of the vehicle's own page.
            url: Option<String>,
            /// The absolute address of the first photo.
            image_url: Option<String>,
            /// Where it stands, as the website says: `in_stock`, `in_transit`, `in_production` or `sale_pending`.
            stock_status: Option<&'static str>,
            /// How far its sale has come, as the website says: `available` or `pending`.
            sale_status: Option<&'static str>,
            /// What its title says, as the website says: `clean`, `branded`, `salvage`, `rebuilt`, `flood`, `lemon` or `junk`.
            title_brand: Option<&'static str>,
            /// Whether it is offered as `new`, `used` or `certified`.
            condition: Option<&'static str>,
            /// What the website says of the odometer: `actual`, `tmu` (true mileage unknown), `exempt` or `exceeds_limits`.
            odometer_status: Option<&'static str>,
            /// What the website itself says about a sale; `None` where it says nothing.
            is_sold: Option<bool>,
            /// When the website itself says that it was sold.
            sold_at: Option<DateTime<Utc>>,
            /// `True` for a vehicle that is only suggested on the own page of another one; a scrape leaves it out.
            related: Option<bool>,
            /// What else the website said and a person may want to see, as it said it.
            raw_data: Option<Document>,
        }
    }
}

record! {
    /// What a person should know before trusting what was read.
    ExtractionWarning of WarningView {
        () {
            /// The stable word, such as `no_listings`.
            code: &'static str,
            /// The sentence for it.
            message: String,
            /// The numbers of the pages that it was met on, where it is about some pages of a list.
            pages: Vec<usize>,
            /// The figures behind it.
            details: Document,
        }
    }
}

/// A warning as Python sees it.
pub(crate) struct WarningView {
    code: &'static str,
    message: String,
    pages: Vec<usize>,
    details: Value,
}

impl WarningView {
    fn of(code: &'static str, message: String, pages: Vec<usize>, warning: &extract::Warning) -> Self {
        let mut details = serde_json::to_value(warning).unwrap_or_default();
        if let Some(details) = details.as_object_mut() {
            details.retain(|key, _| key != "code" && key != "message");
        }
        Self { code, message, pages, details }
    }
}

impl Told<extract::Warning> for ExtractionWarning {
    fn told(warning: extract::Warning) -> Self {
        Self::told(WarningView::of(warning.code(), warning.to_string(), Vec::new(), &warning))
    }
}

impl Told<extract::ListWarning> for ExtractionWarning {
    fn told(listed: extract::ListWarning) -> Self {
        Self::told(WarningView::of(listed.code(), listed.to_string(), listed.pages, &listed.warning))
    }
}

record! {
    /// What one page gave.
    Extraction of extract::Extraction {
        () {
            /// Who read the page: a platform such as `dealer_com`, or the technique, `structured_data` or `cards`;
            /// `generic` where nothing was found.
            platform: &'static str,
            /// How many vehicles the page claims there are on all its pages.
            total: Option<u32>,
            /// The absolute address of the next page, `None` on the last.
            next: Option<String>,
            /// The vehicles, in the order of the page.
            listings: Vec<ScrapedListing>,
            /// Cards of vehicles that are still empty: the page was read before it was filled.
            unsettled: u32,
            /// What a person should know before trusting the result.
            warnings: Vec<ExtractionWarning>,
        }
    }
}

/// Reads the listings of a page: text, or bytes in any encoding, at best with the `content_type` they came with.
///
/// `platform` names one platform instead of detecting it; `generic` leaves all platforms aside.
///
/// Raises `InvalidInput` (`invalid_url`, `page_empty`, `page_too_large`, `page_too_deep`, `page_too_tangled`,
/// `unknown_platform`).
#[pyfunction]
#[pyo3(signature = (html, url, *, platform = None, content_type = None))]
pub(crate) fn listings(
    py: Python<'_>,
    html: &Bound<'_, PyAny>,
    #[pyo3(from_py_with = unicode::url)] url: &str,
    #[pyo3(from_py_with = unicode::platform)] platform: Option<&str>,
    #[pyo3(from_py_with = unicode::content_type)] content_type: Option<&str>,
) -> PyResult<Extraction> {
    // The text of a Python string is read where it stands: it is decoded already.
    if let Ok(text) = html.cast::<PyString>() {
        let text = <&str>::of("html", text.as_any())?;
        return py
            .detach(|| extract::listings_by(text, url, platform).map(Extraction::told))
            .map_err(|reason| error::exception(py, &reason));
    }
    let (bytes, content_type) = page(html, content_type)?;
    py.detach(|| extract::listings_from_bytes(bytes, content_type, url, platform).map(Extraction::told))
        .map_err(|reason| error::exception(py, &reason))
}

/// The bytes of a page. Of a text, the `content_type` and the page's own encoding are ignored: it is decoded already.
pub(crate) fn page<'a>(
    html: &'a Bound<'_, PyAny>,
    content_type: Option<&'a str>,
) -> PyResult<(&'a [u8], Option<&'a str>)> {
    if let Ok(bytes) = html.cast::<PyBytes>() {
        return Ok((bytes.as_bytes(), content_type));
    }
    match html.cast::<PyString>() {
        Ok(text) => Ok((<&str>::of("html", text.as_any())?.as_bytes(), Some("text/html; charset=utf-8"))),
        Err(_) => Err(not("html", "text or bytes", html)),
    }
}

/// The names that `listings` takes for a platform.
#[pyfunction]
pub(crate) fn platforms() -> Vec<&'static str> {
    extract::platforms()
}

/// The price in dollars in a text; `None` if there is no certain one, such as in a monthly payment or a range.
#[pyfunction]
pub(crate) fn price(py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> Option<Amount> {
    Option::told(py.detach(|| extract::price(text)))
}

/// The miles in a text; `None` if there is no certain number.
#[pyfunction]
pub(crate) fn mileage(py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> Option<i32> {
    py.detach(|| extract::mileage(text))
}

/// A text as a person would read it: entities decoded, tags and odd spaces removed; `None` if nothing is left.
#[pyfunction]
pub(crate) fn text(py: Python<'_>, #[pyo3(from_py_with = unicode::text)] text: &str) -> Option<String> {
    py.detach(|| extract::text(text))
}
