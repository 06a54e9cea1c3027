//! Vehicles in JSON-LD, in every shape that dealers' sites have been met with.
//!
//! A vehicle is a `Vehicle` or `Car`, alone, in a `@graph`, as the `item` of a list, or offered by an `AutoDealer` whose
//! `Offer` holds the price; or a `Product` that proves to be a vehicle by a VIN or its heading. An `@id` tells nodes of the page
//! apart and is no address. What is deliberately not here: vehicles that another one mentions (`isSimilarTo`) or an article is
//! about, models that many offers are of, and blocks of any other type, such as the `VideoObject` of each car.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
};

use memchr::memmem;

use super::{
    decoys, entities,
    fields::{Draft, Field, PriceRank},
    heading, json,
    listing::ScrapedListing,
    merge, miles, offers,
    page::Page,
    references,
    value::{Json, Object},
    vins,
};
/// The vehicles of the page's JSON-LD blocks, each once.
pub(crate) fn listings(page: &Page<'_>) -> Vec<ScrapedListing> {
    let bodies = || page.scripts().iter().filter(|script| script.is_json_ld()).map(|script| script.body);
    let mut scripts: Vec<Vec<Json<'_>>> = bodies().map(blocks).collect();
    if bodies().any(|body| memmem::find(body.as_bytes(), b"@id").is_some()) {
        references::resolve(&mut scripts, &page.url);
    }
    let mut found = Vec::new();
    scripts.iter().flatten().for_each(|block| walk(block, page, &mut found));
    merge::same_vehicles(each_node_once(found), &page.url)
}

/// The vehicles of one value in the shape of JSON-LD.
pub(crate) fn vehicles_of(block: &Json<'_>, page: &Page<'_>) -> Vec<ScrapedListing> {
    let mut found = Vec::new();
    walk(block, page, &mut found);
    each_node_once(found)
}

/// A vehicle and the `@id` of its node.
struct Found {
    id: Option<String>,
    listing: ScrapedListing,
}

/// Joins what was read of one node in several places. Templates that give all their vehicles one `@id` tell them apart otherwise.
fn each_node_once(found: Vec<Found>) -> Vec<ScrapedListing> {
    let mut listings: Vec<ScrapedListing> = Vec::with_capacity(found.len());
    let mut places: HashMap<String, usize> = HashMap::new();
    for Found { id, listing } in found {
        match id.map(|id| places.entry(id)) {
            Some(Entry::Occupied(known)) if !merge::are_two_vehicles(&listings[*known.get()], &listing) => {
                listings[*known.get()].fill_from(listing);
                continue;
            }
            Some(Entry::Vacant(place)) => {
                place.insert(listings.len());
            }
            _ => {}
        }
        listings.push(listing);
    }
    listings
}

/// The values of one script. Some hold several in a row, some wear the comment marks of older times, some are encoded.
pub(crate) fn blocks(body: &str) -> Vec<Json<'_>> {
    let trimmed =
        body.trim().trim_start_matches("<!--").trim_start_matches("//").trim_start_matches("<![CDATA[").trim_start();
    // Keys may wear the prefix of the vocabulary.
    let plain = memmem::find(trimmed.as_bytes(), b"\"schema:").map(|_| trimmed.replace("\"schema:", "\""));
    if let Some(plain) = plain {
        return values(&unescaped(&plain)).into_iter().map(Json::into_owned).collect();
    }
    match unescaped(trimmed) {
        Cow::Borrowed(text) => values(text),
        Cow::Owned(text) => values(&text).into_iter().map(Json::into_owned).collect(),
    }
}

/// JSON whose quotes a template has encoded once, or twice: `&amp;quot;`.
pub(crate) fn unescaped(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..2 {
        if !text.get(..24).unwrap_or(&text).contains("quot;") {
            break;
        }
        text = Cow::Owned(entities::decode(&text).into_owned());
    }
    text
}

fn values(mut rest: &str) -> Vec<Json<'_>> {
    let mut values = Vec::new();
    while rest.starts_with(['{', '[']) {
        let Some((value, length)) = json::value_at_start(rest) else { break };
        values.push(value);
        rest = rest[length.max(1).min(rest.len())..]
            .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    }
    values
}

/// What a node inherits from the one around it: the price of an offer, the address of a list's entry.
#[derive(Clone, Copy, Default)]
struct Around<'v> {
    offer: Option<&'v Object<'v>>,
    entry: Option<&'v Object<'v>>,
}

/// Keys under which vehicles are offered. Under any other key they are only mentioned.
const CONTAINERS: [&str; 11] = [
    "@graph",
    "itemListElement",
    "item",
    "mainEntity",
    "mainEntityOfPage",
    "makesOffer",
    "itemOffered",
    "offers",
    "hasOfferCatalog",
    "hasPart",
    "about",
];

/// Nodes about a vehicle that offer none.
const ARTICLES: [&str; 14] = [
    "AnalysisNewsArticle",
    "Article",
    "Blog",
    "BlogPosting",
    "Event",
    "FAQPage",
    "HowTo",
    "NewsArticle",
    "Question",
    "Report",
    "Review",
    "ReviewNewsArticle",
    "TechArticle",
    "VideoObject",
];

