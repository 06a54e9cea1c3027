//! Vehicles marked up with `itemscope` and `itemprop`, or with `typeof` and `property` as `RDFa` does.
//!
//! The scope of a vehicle is also its card, so what its properties do not say is read from its text as on any card. What is
//! deliberately not here: scopes without an `itemtype` of a vehicle or product.

use std::{borrow::Cow, collections::HashMap, ops::Range};

use memchr::memmem;

use super::{
    card, decoys,
    dom::{Dom, Element, attribute},
    fields::{Draft, Field, PriceRank},
    listing::ScrapedListing,
    miles, offers,
    page::Page,
    value::{Json, Object},
};

/// The vehicles of the page's microdata.
pub(crate) fn listings(page: &Page<'_>, dom: &Dom<'_>) -> Vec<ScrapedListing> {
    let mut found = Vec::new();
    let mut after = 0;
    let elsewhere = Elsewhere::of(dom);
    let has_rdfa = memmem::find(page.html.as_bytes(), b"typeof=").is_some();
    for (at, element) in dom.elements(0..dom.len()) {
        let of_a_vehicle = (attribute(element, "itemscope").is_some()
            && attribute(element, "itemtype").is_some_and(is_vehicle_type))
            || (has_rdfa && is_vehicle_of_rdfa(dom, at, element));
        if !of_a_vehicle || at < after {
            continue;
        }
        // A vehicle within a vehicle is one that it mentions.
        after = dom.node(at).end;
        let mut draft = Draft::default();
        read_properties(dom, at, &mut draft);
        elsewhere.of_scope(at, element).for_each(|at| read_referred(dom, at, &mut draft));
        card::read(page, dom, at, &mut draft);
        let listing = draft.listing;
        let is_below = |most| listing.price.is_none_or(|price| price < most);
        let is_listed_so = || listing.mileage.is_none() && is_below(decoys::MOST_FOR_GOODS) && page.lists_other_goods();
        let is_cheap = listing.price.is_some() && is_below(decoys::LEAST_PRICE);
        let is_goods = || is_cheap || is_named_otherwise(dom, at) || is_listed_so();
        if listing.vin.is_some() || (listing.year.is_some() && listing.make.is_some() && !is_goods()) {
            found.push(listing);
        }
    }
    found
}

/// Whether a scope is named like a vehicle and something else: a part for one, a review of one.
fn is_named_otherwise(dom: &Dom<'_>, scope: usize) -> bool {
    let is_name = |element: &Element<'_>| property_of(element) == Some("name");
    let mut names = dom.elements(dom.within(scope)).filter(|(_, element)| is_name(element));
    names
        .next()
        .is_some_and(|(at, element)| decoys::is_no_vehicle(attribute(element, "content").unwrap_or(&dom.text(at))))
}

fn is_vehicle_type(itemtype: &str) -> bool {
    itemtype.split_ascii_whitespace().any(|kind| {
        let name = kind.rsplit('/').next().unwrap_or(kind);
        kind.contains("schema.org") && names_a_vehicle(name)
    })
}

fn names_a_vehicle(kind: &str) -> bool {
    matches!(kind, "Vehicle" | "Car" | "Motorcycle" | "Product" | "IndividualProduct")
}

/// Whether an element is a vehicle by `typeof`, whose words are those of schema.org: `schema:Car`, or `Car` within its `vocab`.
fn is_vehicle_of_rdfa(dom: &Dom<'_>, at: usize, element: &Element<'_>) -> bool {
    const LEVELS: usize = 64;
    let Some(kinds) = attribute(element, "typeof") else { return false };
    let is_of_schema = || {
        let vocab = std::iter::successors(Some(at), |at| dom.parent(*at))
            .take(LEVELS)
            .find_map(|at| dom.element(at).and_then(|element| attribute(element, "vocab")));
        vocab.is_some_and(|vocab| vocab.contains("schema.org"))
    };
    kinds.split_ascii_whitespace().any(|kind| match kind.strip_prefix(SCHEMA) {
        Some(kind) => names_a_vehicle(kind),
        None => is_vehicle_type(kind) || (names_a_vehicle(kind) && is_of_schema()),
    })
}

/// The usual prefix of schema.org's words in `RDFa`.
const SCHEMA: &str = "schema:";

/// The property of the scope around it that an element states.
fn property_of<'e>(element: &'e Element<'_>) -> Option<&'e str> {
    attribute(element, "itemprop").or_else(|| {
        let property = attribute(element, "property")?;
        Some(property.strip_prefix(SCHEMA).unwrap_or(property))
    })
}

fn is_scope(element: &Element<'_>) -> bool {
    attribute(element, "itemscope").is_some() || attribute(element, "typeof").is_some()
}

/// Elements outside of a scope that hold properties of it, by their ids: `itemref="price-12 photo-12"`.
struct Elsewhere<'d> {
    dom: &'d Dom<'d>,
    by_id: HashMap<&'d str, usize>,
}

/// More ids of one scope are not looked at, and no larger elements: several scopes may refer to one.
const REFERRED_MAX: usize = 16;
const REFERRED_NODES_MAX: usize = 64;

impl<'d> Elsewhere<'d> {
    fn of(dom: &'d Dom<'d>) -> Self {
        let refers = dom.elements(0..dom.len()).any(|(_, element)| attribute(element, "itemref").is_some());
        let mut by_id = HashMap::new();
        if refers {
            for (at, element) in dom.elements(0..dom.len()) {
                if let Some(id) = attribute(element, "id") {
                    by_id.entry(id).or_insert(at);
                }
            }
        }
        Self { dom, by_id }
    }

