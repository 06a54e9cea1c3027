//! Overfuel: a list of JSON-LD products in the page, and an endpoint that knows more of each.
//!
//! Traps: `specialprice` is 0 where there is none. In the page the VIN stands in the address of a vehicle alone. The endpoint gives
//! new and used cars together, whichever of them the page lists.

use url::Url;

use super::{Endpoint, Mark, Platform, may_ask};
use crate::{
    Result,
    scrape::extract::{
        DataPage, DataRequest, Field, Json, Layout, Page, Parts, Usual, Wanted, count_at, json_ld_listings,
    },
};

pub(crate) const PLATFORM: Platform = Platform {
    name: NAME,
    terms: None,
    marks: &[Mark::certain(&["api.overfuel.com"]), Mark::certain(&["static.overfuel.com", "__NEXT_DATA__"])],
    parse,
    pages_lack: &[Usual::Mileage],
    list_paths: &[],
    endpoint: Some(Endpoint { first_request, takes_filters: false, want, read }),
};

const NAME: &str = "overfuel";

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let listings = json_ld_listings(page);
    Ok((!listings.is_empty()).then(|| Parts { listings, ..Parts::default() }))
}

fn first_request(page: &Page<'_>) -> Option<DataRequest> {
    let state = page.scripts().iter().find(|script| script.tag.attribute("id").as_deref() == Some("__NEXT_DATA__"))?;
    let (_, rest) = state.body.split_once("\"dealerId\"")?;
    let number = rest.trim_start().strip_prefix(':')?.trim_start().trim_start_matches('"');
    let dealer: u32 = number[..number.find(|c: char| !c.is_ascii_digit())?].parse().ok()?;
    let base = api_of(state.body).unwrap_or("https://api.overfuel.com/api/1.0");
    let url = Url::parse(&format!("{base}/dealers/{dealer}/search?limit=100&offset=0")).ok()?;
    may_ask(page, &url, "overfuel.com").then(|| DataRequest::get(NAME, url, &page.url))
}

/// The address of the endpoint as the page's own state names it.
fn api_of(state: &str) -> Option<&str> {
    const VERSION: &str = "/api/1.0";
    let end = state.find(VERSION)? + VERSION.len();
    let start = state[..end].rfind('"')? + 1;
    Some(&state[start..end]).filter(|base| base.starts_with("http"))
}

const RECORD: Layout = Layout {
    fields: &[
        (Field::Vin, "vin"),
        (Field::StockNumber, "stocknumber"),
        (Field::Year, "year"),
        (Field::Make, "make"),
        (Field::Model, "model"),
        (Field::Trim, "trim"),
        (Field::Mileage, "mileage"),
        (Field::ExteriorColor, "exteriorcolor"),
        (Field::StockStatus, "status"),
    ],
    prices: &["specialprice", "price"],
    headings: &[],
    links: &["url"],
    images: &["photos.0.url", "photos.0"],
    store: &["dealer.name", "dealer"],
    kept: &["condition", "dealer"],
};

fn want(wanted: &mut Wanted) {
    RECORD.want(wanted.at("results.*"));
    wanted.whole("meta.total");
}

fn read(request: &DataRequest, answer: &Json<'_>) -> Option<DataPage> {
    let records = answer.get("results")?.as_array()?;
    let path = request.page.path();
    let wants_new = if path.contains("/used-") {
        Some(false)
    } else if path.contains("/new-") {
        Some(true)
    } else {
        None
    };
    let is_new = |record: &Json<'_>| Some(record.get("condition")?.as_str()?.eq_ignore_ascii_case("new"));
    // What does not say its condition is the page's.
    let is_meant = |record: &&Json<'_>| wants_new.is_none() || is_new(record).is_none_or(|new| Some(new) == wants_new);
    let listings = records.iter().filter(is_meant).map(|record| RECORD.read(record, &request.page)).collect();
    let total = count_at(answer, "meta.total");
    let next = request.next_by_offset("offset", records.len(), total);
    // Of a part of the cars, the page alone says how many there are.
    let total = total.filter(|_| wants_new.is_none());
    Some(DataPage { listings, total, next, ..DataPage::default() })
}