fn walk(block: &Json<'_>, page: &Page<'_>, found: &mut Vec<Found>) {
    // Depth first on a stack of its own, the first entry on top, so that listings keep the order of the page.
    let mut pending = vec![(block, Around::default())];
    while let Some((value, around)) = pending.pop() {
        match value {
            Json::Array(items) => pending.extend(items.iter().rev().map(|item| (item, around))),
            Json::Object(node) => {
                if let Some(listing) = vehicle(node, around, page) {
                    found.push(Found { id: references::id_of(node, &page.url), listing });
                    continue;
                }
                if is_type(node, &ARTICLES) {
                    continue;
                }
                let around = Around {
                    offer: if is_type(node, &["Offer"]) { Some(node) } else { around.offer },
                    entry: if is_type(node, &["ListItem"]) { Some(node) } else { around.entry },
                };
                let children = CONTAINERS.iter().rev().filter_map(|key| node.get(key));
                pending.extend(children.map(|child| (child, around)));
            }
            _ => {}
        }
    }
}

fn types<'v>(node: &'v Object<'v>) -> impl Iterator<Item = &'v str> {
    let list = match node.get("@type") {
        Some(Json::Array(types)) => types.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    let own = |name: &'v str| memchr::memrchr3(b'/', b':', b'#', name.as_bytes()).map_or(name, |at| &name[at + 1..]);
    list.iter().filter_map(Json::as_str).map(own)
}

pub(super) fn is_type(node: &Object<'_>, wanted: &[&str]) -> bool {
    types(node).any(|name| wanted.contains(&name))
}

fn vehicle(node: &Object<'_>, around: Around<'_>, page: &Page<'_>) -> Option<ScrapedListing> {
    let declared = is_type(node, &["Vehicle", "Car", "Motorcycle", "BusOrCoach"]);
    let product = is_type(node, &["Product", "IndividualProduct"]);
    let bare_entry = is_type(node, &["ListItem"]) && !node.contains_key("item");
    if !declared && !product && !bare_entry {
        return None;
    }
    let listing = read(node, around, page);
    let proven = listing.vin.is_some() || (listing.make.is_some() && listing.year.is_some());
    // A declared vehicle needs something to be known by, or the empty `Car` of a template would count.
    let known = proven || listing.stock_number.is_some() || (listing.make.is_some() && listing.model.is_some());
    if is_model(node, &listing) || (product && !declared && is_goods(node, &listing, page)) {
        return None;
    }
    (if declared { known } else { proven }).then_some(listing)
}

/// Whether a node is a model of which there are many: no one car has a range of prices, or several offers.
fn is_model(node: &Object<'_>, listing: &ScrapedListing) -> bool {
    let number = |offer: &Object<'_>, key: &str| offer.get(key).and_then(scalar)?.trim().parse::<f64>().ok();
    let of_many = |offer: &&Object<'_>| {
        let prices = number(offer, "lowPrice").zip(number(offer, "highPrice"));
        number(offer, "offerCount").is_some_and(|count| count > 1.0) || prices.is_some_and(|(low, high)| low < high)
    };
    let is_one = listing.vin.is_some() || node.contains_key("mileageFromOdometer");
    !is_one && offers(node).iter().any(of_many)
}

/// Whether a product that is named like a vehicle is something for one.
fn is_goods(node: &Object<'_>, listing: &ScrapedListing, page: &Page<'_>) -> bool {
    let is_one = listing.vin.is_some() || node.contains_key("mileageFromOdometer");
    let is_cheap = listing.price.is_some_and(|price| price < decoys::LEAST_PRICE);
    let is_named_so = || node.get("name").and_then(said).is_some_and(|name| decoys::is_no_vehicle(&name));
    // `Used engine inventory` lists engines by the cars that they are out of.
    let is_listed_so = || listing.price.is_none_or(|price| price < decoys::MOST_FOR_GOODS) && page.lists_other_goods();
    !is_one && (is_cheap || is_named_so() || is_listed_so())
}

