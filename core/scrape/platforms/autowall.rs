//! AutoWall (Gratis) list pages: a `product-box` a vehicle, its id on the payment button, its VIN on the video link.
//!
//! Source: a saved page of 2023. The only JSON-LD on it describes videos, not vehicles.

use super::{Mark, Platform};
use crate::{
    Result,
    scrape::extract::{Draft, Field, Page, Parts, attribute, read_card},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: "autowall",
    terms: None,
    marks: &[
        Mark::certain(&["/gs-vehicle/", "vehicle-inventory-container"]),
        Mark::certain(&["/gs-vehicle/", "/js/groups/autowall-"]),
        Mark::possible(&["/gs-vehicle/"]),
    ],
    parse,
    pages_lack: &[],
    list_paths: &["/gs-vehicle/list"],
    endpoint: None,
};

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let dom = page.dom()?;
    let cards = dom.elements(0..dom.len()).filter(|(_, element)| element.has_class("vehicle-inventory-container"));
    let mut listings = Vec::new();
    for (card, _) in cards {
        let first = |name: &str| dom.elements(dom.within(card)).find_map(|(_, element)| attribute(element, name));
        let mut draft = Draft::default();
        if let Some(id) = first("data-vehicle-id") {
            draft.offer(Field::ExternalId, id);
        }
        if let Some(vin) = first("ff_vin") {
            draft.offer(Field::Vin, vin);
        }
        read_card(page, dom, card, &mut draft);
        if draft.listing.has_identity() {
            listings.push(draft.listing);
        }
    }
    Ok((!listings.is_empty()).then(|| Parts { listings, ..Parts::default() }))
}
