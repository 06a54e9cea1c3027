//! Dealer Inspire: three generations of one vendor, each with an endpoint of its own.
//!
//! Traps: a "featured" block without `data-vehicle` repeats on every page; a price may be a link to call for it; a vehicle
//! of the status `pend-sale` is still offered. The first generation's endpoint is WordPress's: it takes a form and answers with
//! the cards of a page as HTML within JSON, so what it knows of a car is what a page shows.

use serde_json::json;

use super::{Endpoint, Mark, Platform, may_ask};
use crate::{
    Result,
    scrape::extract::{
        DataMethod, DataPage, DataRequest, Field, Json, Layout, Page, Parts, ScrapedListing, Template, Wanted,
        assigned_value, attribute, count_at, listings_of, unescaped, value_at, value_at_start,
    },
};

pub(crate) const PLATFORM: Platform = Platform {
    name: NAME,
    terms: None,
    marks: &[
        Mark::certain(&["/wp-content/themes/DealerInspireDealerTheme"]),
        Mark::certain(&["var SEARCH_SERVICE"]),
        Mark::certain(&["inventoryLightningSettings"]),
        Mark::certain(&["im_ajax_call"]),
        Mark::possible(&["Visit http://www.dealerinspire.com to Inspire"]),
    ],
    parse,
    pages_lack: &[],
    list_paths: &["/used-vehicles/"],
    endpoint: Some(Endpoint { first_request, takes_filters: false, want, read }),
};

const NAME: &str = "dealer_inspire";
const PAGE_SIZE: u32 = 100;

const CARDS: Template = Template { cards: &["result-wrap"], fields: &[], value: None, prices: &[] };

const RECORD: Layout = Layout {
    fields: &[
        (Field::Vin, "vin"),
        (Field::StockNumber, "stock"),
        (Field::Year, "year"),
        (Field::Make, "make"),
        (Field::Model, "model"),
        (Field::Trim, "trim"),
        (Field::Mileage, "mileage"),
        (Field::Mileage, "miles"),
        (Field::ExteriorColor, "ext_color"),
        (Field::FuelType, "fueltype"),
        (Field::StockStatus, "status"),
    ],
    prices: &["pricing.our_price", "pricing.internet_price", "pricing.price", "our_price", "price"],
    headings: &["title"],
    links: &["vdp_url", "link"],
    images: &["media.images.0.url", "media.images.0", "thumbnail"],
    store: &["dealer.name", "dealer", "Location"],
    kept: &["type", "status", "date_in_stock"],
};

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let dom = page.dom()?;
    let mut listings = Vec::new();
    for card in CARDS.read(page, |_, _, _| {})? {
        let Some(record) = dom.element(card.at).and_then(|element| attribute(element, "data-vehicle")) else {
            continue;
        };
        let record = unescaped(record);
        let mut listing =
            value_at_start(&record).map(|(record, _)| RECORD.read(&record, &page.url)).unwrap_or_default();
        // The card knows the link and the picture; of the price its record alone is believed.
        let price = listing.price;
        listing.fill_from(card.listing);
        listing.price = price;
        listings.push(listing);
    }
    Ok((!listings.is_empty()).then(|| Parts { listings, ..Parts::default() }))
}

fn first_request(page: &Page<'_>) -> Option<DataRequest> {
    let asked_by = |ask: fn(&Page<'_>, &str) -> Option<DataRequest>| {
        page.scripts().iter().find_map(|script| ask(page, script.body))
    };
    asked_by(search_service).or_else(|| asked_by(algolia)).or_else(|| asked_by(wordpress))
}

/// `new` or `used`, as the address of the page says.
fn condition(page: &Page<'_>) -> Option<&'static str> {
    let path = page.url.path().to_ascii_lowercase();
    [("/new-vehicles", "New"), ("/used-vehicles", "Used")]
        .iter()
        .find(|(part, _)| path.contains(part))
        .map(|(_, kind)| *kind)
}

fn search_service(page: &Page<'_>, script: &str) -> Option<DataRequest> {
    // `SEARCH_SERVICE_FIELD_MAP` begins with the same name.
    let settings = script.split("SEARCH_SERVICE").skip(1).find_map(|rest| rest.trim_start().strip_prefix('='))?;
    let (settings, _) = value_at_start(settings.trim_start())?;
    let text = |key: &str| value_at(&settings, key).and_then(Json::as_str);
    let account = value_at(&settings, "ccid").and_then(Json::text)?;
    let url =
        url::Url::parse(&format!("{}/api/v1/listings/{account}/search", text("apiUrl")?.trim_end_matches('/'))).ok()?;
    if !may_ask(page, &url, "carscommerce.inc") {
        return None;
    }
    let mut filters = json!({});
    if let Some(statuses) = settings.get("visibleStatusValues") {
        filters["status"] = statuses.to_value();
    }
    if let Some(kind) = condition(page) {
        filters["type_slug"] = json!([kind]);
    }
    let body = json!({ "page": 1, "perPage": PAGE_SIZE, "filters": filters });
    let mut request = DataRequest::post(NAME, url, &page.url, body);
    request.headers.push(("x-api-key".into(), text("apiKey")?.to_owned()));
    Some(request)
}

fn algolia(page: &Page<'_>, script: &str) -> Option<DataRequest> {
    let settings =
        ["inventoryLightningSettings", "algoliaConfig"].iter().find_map(|name| assigned_value(script, name))?;
    let text = |key: &str| value_at(&settings, key).and_then(Json::as_str);
    let application = text("appId").filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric()))?;
    let url = url::Url::parse(&format!("https://{application}-dsn.algolia.net/1/indexes/*/queries")).ok()?;
    let filter = condition(page).map(|kind| format!("&facetFilters=[[\"type:{kind}\"]]")).unwrap_or_default();
    let query =
        json!({ "indexName": text("inventoryIndex")?, "params": format!("hitsPerPage={PAGE_SIZE}&page=0{filter}") });
    let mut request = DataRequest::post(NAME, url, &page.url, json!({ "requests": [query] }));
    request.headers.push(("x-algolia-application-id".into(), application.to_owned()));
    request.headers.push(("x-algolia-api-key".into(), text("apiKeySearch")?.to_owned()));
    Some(request)
}

