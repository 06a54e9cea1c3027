//! Dealer.com (DDC): the inventory stands in the page as data, under names that have changed over the years.
//!
//! `DDC.dataLayer['vehicles']` is a flat list (2017). `DDC.WS.state` and `DDC.WidgetData` hold `{pageInfo, inventory}` (2026);
//! there the price is the `dprice` entry marked as final, since `askingPrice` can be a fee. Pages without data keep Base64
//! prices on their cards. A row with `isPlaceholder` is a vehicle that was not filled in yet.
//!
//! The list as data comes from a GET whose address names the widget, or from a POST to `ws-inv-data` whose body names the list.
//! `accountId` says which store of a group a vehicle is from. `status` is a word or a number: `LIVE` and 1 stand on the lot, 7 is in
//! transit and 2 on order.

mod prices;

use std::collections::HashMap;

use memchr::memmem;
use serde_json::{Map, Value, json};
use url::Url;

use self::prices::{labelled_prices, widget_price};
use super::{Endpoint, Mark, Platform};
use crate::{
    Result,
    scrape::extract::{
        DataPage, DataRequest, Draft, Field, Json, Object, Page, Parts, PriceRank, STORE, ScrapedListing, StockStatus,
        Tag, Token, Wanted, absolute, assigned_value, count_at, price, read_any_page,
    },
};

pub(crate) const PLATFORM: Platform = Platform {
    name: NAME,
    terms: None,
    marks: &[
        Mark::certain(&["DDC.siteSettings"]),
        Mark::certain(&["DDC.dataLayer["]),
        Mark::certain(&["DDC.WS.state"]),
        Mark::certain(&["DDC.WidgetData"]),
        Mark::possible(&["ddc-site", "static.dealer.com/"]),
    ],
    parse,
    pages_lack: &[],
    list_paths: &["/all-inventory/index.htm", "/used-inventory/index.htm"],
    endpoint: Some(Endpoint { first_request, takes_filters: true, want, read }),
};

const NAME: &str = "dealer_com";

const ALIAS: &str = "INVENTORY_LISTING_DEFAULT_AUTO_";
/// What the POST gives at once, where it is asked for more.
const POSTED_PAGE_SIZE: &str = "48";

/// The list of the page, asked on the same host: by GET where its alias names the widget, else by POST, or if that fails.
fn first_request(page: &Page<'_>) -> Option<DataRequest> {
    let named = page.scripts().iter().find_map(|script| kind_behind(script.body, ALIAS));
    let posted = posted_request(page, named);
    let Some(kind) = named else { return posted };
    let path = format!("/apis/widget/{ALIAS}{kind}:inventory-data-bus1/getInventory?start=0");
    let mut url = page.url.join(&path).ok()?;
    url.query_pairs_mut().extend_pairs(filters(page));
    let mut request = DataRequest::get(NAME, url, &page.url);
    request.otherwise = posted.map(Box::new);
    Some(request)
}

/// What the page's address narrows the list by; the vendor's requests know the same names.
fn filters(page: &Page<'_>) -> Vec<(String, String)> {
    let pairs =
        page.url.query_pairs().filter(|(name, value)| name != "start" && name != PAGE_START && !value.is_empty());
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// Which vehicles a list holds, as the word behind a name of it says.
fn kind_behind(text: &str, name: &str) -> Option<&'static str> {
    let (_, rest) = text.split_once(name)?;
    // The longer first: a certified car is a used one, too.
    ["CERTIFIED_USED", "USED", "NEW", "ALL"].into_iter().find(|kind| {
        let after = rest.strip_prefix(kind);
        after.is_some_and(|after| !after.starts_with(|sign: char| sign.is_ascii_uppercase()))
    })
}

