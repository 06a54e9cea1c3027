//! Listings out of pages, without configuration: a page's text in, vehicles out.
//!
//! A platform known by its marks is read by its own file, and what that leaves empty is read as on any page. Any other page is read
//! by its structured data (JSON-LD, then microdata) and its cards (`general`). `merge` makes one listing of all that was read of
//! one vehicle. What is deliberately not here: fetching, the database, and any judgement whether a scrape was complete.

pub(crate) mod address;
mod amounts;
mod answers;
mod badges;
mod beside_cards;
mod bound_words;
mod car_phrases;
mod car_words;
mod card;
mod card_heading;
mod card_parts;
mod card_proof;
mod cards;
mod chunks;
mod claimed;
mod class_looks;
mod clauses;
mod clean;
mod condition;
mod data;
mod decoys;
mod dom;
mod embedded;
mod encoding;
mod entities;
mod facts;
mod field_names;
mod fields;
mod filler;
mod flat_lists;
mod flattened;
mod general;
mod groups;
mod heading;
mod heading_forms;
mod json;
mod json_ld;
mod label_sides;
mod limits;
mod linked_cards;
mod listing;
mod makes;
pub(crate) mod markup;
mod merge;
mod microdata;
mod miles;
mod model_years;
mod models;
mod numbers;
mod odometer;
mod offers;
mod own_page;
mod own_vin;
mod page;
mod page_position;
mod pagination;
mod pairing;
mod phrases;
mod price_choice;
mod price_classes;
mod price_sentences;
mod price_words;
mod record;
mod record_values;
mod references;
mod set_aside;
mod shown_prices;
mod site;
mod sold_marks;
mod sold_page;
mod stock;
mod teasers;
mod template;
mod text_pieces;
mod title_brand;
mod title_prose;
mod tree;
mod unknown_captions;
mod unusual_lists;
mod value;
mod vendor;
mod vins;
mod word_table;

use std::{borrow::Cow, cell::OnceCell};

use serde::Serialize;
use url::Url;

pub(crate) use self::{
    card::read as read_card,
    claimed::total as claimed_total,
    clean::{instant, text as clean_text},
    data::{data_request_from_bytes, set_query},
    dom::{Dom, attribute},
    encoding::decode,
    fields::{Draft, Field, PriceRank},
    general::General,
    json::{assigned as assigned_value, value_at_start},
    json_ld::{listings as json_ld_listings, unescaped, vehicles_of},
    markup::{Tag, Token},
    microdata::{listings as microdata_listings, read_properties},
    numbers::price as clean_price,
    page::{Page, absolute},
    page_position::PagePosition,
    pagination::next_by_number,
    price_words::rank_of_price,
    record::{Layout, STORE, count_at, count_of, price_of, store_of, value_at},
    site::Site,
    template::{Template, text_of_class},
    value::{Json, Object, Wanted},
    vendor::{Usual, field_missing},
    vins::parse as vin_of,
};
pub use self::{
    clean::{is_unseen, text},
    condition::Condition,
    data::{DataMethod, DataPage, DataRequest, data_request, listings_from_data},
    limits::ListingLimits,
    listing::ScrapedListing,
    miles::mileage,
    numbers::price,
    odometer::OdometerStatus,
    stock::{SaleStatus, StockStatus},
    title_brand::TitleBrand,
};
pub use super::warning::{ListWarning, StoreCount, Warning};
use super::{configured::Scraper, platforms};
use crate::{Error, ErrorCode, Result};

/// What one page gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Extraction {
    /// Who read the page: a platform such as `dealer_com`, or the technique, `structured_data` or `cards`; `generic` where
    /// nothing was found.
    pub platform: &'static str,
    /// How many vehicles the page claims there are on all its pages.
    pub total: Option<u32>,
    /// The absolute address of the next page, `None` on the last.
    pub next: Option<String>,
    /// The vehicles, in the order of the page.
    pub listings: Vec<ScrapedListing>,
    /// Vehicles that the page lists without a word about them: it was not finished, and what it did not show proves nothing.
    pub unsettled: u32,
    /// What a person should know before trusting the result.
    pub warnings: Vec<Warning>,
}

/// Reads the listings of a page.
///
/// ```
/// let html = r#"<script type="application/ld+json">{"@type": "Car", "name": "2017 Ford Edge SEL",
///     "vehicleIdentificationNumber": "2FMPK4K91HBB11870", "offers": {"price": "22988"}}</script>"#;
/// let page = jpauto::extract::listings(html, "https://lot.example/used")?;
/// assert_eq!(page.platform, "structured_data");
/// assert_eq!(page.listings[0].model.as_deref(), Some("Edge"));
/// # Ok::<(), jpauto::Error>(())
/// ```
///
/// # Errors
/// `invalid_url`, `page_empty`, `page_too_large` (16 MiB), and `page_too_deep` or `page_too_tangled` for pages whose nesting
/// no browser would follow.
pub fn listings(html: &str, url: &str) -> Result<Extraction> {
    read(html, url, Choice::Detect, None)
}

