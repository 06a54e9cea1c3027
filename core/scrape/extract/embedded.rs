//! Vehicles that only a script of the page holds, as JSON under any name.
//!
//! A list of objects of which each has a VIN, or a year, a make, a model and a price or a mileage, is a list of vehicles. It is asked only
//! where nothing else on a page gives a vehicle. What is deliberately not here: the known places of vendors (`platforms`), and evaluating
//! anything (`json`).

use memchr::{memchr2_iter, memmem};

use super::{
    decoys::LEAST_PRICE,
    entities,
    fields::{Draft, Field},
    flattened,
    general::is_one_car,
    json::value_at_start,
    listing::ScrapedListing,
    markup::{Script, Tag, Token},
    page::Page,
    record_values,
    value::{Json, Object},
};

/// So many values of a page's scripts are read.
const VALUES_MAX: usize = 64;
/// Lists of vehicles stand no deeper.
const DEPTH_MAX: usize = 16;
/// A shorter script holds no list of vehicles.
const BYTES_MIN: usize = 64;

/// The vehicles of the longest such list; none of lists that are called similar, sold or the like. Where there is none, the only car that
/// stands under the name of a vehicle. Where no script has any, an attribute may: `<div data-page="{...}">`.
pub(super) fn listings(page: &Page<'_>) -> Vec<ScrapedListing> {
    let mut found = Lists { page, longest: Vec::new(), alone: Vec::new() };
    let mut left = VALUES_MAX;
    for script in page.scripts().iter().filter(|script| !script.is_json_ld() && may_list_vehicles(script.body)) {
        each_value(script, &mut left, &mut |value| found.look(value));
    }
    if found.longest.is_empty() && found.alone.is_empty() {
        each_attribute(page, &mut left, &mut |value| found.look(value));
    }
    if found.longest.is_empty() && found.alone.len() == 1 { found.alone } else { found.longest }
}

/// What the values of a page hold.
struct Lists<'p, 'a> {
    page: &'p Page<'a>,
    longest: Vec<ScrapedListing>,
    alone: Vec<ScrapedListing>,
}

impl Lists<'_, '_> {
    fn look(&mut self, value: &Json<'_>) {
        look_through(self.page, value, 0, &mut self.longest);
        if self.longest.is_empty() {
            for list in flattened::lists(value, are_others) {
                look_through(self.page, &Json::Array(list), DEPTH_MAX, &mut self.longest);
            }
        }
        if self.longest.is_empty() {
            look_for_one(self.page, value, 0, &mut self.alone);
        }
    }
}

/// Calls `take` with the values that attributes hold.
fn each_attribute(page: &Page<'_>, left: &mut usize, take: &mut dyn FnMut(&Json<'_>)) {
    let tags = page.tokens().iter().filter_map(|token| if let Token::Open(tag) = token { Some(tag) } else { None });
    for (name, value) in tags.flat_map(Tag::attributes) {
        let may_be_value = value.starts_with(['{', '[']) && may_list_vehicles(value) && !are_others(name);
        if may_be_value && *left > 0 {
            *left -= 1;
            value_at_start(&entities::decode(value)).into_iter().for_each(|(value, _)| take(&value));
        }
    }
}

/// Looks for records under the name of a vehicle, each of one car that is offered.
fn look_for_one(page: &Page<'_>, value: &Json<'_>, depth: usize, found: &mut Vec<ScrapedListing>) {
    const NAMES: [&str; 5] = ["vehicle", "car", "listing", "vehicledetails", "vehicledata"];
    let Some(members) = value.as_object().filter(|_| depth < DEPTH_MAX) else { return };
    for (name, member) in members.iter().filter(|(name, _)| !are_others(name)) {
        let is_named = NAMES.iter().any(|known| name.eq_ignore_ascii_case(known));
        let car = member.as_object().filter(|_| is_named).and_then(|record| vehicle(page, record));
        let is_offered = |car: &ScrapedListing| car.vin.is_some() && car.price.is_some() && car.model.is_some();
        match car.filter(is_offered) {
            Some(car) => found.push(car),
            None => look_for_one(page, member, depth + 1, found),
        }
    }
}

/// Whether a script or an attribute has the words without which it lists no vehicles.
fn may_list_vehicles(body: &str) -> bool {
    let body = body.as_bytes();
    let says = |words: [&str; 3]| words.iter().any(|word| memmem::find(body, word.as_bytes()).is_some());
    body.len() >= BYTES_MIN
        && (says(["vin", "VIN", "Vin"])
            || memmem::find(body, b"item_id").is_some()
            || (says(["year", "Year", "YEAR"]) && says(["make", "Make", "MAKE"])))
}

