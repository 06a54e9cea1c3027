//! Whole pages: the project's own, which carry the tests alone, and real saved ones where the folder with them is present.

use std::{fs, path::Path};

use serde_json::Value;

use super::*;
use crate::Money;

const LOT: &str = "https://lot.example/used";

fn own(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages").join(name)).unwrap()
}

/// A real page, or a plain word that the test did not run.
fn real(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pages").join(name);
    let page = fs::read(&path).ok();
    if page.is_none() {
        println!("skipped: {} is not present", path.display());
    }
    page
}

fn vins(extraction: &Extraction) -> Vec<&str> {
    extraction.listings.iter().filter_map(|listing| listing.vin.as_deref()).collect()
}

#[test]
fn the_real_dealer_com_page_gives_what_its_own_data_says() {
    let (Some(page), Some(expected)) = (real("dealercom/used-inventory.html"), real("dealercom/used-inventory.expected.json")) else {
        return;
    };
    let url = "http://www.twinstateford.net/used-inventory/index.htm";
    let read = listings_from_bytes(&page, None, url, None).unwrap();
    assert_eq!((read.platform, read.total), ("dealer_com", Some(58)));
    assert_eq!(read.next.as_deref(), Some("http://www.twinstateford.net/used-inventory/index.htm?start=35"));
    let expected: Vec<Value> = serde_json::from_slice(&expected).unwrap();
    assert_eq!(read.listings.len(), 35);
    for (listing, expected) in read.listings.iter().zip(&expected) {
        let text = |key: &str| expected[key].as_str().filter(|text| !matches!(*text, "null" | "")).map(str::to_owned);
        assert_eq!(listing.vin, text("vin"));
        assert_eq!(listing.stock_number, text("stockNumber"));
        assert_eq!(listing.make, text("make"));
        assert_eq!(listing.model, text("model"));
        assert_eq!(listing.trim, text("trim"));
        assert_eq!(listing.exterior_color, text("exteriorColor"));
        assert_eq!(listing.external_id, text("uuid"));
        assert_eq!(listing.year.map(|year| year.to_string()), text("modelYear"));
        assert_eq!(listing.mileage.map(|miles| miles.to_string()), text("odometer"));
        let price = text("internetPrice").filter(|price| price != "0").map(|price| price.parse().unwrap());
        assert_eq!(listing.price, price);
        assert!(listing.url.as_ref().unwrap().contains(&text("uuid").unwrap()));
        assert!(listing.image_url.is_some(), "{:?}", listing.vin);
        assert_eq!(listing.check(2026, &ListingLimits::default()), Ok(()));
    }
    let by_cards = listings_from_bytes(&page, None, url, Some("generic")).unwrap();
    assert_eq!(by_cards.platform, "cards");
    assert_same_vehicles(&by_cards, &read);
}

/// The same VINs in the same order, with the same prices and mileages.
fn assert_same_vehicles(one: &Extraction, other: &Extraction) {
    assert_eq!(one.listings.len(), other.listings.len());
    assert_eq!((one.total, &one.next), (other.total, &other.next));
    for (one, other) in one.listings.iter().zip(&other.listings) {
        assert_eq!((&one.vin, one.price, one.mileage, one.year), (&other.vin, other.price, other.mileage, other.year));
        let path = |listing: &ScrapedListing| listing.url.as_ref().and_then(|url| url.split("?searchDepth").next().map(str::to_owned));
        assert_eq!((&one.make, &one.stock_number, path(one)), (&other.make, &other.stock_number, path(other)), "{:?}", one.vin);
    }
}

#[test]
fn the_real_auction123_pages_are_read_by_their_platform_and_without_it() {
    let (Some(first), Some(last)) = (real("auction123/page-1.html"), real("auction123/page-2.html")) else { return };
    let url = "http://showroom.auction123.com/american_european_autos/index.html";
    for (platform, name) in [(None, "auction123"), (Some("generic"), "structured_data")] {
        let read = listings_from_bytes(&first, None, url, platform).unwrap();
        assert_eq!((read.platform, read.total, read.listings.len(), vins(&read).len()), (name, Some(35), 30, 29));
        assert!(read.next.as_ref().unwrap().contains("/page-2.html?"), "{:?}", read.next);
        let bentley = &read.listings[0];
        assert_eq!(bentley.vin.as_deref(), Some("SCBZK14C2VCX61147"));
        assert_eq!((bentley.mileage, bentley.price), (Some(21_854), Some(Money::from_dollars(54_995))));
        assert_eq!((bentley.year, bentley.make.as_deref(), bentley.model.as_deref()), (Some(1997), Some("Bentley"), Some("Azure")));
        assert_eq!((bentley.exterior_color.as_deref(), bentley.transmission.as_deref()), (Some("Silver"), Some("Auto")));
        assert!(bentley.url.as_ref().unwrap().contains("/Bentley/Azure/SCBZK14C2VCX61147.html"));
        let mustang = read.listings.iter().find(|listing| listing.vin.is_none()).unwrap();
        assert_eq!((mustang.year, mustang.make.as_deref(), mustang.model.as_deref()), (Some(1966), Some("Ford"), Some("Mustang")));
        assert_eq!(mustang.price, Some(Money::from_dollars(31_995)));
        assert!(read.listings.iter().all(|listing| listing.price.is_some() && listing.mileage.is_some() && listing.make.is_some()));
        let last = listings_from_bytes(&last, None, &url.replace("index", "page-2"), platform).unwrap();
        assert_eq!((last.listings.len(), last.total, last.next), (5, Some(35), None));
    }
    let read = listings_from_bytes(&first, None, url, None).unwrap();
    assert!(read.listings.iter().all(|listing| listing.external_id.is_some()));
}

#[test]
fn the_real_autowall_page_is_read_by_its_platform_and_without_it() {
    let Some(page) = real("autowall/new-list.html") else { return };
    let url = "https://longofathens.com/gs-vehicle/list?filter=New";
    let read = listings_from_bytes(&page, None, url, None).unwrap();
    assert_eq!((read.platform, read.total, read.listings.len(), vins(&read).len()), ("autowall", Some(66), 25, 25));
    assert_eq!(read.next.as_deref(), Some("https://longofathens.com/gs-vehicle/list?page=2"));
    let silverado = &read.listings[0];
    assert_eq!((silverado.external_id.as_deref(), silverado.vin.as_deref()), (Some("8408"), Some("1GCUDJEL0PZ157211")));
    assert_eq!((silverado.price, silverado.mileage), (Some(Money::from_dollars(76_295)), Some(8)));
    assert_eq!((silverado.model.as_deref(), silverado.stock_number.as_deref()), (Some("Silverado 1500"), Some("157211")));
    // A dealer's discount: the sales price is what is asked.
    assert_eq!(read.listings[8].price, Some(Money::from_dollars(55_680)));
    // "Call for Price".
    assert_eq!(read.listings[6].price, None);
    let by_cards = listings_from_bytes(&page, None, url, Some("generic")).unwrap();
    assert_eq!(by_cards.platform, "cards");
    assert_same_vehicles(&by_cards, &read);
}
