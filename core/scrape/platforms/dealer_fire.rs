//! DealerFire (DealerSocket): each vehicle is pushed into the page's data layer, `pushData('VehicleObject_7', {...})`.
//!
//! Trap: `finalPrice` has the dealer's fee added; what is asked for the car is `sellingPrice`.

use std::collections::HashMap;

use super::{Mark, Platform};
use crate::{
    Result,
    scrape::extract::{Field, Layout, Page, Parts, Token, set_query, value_at_start},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: "dealer_fire",
    terms: None,
    marks: &[
        Mark::certain(&["pushData('VehicleObject_"]),
        Mark::certain(&["pushData(\"VehicleObject_"]),
        Mark::possible(&["owered by DealerFire"]),
        Mark::loaded("cdn-ds.com"),
    ],
    parse,
    pages_lack: &[],
    list_paths: &["/inventory"],
    endpoint: None,
};

const RECORD: Layout = Layout {
    fields: &[
        (Field::Vin, "vin"),
        (Field::StockNumber, "stockNumber"),
        (Field::Year, "year"),
        (Field::Make, "make"),
        (Field::Model, "model"),
        (Field::Trim, "trim"),
        (Field::Mileage, "mileage"),
        (Field::ExteriorColor, "exteriorColor"),
    ],
    prices: &["sellingPrice", "internetPrice"],
    headings: &[],
    links: &[],
    images: &[],
    store: &[],
    kept: &["isNew", "isOEMCertified", "finalPrice", "originalPrice"],
};

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let Around { links, total } = around(page);
    let mut listings = Vec::new();
    for script in page.scripts() {
        let mut rest = script.body;
        while let Some(at) = rest.find("VehicleObject_") {
            rest = &rest[at + "VehicleObject_".len()..];
            let id: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let Some(object) =
                rest.get(id.len() + 1..).map(|rest| rest.trim_start_matches([',', ' ', '\n', '\r', '\t']))
            else {
                break;
            };
            if !object.starts_with('{') {
                continue;
            }
            let Some((record, length)) = value_at_start(object) else { continue };
            rest = object.get(length..).unwrap_or_default();
            let mut listing = RECORD.read(&record, &page.url);
            listing.url = links.get(&id).and_then(|link| page.absolute(link));
            listing.external_id = (!id.is_empty()).then_some(id);
            listings.push(listing);
        }
    }
    let next = next(page, listings.len(), total);
    Ok((!listings.is_empty()).then_some(Parts { listings, total, next, ..Parts::default() }))
}

#[derive(Default)]
struct Around {
    /// Links to vehicles by the id that ends them: `...-id-7`.
    links: HashMap<String, String>,
    total: Option<u32>,
}

fn around(page: &Page<'_>) -> Around {
    let mut around = Around::default();
    for token in page.tokens() {
        let Token::Open(tag) = token else { continue };
        if let Some(total) = tag.attribute("data-total-items").and_then(|total| total.trim().parse().ok()) {
            around.total.get_or_insert(total);
        }
        let Some(link) = tag.is("a").then(|| tag.attribute("href")).flatten() else { continue };
        let path = link.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        if let Some((_, id)) = path.rsplit_once("-id-").filter(|(_, id)| id.bytes().all(|byte| byte.is_ascii_digit())) {
            around.links.entry(id.to_owned()).or_insert_with(|| path.to_owned());
        }
    }
    around
}

/// Pages are counted by `offset`; the links to them are written by scripts.
fn next(page: &Page<'_>, shown: usize, total: Option<u32>) -> Option<String> {
    let offset = page.url.query_pairs().find(|(name, _)| name == "offset").and_then(|(_, offset)| offset.parse().ok());
    let reached = offset.unwrap_or(0_u32).checked_add(u32::try_from(shown).ok()?)?;
    (shown > 0 && reached < total?).then(|| {
        let mut url = page.url.clone();
        set_query(&mut url, "offset", &reached.to_string());
        url.to_string()
    })
}