/// Calls `take` with the value that a script is, or with those that it assigns or pushes.
fn each_value(script: &Script<'_>, left: &mut usize, take: &mut dyn FnMut(&Json<'_>)) {
    let body = script.body.trim_start();
    // Some templates write the quotes of a script as they write those of texts.
    let decoded =
        body.strip_prefix(['{', '[']).filter(|rest| rest.trim_start_matches([' ', '{']).starts_with("&quot;"));
    let decoded = decoded.map(|_| entities::decode_text(body));
    let body = decoded.as_deref().unwrap_or(body);
    if body.starts_with(['{', '[']) {
        if let Some((value, _)) = value_at_start(body).filter(|_| *left > 0) {
            *left -= 1;
            take(&value);
        }
        return;
    }
    let mut passed = 0;
    for at in memchr2_iter(b'=', b'(', body.as_bytes()) {
        let is_pushed = body.as_bytes()[at] == b'(';
        let front = body[..at].trim_end();
        let rest = body[at + 1..].trim_start();
        // `showInventory([{}], {})`
        let is_call = || front.ends_with(|sign: char| sign.is_alphanumeric()) && rest.starts_with("[{");
        if at < passed || *left == 0 || (is_pushed && !front.ends_with(".push") && !is_call()) {
            continue;
        }
        let start = body.len() - rest.len();
        let encoded = rest.strip_prefix("JSON.parse(").filter(|_| !is_pushed);
        if !(encoded.is_some() || rest.starts_with(['[', '{'])) {
            continue;
        }
        *left -= 1;
        let Some((value, used)) = value_at_start(encoded.unwrap_or(rest).trim_start()) else { continue };
        passed = start + used;
        if (!is_pushed || !front.ends_with(".push")) && are_others(last_name(front)) {
            continue;
        }
        match value {
            Json::String(text) => value_at_start(&text).into_iter().for_each(|(value, _)| take(&value)),
            value => {
                take(&value);
                rows_in_texts(&value, take);
            }
        }
    }
}

/// The name that a value is assigned to.
fn last_name(front: &str) -> &str {
    front.rsplit(|sign: char| !(sign.is_alphanumeric() || matches!(sign, '_' | '$'))).next().unwrap_or_default()
}

/// Calls `take` with the values of a list's texts, of which each line is a number, a colon and a value: `[1, "5:[{}]"]`.
fn rows_in_texts(value: &Json<'_>, take: &mut dyn FnMut(&Json<'_>)) {
    let texts = value.as_array().unwrap_or_default().iter().filter_map(Json::as_str);
    for line in texts.filter(|text| text.len() >= BYTES_MIN).flat_map(str::lines) {
        let behind = line.split_once(':').map_or(line, |(_, behind)| behind);
        if behind.starts_with(['[', '{'])
            && let Some((value, _)) = value_at_start(behind)
        {
            take(&value);
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
            let read = by_keys(page, members);
            if read.len() > longest.len() {
                *longest = read;
                return;
            }
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

/// The vehicles of an object that has each under a key of its own: `{"Vehicle:0": {}, "Vehicle:1": {}}`.
fn by_keys(page: &Page<'_>, members: &Object<'_>) -> Vec<ScrapedListing> {
    const FEWEST: usize = 2;
    let is_numbered = |key: &str| key.bytes().any(|byte| byte.is_ascii_digit()) && !are_others(key);
    let records = || members.iter().filter(|(key, _)| is_numbered(key)).filter_map(|(_, value)| value.as_object());
    if records().take(FEWEST).count() < FEWEST {
        return Vec::new();
    }
    let read: Vec<ScrapedListing> = records().filter_map(|record| vehicle(page, record)).collect();
    if read.len() < FEWEST { Vec::new() } else { read }
}

/// The vehicle of a record, `None` where it is of none on offer.
fn vehicle(page: &Page<'_>, record: &Object<'_>) -> Option<ScrapedListing> {
    let mut draft = Draft::default();
    record_values::offer(&mut draft, record);
    let mut name = None;
    for (key, value) in record.iter() {
        match value {
            Json::String(text) => note_text(page, &mut draft, &mut name, key, text),
            Json::Bool(true) if ["sold", "issold", "is_sold"].iter().any(|word| key.eq_ignore_ascii_case(word)) => {
                draft.listing.is_sold = Some(true);
            }
            _ => {}
        }
    }
    if let Some(name) = name {
        draft.offer_heading(name);
    }
    let is_asked = draft.price_is_asked();
    let listing = draft.listing;
    let is_named = listing.year.is_some() && listing.make.is_some() && listing.model.is_some();
    // A model has a price as well, and a part or a payment a small one.
    let is_one_car = is_one_car(&listing) || listing.url.is_some() || listing.image_url.is_some();
    let is_cheap = listing.mileage.is_none() && listing.price.is_some_and(|price| price < LEAST_PRICE);
    let is_offered = is_named && is_one_car && !is_cheap && (is_asked || listing.mileage.is_some());
    let is_vehicle = listing.vin.is_some() || (is_offered && !record_values::is_of_something_else(record, is_asked));
    is_vehicle.then_some(listing)
}

fn note_text<'r>(page: &Page<'_>, draft: &mut Draft, name: &mut Option<&'r str>, key: &str, text: &'r str) {
    let lower = key.to_ascii_lowercase();
    let is = |words: &[&str]| words.contains(&lower.as_str());
    let is_address = text.starts_with('/') || text.starts_with("http");
    if is(&["name", "title", "heading", "displayname", "vehicletitle", "item_name", "itemname"]) {
        *name = name.or(Some(text));
    } else if is(&["item_id", "itemid"]) {
        draft.offer(Field::Vin, text);
    } else if is(&["item_brand", "itembrand"]) {
        draft.offer(Field::Make, text);
    } else if text.trim().eq_ignore_ascii_case("sold") && Field::named(key) == Some(Field::StockStatus) {
        draft.listing.is_sold = Some(true);
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
            "slug",
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