/// The body tells the lists of a website apart; `named` is the kind that the page's alias names.
fn posted_request(page: &Page<'_>, named: Option<&'static str>) -> Option<DataRequest> {
    const LIST: &str = "_SITEBUILDER_INVENTORY_SEARCH_RESULTS_AUTO_";
    page.scripts().iter().find(|script| script.body.contains("ws-inv-data"))?;
    let site = page.scripts().iter().find_map(|script| quoted_text(script.body, "siteId"))?;
    let known_page = page.scripts().iter().find_map(|script| {
        let (before, after) = script.body.split_once(LIST)?;
        let start = before.rfind(['"', '\'']).map_or(0, |quote| quote + 1);
        let (kind, end) = (kind_behind(script.body, LIST)?, after.find(['"', '\''])?);
        Some((kind, format!("{}{LIST}{}", &before[start..], &after[..end])))
    });
    let of_path = || {
        let path = page.url.path().to_ascii_lowercase();
        let kinds = [
            ("/certified-inventory", "CERTIFIED_USED"),
            ("/used-inventory", "USED"),
            ("/new-inventory", "NEW"),
            ("/all-inventory", "ALL"),
        ];
        kinds.into_iter().find(|(part, _)| path.contains(part)).map(|(_, kind)| kind)
    };
    let kind = named.or(known_page.as_ref().map(|(kind, _)| *kind)).or_else(of_path)?;
    let mut parameters = json!({ "start": ["0"] });
    for (name, value) in filters(page) {
        match parameters.get_mut(&name).and_then(Value::as_array_mut) {
            Some(values) => values.push(value.into()),
            None => parameters[name] = json!([value]),
        }
    }
    let page_id = known_page.map_or_else(|| format!("{site}{LIST}{kind}_V1_1"), |(_, id)| id);
    let body = json!({
        "siteId": site,
        "locale": "en_US",
        "device": "DESKTOP",
        "pageAlias": format!("{ALIAS}{kind}"),
        "pageId": page_id,
        "windowId": "inventory-data-bus2",
        "widgetName": "ws-inv-data",
        "inventoryParameters": parameters,
        "preferences": {
            "pageSize": POSTED_PAGE_SIZE,
            "listing.config.id": format!("auto-{}", kind.to_ascii_lowercase().replace('_', "-")),
        },
        "includePricing": true,
    });
    Some(DataRequest::post(NAME, page.url.join("/api/widget/ws-inv-data/getInventory").ok()?, &page.url, body))
}

/// The text in `name: 'text'` and `"name":"text"`.
fn quoted_text<'a>(script: &'a str, name: &str) -> Option<&'a str> {
    script.split(name).skip(1).find_map(|rest| {
        let value = rest.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?.trim_start();
        let quote = value.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
        let (text, _) = value[1..].split_once(quote)?;
        (!text.is_empty() && text.len() <= 100).then_some(text)
    })
}

/// The request for what lies behind the vehicles given, wherever this one counts them.
fn following(request: &DataRequest, given: usize, total: Option<u32>) -> Option<DataRequest> {
    const START: &str = "/inventoryParameters/start/0";
    let Some(start) = request.body.as_ref().and_then(|body| body.pointer(START)) else {
        let name = if request.query_number(PAGE_START).is_some() { PAGE_START } else { "start" };
        return request.next_by_offset(name, given, total);
    };
    let reached = start.as_str()?.parse::<u32>().ok()?.checked_add(u32::try_from(given).ok()?)?;
    let mut next = (given > 0 && reached < total?).then(|| request.clone())?;
    *next.body.as_mut()?.pointer_mut(START)? = json!(reached.to_string());
    Some(next)
}

/// What some websites call the parameter that others call `start`.
const PAGE_START: &str = "pageStart";

/// The same request by the other name, where the answer begins with the first vehicles whatever `start` asked for.
fn by_page_start(request: &DataRequest, answer: &Json<'_>) -> Option<DataRequest> {
    let start = request.query_number("start").filter(|start| *start > 0)?;
    let begins = count_at(answer, "pageInfo.pageStart")?;
    (begins == 0).then(|| {
        let mut otherwise = request.clone();
        let others = request.url.query_pairs().filter(|(name, _)| name != "start");
        otherwise.url.query_pairs_mut().clear().extend_pairs(others).append_pair(PAGE_START, &start.to_string());
        otherwise
    })
}