/// What the page's own script sends: the list is the one of the page that `_post_id` names.
fn wordpress(page: &Page<'_>, script: &str) -> Option<DataRequest> {
    let settings = assigned_value(script, "inventory_localization")?;
    let mut fields = json!({ "action": "im_ajax_call", "perform": "get_results", "page": 1 });
    for key in ["_nonce", "_post_id"] {
        let value = settings.get(key)?.to_value();
        fields[key] = Some(value).filter(|value| value.is_string() || value.is_number())?;
    }
    Some(DataRequest::form(NAME, page.url.join("/en").ok()?, &page.url, fields))
}

/// Cards of a page, which are read as any page's; behind the last there are none.
fn read_cards(request: &DataRequest, html: &str) -> Option<DataPage> {
    if html.trim().is_empty() {
        return Some(DataPage::default());
    }
    let shown = listings_of(html, request.page.as_str(), NAME).ok()?;
    let number = sent(request, "page")?;
    let reached = number.checked_mul(u32::try_from(shown.listings.len()).ok()?)?;
    let goes_on = reached > 0 && shown.total.is_none_or(|total| reached < total);
    let mut next = goes_on.then(|| request.clone());
    if let Some(page) = next.as_mut().and_then(|next| next.body.as_mut()?.get_mut("page")) {
        *page = json!(number.checked_add(1)?);
    }
    Some(DataPage { listings: shown.listings, total: shown.total, next, ..DataPage::default() })
}

/// A number in the body of a request.
fn sent(request: &DataRequest, key: &str) -> Option<u32> {
    u32::try_from(request.body.as_ref()?.get(key)?.as_u64()?).ok()
}

/// Every generation's answers: the service's, the search's and, where pages are sent, the text of their cards.
fn want(wanted: &mut Wanted) {
    for place in ["data.listings.*", "results.0.hits.*"] {
        RECORD.want(wanted.at(place));
    }
    for path in ["data.total_vehicle_count", "results.0.nbHits", "results.0.page", "results.0.nbPages"] {
        wanted.whole(path);
    }
}

fn read(request: &DataRequest, answer: &Json<'_>) -> Option<DataPage> {
    if request.method == DataMethod::Form {
        return read_cards(request, answer.get("results")?.as_str()?);
    }
    let of = |records: &Json<'_>| -> Option<Vec<ScrapedListing>> {
        Some(records.as_array()?.iter().map(|record| RECORD.read(record, &request.page)).collect())
    };
    if let Some(records) = value_at(answer, "data.listings") {
        let (listings, total) = (of(records)?, count_at(answer, "data.total_vehicle_count"));
        let next = next_of_service(request, listings.len(), total);
        return Some(DataPage { listings, total, next, ..DataPage::default() });
    }
    let listings = of(value_at(answer, "results.0.hits")?)?;
    let next = next_of_algolia(request, answer).filter(|_| !listings.is_empty());
    Some(DataPage { listings, total: count_at(answer, "results.0.nbHits"), next, ..DataPage::default() })
}

fn next_of_service(request: &DataRequest, given: usize, total: Option<u32>) -> Option<DataRequest> {
    let (number, size, given) = (sent(request, "page")?, sent(request, "perPage")?, u32::try_from(given).ok()?);
    let reached = number.checked_sub(1)?.checked_mul(size)?.checked_add(given)?;
    let mut next = (given > 0 && reached < total?).then(|| request.clone())?;
    let body = next.body.as_mut()?;
    *body.get_mut("page")? = json!(number.checked_add(1)?);
    if number == 1 {
        // A server that gives less at once counts its pages by that.
        *body.get_mut("perPage")? = json!(given.min(size));
    }
    Some(next)
}

fn next_of_algolia(request: &DataRequest, answer: &Json<'_>) -> Option<DataRequest> {
    let (at, pages) = (count_at(answer, "results.0.page")?, count_at(answer, "results.0.nbPages")?);
    let mut next = (at.checked_add(1)? < pages).then(|| request.clone())?;
    let params = next.body.as_mut()?.pointer_mut("/requests/0/params")?;
    *params = json!(params.as_str()?.replace(&format!("&page={at}"), &format!("&page={}", at + 1)));
    Some(next)
}
