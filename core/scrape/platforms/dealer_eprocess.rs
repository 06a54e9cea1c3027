//! Dealer eProcess: `vehicle_item` cards, some with their record as URL-encoded JSON.
//!
//! Its sites often answer with an empty list or a bot check: no vehicles here say nothing about the lot.

use url::form_urlencoded;

use super::{Mark, Platform};
use crate::{
    Result,
    scrape::extract::{Json, Page, Parts, Template, attribute, value_at_start},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: "dealer_eprocess",
    terms: None,
    marks: &[Mark::certain(&["cdn.dealereprocess.", "vehicle_item"]), Mark::loaded("cdn.dealereprocess.")],
    parse,
    pages_lack: &[],
    list_paths: &[],
    endpoint: None,
};

const CARDS: Template = Template { cards: &["vehicle_item"], fields: &[], value: None, prices: &[] };

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let cards = CARDS.read(page, |dom, card, draft| {
        let encoded = dom.elements(dom.within(card)).find_map(|(_, element)| attribute(element, "data-vehicle"));
        let decoded =
            encoded.and_then(|encoded| form_urlencoded::parse(encoded.as_bytes()).next()).map(|(text, _)| text);
        if let Some((Json::Object(record), _)) = decoded.as_deref().and_then(value_at_start) {
            draft.offer_record(record.iter());
        }
    })?;
    let listings: Vec<_> = cards.into_iter().map(|card| card.listing).collect();
    Ok((!listings.is_empty()).then(|| Parts { listings, ..Parts::default() }))
}
