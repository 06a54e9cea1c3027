//! Overfuel: a list of JSON-LD products in the page, and an endpoint that knows more of each.
//!
//! Trap: `specialprice` is 0 where there is none. In the page the VIN stands in the address of a vehicle alone.

use url::Url;

use super::{Endpoint, Mark, Platform};
use crate::{
    Result,
    scrape::extract::{DataPage, DataRequest, Field, Json, Layout, Page, Parts, count_at, json_ld_listings},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: NAME,
    marks: &[Mark::certain(&["api.overfuel.com"]), Mark::certain(&["static.overfuel.com", "__NEXT_DATA__"])],
    parse,
    list_paths: &[],
    endpoint: Some(Endpoint { first_request, read }),
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
    let url =
        Url::parse(&format!("https://api.overfuel.com/api/1.0/dealers/{dealer}/search?limit=100&offset=0")).ok()?;
    Some(DataRequest::get(NAME, url, &page.url))
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
    ],
    prices: &["specialprice", "price"],
    headings: &[],
    links: &["url"],
    images: &["photos.0.url", "photos.0"],
    kept: &["condition", "dealer"],
};

fn read(request: &DataRequest, answer: &Json<'_>) -> Option<DataPage> {
    let records = answer.get("results")?.as_array()?;
    let listings = records.iter().map(|record| RECORD.read(record, &request.page)).collect();
    let total = count_at(answer, "meta.total");
    let next = request.next_by_offset("offset", records.len(), total);
    Some(DataPage { listings, total, next, ..DataPage::default() })
}