fn want(wanted: &mut Wanted) {
    wanted.whole("pageInfo.totalCount");
    wanted.whole("pageInfo.pageStart");
    let record = wanted.at("inventory.*");
    record.named(|name| Field::named(name).is_some_and(|field| field != Field::Other));
    for path in ["title", "link", "images.0", "pricing", "trackingPricing", "certified", "accountId", "isPlaceholder"] {
        record.whole(path);
    }
    CONDITIONS.iter().for_each(|key| record.whole(key));
    for list in NAMED_VALUES {
        for part in ["name", "value"] {
            record.at(list).at(Wanted::EACH).whole(part);
        }
    }
}

/// Page sizes differ from site to site: the list goes on behind what was given.
fn read(request: &DataRequest, answer: &Json<'_>) -> Option<DataPage> {
    let records = answer.get("inventory")?.as_array()?;
    let total = count_at(answer, "pageInfo.totalCount");
    if let Some(otherwise) = by_page_start(request, answer) {
        return Some(DataPage { total, next: Some(otherwise), ..DataPage::default() });
    }
    let given = records.iter().filter(|record| !is_placeholder(record)).count();
    let next = following(request, given, total);
    Some(DataPage {
        listings: read_inventory(records, &request.page),
        total,
        unsettled: unsettled(records, next.as_ref().map(|_| given)),
        warnings: Vec::new(),
        next,
    })
}

/// Whether a row stands for a vehicle without saying anything of it.
fn is_placeholder(record: &Json<'_>) -> bool {
    record.get("isPlaceholder").is_some_and(|flag| flag.as_bool() != Some(false))
}

/// The placeholders that nobody asks for again: all but those from where the list goes on.
fn unsettled(records: &[Json<'_>], goes_on_at: Option<usize>) -> u32 {
    let passed = &records[..goes_on_at.unwrap_or(records.len()).min(records.len())];
    u32::try_from(passed.iter().filter(|record| is_placeholder(record)).count()).unwrap_or(u32::MAX)
}

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let state = match widget_state(page) {
        Some(parts) if parts.listings.is_empty() => parts,
        read => return Ok(read.or_else(|| data_layer(page))),
    };
    // The state holds placeholders alone; the page may still show what stands behind them.
    let other = match data_layer(page) {
        Some(parts) => parts,
        None => read_any_page(page)?,
    };
    let found = u32::try_from(other.listings.len()).unwrap_or(u32::MAX);
    Ok(Some(Parts {
        unsettled: state.unsettled.saturating_sub(found),
        total: other.total.or(state.total),
        next: other.next.or(state.next),
        ..other
    }))
}

/// The layout of 2026: a state with `inventory` and `pageInfo`, at whatever depth the widget's names put it. The first with a
/// vehicle, else the first with placeholders.
fn widget_state(page: &Page<'_>) -> Option<Parts> {
    let mut empty = None;
    for script in page.scripts() {
        for name in ["DDC.WS.state", "DDC.WidgetData"] {
            if !script.body.contains(name) {
                continue;
            }
            let Some(state) = assigned_value(script.body, name) else { continue };
            let Some(state) = with_inventory(&state) else { continue };
            let Some(records) = state.get("inventory").and_then(Json::as_array) else { continue };
            let listings: Vec<_> = read_inventory(records, &page.url);
            let info = state.get("pageInfo");
            let number = |key: &str| info.and_then(|info| info.get(key)).and_then(Json::as_u64);
            let total = number("totalCount").and_then(|total| u32::try_from(total).ok());
            let (next, goes_on_at) = match (number("pageStart"), number("pageSize"), number("totalCount")) {
                (Some(start), Some(size), Some(total)) if size > 0 && start.saturating_add(size) < total => {
                    (next_by_start(page, start.saturating_add(size)), usize::try_from(size).ok())
                }
                _ => (None, None),
            };
            let parts = Parts { listings, total, next, unsettled: unsettled(records, goes_on_at) };
            if !parts.listings.is_empty() {
                return Some(parts);
            }
            empty = empty.or(Some(parts).filter(|parts| parts.unsettled > 0));
        }
    }
    empty
}

/// How deep `inventory` may stand below the assigned value: `state -> widget -> bus -> WIS`.
const STATE_DEPTH_MAX: usize = 5;

