//! Auction123 showrooms: an `article` of microdata a vehicle, and the model in the path of its page.
//!
//! Source: saved pages of 2014 to 2016; the markup of a card is `article.a123InventoryItem` with `itemprop` name, price, url and
//! image, and a list of labelled details.

use url::Url;

use super::{Mark, Platform};
use crate::{
    Result,
    scrape::extract::{Dom, Draft, Field, Page, Parts, attribute, read_card, read_properties},
};

pub(crate) const PLATFORM: Platform = Platform {
    name: "auction123",
    terms: None,
    marks: &[Mark::certain(&["a123InventoryItem"]), Mark::possible(&["static.auction123.com/showroom"])],
    parse,
    pages_lack: &[],
    list_paths: &[],
    endpoint: None,
};

fn parse(page: &Page<'_>) -> Result<Option<Parts>> {
    let dom = page.dom()?;
    let cards = dom.elements(0..dom.len()).filter(|(_, element)| element.has_class("a123InventoryItem"));
    let listings: Vec<_> = cards.map(|(card, _)| read(page, dom, card)).collect();
    Ok((!listings.is_empty()).then(|| Parts { listings, ..Parts::default() }))
}

fn read(page: &Page<'_>, dom: &Dom<'_>, card: usize) -> crate::scrape::extract::ScrapedListing {
    let mut draft = Draft::default();
    let links: Vec<&str> =
        dom.elements(dom.within(card)).filter_map(|(_, element)| attribute(element, "href")).collect();
    let path =
        links.iter().filter(|link| link.contains("/inventory/")).find_map(|link| vehicle_path(&page.absolute(link)?));
    if let Some(path) = &path {
        draft.offer(Field::Year, &path.year);
        // The heading shortens a make ("Range Rover") or spells the model otherwise; the path is the catalogue's.
        if let Some((make, model)) = &path.make_and_model {
            draft.offer(Field::Make, make);
            draft.offer(Field::Model, model);
        }
    }
    read_properties(dom, card, &mut draft);
    read_card(page, dom, card, &mut draft);
    let mut listing = draft.listing;
    listing.external_id = links.iter().find_map(|link| item_id(link));
    if listing.vin.is_none() {
        // Cars of before 1981 show a shorter number, which is worth keeping for a person to see.
        listing.raw_data = path.map(|path| serde_json::json!({ "vin_as_shown": path.number }));
    }
    listing
}

/// What the path of a vehicle's page says: `/{showroom}/inventory/{dealer}/{year}[/{make}[/{model}]]/{vin}.html`.
struct VehiclePath {
    year: String,
    make_and_model: Option<(String, String)>,
    number: String,
}

fn vehicle_path(link: &str) -> Option<VehiclePath> {
    let url = Url::parse(link).ok()?;
    let segments: Vec<String> = url
        .path_segments()?
        .skip_while(|segment| *segment != "inventory")
        .skip(2)
        .map(|segment| segment.replace("%20", " ").replace('+', " "))
        .collect();
    let [year, between @ .., file] = segments.as_slice() else { return None };
    let number = file.strip_suffix(".html")?.to_owned();
    let make_and_model = match between {
        [make, model] => Some((make.clone(), model.clone())),
        _ => None,
    };
    Some(VehiclePath { year: year.clone(), make_and_model, number })
}

/// The vendor's id of an item, which its contact and credit forms carry: `iID=13212554`.
fn item_id(link: &str) -> Option<String> {
    let (_, rest) = link.split_once("iID=")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}
