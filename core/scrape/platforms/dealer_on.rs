//! DealerOn: the page names its vehicles, their prices come from an endpoint of the same host.
//!
//! Traps: `VehicleInternetPrice` is 0 on newer sites and `TaggingPrice` is the maker's; the asking price then stands in a
//! Base64 list of labels. Cards of advertisements stand among those of vehicles.

use super::{Endpoint, Mark, Platform};
use crate::{
    Result,
    scrape::extract::{
        DataPage, DataRequest, Field, Json, Layout, Page, Parts, ScrapedListing, StockStatus, Template, Usual, Wanted,
        attribute, count_at, next_by_number, price, value_at, value_at_start, vehicles_of, vin_of,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

pub(crate) const PLATFORM: Platform = Platform {
    name: NAME,
    terms: None,
    marks: &[
        Mark::certain(&["dealeron_tagging_data"]),
        Mark::certain(&["dlron-srp-model"]),
        Mark::certain(&["hasVehicleInfo"]),
    ],
    parse,
    pages_lack: &[Usual::Price, Usual::Mileage],
    list_paths: &["/searchall.aspx", "/searchused.aspx"],
    endpoint: Some(Endpoint { first_request, takes_filters: false, want, read }),
};

const NAME: &str = "dealer_on";

/// What a page shows where its address asks for no other number.
const PAGE_SIZE: u32 = 12;
/// The most that the endpoint gives; who asks for more gets twelve.
const DATA_PAGE_SIZE: &str = "24";

/// Cards until 2021; newer pages are filled by their scripts.
const CARDS: Template = Template { cards: &["srpVehicle"], fields: &[], value: None, prices: &[] };

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let tagging = data(page, "dealeron_tagging_data");
    let model = data(page, "dlron-srp-model");
    let list = model.as_ref().and_then(|model| model.get("ItemListJson")?.as_str());
    let mut listings = list.and_then(value_at_start).map(|(list, _)| vehicles_of(&list, page)).unwrap_or_default();
    if listings.is_empty() {
        listings = cards(page)?;
    }
    let total = tagging
        .as_ref()
        .and_then(|tagging| count_at(tagging, "itemCount"))
        .or_else(|| count_at(model.as_ref()?, "SearchResultsListModel.ResultsCount"));
    let next = next_by_number(page, "pt", PAGE_SIZE, listings.len(), total);
    Ok((!listings.is_empty()).then_some(Parts { listings, total, next, ..Parts::default() }))
}

/// The price of a card is the one in its attribute, or none: the maker's stands beside it.
fn cards(page: &Page<'_>) -> Result<Vec<ScrapedListing>> {
    let dom = page.dom()?;
    let asked = |at: usize| attribute(dom.element(at)?, "data-price").and_then(price);
    let cards = CARDS.read(page, |_, _, _| {})?.into_iter();
    Ok(cards.map(|card| ScrapedListing { price: asked(card.at), ..card.listing }).collect())
}

/// The JSON in the script of this id.
fn data<'a>(page: &Page<'a>, id: &str) -> Option<Json<'a>> {
    let script = page.scripts().iter().find(|script| script.tag.attribute("id").as_deref() == Some(id))?;
    value_at_start(script.body.trim_start()).map(|(value, _)| value)
}

fn first_request(page: &Page<'_>) -> Option<DataRequest> {
    let tagging = data(page, "dealeron_tagging_data")?;
    let (dealer, list) = (count_at(&tagging, "dealerId")?, count_at(&tagging, "pageId")?);
    let mut url = page.url.join(&format!("/api/vhcliaa/vehicle-pages/cosmos/srp/vehicles/{dealer}/{list}")).ok()?;
    url.query_pairs_mut()
        .append_pair("pt", "1")
        .append_pair("pn", DATA_PAGE_SIZE)
        .append_pair("host", page.url.host_str()?);
    if let Some(filter) = data(page, "dlron-srp-model").as_ref().and_then(|model| model.get("BaseFilter")?.as_str()) {
        url.query_pairs_mut().append_pair("baseFilter", filter);
    }
    Some(DataRequest::get(NAME, url, &page.url))
}

