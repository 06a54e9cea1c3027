//! Whole pages: the project's own, which carry the tests alone, and real saved ones where the folder with them is present.

mod amounts;
mod answers;
mod any_card;
mod any_text;
mod beside_captions;
mod cards;
mod dealer_cards;
mod dealers_words;
mod embedded;
mod facts;
mod identity;
mod json_ld;
mod label_sides;
mod labels;
mod linked_cards;
mod name_parts;
mod other_trades;
mod own_page;
mod plain_cards;
mod price_choice;
mod price_words;
mod prices;
mod random_cards;
mod shapes;
mod unusual_lists;
mod vendor;

use std::{fs, path::Path};

use serde_json::Value;

use super::*;
use crate::{Money, clock::processor_time};

const LOT: &str = "https://lot.example/used";

fn own(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages").join(name)).unwrap()
}

/// A real page, or a plain word that the test did not run.
fn real(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pages").join(name);
    let page = fs::read(&path).ok();
    if page.is_none() {
        // Straight to the terminal: what a passing test prints is kept back.
        let told = format!("skipped: {} is not present\n", path.display());
        drop(std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()));
    }
    page
}

fn vins(extraction: &Extraction) -> Vec<&str> {
    extraction.listings.iter().filter_map(|listing| listing.vin.as_deref()).collect()
}