/// The same by a platform that is named instead of being detected; `generic` leaves all platforms aside. A byte order mark in
/// front is passed over.
///
/// # Errors
/// As [`listings`], and `unknown_platform`, which lists the known ones.
pub fn listings_by(html: &str, url: &str, platform: Option<&str>) -> Result<Extraction> {
    let html = html.strip_prefix('\u{feff}').unwrap_or(html);
    read(html, url, Choice::named(platform)?, None)
}

/// Reads the listings of a page as it came: bytes in any encoding, at best with the content type they came with.
///
/// `platform` names one platform instead of detecting it; `generic` leaves all platforms aside.
///
/// # Errors
/// As [`listings`], and `unknown_platform`, which lists the known ones.
pub fn listings_from_bytes(
    bytes: &[u8],
    content_type: Option<&str>,
    url: &str,
    platform: Option<&str>,
) -> Result<Extraction> {
    listings_as_configured(bytes, content_type, url, platform, None)
}

/// The same where a configuration has something to say about the website.
pub(crate) fn listings_as_configured(
    bytes: &[u8],
    content_type: Option<&str>,
    url: &str,
    platform: Option<&str>,
    scraper: Option<&Scraper>,
) -> Result<Extraction> {
    let choice = Choice::named(platform)?;
    read(&decoded(bytes, content_type)?, url, choice, scraper)
}

/// The text of a page as it came.
///
/// # Errors
/// `page_too_large`.
pub(crate) fn decoded<'b>(bytes: &'b [u8], content_type: Option<&str>) -> Result<Cow<'b, str>> {
    // Checked before decoding, which takes memory of its own; no encoding has more than two bytes for what is one in UTF-8.
    page::check_size(bytes.len().div_ceil(2))?;
    Ok(decode(bytes, content_type))
}

/// The names that [`listings_from_bytes`] takes for a platform.
#[must_use]
pub fn platforms() -> Vec<&'static str> {
    vendors().chain([GENERIC]).collect()
}

/// Reads what an answer holds of a page of the platform named.
///
/// # Errors
/// As [`listings_from_bytes`].
pub(crate) fn listings_of(html: &str, url: &str, platform: &str) -> Result<Extraction> {
    read(html, url, Choice::named(Some(platform))?, None)
}

/// The platforms that have a file of their own.
pub(crate) fn vendors() -> impl Iterator<Item = &'static str> {
    platforms::ALL.iter().map(|platform| platform.name)
}

/// The reader of this name, as [`Extraction::platform`] says it.
pub(crate) fn known_reader(name: &str) -> Option<&'static str> {
    vendors().chain([STRUCTURED_DATA, CARDS, GENERIC]).find(|known| *known == name)
}

/// The platform of pages of no known vendor.
pub(crate) const GENERIC: &str = "generic";
const STRUCTURED_DATA: &str = "structured_data";
const CARDS: &str = "cards";

enum Choice {
    Detect,
    Generic,
    Platform(&'static platforms::Platform),
}

impl Choice {
    /// What a caller asks for by name, or by naming nothing.
    fn named(platform: Option<&str>) -> Result<Self> {
        Ok(match platform {
            None => Self::Detect,
            Some(GENERIC) => Self::Generic,
            Some(name) => Self::Platform(platforms::named(name).ok_or_else(|| unknown_platform(name))?),
        })
    }