const RECORD: Layout = Layout {
    fields: &[
        (Field::Vin, "VehicleVin"),
        (Field::Vin, "VehicleImageModel.VehicleImageCarouselModel.Vin"),
        (Field::Vin, "VehicleCompareModel.Vin"),
        (Field::StockNumber, "VehicleStockNumber"),
        (Field::Year, "VehicleYear"),
        (Field::Make, "VehicleMake"),
        (Field::Model, "VehicleModel"),
        (Field::Trim, "VehicleTrim"),
        (Field::Mileage, "VehicleMileage"),
        (Field::Mileage, "Mileage"),
        (Field::ExteriorColor, "ExteriorColorLabel"),
        (Field::Standing(StockStatus::InTransit), "VehicleInTransit"),
        (Field::Standing(StockStatus::InProduction), "VehicleInProduction"),
        (Field::Standing(StockStatus::InStock), "VehicleInStock"),
    ],
    prices: &["VehicleInternetPrice"],
    headings: &["VehicleName"],
    links: &["VehicleDetailUrl"],
    images: &["VehicleImageModel.VehiclePhotoSrc"],
    store: &["VehicleLocationName"],
    kept: &["VehicleType", "VehicleCondition", "VehicleCpo", "VehicleMsrp", "VehicleLocationName"],
};

fn want(wanted: &mut Wanted) {
    let card = wanted.at("DisplayCards.*");
    card.whole("IsAdCard");
    card.whole("VehicleCard.VehiclePriceLibrary");
    RECORD.want(card.at("VehicleCard"));
    for path in ["PageNumber", "TotalPages", "TotalCount"] {
        wanted.at("Paging.PaginationDataModel").whole(path);
    }
}

fn read(request: &DataRequest, answer: &Json<'_>) -> Option<DataPage> {
    let cards = answer.get("DisplayCards")?.as_array()?;
    let is_ad = |card: &&Json<'_>| card.get("IsAdCard").and_then(Json::as_bool) != Some(true);
    let vehicles = cards.iter().filter(is_ad).filter_map(|card| card.get("VehicleCard"));
    let mut listings = Vec::with_capacity(cards.len());
    listings.extend(vehicles.map(|card| vehicle(request, card)));
    let pages = |key: &str| count_at(answer, &format!("Paging.PaginationDataModel.{key}"));
    let next = pages("PageNumber").zip(pages("TotalPages")).filter(|(at, last)| at < last && !cards.is_empty());
    Some(DataPage {
        listings,
        total: pages("TotalCount"),
        next: next.map(|(at, _)| request.with_query_number("pt", at + 1)),
        ..DataPage::default()
    })
}

fn vehicle(request: &DataRequest, card: &Json<'_>) -> ScrapedListing {
    let mut listing = RECORD.read(card, &request.page);
    if listing.vin.is_none() {
        // The last word of its page's address is one.
        listing.vin = listing.url.as_deref().and_then(|url| url.rsplit(['-', '/']).find_map(vin_of));
    }
    if listing.price.is_none() {
        listing.price = value_at(card, "VehiclePriceLibrary").and_then(Json::as_str).and_then(library_price);
    }
    listing
}

/// The asking price of a library: `MSRP:$40,000;Selling Price:$32,500;calc_INTERNET PRICE:$31,995` in Base64.
fn library_price(encoded: &str) -> Option<crate::Money> {
    let library = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    ["calc_INTERNET PRICE", "Selling Price"].iter().find_map(|label| {
        let entries = library.split(';').filter_map(|entry| entry.split_once(':'));
        entries.filter(|(name, _)| name.trim().eq_ignore_ascii_case(label)).find_map(|(_, amount)| price(amount))
    })
}
