//! Wayne Reaves: a shell that scripts fill, and one request that gives the whole lot.
//!
//! The only platform that says what was sold, and when: a day in `soldOn` makes a listing a sold one; `false`, a text that is no
//! day, and the day zero of the platform's makers make none. What is deleted or kept from the
//! web is not on offer and nothing is known of its fate, so it is left out. The shell answers to every address, robots.txt
//! included.

use chrono::Datelike as _;
use url::Url;

use super::{Endpoint, Mark, Platform};
use crate::{
    Result,
    scrape::extract::{DataPage, DataRequest, Field, Json, Layout, Page, Parts, ScrapedListing, Wanted, instant},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: NAME,
    terms: None,
    marks: &[
        Mark::certain(&["/service/inventory/web"]),
        Mark::possible(&["//www.waynereaves."]),
        Mark::possible(&["//waynereaves."]),
    ],
    parse,
    pages_lack: &[],
    list_paths: &["/inventory"],
    endpoint: Some(Endpoint { first_request, takes_filters: false, want, read }),
};

const NAME: &str = "wayne_reaves";

/// The page itself lists nothing; a vehicle's own page is read like any other.
fn parse(_page: &Page<'_>) -> Result<Option<Parts>> {
    Ok(None)
}

fn first_request(page: &Page<'_>) -> Option<DataRequest> {
    Some(DataRequest::get(NAME, page.url.join("/service/inventory/website").ok()?, &page.url))
}

const RECORD: Layout = Layout {
    fields: &[
        (Field::Vin, "vin"),
        (Field::StockNumber, "stockNo"),
        (Field::Year, "year"),
        (Field::Make, "make"),
        (Field::Model, "model"),
        (Field::Trim, "trim"),
        (Field::Mileage, "mileage"),
        (Field::ExteriorColor, "exteriorColor"),
    ],
    prices: &["price"],
    headings: &[],
    links: &[],
    images: &["pictures.0.url"],
    store: &[],
    kept: &["used", "certified", "soldOn"],
};
/// The same where `special` says that the special price is the one asked.
const SPECIAL: Layout = Layout { prices: &["specialPrice", "price"], ..RECORD };

/// No car was sold here before this day; `0001-01-01` is how an empty day is written.
const FIRST_YEAR: i32 = 1990;

fn want(wanted: &mut Wanted) {
    let record = wanted.at(Wanted::EACH);
    RECORD.want(record);
    SPECIAL.want(record);
    for key in ["soldOn", "deletedAt", "forWeb", "special", "accountNo", "accountId"] {
        record.whole(key);
    }
}

fn read(request: &DataRequest, answer: &Json<'_>) -> Option<DataPage> {
    let records = answer.as_array()?;
    let is_set = |record: &Json<'_>, key: &str| {
        record.get(key).is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
    };
    let website = request.page.join("/").ok();
    let mut listings = Vec::with_capacity(records.len());
    for record in records {
        let sold_on = record.get("soldOn").and_then(Json::as_str).and_then(instant);
        let sold_at = sold_on.filter(|sold_on| sold_on.year() >= FIRST_YEAR);
        let sold = sold_at.is_some();
        let hidden = is_set(record, "deletedAt") || record.get("forWeb").and_then(Json::as_bool) == Some(false);
        if hidden && !sold {
            continue;
        }
        let special = record.get("special").and_then(Json::as_bool) == Some(true);
        let mut listing =
            if special { SPECIAL.read(record, &request.page) } else { RECORD.read(record, &request.page) };
        listing.url = website.as_ref().and_then(|website| page_of(record, &listing, website));
        listing.is_sold = Some(sold);
        listing.sold_at = sold_at;
        listings.push(listing);
    }
    let on_offer = listings.iter().filter(|listing| listing.is_sold == Some(false)).count();
    Some(DataPage { listings, total: u32::try_from(on_offer).ok(), ..DataPage::default() })
}

/// A vehicle's own page, whose address the website's scripts put together: `/inventory/27001/view/P1001/2019-Ford-F-150`. What
/// ends it is for people.
fn page_of(record: &Json<'_>, listing: &ScrapedListing, website: &Url) -> Option<String> {
    let said = |key: &str| record.get(key).and_then(Json::text).filter(|text| !text.is_empty());
    let account = said("accountNo").or_else(|| said("accountId"))?;
    let year = listing.year.map(|year| year.to_string());
    let name = [year.as_deref(), listing.make.as_deref(), listing.model.as_deref()];
    let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ").replace(' ', "-");
    let segments = ["inventory", &account, "view", &said("stockNo")?, &name];
    // Most are written as they are, and then the address is as well.
    let is_plain = |segment: &str| segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if segments.into_iter().all(is_plain) {
        return Some(format!("{website}{}", segments.join("/")));
    }
    let mut url = website.clone();
    url.path_segments_mut().ok()?.extend(segments);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_day_in_sold_on_makes_a_sale() {
        let page = Url::parse("https://lot.example/inventory").unwrap();
        let request = DataRequest::get(NAME, page.join("/service/inventory/website").unwrap(), &page);
        for (sold_on, sold) in [
            ("false", false),
            ("true", false),
            ("0", false),
            ("null", false),
            ("\"\"", false),
            ("\"null\"", false),
            ("\"0001-01-01T00:00:00\"", false),
            ("\"2026-03-01T00:00:00\"", true),
        ] {
            let answer = format!(r#"[{{"vin": "1M8GDM9AXKP042788", "soldOn": {sold_on}}}]"#);
            let read = crate::extract::listings_from_data(&request, &answer).unwrap();
            assert_eq!(read.listings[0].is_sold, Some(sold), "{sold_on}");
            assert_eq!(read.listings[0].sold_at.is_some(), sold, "{sold_on}");
        }
    }
}
