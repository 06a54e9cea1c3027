//! Team Velocity: cards that carry `Make-Model-Trim-VIN`, and an endpoint whose address some pages name.
//!
//! Traps: `internetPrice` is 0 where only `sellingPrice` is asked. Answers say no total: a short one is the last. One address
//! gives new and used vehicles; what the page itself asks for says which of them its list holds. A vehicle stands on the lot where
//! its record says both that it is not in transit and that it is not in production.

use url::Url;

use super::{Endpoint, Mark, Platform, may_ask};
use crate::{
    Result,
    scrape::extract::{
        DataPage, DataRequest, Field, Json, Layout, Page, Parts, ScrapedListing, StockStatus, Template, Wanted,
        attribute, set_query,
    },
};

pub(crate) const PLATFORM: Platform = Platform {
    name: NAME,
    terms: None,
    marks: &[
        Mark::certain(&["websites.api.teamvelocityportal.com"]),
        Mark::certain(&["standard-inventory", "data-itemid"]),
        Mark::certain(&["clean-design-srp-card", "data-itemid"]),
        Mark::possible(&["var vdpVehicleExteriorColor"]),
    ],
    parse,
    pages_lack: &[],
    list_paths: &["/inventory/used"],
    endpoint: Some(Endpoint { first_request, takes_filters: false, want, read }),
};

const NAME: &str = "team_velocity";
const PAGE_SIZE: u32 = 200;

const CARDS: Template =
    Template { cards: &["standard-inventory", "clean-design-srp-card"], fields: &[], value: None, prices: &[] };

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let cards = CARDS.read(page, |dom, card, draft| {
        let item = dom.elements(dom.within(card)).find_map(|(_, element)| attribute(element, "data-itemid"));
        if let Some((_, vin)) = item.and_then(|item| item.rsplit_once('-')) {
            draft.offer(Field::Vin, vin);
        }
    })?;
    let listings: Vec<_> = cards.into_iter().map(|card| card.listing).collect();
    Ok((!listings.is_empty()).then(|| Parts { listings, ..Parts::default() }))
}

/// The request needs two numbers of the account, which stand only in the address that some pages themselves ask.
fn first_request(page: &Page<'_>) -> Option<DataRequest> {
    const PATH: &str = "/tvm-services/inventory/vehicles?";
    let script = page.scripts().iter().find(|script| script.body.contains(PATH))?;
    let at = script.body.find(PATH)?;
    let quotes = ['"', '\'', '`'];
    let query = script.body[at + PATH.len()..].split(quotes).next()?;
    let origin = script.body[..at].rsplit(quotes).next().filter(|origin| origin.starts_with("http"));
    let origin = origin.unwrap_or("https://websites.api.teamvelocityportal.com");
    let mut url = Url::parse(&format!("{origin}{PATH}{query}")).ok()?;
    if !url.query_pairs().any(|(name, value)| name == "Type" && !value.is_empty()) {
        set_query(&mut url, "Type", "All");
    }
    for (name, value) in [("Limit", &*PAGE_SIZE.to_string()), ("Page", "1")] {
        set_query(&mut url, name, value);
    }
    let names_account = url.query_pairs().any(|(name, value)| name == "AccountID" && !value.is_empty());
    (names_account && may_ask(page, &url, "teamvelocityportal.com")).then(|| DataRequest::get(NAME, url, &page.url))
}

const RECORD: Layout = Layout {
    fields: &[
        (Field::Vin, "vin"),
        (Field::StockNumber, "stockNumber"),
        (Field::Year, "year"),
        (Field::Make, "make"),
        (Field::Model, "model"),
        (Field::Trim, "trim"),
        (Field::Mileage, "miles"),
        (Field::ExteriorColor, "exteriorColor"),
        (Field::Standing(StockStatus::InTransit), "inTransit"),
        (Field::Standing(StockStatus::InProduction), "inProduction"),
        (Field::Standing(StockStatus::SalePending), "reserved"),
    ],
    prices: &["internetPrice", "sellingPrice"],
    headings: &[],
    links: &["vdpUrl"],
    images: &["firstPhotoUrl"],
    store: &["dealerName"],
    kept: &["type", "certified", "dealerName"],
};

fn want(wanted: &mut Wanted) {
    RECORD.want(wanted.at("inventoryVehicles.*"));
}

fn read(request: &DataRequest, answer: &Json<'_>) -> Option<DataPage> {
    let records = answer.get("inventoryVehicles")?.as_array()?;
    let listings = records.iter().map(|record| vehicle(record, &request.page)).collect();
    let size = request.query_number("Limit").unwrap_or(PAGE_SIZE);
    let full = records.len() >= size as usize && size > 0;
    let next = request.query_number("Page").and_then(|number| number.checked_add(1)).filter(|_| full);
    let next = next.map(|number| request.with_query_number("Page", number));
    Some(DataPage { listings, next, ..DataPage::default() })
}

fn vehicle(record: &Json<'_>, page: &Url) -> ScrapedListing {
    let mut listing = RECORD.read(record, page);
    let is_denied = |flag: &str| record.get(flag).and_then(Json::as_bool) == Some(false);
    if is_denied("inTransit") && is_denied("inProduction") {
        listing.stock_status = StockStatus::more_telling(listing.stock_status, Some(StockStatus::InStock));
    }
    listing
}