fn with_inventory<'v, 'a>(state: &'v Json<'a>) -> Option<&'v Object<'a>> {
    let mut level = vec![state];
    for _ in 0..STATE_DEPTH_MAX {
        let objects: Vec<_> = level.iter().filter_map(|value| value.as_object()).collect();
        let found = objects.iter().find(|object| object.get("inventory").is_some_and(Json::is_array));
        if let Some(found) = found {
            return Some(found);
        }
        level = objects.into_iter().flat_map(Object::values).collect();
    }
    None
}

fn next_by_start(page: &Page<'_>, start: u64) -> Option<String> {
    let mut url = page.url.clone();
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != "start")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair("start", &start.to_string());
    Some(url.to_string())
}

/// The vehicles of an inventory without its placeholders; `base` is the page that links are relative to.
fn read_inventory(records: &[Json<'_>], base: &Url) -> Vec<ScrapedListing> {
    let filled_in = records.iter().filter(|record| !is_placeholder(record)).filter_map(Json::as_object);
    filled_in.filter_map(|record| from_widget(base, record)).collect()
}

fn from_widget(base: &Url, record: &Object<'_>) -> Option<ScrapedListing> {
    let mut draft = Draft::default();
    draft.offer_record(record.iter());
    for values in NAMED_VALUES.iter().filter_map(|list| record.get(list)) {
        offer_named_values(&mut draft, values);
    }
    let title = match record.get("title") {
        Some(Json::Array(parts)) => parts.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" "),
        Some(Json::String(title)) => title.to_string(),
        _ => String::new(),
    };
    draft.offer_heading(&title);
    draft.offer_status(status(record));
    draft.listing.price = widget_price(record);
    let mut listing = draft.listing;
    listing.url = record.get("link").and_then(Json::as_str).and_then(|link| absolute(base, link));
    listing.image_url = first_image(record).and_then(|link| absolute(base, link));
    let mut said = Map::new();
    said.insert("condition".to_owned(), condition(record).map_or(Value::Null, Json::to_value));
    for (key, place) in [("certified", "certified"), (STORE, "accountId")] {
        said.insert(key.to_owned(), record.get(place).map_or(Value::Null, Json::to_value));
    }
    said.insert("prices".to_owned(), Value::Object(labelled_prices(record)));
    listing.raw_data = Some(Value::Object(said));
    listing.has_identity().then_some(listing)
}

/// Where a record names values one by one, the most trusted first.
const NAMED_VALUES: [&str; 3] = ["trackingAttributes", "attributes", "highlightedAttributes"];

/// Where a vehicle stands, in the vendor's own words and numbers; the usual ones are read as of any record.
fn status(record: &Object<'_>) -> Option<StockStatus> {
    match &*record.get("status")?.text()? {
        "1" => Some(StockStatus::InStock),
        "2" => Some(StockStatus::InProduction),
        "7" => Some(StockStatus::InTransit),
        word => word.eq_ignore_ascii_case("live").then_some(StockStatus::InStock),
    }
}

/// What a record calls new or used: the machine's word before the one for display.
const CONDITIONS: [&str; 4] = ["newOrUsed", "type", "inventoryType", "condition"];

/// `[{name, value}]`.
fn offer_named_values(draft: &mut Draft, values: &Json<'_>) {
    for entry in values.as_array().into_iter().flatten() {
        let text = |key: &str| entry.get(key).and_then(Json::as_str);
        if let (Some(field), Some(value)) = (text("name").and_then(Field::named), text("value"))
            && !matches!(field, Field::Price(_))
        {
            draft.offer(field, value);
        }
    }
}

fn first_image<'v>(record: &'v Object<'_>) -> Option<&'v str> {
    let image = record.get("images")?.as_array()?.first()?;
    image.as_str().or_else(|| image.get("uri").or_else(|| image.get("src"))?.as_str())
}

fn condition<'v, 'a>(record: &'v Object<'a>) -> Option<&'v Json<'a>> {
    CONDITIONS.iter().find_map(|key| record.get(key).filter(|value| value.is_string()))
}

