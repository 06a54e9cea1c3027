//! DealerCenter (Nowcom): `dws-` classes, one a field, with label and value in elements of their own.

use super::{Mark, Platform};
use crate::{
    Result,
    scrape::extract::{Field, Page, Parts, Template, attribute},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: "dealer_center",
    terms: None,
    marks: &[
        Mark::certain(&["dws-vehicle-"]),
        Mark::certain(&["var dws_const_"]),
        Mark::possible(&["lib.dealercenterwsstatic.net"]),
    ],
    parse,
    pages_lack: &[],
    list_paths: &["/inventory/"],
    endpoint: None,
};

const CARDS: Template = Template {
    cards: &["dws-listing-item", "dws-vehicle-listing-item"],
    fields: &[
        (Field::Vin, "dws-vehicle-field-vin"),
        (Field::StockNumber, "dws-vehicle-field-stocknumber"),
        (Field::Mileage, "dws-vehicle-field-mileage"),
        (Field::ExteriorColor, "dws-vehicle-field-exteriorcolor"),
        (Field::Transmission, "dws-vehicle-field-transmission"),
        (Field::FuelType, "dws-vehicle-field-fueltype"),
        (Field::BodyStyle, "dws-vehicle-field-bodytype"),
    ],
    value: Some("dws-vehicle-listing-item-field-value"),
    prices: &["vehicle-price"],
};

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let cards = CARDS.read(page, |dom, card, draft| {
        let image = dom.elements(dom.within(card)).find_map(|(_, element)| attribute(element, "data-background-image"));
        draft.listing.image_url = image.and_then(|link| page.absolute(link));
    })?;
    let listings: Vec<_> = cards.into_iter().map(|card| card.listing).collect();
    Ok((!listings.is_empty()).then(|| Parts { listings, ..Parts::default() }))
}