#[test]
fn the_real_dealer_com_page_gives_what_its_own_data_says() {
    let (Some(page), Some(expected)) =
        (real("dealercom/used-inventory.html"), real("dealercom/used-inventory.expected.json"))
    else {
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
        let path = |listing: &ScrapedListing| {
            listing.url.as_ref().and_then(|url| url.split("?searchDepth").next().map(str::to_owned))
        };
        assert_eq!(
            (&one.make, &one.stock_number, path(one)),
            (&other.make, &other.stock_number, path(other)),
            "{:?}",
            one.vin
        );
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
        assert_eq!(
            (bentley.year, bentley.make.as_deref(), bentley.model.as_deref()),
            (Some(1997), Some("Bentley"), Some("Azure"))
        );
        assert_eq!(
            (bentley.exterior_color.as_deref(), bentley.transmission.as_deref()),
            (Some("Silver"), Some("Auto"))
        );
        assert!(bentley.url.as_ref().unwrap().contains("/Bentley/Azure/SCBZK14C2VCX61147.html"));
        let mustang = read.listings.iter().find(|listing| listing.vin.is_none()).unwrap();
        assert_eq!(
            (mustang.year, mustang.make.as_deref(), mustang.model.as_deref()),
            (Some(1966), Some("Ford"), Some("Mustang"))
        );
        assert_eq!(mustang.price, Some(Money::from_dollars(31_995)));
        assert!(
            read.listings
                .iter()
                .all(|listing| listing.price.is_some() && listing.mileage.is_some() && listing.make.is_some())
        );
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
    assert_eq!(
        (silverado.model.as_deref(), silverado.stock_number.as_deref()),
        (Some("Silverado 1500"), Some("157211"))
    );
    // A dealer's discount: the sales price is what is asked.
    assert_eq!(read.listings[8].price, Some(Money::from_dollars(55_680)));
    // "Call for Price".
    assert_eq!(read.listings[6].price, None);
    let by_cards = listings_from_bytes(&page, None, url, Some("generic")).unwrap();
    assert_eq!(by_cards.platform, "cards");
    assert_same_vehicles(&by_cards, &read);
}

/// What the project's own pages say of their three vehicles, in this order.
fn assert_own_vehicles(listings: &[ScrapedListing]) {
    let expected = [
        ("1FTEW1EP6KFA10001", 2019, "Ford", "F-150", Some(31_995), 48_200, "P1001"),
        ("2T3P1RFV3LC100002", 2020, "Toyota", "RAV4", Some(27_450), 33_100, "P1002"),
        ("1C4RJFBG9JC100003", 2018, "Jeep", "Grand Cherokee", None, 61_000, "P1003"),
    ];
    assert_eq!(listings.len(), expected.len());
    for (listing, (vin, year, make, model, price, mileage, stock)) in listings.iter().zip(expected) {
        assert_eq!(listing.vin.as_deref(), Some(vin));
        assert_eq!(
            (listing.year, listing.make.as_deref(), listing.model.as_deref()),
            (Some(year), Some(make), Some(model)),
            "{vin}"
        );
        assert_eq!(listing.price, price.map(Money::from_dollars), "{vin}");
        // Some pages round to a tenth of a thousand.
        assert_eq!(listing.mileage.map(|miles| miles / 100), Some(mileage / 100), "{vin}");
        assert_eq!(listing.stock_number.as_deref(), Some(stock), "{vin}");
        assert!(
            listing.url.as_ref().is_some_and(|url| url.starts_with("https://lot.example/")),
            "{vin}: {:?}",
            listing.url
        );
        assert_eq!(listing.check(2026, &ListingLimits::default()), Ok(()), "{vin}");
    }
}

#[test]
fn dealer_com_is_read_from_its_data_in_both_layouts_and_from_its_cards() {
    let url = "https://lot.example/used-inventory/index.htm";
    let page = own("dealer_com/data-layer.html");
    let read = listings(&page, url).unwrap();
    assert_eq!((read.platform, read.total), ("dealer_com", Some(8)));
    assert_eq!(read.next.as_deref(), Some("https://lot.example/used-inventory/index.htm?start=3"));
    assert_own_vehicles(&read.listings);
    assert_eq!(read.listings[1].exterior_color.as_deref(), Some("Ruby Red & Black"));
    assert_eq!(read.listings[2].exterior_color, None, "the text null is no colour");
    assert!(read.listings.iter().all(|listing| listing.image_url.is_some() && listing.external_id.is_some()));

    let by_cards = listings_from_bytes(page.as_bytes(), None, url, Some("generic")).unwrap();
    assert_eq!(by_cards.platform, "cards");
    assert_own_vehicles(&by_cards.listings);

    let read = listings(&own("dealer_com/widget-state.html"), &format!("{url}?start=3&make=Ford")).unwrap();
    assert_eq!((read.platform, read.total), ("dealer_com", Some(8)));
    assert_eq!(read.next.as_deref(), Some("https://lot.example/used-inventory/index.htm?make=Ford&start=6"));
    // The fee of $699 called asking price is never a price.
    assert_own_vehicles(&read.listings);
}

#[test]
fn auction123_is_read_with_its_vin_less_cars_and_ends_on_its_last_page() {
    let url = "http://showroom.auction123.com/sample/index.html";
    let page = own("auction123/list.html");
    for (platform, name) in [(None, "auction123"), (Some("generic"), "structured_data")] {
        let read = listings_from_bytes(page.as_bytes(), None, url, platform).unwrap();
        assert_eq!((read.platform, read.total, vins(&read).len(), read.listings.len()), (name, Some(5), 2, 3));
        assert_eq!(read.next.as_deref(), Some("http://showroom.auction123.com/sample/page-2.html"));
        assert_eq!(read.listings[0].trim.as_deref(), Some("XLT"), "remarks are no trim");
        assert_eq!(read.listings[2].model.as_deref(), Some("Mustang"));
        assert_eq!(read.listings[2].stock_number, None, "an empty label does not take the next label's value");
    }
    let read = listings(&page, url).unwrap();
    assert_eq!(read.listings[2].external_id.as_deref(), Some("9002"));
    assert_eq!(read.listings[2].raw_data, Some(serde_json::json!({ "vin_as_shown": "6T08C120641" })));
    let last = listings(&own("auction123/last.html"), &url.replace("index", "page-2")).unwrap();
    assert_eq!((last.listings.len(), last.total, last.next), (1, Some(5), None));
}

#[test]
fn autowall_is_read_by_its_cards_and_its_videos_are_no_vehicles() {
    let url = "https://lot.example/gs-vehicle/list?filter=New";
    let page = own("autowall/list.html");
    for (platform, name) in [(None, "autowall"), (Some("generic"), "cards")] {
        let read = listings_from_bytes(page.as_bytes(), None, url, platform).unwrap();
        assert_eq!((read.platform, read.total), (name, Some(7)));
        assert_eq!(read.next.as_deref(), Some("https://lot.example/gs-vehicle/list?page=2"));
        assert_own_vehicles(&read.listings);
        let ids: Vec<_> = read.listings.iter().filter_map(|listing| listing.external_id.as_deref()).collect();
        assert_eq!(ids, ["8400", "8401", "8402"]);
    }
}

#[test]
fn an_unknown_page_is_read_by_its_json_ld_alone() {
    let read = listings(&own("generic/json-ld.html"), LOT).unwrap();
    assert_eq!((read.platform, read.total), ("structured_data", Some(3)));
    assert_eq!(read.next.as_deref(), Some("https://lot.example/used/page/2"));
    assert_own_vehicles(&read.listings);
}

#[test]
fn an_unknown_page_without_data_is_read_by_the_cards_around_its_vins() {
    let read = listings(&own("generic/cards.html"), LOT).unwrap();
    assert_eq!((read.platform, read.total, read.next.as_deref()), ("cards", Some(4), None));
    assert_own_vehicles(&read.listings[..3]);
    assert_eq!(read.listings[0].image_url.as_deref(), Some("https://lot.example/img/0.jpg"));
    let bel_air = &read.listings[3];
    assert_eq!((bel_air.vin.as_deref(), bel_air.year, bel_air.model.as_deref()), (None, Some(1957), Some("Bel Air")));
    assert_eq!(read.listings.len(), 4, "neither the similar vehicles nor the hidden form are listings");
}

#[test]
fn one_featured_vehicle_in_json_ld_does_not_hide_the_list_in_the_cards() {
    let page = own("generic/cards.html");
    let featured = r#"<script type="application/ld+json">{"@type": "Car", "vin": "1FTEW1EP6KFA10001", "name": "2019 Ford F-150",
        "fuelType": "Diesel", "offers": {"price": 31995}}</script>"#;
    let read = listings(&page.replace("</head>", &format!("{featured}</head>")), LOT).unwrap();
    assert_eq!((read.platform, read.listings.len()), ("cards", 4));
    assert_eq!(read.listings[0].fuel_type.as_deref(), Some("Diesel"), "what the data alone knows is kept");
}