/// The layout of 2017: a flat list of texts, `"null"` where nothing is known; links and pictures stand in the cards.
fn data_layer(page: &Page<'_>) -> Option<Parts> {
    let script = page.scripts().iter().find(|script| script.body.contains("DDC.dataLayer['vehicles']"))?;
    let records = assigned_value(script.body, "DDC.dataLayer['vehicles']")?;
    let mut shown = shown_by_uuid(page);
    let listings: Vec<_> = records
        .as_array()?
        .iter()
        .filter_map(Json::as_object)
        .filter_map(|record| {
            let mut draft = Draft::default();
            let text = |key: &str| record.get(key).and_then(Json::as_str);
            for key in ["internetPrice", "salePrice"] {
                draft.offer_price(PriceRank::Asking, text(key).and_then(price));
            }
            draft.offer_record(record.iter().filter(|(key, _)| !speaks_of_a_price(key)));
            draft.offer_status(status(record));
            let mut listing = draft.listing;
            let (link, image) = text("uuid").and_then(|uuid| shown.remove(uuid)).unwrap_or_default();
            listing.url = text("link").map(str::to_owned).or(link).and_then(|link| page.absolute(&link));
            listing.image_url = image.and_then(|image| page.absolute(&image));
            listing.raw_data = Some(json!({ "condition": condition(record), "certified": record.get("certified"), "msrp": record.get("msrp") }));
            listing.has_identity().then_some(listing)
        })
        .collect();
    let total = page.scripts().iter().find_map(|script| quoted_number(script.body, "\"vehicleResultCount\""));
    (!listings.is_empty()).then_some(Parts { listings, total, ..Parts::default() })
}

fn speaks_of_a_price(key: &str) -> bool {
    key.as_bytes().windows(5).any(|word| word.eq_ignore_ascii_case(b"price"))
}

/// The number in `"name": "58"`.
fn quoted_number(script: &str, name: &str) -> Option<u32> {
    let rest = &script[memmem::find(script.as_bytes(), name.as_bytes())? + name.len()..];
    let value = rest.trim_start().strip_prefix(':')?.trim_start().trim_start_matches('"');
    value[..value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len())].parse().ok()
}

/// The link and the first picture of each vehicle, by the uuid that ends its link: `/used/Ford/2017-...-{uuid}.htm`.
fn shown_by_uuid(page: &Page<'_>) -> HashMap<String, (Option<String>, Option<String>)> {
    let mut shown: HashMap<String, (Option<String>, Option<String>)> = HashMap::new();
    let mut current: Option<String> = None;
    for token in page.tokens() {
        let Token::Open(tag) = token else { continue };
        if tag.is("a") {
            if !tag.mentions(".htm") {
                continue;
            }
            let Some(link) = tag.attribute("href") else { continue };
            let Some(uuid) = uuid_of(&link) else { continue };
            let link = link.split('?').next().unwrap_or(&link).to_owned();
            shown.entry(uuid.to_owned()).or_default().0.get_or_insert(link);
            current = Some(uuid.to_owned());
        } else if current.is_some()
            && tag.is("img")
            && let Some(source) = picture(tag)
            && let Some(entry) = current.take().and_then(|uuid| shown.get_mut(&uuid))
        {
            entry.1.get_or_insert(source);
        }
    }
    shown
}

fn picture(tag: &Tag<'_>) -> Option<String> {
    let source = ["data-src", "src"].into_iter().find_map(|name| tag.attribute(name))?;
    source.contains("pictures.dealer.com").then(|| source.into_owned())
}

