//! Carsforsale.com dealer sites: no VIN in the list, so the website's own number of a listing is its identity.
//!
//! The newer layout, called Chassis, has a GUID for that number and tells VINs in JSON-LD, under another address of the same
//! vehicle: `/cars-for-sale/Details/{guid}` for `/Inventory/Details/{guid}`.
//!
//! Trap: price and mileage share a class and are told apart by the label beside them. The vendor's terms forbid crawling its
//! dealer sites without permission; a test of the website says so (`terms_against_reading`).

use std::collections::HashMap;

use super::{Mark, Platform};
use crate::{
    Result,
    scrape::extract::{
        Dom, Draft, Field, Page, Parts, ScrapedListing, Template, Usual, attribute, json_ld_listings, text_of_class,
    },
};

pub(crate) const PLATFORM: Platform = Platform {
    name: "carsforsale",
    terms: Some(
        "Carsforsale.com's terms forbid reading its dealers' websites by a program without its permission: ask for that first",
    ),
    marks: &[
        Mark::certain(&["vehicle-snapshot__title"]),
        Mark::certain(&["_content/Chassis.Modules.Inventory"]),
        Mark::possible(&["Powered by Carsforsale.com"]),
    ],
    parse,
    pages_lack: &[Usual::Vin],
    list_paths: &["/cars-for-sale"],
    endpoint: None,
};

const CARDS: Template = Template { cards: &["vehicle-snapshot", "p-veh-card"], fields: &[], value: None, prices: &[] };

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let cards = CARDS.read(page, |dom, card, draft| {
        draft.listing.external_id = page_of(dom, card);
        read_labelled(dom, card, draft);
    })?;
    let mut listings: Vec<_> = cards.into_iter().map(|card| card.listing).collect();
    let mut described: HashMap<String, ScrapedListing> = json_ld_listings(page)
        .into_iter()
        .filter_map(|vehicle| Some((id_of(vehicle.url.as_deref()?)?.to_owned(), vehicle)))
        .collect();
    for listing in &mut listings {
        if let Some(vehicle) = listing.external_id.as_deref().and_then(|id| described.remove(id)) {
            listing.fill_from(vehicle);
        }
    }
    Ok((!listings.is_empty()).then(|| Parts { listings, ..Parts::default() }))
}

/// The number or GUID that ends a vehicle's address: `/details/used-2016-cadillac-srx/128898143`.
fn page_of(dom: &Dom<'_>, card: usize) -> Option<String> {
    let links = dom.elements(dom.within(card)).filter_map(|(_, element)| attribute(element, "href"));
    links.filter_map(id_of).next().map(str::to_owned)
}

fn id_of(link: &str) -> Option<&str> {
    let path = link.split(['?', '#']).next().filter(|path| path.to_ascii_lowercase().contains("/details/"))?;
    let id = path.trim_end_matches('/').rsplit('/').next()?;
    id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-').then_some(id)
}

fn read_labelled(dom: &Dom<'_>, card: usize, draft: &mut Draft) {
    let values = dom
        .elements(dom.within(card))
        .filter(|(_, element)| element.classes().any(|class| class == "vehicle-snapshot__main-info"));
    for (at, _) in values {
        let label = dom.parent(at).and_then(|around| text_of_class(dom, around, "vehicle-snapshot__label"));
        if let Some(field) = label.as_deref().and_then(Field::named) {
            draft.offer(field, &dom.text(at));
        }
    }
}
