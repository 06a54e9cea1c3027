//! AutoManager WebManager: panels with `data-display...` attributes.
//!
//! Traps: `data-cg-price` is not the price that is asked; a model may be `Other`, and the heading knows better.

use super::{Mark, Platform};
use crate::{
    Result,
    scrape::extract::{Field, Page, Parts, Template, attribute},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: "automanager",
    terms: None,
    marks: &[Mark::certain(&["inventory-panel", "data-displaymake"]), Mark::loaded("automanagerprodcdn.azureedge.net")],
    parse,
    pages_lack: &[],
    list_paths: &["/view-inventory"],
    endpoint: None,
};

const CARDS: Template = Template {
    cards: &["inventory-panel"],
    fields: &[(Field::Vin, "vin"), (Field::StockNumber, "stocknumber")],
    value: None,
    prices: &["pricevalue1"],
};

const ATTRIBUTES: [(Field, &str); 8] = [
    (Field::ExternalId, "data-id"),
    (Field::Year, "data-displayyear"),
    (Field::Make, "data-displaymake"),
    (Field::Model, "data-displaymodel"),
    (Field::Trim, "data-displaytrim"),
    (Field::Mileage, "data-displaymileage"),
    (Field::ExteriorColor, "data-displayextcolor"),
    (Field::FuelType, "data-displayfuel"),
];

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let cards = CARDS.read(page, |dom, card, draft| {
        let Some(panel) = dom.element(card) else { return };
        for (field, name) in ATTRIBUTES {
            if let Some(value) = attribute(panel, name).filter(|value| !value.eq_ignore_ascii_case("other")) {
                draft.offer(field, value);
            }
        }
        draft.listing.image_url = attribute(panel, "data-displayphoto").and_then(|link| page.absolute(link));
    })?;
    let listings: Vec<_> = cards.into_iter().map(|card| card.listing).collect();
    Ok((!listings.is_empty()).then(|| Parts { listings, ..Parts::default() }))
}