#[test]
fn brand_words_and_a_vendors_pictures_do_not_make_a_platform() {
    let page = r#"<p>affordable cars, excludeFromAutoRevoke</p><img src="https://pictures.dealer.com/x.jpg">
        <script src="https://assets.prod.analytics.dealer.com/p.js"></script>"#;
    let read = listings(page, LOT).unwrap();
    assert_eq!(read.platform, "generic");
    assert_eq!(read.warnings, [Warning::NoListings]);
}

#[test]
fn a_known_platform_in_an_unknown_layout_is_read_like_any_page_and_says_so() {
    let page = own("generic/cards.html").replace("<body>", "<body><script>DDC.siteSettings = {};</script>");
    let read = listings(&page, LOT).unwrap();
    assert_eq!((read.platform, read.listings.len()), ("cards", 4));
    assert!(matches!(read.warnings[0], Warning::PlatformLayoutUnknown { .. }));
}

#[test]
fn what_cannot_be_read_is_refused_by_its_code() {
    let deep = "<div>".repeat(100_000);
    for (bytes, url, platform, code) in [
        (b"".as_slice(), LOT, None, "page_empty"),
        (b" \n", LOT, None, "page_empty"),
        (b"<p>", "lot.example", None, "invalid_url"),
        (b"<p>", "file:///etc/passwd", None, "invalid_url"),
        (b"<p>", LOT, Some("ford"), "unknown_platform"),
        (deep.as_bytes(), LOT, None, "page_too_deep"),
    ] {
        assert_eq!(listings_from_bytes(bytes, None, url, platform).unwrap_err().code(), code);
    }
    let huge = vec![b'x'; 17 * 1024 * 1024];
    assert_eq!(listings_from_bytes(&huge, None, LOT, None).unwrap_err().code(), "page_too_large");
    assert_eq!(
        listings_from_bytes(&[huge.as_slice(), &huge].concat(), None, LOT, None).unwrap_err().code(),
        "page_too_large"
    );
}

#[test]
fn a_page_gives_the_same_as_it_came_and_as_a_tree_made_by_html5ever() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("tests/pages"), root.join("../shared/pages")];
    let (mut compared, mut vehicles) = (0, 0);
    while let Some(folder) = folders.pop() {
        // The folder of real pages is not everywhere.
        for path in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "html") {
                let html = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                let through_a_tree = scraper::Html::parse_document(&html).html();
                let (as_it_came, again) = (listings(&html, LOT).unwrap(), listings(&through_a_tree, LOT).unwrap());
                assert_eq!(as_it_came, again, "{}", path.display());
                let generic = |html: &str| listings_from_bytes(html.as_bytes(), None, LOT, Some(GENERIC)).unwrap();
                assert_eq!(generic(&html), generic(&through_a_tree), "{} without its platform", path.display());
                compared += 1;
                vehicles += as_it_came.listings.len();
            }
        }
    }
    assert!(compared >= 40 && vehicles >= 100, "{compared} pages with {vehicles} vehicles");
}

#[test]
fn a_page_in_another_encoding_reads_the_same() {
    let page = own("generic/cards.html").replace("Oxford White", "Blanc cassé").replace("utf-8", "windows-1252");
    let (bytes, ..) = encoding_rs::WINDOWS_1252.encode(&page);
    for content_type in [None, Some("text/html; charset=ISO-8859-1"), Some("text/html; charset=utf-8")] {
        let read = listings_from_bytes(&bytes, content_type, LOT, None).unwrap();
        assert_eq!(read.listings[0].exterior_color.as_deref(), Some("Blanc cassé"), "{content_type:?}");
    }
}

#[test]
fn the_cost_grows_with_the_page_and_not_with_its_square() {
    let card = |n: u32| {
        format!(
            "<div class=card><h3>2019 Ford F-150</h3><p>Price: $31,995</p><p>VIN: 1FTEW1EP6KFA{n:05}</p><a href=/c/{n}>See</a></div>"
        )
    };
    let page: String = (0..20_000).map(card).collect();
    let started = processor_time();
    let read = listings(&page, LOT).unwrap();
    assert_eq!(read.listings.len(), 20_000);
    let links = "<a href='?page=3'>3</a> 12 of ".repeat(100_000);
    let scripts = "<script type='application/ld+json'>{\"@type\":".repeat(50_000);
    let comments = "<!-- ".repeat(200_000);
    for page in [links, scripts, comments] {
        let _ = listings(&page, LOT).unwrap();
    }
    let taken = processor_time() - started;
    assert!(taken.as_secs() < 60, "{taken:?}");
}