fn uuid_of(link: &str) -> Option<&str> {
    let path = link.split('?').next()?;
    let uuid = path.strip_suffix(".htm")?.rsplit('-').next()?;
    (uuid.len() == 32 && uuid.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(uuid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{Extraction, Warning, data_request, listings, listings_from_data};

    const URL: &str = "https://lot.example/used-inventory/index.htm";

    fn car(number: u32) -> Value {
        let vin = format!("1FTEW1EP6KFA1{number:04}");
        json!({"vin": vin, "year": 2019, "make": "Ford", "model": "F-150", "trackingPricing": {"internetPrice": "31995"}})
    }

    fn placeholder() -> Value {
        json!({"isPlaceholder": true, "uuid": "x"})
    }

    fn page(page_info: &Value, inventory: &[Value], more: &str) -> Extraction {
        let state = json!({"WIS": {"pageInfo": page_info, "inventory": inventory}});
        let html = format!("<script>DDC.WS.state['ws-inv-data']['inventory-data-bus1'] = {state};</script>{more}");
        listings(&html, URL).unwrap()
    }

    #[test]
    fn where_no_price_is_the_final_one_its_label_says_which_is_asked() {
        let shown = |label: &str, value: &str| json!({"label": label, "value": value, "isFinalPrice": false});
        let info = json!({"totalCount": 1, "pageSize": 24, "pageStart": 0});
        for (prices, price) in [
            (vec![shown("Retail", "$24,000"), shown("Internet Price", "$20,000")], Some(20_000)),
            (vec![shown("MSRP", "$24,000"), shown("Doc Fee", "$699"), shown("Price", "$20,000")], Some(20_000)),
            (vec![shown("MSRP", "$24,000"), shown("Dealer Discount", "$4,000")], Some(24_000)),
            (vec![shown("Sale Price", "$20,000"), shown("Internet Price", "$19,000")], None),
        ] {
            let mut record = car(1);
            record["trackingPricing"] = json!({});
            record["pricing"] = json!({"retailPrice": "$24,000", "dprice": prices});
            let read = page(&info, &[record], "").listings;
            assert_eq!(read[0].price, price.map(crate::Money::from_dollars), "{prices:?}");
        }
    }

    #[test]
    fn a_page_with_placeholders_is_not_read_whole_unless_the_next_one_begins_with_them() {
        let two_pages = json!({"totalCount": 4, "pageSize": 2, "pageStart": 0});
        let one_page = json!({"totalCount": 2, "pageSize": 2, "pageStart": 0});
        for (info, rows, found, unsettled) in [
            (&one_page, vec![car(1), car(2)], 2, 0),
            (&one_page, vec![car(1), placeholder()], 1, 1),
            (&one_page, vec![car(1), json!({"isPlaceholder": "yes"})], 1, 1),
            (&one_page, vec![car(1), json!({"isPlaceholder": false, "vin": "1FTEW1EP6KFA10009"})], 2, 0),
            (&two_pages, vec![placeholder(), car(2)], 1, 1),
            (&two_pages, vec![car(1), car(2), placeholder()], 2, 0),
            (&one_page, vec![placeholder(), placeholder()], 0, 2),
        ] {
            let read = page(info, &rows, "");
            assert_eq!((read.listings.len(), read.unsettled), (found, unsettled), "{rows:?}");
            let is_said = read.warnings.iter().any(|warning| matches!(warning, Warning::ListingsUnsettled { .. }));
            assert_eq!(is_said, unsettled > 0, "{rows:?}");
        }
    }

    #[test]
    fn a_state_of_nothing_but_placeholders_leaves_the_page_to_be_read_otherwise() {
        let structured = |numbers: std::ops::Range<u32>| -> String {
            let cars = numbers.map(|number| {
                let (vin, price) = (format!("1FTEW1EP6KFA1{number:04}"), json!({"price": "31995"}));
                json!({"@type": "Car", "name": "2019 Ford F-150", "vehicleIdentificationNumber": vin, "offers": price})
            });
            format!(r#"<script type="application/ld+json">{}</script>"#, Value::from_iter(cars))
        };
        let rows = [placeholder(), placeholder()];
        let info = json!({"totalCount": 2, "pageSize": 2, "pageStart": 0});
        for (shown, unsettled) in [(2, 0), (1, 1), (0, 2)] {
            let read = page(&info, &rows, &structured(0..shown));
            assert_eq!((read.platform, read.total), (NAME, Some(2)), "{shown}");
            assert_eq!((read.listings.len(), read.unsettled), (shown as usize, unsettled), "{shown}");
        }
    }

    #[test]
    fn what_the_address_asks_for_is_asked_for() {
        let url = format!("{URL}?make=Ford&make=Ram&start=16&accountId=a%20b&year=");
        let alias = "DDC.siteSettings = 'INVENTORY_LISTING_DEFAULT_AUTO_USED:inventory-data-bus1'";
        let posted = "DDC.siteSettings = {'siteId': 'lot'}; 'ws-inv-data'";
        let by_get = data_request(&format!("<script>{alias}</script>"), &url).unwrap().unwrap();
        assert_eq!(by_get.url.query(), Some("start=0&make=Ford&make=Ram&accountId=a+b"));
        let by_post = data_request(&format!("<script>{posted}</script>"), &url).unwrap().unwrap();
        let parameters = json!({"start": ["0"], "make": ["Ford", "Ram"], "accountId": ["a b"]});
        assert_eq!(by_post.body.unwrap()["inventoryParameters"], parameters);
    }

    #[test]
    fn a_website_that_does_not_know_start_is_asked_by_the_other_name() {
        let html = "<script>DDC.siteSettings = 'INVENTORY_LISTING_DEFAULT_AUTO_USED:inventory-data-bus1'</script>";
        let first = data_request(html, &format!("{URL}?make=Ford")).unwrap().unwrap();
        let answer = |request: &DataRequest, begins: u32, rows: &[Value]| {
            let info = json!({"totalCount": 5, "pageStart": begins});
            listings_from_data(request, &json!({"pageInfo": info, "inventory": rows}).to_string()).unwrap()
        };
        let asked = |request: &DataRequest| request.url.query().unwrap_or_default().to_owned();
        let second = answer(&first, 0, &[car(1), car(2)]).next.unwrap();
        assert_eq!(asked(&second), "start=2&make=Ford");
        let misunderstood = answer(&second, 0, &[car(1), car(2)]);
        assert_eq!((misunderstood.listings.len(), misunderstood.total), (0, Some(5)));
        let again = misunderstood.next.unwrap();
        assert_eq!(asked(&again), "make=Ford&pageStart=2");
        let third = answer(&again, 2, &[car(3), car(4)]).next.unwrap();
        assert_eq!(asked(&third), "make=Ford&pageStart=4");
        assert_eq!(answer(&third, 4, &[car(5)]).next, None);
    }

    #[test]
    fn a_final_price_that_is_none_is_no_other_price() {
        let info = json!({"totalCount": 1, "pageSize": 1, "pageStart": 0});
        let price = |pricing: Value| {
            let mut car = car(1);
            car["pricing"] = pricing;
            page(&info, &[car], "").listings[0].price.map(|price| price.to_string())
        };
        let shown = |value: &str, is_final: bool| json!([{"label": "Price", "value": value, "isFinalPrice": is_final}]);
        let call = json!({"retailPrice": "$40,000", "dprice": shown("Call for price", true)});
        assert_eq!(price(call), None);
        assert_eq!(
            price(json!({"retailPrice": "$40,000", "dprice": shown("$30,500", true)})).as_deref(),
            Some("30500.00")
        );
        assert_eq!(
            price(json!({"retailPrice": "$40,000", "dprice": shown("$699", false)})).as_deref(),
            Some("31995.00")
        );
    }

    #[test]
    fn an_answer_with_placeholders_is_not_whole_unless_the_next_one_begins_with_them() {
        let html = "<script>DDC.siteSettings = 'INVENTORY_LISTING_DEFAULT_AUTO_USED:inventory-data-bus1'</script>";
        let request = data_request(html, URL).unwrap().unwrap();
        for (rows, total, next, unsettled) in [
            (vec![car(1), car(2)], 2, None, 0),
            (vec![car(1), placeholder()], 2, Some("start=1"), 0),
            (vec![placeholder(), car(2)], 3, Some("start=1"), 1),
            (vec![car(1), placeholder()], 1, None, 1),
            (vec![placeholder(), placeholder()], 2, None, 2),
        ] {
            let answer = json!({"pageInfo": {"totalCount": total}, "inventory": rows}).to_string();
            let read = listings_from_data(&request, &answer).unwrap();
            assert_eq!(read.next.as_ref().and_then(|next| next.url.query()), next, "{answer}");
            assert_eq!(read.unsettled, unsettled, "{answer}");
        }
    }
}