    fn platform_of(&self, page: &Page<'_>) -> Option<&'static platforms::Platform> {
        match self {
            Self::Detect => platforms::detect(page),
            Self::Generic => None,
            Self::Platform(platform) => Some(platform),
        }
    }
}

fn unknown_platform(name: &str) -> Error {
    let message = format!("no platform is called {name:?}; known are {}", platforms().join(", "));
    Error::invalid_field(ErrorCode::UnknownPlatform, "/platform", message)
}

/// Runs a reader on a page, which borrows from the tree that this keeps.
pub(crate) fn with_page<T>(html: &str, url: &str, read: impl FnOnce(&Page<'_>) -> Result<T>) -> Result<T> {
    let tree = OnceCell::new();
    read(&Page::new(html, page_url(url)?, &tree)?)
}

/// The address of a page.
///
/// # Errors
/// `invalid_url`.
pub(crate) fn page_url(url: &str) -> Result<Url> {
    Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(|| {
        Error::invalid_field(
            ErrorCode::InvalidUrl,
            "/url",
            "expected an absolute address that begins with http:// or https://",
        )
    })
}

fn read(html: &str, url: &str, choice: Choice, scraper: Option<&Scraper>) -> Result<Extraction> {
    with_page(html, url, |page| match scraper {
        Some(scraper) => read_as_configured(page, choice, scraper),
        None => read_page(page, choice),
    })
}

/// What is configured wins; what it leaves open is read as without it.
fn read_as_configured(page: &Page<'_>, choice: Choice, scraper: &Scraper) -> Result<Extraction> {
    let mut warnings = Vec::new();
    let (shown, mut extraction) = match scraper.listings(page, &mut warnings)? {
        Some(listings) => {
            let parts = Parts { listings, ..Parts::default() };
            (parts.listings.len(), completed(page, GENERIC, parts, warnings))
        }
        None => {
            let extraction = read_page(page, choice)?;
            (extraction.listings.len(), extraction)
        }
    };
    scraper.amend(page, shown, &mut extraction)?;
    Ok(extraction)
}

fn read_page(page: &Page<'_>, choice: Choice) -> Result<Extraction> {
    let mut warnings = Vec::new();
    let platform = choice.platform_of(page);
    let read = match platform {
        Some(platform) => (platform.parse)(page)?.map(|parts| (platform, parts)),
        None => None,
    };
    if let (Some(platform), None) = (platform, &read) {
        warnings.push(Warning::PlatformLayoutUnknown { platform: platform.name });
    }
    let (platform, parts) = match read {
        Some((platform, parts)) => {
            let parts = vendor::completed(page, parts)?;
            warnings.extend(vendor::missing(platform, &parts.listings, &page.url));
            (platform.name, parts)
        }
        None => {
            let general = general::read(page)?;
            warnings.extend(vendor::missing_anywhere(general.platform, &general.listings, &page.url));
            (general.platform, general.into_parts())
        }
    };
    Ok(completed(page, platform, parts, warnings))
}

/// What a technique or a platform has read; what it leaves open is read from the page's links and text.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) listings: Vec<ScrapedListing>,
    pub(crate) total: Option<u32>,
    pub(crate) next: Option<String>,
    /// As [`Extraction::unsettled`].
    pub(crate) unsettled: u32,
}

/// Says that a page or an answer lists vehicles which it does not describe.
fn unsettled_warning(unsettled: u32) -> Option<Warning> {
    (unsettled > 0).then_some(Warning::ListingsUnsettled { unsettled })
}

fn completed(page: &Page<'_>, platform: &'static str, mut parts: Parts, mut warnings: Vec<Warning>) -> Extraction {
    // Featured vehicles stand on a page twice.
    parts.listings = merge::same_vehicles(parts.listings, &page.url);
    teasers::take_in(&mut parts.listings);
    parts.listings.iter_mut().for_each(|listing| listing.drop_oversized(&ListingLimits::default()));
    let around = if parts.total.is_none() || parts.next.is_none() {
        pagination::read(page)
    } else {
        pagination::Pagination::default()
    };
    let mut total = parts.total.or(around.total);
    let found = parts.listings.len();
    if let Some(claimed) = total
        && (claimed as usize) < found
    {
        warnings.push(Warning::ClaimsLessThanFound { claimed, found });
        // One that found none shows something else.
        total = (claimed == 0).then_some(0);
    }
    if around.says_none && (found == 0 || total.is_none()) {
        warnings.push(Warning::SaysNone { found });
    }
    if found == 0 {
        warnings.push(Warning::NoListings);
    }
    let fillers = parts
        .listings
        .iter_mut()
        .filter_map(|listing| listing.price.take_if(|price| filler::is_filler(*price)))
        .count();
    if fillers > 0 {
        warnings.push(Warning::PricesFilledIn { fillers, found });
    }
    let unpriced = parts.listings.iter().filter(|listing| listing.price.is_none()).count();
    let unclear = page.unclear_prices().min(unpriced - fillers);
    if unclear > 0 {
        warnings.push(Warning::PricesUnclear { unclear, found });
    }
    warnings.extend(unsettled_warning(parts.unsettled));
    let left_out = page.left_out();
    if left_out > 0 && found > 0 {
        warnings.push(Warning::CardsLeftOut { left_out, found });
    }
    let Parts { listings, next, unsettled, .. } = parts;
    let next = next.or(around.next);
    if let Some(text) = around.more_by_script.filter(|_| next.is_none() && total.is_none() && found > 0) {
        warnings.push(Warning::MoreByScript { button: text });
    }
    Extraction { platform, total, next, listings, unsettled, warnings }
}

/// What a page of any vendor gives.
pub(crate) fn read_any_page(page: &Page<'_>) -> Result<Parts> {
    general::read(page).map(General::into_parts)
}

#[cfg(test)]
mod tests;
