//! Vehicles that only a script of the page holds, as JSON under any name.
//!
//! A list of objects of which each has a VIN, or a year, a make, a model and a price or a mileage, is a list of vehicles. It is asked only
//! where nothing else on a page gives a vehicle. What is deliberately not here: the known places of vendors (`platforms`), and evaluating
//! anything (`json`).

use memchr::{memchr_iter, memmem};

use super::{
    fields::{Draft, Field},
    json::value_at_start,
    listing::ScrapedListing,
    markup::Script,
    page::Page,
    value::{Json, Object},
};

/// So many values of a page's scripts are read.
const VALUES_MAX: usize = 64;
/// Lists of vehicles stand no deeper.
const DEPTH_MAX: usize = 16;
/// A shorter script holds no list of vehicles.
const BYTES_MIN: usize = 64;

/// The vehicles of the longest such list; none of lists that are called similar, sold or the like.
pub(super) fn listings(page: &Page<'_>) -> Vec<ScrapedListing> {
    let mut longest = Vec::new();
    let mut left = VALUES_MAX;
    for script in page.scripts().iter().filter(|script| may_list_vehicles(script)) {
        each_value(script, &mut left, &mut |value| {
            look_through(page, value, 0, &mut longest);
        });
    }
    longest
}

/// Whether a script has the words without which it lists no vehicles.
fn may_list_vehicles(script: &Script<'_>) -> bool {
    let body = script.body.as_bytes();
    let says = |words: [&str; 3]| words.iter().any(|word| memmem::find(body, word.as_bytes()).is_some());
    body.len() >= BYTES_MIN
        && !script.is_json_ld()
        && (says(["vin", "VIN", "Vin"]) || (says(["year", "Year", "YEAR"]) && says(["make", "Make", "MAKE"])))
}

/// Calls `take` with the value that a script is, or with those that it assigns.
fn each_value(script: &Script<'_>, left: &mut usize, take: &mut dyn FnMut(&Json<'_>)) {
    let body = script.body.trim_start();
    if body.starts_with(['{', '[']) {
        if let Some((value, _)) = value_at_start(body).filter(|_| *left > 0) {
            *left -= 1;
            take(&value);
        }
        return;
    }
    let mut passed = 0;
    for equals in memchr_iter(b'=', body.as_bytes()) {
        if equals < passed || *left == 0 {
            continue;
        }
        let rest = body[equals + 1..].trim_start();
        let start = body.len() - rest.len();
        if let Some(encoded) = rest.strip_prefix("JSON.parse(") {
            *left -= 1;
            if let Some((Json::String(text), used)) = value_at_start(encoded.trim_start()) {
                passed = start + used;
                if let Some((value, _)) = value_at_start(&text) {
                    take(&value);
                }
            }
        } else if rest.starts_with('[') || rest.starts_with('{') {
            *left -= 1;
            if let Some((value, used)) = value_at_start(rest) {
                passed = start + used;
                take(&value);
            }
        }
    }
}

/// Looks for lists of vehicles within a value; the longest is kept.
fn look_through(page: &Page<'_>, value: &Json<'_>, depth: usize, longest: &mut Vec<ScrapedListing>) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Json::Array(items) => {
            let records: Option<Vec<&Object<'_>>> = items.iter().map(Json::as_object).collect();
            let records = records.filter(|records| records.len() > longest.len());
            let read: Option<Vec<ScrapedListing>> =
                records.and_then(|records| records.into_iter().map(|record| vehicle(page, record)).collect());
            match read {
                Some(read) if !read.is_empty() => *longest = read,
                _ => items.iter().for_each(|item| look_through(page, item, depth + 1, longest)),
            }
        }
        Json::Object(members) => {
            for (_, member) in members.iter().filter(|(name, _)| !are_others(name)) {
                look_through(page, member, depth + 1, longest);
            }
        }
        _ => {}
    }
}

/// Whether a name is one of vehicles beside the list: suggested, sold, or a visitor's own.
fn are_others(name: &str) -> bool {
    const WORDS: [&str; 14] = [
        "compare",
        "favorite",
        "garage",
        "history",
        "models",
        "recall",
        "recent",
        "recommend",
        "related",
        "saved",
        "similar",
        "sold",
        "trade",
        "watch",
    ];
    let lower = name.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

/// The vehicle of a record, `None` where it is of none on offer.
fn vehicle(page: &Page<'_>, record: &Object<'_>) -> Option<ScrapedListing> {
    let mut draft = Draft::default();
    draft.offer_record(record.iter());
    let mut name = None;
    for (key, value) in record.iter() {
        match value {
            Json::Object(inner) => offer_inner(&mut draft, key, inner),
            Json::String(text) => note_text(page, &mut draft, &mut name, key, text),
            _ => {}
        }
    }
    if let Some(name) = name {
        draft.offer_heading(name);
    }
    let is_asked = draft.price_is_asked();
    let listing = draft.listing;
    let is_named = listing.year.is_some() && listing.make.is_some() && listing.model.is_some();
    let is_vehicle = listing.vin.is_some() || (is_named && (is_asked || listing.mileage.is_some()));
    is_vehicle.then_some(listing)
}

/// What a record within a vehicle's says: its parts (`ymmt`), a value with its unit (`odometer`), or its prices by their kind.
fn offer_inner(draft: &mut Draft, key: &str, inner: &Object<'_>) {
    const VALUES: [&str; 5] = ["value", "amount", "raw", "miles", "price"];
    match Field::named(key) {
        Some(field) => {
            let value = VALUES.iter().find_map(|name| inner.get(name));
            if let Some(value) = value.filter(|value| matches!(value, Json::Number(_) | Json::String(_))) {
                draft.offer_value(field, value);
                return;
            }
        }
        None => draft.offer_record(inner.iter()),
    }
    if key.to_ascii_lowercase().contains("pric") {
        for (kind, value) in inner.iter().filter(|(_, value)| matches!(value, Json::Number(_) | Json::String(_))) {
            let field = Field::named(kind).or_else(|| Field::named(&format!("{kind}price")));
            if let Some(field @ Field::Price(_)) = field {
                draft.offer_value(field, value);
            }
        }
    }
}

fn note_text<'r>(page: &Page<'_>, draft: &mut Draft, name: &mut Option<&'r str>, key: &str, text: &'r str) {
    let lower = key.to_ascii_lowercase();
    let is = |words: &[&str]| words.contains(&lower.as_str());
    let is_address = text.starts_with('/') || text.starts_with("http");
    if is(&["name", "title", "heading", "displayname", "vehicletitle"]) {
        *name = name.or(Some(text));
    } else if is_address
        && draft.listing.url.is_none()
        && is(&[
            "url",
            "href",
            "link",
            "permalink",
            "detailurl",
            "detailsurl",
            "vdpurl",
            "vdp",
            "vdplink",
            "pageurl",
            "detailpageurl",
        ])
    {
        draft.listing.url = page.absolute(text);
    } else if is_address
        && draft.listing.image_url.is_none()
        && is(&["image", "imageurl", "photo", "photourl", "thumbnail", "thumbnailurl", "primaryimage", "primaryphoto"])
    {
        draft.listing.image_url = page.absolute(text);
    }
}
