//! AutoRevo: cards whose every value has a class.
//!
//! Traps: `secondary_price` is a struck-through book value; a `sold_overlay` lies over cars that are gone; the condition of
//! the page's JSON-LD is wrong. `excludeFromAutoRevoke` of another vendor shares five letters with the name and nothing else.

use super::{Mark, Platform};
use crate::{
    Result,
    scrape::extract::{Field, Page, Parts, Template},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: "autorevo",
    terms: None,
    marks: &[
        Mark::certain(&["autorevo-powersites.com", "inventory_item"]),
        Mark::certain(&["inventory_item", "website_price"]),
        Mark::loaded("autorevo-powersites.com"),
    ],
    parse,
    pages_lack: &[],
    list_paths: &["/vehicles"],
    endpoint: None,
};

const CARDS: Template = Template {
    cards: &["inventory_item"],
    fields: &[
        (Field::Vin, "vin_value"),
        (Field::StockNumber, "stock_value"),
        (Field::Mileage, "mileage_value"),
        (Field::ExteriorColor, "exterior_value"),
        (Field::Transmission, "transmission_value"),
        (Field::Year, "year"),
        (Field::Make, "make"),
        (Field::Model, "model"),
        (Field::Trim, "trim"),
    ],
    value: None,
    prices: &["website_price"],
};

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let cards = CARDS.read(page, |_, _, _| {})?;
    let dom = page.dom()?;
    let mut listings = Vec::new();
    for card in cards {
        let mut listing = card.listing;
        listing.external_id = listing.url.as_deref().and_then(id).map(str::to_owned);
        let overlaid =
            dom.elements(dom.within(card.at)).any(|(_, element)| element.classes().any(|c| c == "sold_overlay"));
        listing.is_sold = overlaid.then_some(true);
        listings.push(listing);
    }
    Ok((!listings.is_empty()).then(|| Parts { listings, ..Parts::default() }))
}

/// The number that ends a vehicle's address: `/2019-ford-f-150/1234567`.
fn id(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next()?;
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .filter(|id| id.len() >= 6 && id.bytes().all(|byte| byte.is_ascii_digit()))
}
