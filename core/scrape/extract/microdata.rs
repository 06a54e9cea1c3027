//! Vehicles marked up with `itemscope` and `itemprop`.
//!
//! The scope of a vehicle is also its card, so what its properties do not say is read from its text as on any card. What is
//! deliberately not here: scopes without an `itemtype` of a vehicle or product.

use std::collections::HashMap;

use super::{
    card, decoys,
    dom::{Dom, Element, attribute},
    fields::{Draft, Field, PriceRank},
    listing::ScrapedListing,
    page::Page,
};

/// The vehicles of the page's microdata.
pub(crate) fn listings(page: &Page<'_>, dom: &Dom<'_>) -> Vec<ScrapedListing> {
    let mut found = Vec::new();
    let mut after = 0;
    for (at, element) in dom.elements(0..dom.len()) {
        let of_a_vehicle =
            attribute(element, "itemscope").is_some() && attribute(element, "itemtype").is_some_and(is_vehicle_type);
        if !of_a_vehicle || at < after {
            continue;
        }
        // A vehicle within a vehicle is one that it mentions.
        after = dom.node(at).end;
        let mut draft = Draft::default();
        read_properties(dom, at, &mut draft);
        card::read(page, dom, at, &mut draft);
        let listing = draft.listing;
        let is_goods = || listing.price.is_some_and(|price| price < decoys::LEAST_PRICE) || is_named_otherwise(dom, at);
        if listing.vin.is_some() || (listing.year.is_some() && listing.make.is_some() && !is_goods()) {
            found.push(listing);
        }
    }
    found
}

/// Whether a scope is named like a vehicle and something else: a part for one, a review of one.
fn is_named_otherwise(dom: &Dom<'_>, scope: usize) -> bool {
    let is_name = |element: &Element<'_>| attribute(element, "itemprop") == Some("name");
    let mut names = dom.elements(dom.within(scope)).filter(|(_, element)| is_name(element));
    names
        .next()
        .is_some_and(|(at, element)| decoys::is_no_vehicle(attribute(element, "content").unwrap_or(&dom.text(at))))
}

fn is_vehicle_type(itemtype: &str) -> bool {
    itemtype.split_ascii_whitespace().any(|kind| {
        let name = kind.rsplit('/').next().unwrap_or(kind);
        kind.contains("schema.org")
            && matches!(name, "Vehicle" | "Car" | "Motorcycle" | "Product" | "IndividualProduct")
    })
}

/// Offers the properties of one scope, those of its nested scopes by what the nested scope is to it.
pub(crate) fn read_properties(dom: &Dom<'_>, scope: usize, draft: &mut Draft) {
    // The property whose value is a scope of its own, for each nested scope: the `name` within `brand` is the brand.
    let mut scopes: HashMap<usize, &str> = HashMap::new();
    for (at, element) in dom.elements(scope + 1..dom.node(scope).end) {
        let Some(property) = attribute(element, "itemprop") else { continue };
        if attribute(element, "itemscope").is_some() {
            scopes.insert(at, property);
            continue;
        }
        let around = enclosing_scope(dom, at, scope).and_then(|nested| scopes.get(&nested).copied());
        let value = match (attribute(element, "content"), element.name()) {
            (Some(content), _) => content.to_owned(),
            (None, "link") => attribute(element, "href").unwrap_or_default().to_owned(),
            (None, "time") => attribute(element, "datetime").map_or_else(|| dom.text(at), str::to_owned),
            _ => dom.text(at),
        };
        offer(draft, around, property, &value);
    }
}

/// The nearest nested scope around an element, `None` where that is the vehicle's own.
fn enclosing_scope(dom: &Dom<'_>, at: usize, vehicle: usize) -> Option<usize> {
    std::iter::successors(dom.parent(at), |at| dom.parent(*at))
        .take_while(|at| *at != vehicle)
        .find(|at| dom.element(*at).is_some_and(|element| attribute(element, "itemscope").is_some()))
}

fn offer(draft: &mut Draft, around: Option<&str>, property: &str, value: &str) {
    match (around, property) {
        (_, "price") => draft.offer(Field::Price(PriceRank::Asking), value),
        (None, "name") => draft.offer_heading(value),
        (Some("brand" | "manufacturer"), "name") => draft.offer(Field::Make, value),
        (Some("model"), "name") => draft.offer(Field::Model, value),
        (Some("mileageFromOdometer"), "value") => draft.offer(Field::Mileage, value),
        (Some("vehicleEngine"), "fuelType") => draft.offer(Field::FuelType, value),
        (None | Some("offers"), "sku") => draft.offer(Field::StockNumber, value),
        (Some("offers"), "itemCondition") => draft.offer(Field::Condition, value),
        (Some("offers"), "availability") => draft.offer(Field::StockStatus, value),
        (None, _) => {
            if let Some(field) = Field::named(property) {
                draft.offer(field, value);
            }
        }
        _ => {}
    }
}