    /// The elements that a scope refers to.
    fn of_scope(&self, scope: usize, element: &'d Element<'_>) -> impl Iterator<Item = usize> {
        let ids = attribute(element, "itemref").unwrap_or_default().split_ascii_whitespace().take(REFERRED_MAX);
        let places = ids.filter_map(|id| self.by_id.get(id).copied());
        places.filter(move |at| !self.dom.within(scope).contains(at) && !self.dom.within(*at).contains(&scope))
    }
}

/// Offers the properties of an element that a scope refers to.
fn read_referred(dom: &Dom<'_>, at: usize, draft: &mut Draft) {
    let range = dom.within(at);
    if range.len() <= REFERRED_NODES_MAX {
        read_range(dom, range, dom.node(at).parent, draft);
    }
}

/// Offers the properties of one scope, those of its nested scopes by what the nested scope is to it.
pub(crate) fn read_properties(dom: &Dom<'_>, scope: usize, draft: &mut Draft) {
    read_range(dom, scope + 1..dom.node(scope).end, scope, draft);
}

/// The same of elements that stand within one.
fn read_range(dom: &Dom<'_>, range: Range<usize>, within: usize, draft: &mut Draft) {
    // The property whose value is a scope of its own, for each nested scope: the `name` within `brand` is the brand.
    let mut scopes: HashMap<usize, &str> = HashMap::new();
    for (at, element) in dom.elements(range.clone()) {
        let Some(property) = property_of(element) else { continue };
        if is_scope(element) {
            scopes.insert(at, property);
            continue;
        }
        let around = enclosing_scope(dom, at, within).and_then(|nested| scopes.get(&nested).copied());
        offer(draft, around, property, &value_of(dom, at, element));
    }
    let nested = scopes_within(dom, range);
    let offers: Vec<&Object<'_>> =
        nested.iter().filter(|(property, _)| *property == "offers").map(|(_, offer)| offer).collect();
    draft.offer_price(PriceRank::Asking, offers::price(&offers));
    for (_, quantity) in nested.into_iter().filter(|(property, _)| *property == "mileageFromOdometer") {
        if let Some((stated, unit)) = miles::stated(&Json::Object(quantity)) {
            draft.offer_mileage(&stated, unit);
        }
    }
}

fn value_of<'d>(dom: &'d Dom<'_>, at: usize, element: &'d Element<'_>) -> Cow<'d, str> {
    let stated = attribute(element, "content").or_else(|| match element.name() {
        "link" => Some(attribute(element, "href").unwrap_or_default()),
        "time" => attribute(element, "datetime"),
        _ => None,
    });
    stated.map_or_else(|| Cow::Owned(dom.text(at)), Cow::Borrowed)
}

/// The outermost scopes of a range, each with its property, in the shape of JSON-LD, in which prices are chosen and units are told.
fn scopes_within<'d>(dom: &'d Dom<'_>, range: Range<usize>) -> Vec<(&'d str, Object<'d>)> {
    struct Open<'d> {
        end: usize,
        property: &'d str,
        members: Vec<(&'d str, Json<'d>)>,
    }
    let mut found = Vec::new();
    let mut open: Vec<Open<'d>> = Vec::new();
    let mut close = |open: &mut Vec<Open<'d>>, before: usize| {
        while let Some(closed) = open.pop_if(|inner| inner.end <= before) {
            let made = as_object(closed.members);
            match open.last_mut() {
                Some(around) => around.members.push((closed.property, Json::Object(made))),
                // What a vehicle has that this one only mentions stands within its scope.
                None => found.push((closed.property, made)),
            }
        }
    };
    let end = range.end;
    for (at, element) in dom.elements(range) {
        close(&mut open, at);
        let Some(property) = property_of(element) else { continue };
        if is_scope(element) {
            let kind = attribute(element, "itemtype").or_else(|| attribute(element, "typeof"));
            let kind = kind.map(|kind| ("@type", Json::String(kind.into())));
            open.push(Open { end: dom.node(at).end, property, members: kind.into_iter().collect() });
        } else if let Some(around) = open.last_mut() {
            around.members.push((property, Json::String(value_of(dom, at, element))));
        }
    }
    close(&mut open, end);
    found
}

/// An object of its members; a property that is said several times has several values.
fn as_object<'d>(members: Vec<(&'d str, Json<'d>)>) -> Object<'d> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut said: Vec<(&'d str, Vec<Json<'d>>)> = Vec::new();
    for (name, value) in members {
        let place = *places.entry(name).or_insert(said.len());
        match said.get_mut(place) {
            Some((_, values)) => values.push(value),
            None => said.push((name, vec![value])),
        }
    }
    let mut object = Object::default();
    for (name, mut values) in said {
        let value = if values.len() > 1 { Json::Array(values) } else { values.pop().unwrap_or(Json::Null) };
        object.push(Cow::Borrowed(name), value);
    }
    object
}

/// The nearest nested scope around an element, `None` where that is the vehicle's own.
fn enclosing_scope(dom: &Dom<'_>, at: usize, vehicle: usize) -> Option<usize> {
    std::iter::successors(dom.parent(at), |at| dom.parent(*at))
        .take_while(|at| *at != vehicle)
        .find(|at| dom.element(*at).is_some_and(is_scope))
}

fn offer(draft: &mut Draft, around: Option<&str>, property: &str, value: &str) {
    match (around, property) {
        // What is asked for each month, or of somebody else, is told by what stands beside it in its scope.
        (Some("offers" | "priceSpecification"), "price") => {}
        (_, "price") => draft.offer(Field::Price(PriceRank::Asking), value),
        (None, "name") => draft.offer_heading(value),
        (Some("brand" | "manufacturer"), "name") => draft.offer(Field::Make, value),
        (Some("model"), "name") => draft.offer(Field::Model, value),
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