fn read(node: &Object<'_>, around: Around<'_>, page: &Page<'_>) -> ScrapedListing {
    let mut draft = Draft::default();
    let mut offer = |field: Field, keys: &[&str]| {
        for text in keys.iter().filter_map(|key| node.get(key)).filter_map(said) {
            draft.offer(field, &text);
        }
    };
    offer(Field::Vin, &["vehicleIdentificationNumber", "vin", "VIN", "serialNumber", "productID", "sku"]);
    offer(Field::Year, &["vehicleModelDate", "modelDate", "productionDate", "releaseDate"]);
    offer(Field::Make, &["brand", "make", "manufacturer"]);
    offer(Field::Model, &["model"]);
    offer(Field::Trim, &["vehicleConfiguration", "trim"]);
    offer(Field::ExteriorColor, &["color", "vehicleExteriorColor"]);
    offer(Field::Transmission, &["vehicleTransmission"]);
    offer(Field::FuelType, &["fuelType"]);
    offer(Field::BodyStyle, &["bodyType"]);
    offer(Field::StockNumber, &["stockNumber", "sku", "mpn"]);
    if let Some(engine) =
        node.get("vehicleEngine").map(first).and_then(|engine| engine.get("fuelType")).and_then(scalar)
    {
        draft.offer(Field::FuelType, &engine);
    }
    if let Some((stated, unit)) = node.get("mileageFromOdometer").and_then(miles::stated) {
        draft.offer_mileage(&stated, unit);
    }
    for (field, value) in additional(node).filter_map(|(name, value)| Some((Field::named(name)?, value))) {
        let is_single = matches!(value, Json::Number(_) | Json::String(_));
        if is_single && matches!(field, Field::Vin | Field::StockNumber | Field::Mileage | Field::Kilometers) {
            draft.offer_value(field, value);
        }
    }
    let offers: Vec<&Object<'_>> = around.offer.into_iter().chain(offers(node)).collect();
    draft.offer_price(PriceRank::Asking, offers::price(&offers));
    offer_facts(node, &offers, &mut draft);
    for name in [Some(node), around.entry].into_iter().flatten().filter_map(|node| node.get("name")).filter_map(said) {
        draft.offer_heading(&name);
    }
    let mut listing = draft.listing;
    // A VIN given as the `sku` is no stock number.
    listing.stock_number = listing.stock_number.filter(|stock| vins::parse(stock).is_none());
    let links = [Some(node), around.offer, offers.first().copied(), around.entry];
    let link = links.into_iter().flatten().filter_map(|node| node.get("url")).filter_map(scalar);
    listing.url = link.filter(|link| !link.starts_with('#')).find_map(|link| page.absolute(&link));
    listing.image_url =
        node.get("image").or_else(|| node.get("photo")).and_then(said).and_then(|link| page.absolute(&link));
    if listing.vin.is_none() {
        // Lists of products often name the VIN in the address alone.
        listing.vin = listing.url.as_deref().and_then(|url| vins::find(url, vins::Context::Anywhere).next());
    }
    if heading_contradicts(&listing) {
        listing.model = None;
    }
    listing.is_sold = offers
        .iter()
        .any(|offer| offer.get("availability").and_then(scalar).is_some_and(|word| word.ends_with("SoldOut")))
        .then_some(true);
    listing
}

/// What is said beside the fields of the car: where it stands, and what its price depends on.
fn offer_facts(node: &Object<'_>, offers: &[&Object<'_>], draft: &mut Draft) {
    for availability in offers.iter().filter_map(|offer| offer.get("availability")).filter_map(scalar) {
        draft.offer(Field::StockStatus, &availability);
    }
    let of_offers = offers.iter().filter_map(|offer| offer.get("itemCondition"));
    for condition in node.get("itemCondition").into_iter().chain(of_offers).filter_map(scalar) {
        draft.offer(Field::Condition, &condition);
    }
    draft.offer_facts(node.iter());
    draft.offer_facts(additional(node));
}

/// What a vehicle has beyond the words of schema.org: the names and values of its `additionalProperty`.
fn additional<'v>(node: &'v Object<'v>) -> impl Iterator<Item = (&'v str, &'v Json<'v>)> {
    let stated = match node.get("additionalProperty") {
        Some(Json::Array(several)) => several.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    stated.iter().filter_map(|property| {
        let name = property.get("name").or_else(|| property.get("propertyID")).and_then(Json::as_str)?;
        Some((name, property.get("value")?))
    })
}

/// `model` sometimes holds the whole heading again.
fn heading_contradicts(listing: &ScrapedListing) -> bool {
    listing.model.as_deref().is_some_and(|model| heading::split(model).is_some_and(|heading| heading.make.is_some()))
}

fn first<'v, 'a>(value: &'v Json<'a>) -> &'v Json<'a> {
    match value {
        Json::Array(items) => items.first().unwrap_or(&Json::Null),
        other => other,
    }
}

/// The text of a value, of the first of several, or of an object's name, value or address.
fn said<'v>(value: &'v Json<'_>) -> Option<Cow<'v, str>> {
    match first(value) {
        Json::Object(node) => ["name", "value", "url", "contentUrl"].iter().find_map(|key| node.get(key)?.text()),
        single => single.text(),
    }
}

/// The same where a value may be a term or an address, which JSON-LD writes as the `@id` of an object.
pub(super) fn scalar<'v>(value: &'v Json<'_>) -> Option<Cow<'v, str>> {
    match first(value) {
        Json::Object(node) => {
            ["name", "value", "url", "contentUrl", "@id"].iter().find_map(|key| node.get(key)?.text())
        }
        single => single.text(),
    }
}

fn offers<'v>(node: &'v Object<'v>) -> Vec<&'v Object<'v>> {
    let listed = match node.get("offers") {
        Some(Json::Array(offers)) => offers.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    listed.iter().filter_map(Json::as_object).collect()
}
